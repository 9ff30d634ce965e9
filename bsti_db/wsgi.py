"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bsti_db.settings")

application = get_wsgi_application()

from uploads import storage  # noqa: E402 — its models need Django

storage.prepare()
