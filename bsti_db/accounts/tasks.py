"""Mail that must not cost the request that asks for it any time."""

from celery import shared_task

from bsti_db.accounts import mail, resets


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
