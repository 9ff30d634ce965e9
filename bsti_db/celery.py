"""The workers' entry point; tasks are found in each app's tasks.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bsti_db.settings")

app = Celery("bsti_db")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
