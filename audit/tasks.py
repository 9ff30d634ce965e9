"""The trail's own work in the background: anchored every hour, verified every day."""

import logging

from celery import shared_task
from django.utils import timezone

from audit import anchors, sealing, verifying

logger = logging.getLogger(__name__)


@shared_task(autoretry_for=(anchors.StoreFailed,), retry_backoff=True, max_retries=5)
def anchor_trail() -> None:
    """Run again in the same hour, it anchors only what came since."""
    sealing.anchor_trail(at=timezone.now())


@shared_task(autoretry_for=(anchors.StoreFailed,), retry_backoff=True, max_retries=5)
def verify_trail() -> None:
    found = verifying.verify_trail()
    verifying.note_verification(found=found, at=timezone.now())
    if not found.is_whole:
        logger.error("The audit trail is not whole: %s", found.problem)
