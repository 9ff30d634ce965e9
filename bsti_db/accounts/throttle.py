"""A slow brake for each name, beside the lock of each name and address together.

Many addresses guessing one name are slowed. An address from which the member has signed in before
is not, so that nobody can keep a panellist out by guessing badly.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from bsti_db.accounts.models import NameFailures, SignIn

FREE_FAILURES = 20
WINDOW = timedelta(hours=1)
PAUSE = timedelta(minutes=1)
KNOWN_FOR = timedelta(days=90)


def must_wait(*, name: str, address: str | None, at: datetime) -> bool:
    """Whether an attempt under `name` (folded) from `address` is refused unread."""
    # both are asked for every name, so that the time taken tells nothing
    known = SignIn.objects.filter(
        member__email=name, address=address, at__gt=at - KNOWN_FOR
    ).exists()
    row = NameFailures.objects.filter(digest=_digest(name)).first()
    if row is None or known or row.started_at < at - WINDOW:
        return False
    return row.failures >= FREE_FAILURES and row.failed_at > at - PAUSE


@transaction.atomic
def count_failure(*, name: str, at: datetime) -> None:
    """Count one failure under `name`; an hour after the first, counting starts anew."""
    row, made = NameFailures.objects.select_for_update().get_or_create(
        digest=_digest(name), defaults={"failures": 1, "started_at": at, "failed_at": at}
    )
    if made:
        return
    if row.started_at < at - WINDOW:
        row.failures, row.started_at = 0, at
    row.failures += 1
    row.failed_at = at
    row.save(update_fields=["failures", "started_at", "failed_at"])


def clear_expired(*, at: datetime) -> None:
    """Delete counts that no longer slow anybody."""
    NameFailures.objects.filter(started_at__lt=at - WINDOW, failed_at__lt=at - PAUSE).delete()


def _digest(name: str) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"sign-in name {name}".encode(), hashlib.sha256).hexdigest()
