"""How long a member's session lasts, what ends it, and which ones they have."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp import DEVICE_ID_SESSION_KEY

from audit.actors import Actor
from bsti_db.accounts import devices
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.models import Member, Session, TotpDevice
from bsti_db.accounts.passwords import is_expired

SIGNED_IN = "signed_in_at"
ACTIVE = "active_at"
DEVICE = "device"
ADDRESS = "from_address"
_WRITTEN_EVERY = 30  # seconds; a page a minute costs no more writes than that
_PASSWORD_ONLY = 10 * 60  # seconds from the password to the code


def begin(request: HttpRequest, *, at: datetime) -> None:
    """Start the clocks of a session that has just given a password."""
    request.session[SIGNED_IN] = int(at.timestamp())
    request.session[ACTIVE] = int(at.timestamp())
    request.session[DEVICE] = devices.name_of(request.headers.get("User-Agent", ""))
    request.session[ADDRESS] = client_address(request)


def complete(request: HttpRequest, *, device: TotpDevice, at: datetime) -> None:
    """Make a password-only session a whole one, under a new id."""
    request.session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    request.user.otp_device = device
    begin(request, at=at)
    request.session.cycle_key()


def is_members(session: SessionBase) -> bool:
    return SESSION_KEY in session


def end_of(session: SessionBase | dict[str, Any], *, at: datetime) -> str:
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


@dataclass(frozen=True)
class OpenSession:
    """A session that lasts, as its member is shown it; `handle` names it without opening it."""

    handle: str
    device: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_whole: bool
    is_this: bool


def open_sessions(*, member: Member, this: str | None, at: datetime) -> list[OpenSession]:
    """The member's sessions that last, this one first, then the last seen."""
    found = []
    for row, data in _living(member, at):
        found.append(
            OpenSession(
                handle=_handle(row.session_key),
                device=data.get(DEVICE) or devices.UNKNOWN,
                address=data.get(ADDRESS) or "",
                started_at=datetime.fromtimestamp(data[SIGNED_IN], UTC),
                seen_at=datetime.fromtimestamp(data[ACTIVE], UTC),
                is_whole=DEVICE_ID_SESSION_KEY in data,
                is_this=row.session_key == this,
            )
        )
    return sorted(found, key=lambda each: (not each.is_this, -each.seen_at.timestamp()))


def end_one(*, member: Member, handle: str, at: datetime) -> bool:
    """End one session of a member at once; whether there was one. The caller tells why."""
    for row, _ in _living(member, at):
        if constant_time_compare(_handle(row.session_key), handle):
            return bool(Session.objects.filter(pk=row.pk).delete()[0])
    return False


def _living(member: Member, at: datetime) -> list[tuple[Session, dict[str, Any]]]:
    state, found = member.get_session_auth_hash(), []
    for row in Session.objects.filter(member=member, expire_date__gt=at):
        data = row.get_decoded()
        # a password that was changed, and signing out everywhere, leave rows that open nothing
        is_of_now = constant_time_compare(data.get(HASH_SESSION_KEY, ""), state)
        if is_of_now and not end_of(data, at=at):
            found.append((row, data))
    return found


def _handle(session_key: str) -> str:
    salt = "bsti_db.accounts.sessions.handle"
    return salted_hmac(salt, session_key, algorithm="sha256").hexdigest()[:20]


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
