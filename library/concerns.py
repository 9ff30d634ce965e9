"""Concerns of visitors: they come in without an account, and leave when the desk has acted."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from audit.services import record
from library.models import Concern, Edition

AN_HOUR = timedelta(hours=1)
MOST_OF_ONE_CLIENT = 5  # an hour; a trust behind one address has more to say than one person
MOST_OF_ALL = 200  # an hour


class TooManyConcerns(Exception):
    """More was reported within the hour than people report."""


@transaction.atomic
def report_concern(
    *, edition: Edition, kind: str, text: str, client: str | None, actor: Actor, at: datetime
) -> Concern:
    """Put a visitor's concern on the desk. `client` is their address; it is not kept.

    Raises TooManyConcerns.
    """
    digest = _digest(client, at)
    recent = Concern.objects.filter(reported_at__gt=at - AN_HOUR)
    is_too_much = recent.filter(client_digest=digest).count() >= MOST_OF_ONE_CLIENT
    if is_too_much or recent.count() >= MOST_OF_ALL:
        raise TooManyConcerns(
            "Several concerns were reported from your network within the hour. They are on the "
            "desk. Try again in an hour if there is more to tell."
        )
    concern = Concern.objects.create(
        teaching_case=edition.teaching_case,
        edition_number=edition.number,
        kind=kind,
        text=text,
        reported_at=at,
        client_digest=digest,
    )
    record("concern.reported", actor=actor, subject=concern, kind=kind)
    return concern


@transaction.atomic
def close_concern(*, concern: Concern, actor: Actor, at: datetime) -> None:
    """The desk has dealt with it: what was written goes, that it was reported stays.

    Raises IllegalMove when it is closed already.
    """
    concern = Concern.objects.select_for_update().get(pk=concern.pk)
    if concern.closed_at is not None:
        raise IllegalMove("This concern was closed before.")
    concern.closed_at, concern.closed_by, concern.text = at, actor.member, ""
    concern.save(update_fields=["closed_at", "closed_by", "text"])
    record("concern.closed", actor=actor, subject=concern)


def _digest(client: str | None, at: datetime) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"concern {client} {at:%Y%m%d%H}".encode(), hashlib.sha256).hexdigest()
