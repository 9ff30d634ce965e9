"""Who may see whose reading: one function, and what follows from it."""

from django.db import models
from django.db.models import Exists, OuterRef

from audit.actors import Actor
from bsti_db.accounts.models import Member
from review.lifecycle import SETTLED, CaseStatus
from review.models import MAY_CHAIR, READERS, Assignment, Case, CaseQuestion, Reading, Remark, Seat


def readings_visible_to(case: Case, actor: Actor) -> models.QuerySet[Reading]:
    """The submitted readings of `case` that the actor may see, their own always.

    Others' readings appear when the case is settled. Before, when both are locked, they appear to
    the adjudicator and to a chair: nobody who has still to read sees that there is another.
    """
    submitted = case.readings.filter(submitted_at__isnull=False)
    if may_see_others(case, actor):
        return submitted
    return submitted.filter(reader=actor.member)


def questions_visible_to(case: Case, actor: Actor) -> models.QuerySet[CaseQuestion]:
    """The questions to the trust that the actor may see, their own always.

    What another asks, and what is answered, tells how they read: a chair who has nothing to read
    sees it, everybody else when they may see the readings.
    """
    is_chair = actor.member.has_perm(MAY_CHAIR) and may_see_progress(case, actor)
    if is_chair or may_see_others(case, actor):
        return case.questions.all()
    return case.questions.filter(asked_by=actor.member)


def remarks_visible_to(case: Case, actor: Actor) -> models.QuerySet[Remark]:
    """The discussion of a case, which tells what was read: there is none while it is being read.

    One that is opened again keeps its remarks, and shows them when it is settled again.
    """
    if not may_discuss(case) or not may_see_others(case, actor):
        return case.remarks.none()
    return case.remarks.all()


def may_discuss(case: Case) -> bool:
    return case.status in SETTLED


def may_see_others(case: Case, actor: Actor) -> bool:
    """Whether nothing more can be read into this case, and the actor has to do with it."""
    if case.status in SETTLED:
        return True
    if not is_read(case) or not may_see_progress(case, actor):
        return False
    return actor.member.has_perm(MAY_CHAIR) or (
        case.status == CaseStatus.DISCORDANT
        and case.assignments.standing().filter(member=actor.member, seat=Seat.ADJUDICATOR).exists()
    )


def may_see_progress(case: Case, actor: Actor) -> bool:
    """Whether the actor may know how far others are: not with a reading still to lock."""
    return not Case.objects.filter(_blinds(actor.member), pk=case.pk).exists()


def blinding_cases(member: Member) -> models.QuerySet[Case]:
    """Cases of which the member has a reading still to lock: nothing of others' is told them."""
    return Case.objects.filter(_blinds(member))


def is_read(case: Case) -> bool:
    """Whether both readers have locked a reading."""
    return locked_readings(case).count() >= len(READERS)


def readings_for_research() -> models.QuerySet[Reading]:
    """Locked readings of settled cases: nobody can read anything more into those."""
    return Reading.objects.filter(submitted_at__isnull=False, case__status__in=SETTLED)


def locked_readings(case: Case) -> models.QuerySet[Reading]:
    return case.readings.filter(submitted_at__isnull=False)


def _blinds(member: Member) -> Exists:
    locked = Reading.objects.filter(
        case=OuterRef("case"), reader=OuterRef("member"), submitted_at__isnull=False
    )
    return Exists(
        Assignment.objects.filter(
            ~Exists(locked),
            case=OuterRef("pk"),
            member=member,
            seat__in=READERS,
            handed_back_at=None,
        ).exclude(case__status__in=SETTLED)
    )
