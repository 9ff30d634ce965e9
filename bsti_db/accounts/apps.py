from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bsti_db.accounts"
    label = "accounts"

    def ready(self) -> None:
        from bsti_db.accounts import receivers  # noqa: F401  (connects the sign-in signals)
