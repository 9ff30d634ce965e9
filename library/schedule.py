"""Days of an edition: the one it becomes public on, and the one its text is looked at again."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from audit.services import record
from library.lifecycle import EditionStatus
from library.models import Edition

# knowledge of a new disease ages
_REVIEWED_WITHIN = timedelta(days=2 * 365)


def next_review(at: datetime) -> date:
    """The day by which a text that is right at `at` is to be looked at again."""
    return timezone.localdate(at) + _REVIEWED_WITHIN


@transaction.atomic
def stop_publication(*, edition: Edition, actor: Actor) -> None:
    """Take back a publication whose day has not come; IllegalMove once it has."""
    stopped = Edition.objects.filter(
        pk=edition.pk, status=EditionStatus.PROPOSED, publish_on__gt=timezone.localdate()
    ).update(publication_asked_at=None, publish_on=None)
    if not stopped:
        raise IllegalMove("This edition does not wait for a day, so there is nothing to stop.")
    record("edition.publication_stopped", actor=actor, subject=edition)


@transaction.atomic
def confirm_edition(*, edition: Edition, actor: Actor, at: datetime) -> None:
    """Say that a public edition's text is still right: it is asked again two years on."""
    confirmed = Edition.objects.filter(pk=edition.pk, status=EditionStatus.PUBLISHED).update(
        review_by=next_review(at)
    )
    if not confirmed:
        raise IllegalMove("This edition is not public, so there is nothing to confirm.")
    record("edition.confirmed", actor=actor, subject=edition)
