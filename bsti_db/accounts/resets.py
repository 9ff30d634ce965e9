"""The token of a forgotten password: signed, an hour long, dead once the password changed."""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare

from bsti_db.accounts.models import Member, TotpDevice

LASTS = timedelta(hours=1)
_SALT = "bsti_db.accounts.reset"


class ResetOver(Exception):
    """The address is too old, was used, or is not ours."""


def token_for(member: Member) -> str:
    return signing.dumps([member.pk, member.get_session_auth_hash()[:32]], salt=_SALT)


def member_of(*, token: str) -> Member:
    """The member who may choose a new password.

    Raises ResetOver for anything but a fresh, unused token.
    """
    try:
        key, state = signing.loads(token, salt=_SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        raise ResetOver from None
    member = may_reset().filter(pk=key).first()
    if member is None or not constant_time_compare(state, member.get_session_auth_hash()[:32]):
        raise ResetOver
    return member


def may_reset():
    """Members who have completed their invitation and may sign in."""
    confirmed = TotpDevice.objects.filter(confirmed=True).values("user")
    return Member.objects.filter(is_active=True, pk__in=confirmed)
