"""A verified session for tests that are not about signing in."""

from datetime import datetime

from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from bsti_db.accounts import sessions
from bsti_db.accounts.models import Member, TotpDevice


def sign_in(client: Client, member: Member, *, at: datetime | None = None) -> Client:
    """Give `client` a whole session of `member`, as the two pages would; leaves no audit row."""
    client.force_login(member, backend="bsti_db.accounts.backends.MemberBackend")
    now = int((at or timezone.now()).timestamp())
    session = client.session
    device = TotpDevice.objects.get(user=member, confirmed=True)
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session[sessions.SIGNED_IN] = session[sessions.ACTIVE] = now
    session.save()
    return client
