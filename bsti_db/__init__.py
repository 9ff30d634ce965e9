"""The project: composition at the top, people (accounts) at the bottom."""

from bsti_db.celery import app as celery_app

__all__ = ["celery_app"]
