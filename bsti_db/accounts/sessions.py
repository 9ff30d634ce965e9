"""How long a member's session lasts, and what ends it."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import F
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY

from audit.actors import Actor
from bsti_db.accounts.models import Member, TotpDevice
from bsti_db.accounts.passwords import is_expired

SIGNED_IN = "signed_in_at"
ACTIVE = "active_at"
_WRITTEN_EVERY = 30  # seconds; a page a minute costs no more writes than that
_PASSWORD_ONLY = 10 * 60  # seconds from the password to the code


def begin(request: HttpRequest, *, at: datetime) -> None:
    """Start the clocks of a session that has just given a password."""
    request.session[SIGNED_IN] = int(at.timestamp())
    request.session[ACTIVE] = int(at.timestamp())


def complete(request: HttpRequest, *, device: TotpDevice, at: datetime) -> None:
    """Make a password-only session a whole one, under a new id."""
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    request.user.otp_device = device
    begin(request, at=at)
    request.session.cycle_key()


def is_members(session: SessionBase) -> bool:
    return SESSION_KEY in session


def end_of(session: SessionBase, *, at: datetime) -> str:
    """Why a member's session is over ("idle", "absolute"), or "" while it lasts."""
    now = int(at.timestamp())
    signed_in, active = session.get(SIGNED_IN, 0), session.get(ACTIVE, 0)
    if now - signed_in > settings.ABSOLUTE_TIMEOUT.total_seconds():
        return "absolute"
    limit = settings.IDLE_TIMEOUT.total_seconds()
    if DEVICE_ID_SESSION_KEY not in session:
        limit = _PASSWORD_ONLY
    return "idle" if now - active > limit else ""


def keep_alive(session: SessionBase, *, at: datetime) -> None:
    now = int(at.timestamp())
    if now - session.get(ACTIVE, 0) >= _WRITTEN_EVERY:
        session[ACTIVE] = now


def end_all(*, member: Member) -> None:
    """End every session of a member; the hash in each no longer matches. The caller tells why."""
    Member.objects.filter(pk=member.pk).update(session_generation=F("session_generation") + 1)
    member.refresh_from_db(fields=["session_generation"])


def actor_of(request: HttpRequest, *, address: str | None, at: datetime) -> Actor:
    """Who acts: the member of a whole session that lasts, otherwise nobody."""
    member = request.user
    if not (member.is_authenticated and member.is_verified()):
        return Actor.nobody(address=address)
    if end_of(request.session, at=at) or is_expired(member=member, at=at):
        return Actor.nobody(address=address)
    return Actor.of_member(member, address=address)


def clear_expired(*, at: datetime) -> None:
    """Delete the sessions whose longest time is over, of members and submitters."""
    Session.objects.filter(expire_date__lte=at).delete()
