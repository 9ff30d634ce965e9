"""Who may see whose reading: one function."""

from django.db import models

from audit.actors import Actor
from review.lifecycle import SETTLED
from review.models import MAY_CHAIR, Assignment, Case, Reading


def readings_visible_to(case: Case, actor: Actor) -> models.QuerySet[Reading]:
    """The submitted readings of `case` that the actor may see, their own always.

    Others' readings appear when the case is settled; to the chair who has to settle it, once
    their own reading is locked or the case was given back. Nobody learns of another's before.
    """
    submitted = case.readings.filter(submitted_at__isnull=False)
    if may_see_others(case, actor):
        return submitted
    return submitted.filter(reader=actor.member)


def may_see_others(case: Case, actor: Actor) -> bool:
    """Whether nothing more can be read into this case by the actor."""
    if case.status in SETTLED:
        return True
    if not actor.member.has_perm(MAY_CHAIR):
        return False
    own = case.readings.filter(reader=actor.member, submitted_at__isnull=False)
    given_back = Assignment.objects.filter(
        case=case, reader=actor.member, handed_back_at__isnull=False
    )
    return own.exists() or given_back.exists()
