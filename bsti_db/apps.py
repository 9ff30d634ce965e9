from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "bsti_db"
