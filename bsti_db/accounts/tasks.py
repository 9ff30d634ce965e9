"""Mail that must not cost the request that asks for it any time, and the sweeps."""

from celery import shared_task
from django.utils import timezone

from bsti_db.accounts import mail, passwords, resets, sessions, throttle


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


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def send_renewal_notice(member_id: int) -> None:
    """Tell a member that their password ends soon. Run again, it sends nothing."""
    now = timezone.now()
    member = passwords.may_need_notice(at=now).filter(pk=member_id).first()
    if member:
        mail.send_renewal_notice(member, at=now)


@shared_task
def send_renewal_notices() -> None:
    """Ring for every member who must be told that their password ends soon."""
    now = timezone.now()
    for member in passwords.may_need_notice(at=now):
        if passwords.notice_due(member=member, at=now) is not None:
            send_renewal_notice.delay(member.pk)


@shared_task
def clear_expired() -> None:
    """Forget what nobody can use any more: ended sessions and old counts of failures."""
    now = timezone.now()
    sessions.clear_expired(at=now)
    throttle.clear_expired(at=now)
