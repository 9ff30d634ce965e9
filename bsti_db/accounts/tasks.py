"""Mail that must not cost the request that asks for it any time, and the daily clearing."""

from celery import shared_task
from django.utils import timezone

from bsti_db.accounts import mail, resets, sessions, throttle


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def send_reset(member_id: int) -> None:
    """Mail a reset. Rung for every address that is typed: for a stranger's (0) nothing happens."""
    member = resets.may_reset().filter(pk=member_id).first()
    if member:
        mail.send_reset(member)


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def send_password_changed(member_id: int) -> None:
    member = resets.may_reset().filter(pk=member_id).first()
    if member:
        mail.send_password_changed(member)


@shared_task
def clear_expired() -> None:
    """Forget what nobody can use any more: ended sessions and old counts of failures."""
    now = timezone.now()
    sessions.clear_expired(at=now)
    throttle.clear_expired(at=now)
