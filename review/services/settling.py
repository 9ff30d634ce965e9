"""How a case ends: two readings that agree, an adjudicator's or the chair's verdict, set aside."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from review.blinding import is_read, locked_readings
from review.concordance import Difference, Opinion, differences
from review.lifecycle import CASE_LIFECYCLE, IN_READING, SETTLED, CaseStatus
from review.models import (
    READERS,
    Assessment,
    Case,
    Category,
    Reading,
    ReportingScheme,
    Seat,
    Verdict,
    is_recused,
)
from review.services.assigning import NotAssigned
from review.services.refusals import (
    CaseBeingRead,
    NotOfThisCase,
    OwnTrust,
    Refusal,
    Unentitled,
    case_in_turn,
    own_trust,
)
from uploads.models import Patient

_SET_ASIDE = [
    "set_aside_at", "set_aside_by", "set_aside_reason", "set_aside_where", "curators_told_at",
]  # fmt: skip


class NotYetRead(Refusal):
    """The case has not two readings yet that could be decided by."""


class OwnReading(Unentitled):
    """Who has read a case does not decide it."""

    code = "own_reading"


def opinion_of(reading: Reading) -> Opinion:
    """A locked reading as the rule of concordance takes it."""
    rows = reading.assessments.exclude(category=None)
    return Opinion(bool(reading.include), {r.study_id: (r.category_id, r.severity) for r in rows})


def differences_of(case: Case) -> list[Difference]:
    """Where the two readings of a case part, over the studies it still has."""
    first, second = (_standing_opinion(case, each) for each in locked_readings(case)[:2])
    return differences(first, second)


def settle_when_read(*, case: Case, at: datetime) -> None:
    """With both readings locked, settle the case where they agree; else it is discordant.

    The caller holds the case's row.
    """
    if case.status != CaseStatus.OPEN or not is_read(case):
        return
    system = Actor.of_task("settle")
    if found := differences_of(case):
        what = sorted({difference.what for difference in found})
        CASE_LIFECYCLE.advance(case, CaseStatus.DISCORDANT, actor=system, differs_in=what)
        return
    readings = list(locked_readings(case)[: len(READERS)])
    outcome = CaseStatus.ACCEPTED if readings[0].include else CaseStatus.DECLINED
    _settle(case, outcome, actor=system, at=at, **_common_view(case, readings))


@transaction.atomic
def adjudicate(
    *,
    case: Case,
    actor: Actor,
    outcome: str,
    reason: str,
    at: datetime,
    teaching_value: int | None = None,
    category: Category | None = None,
    severity: int | None = None,
) -> Verdict:
    """The adjudicator of a discordant case decides it, having seen both readings.

    Raises NotAssigned, OwnTrust, OwnReading, NotOfThisCase; IllegalMove from another status.
    """
    case = case_in_turn(case)
    _check_may_decide(case, actor)
    if case.status != CaseStatus.DISCORDANT:
        raise IllegalMove(f"Case {case.number} does not wait for an adjudicator.")
    given = case.assignments.standing().filter(member=actor.member, seat=Seat.ADJUDICATOR)
    if not given.exists():
        raise NotAssigned(f"Case {case.number} is not given to you to adjudicate.")
    return _settle(
        case,
        outcome,
        actor=actor,
        at=at,
        basis=Verdict.Basis.ADJUDICATION,
        reason=reason,
        category=category,
        severity=severity,
        teaching_value=teaching_value,
    )


@transaction.atomic
def decide_case(
    *,
    case: Case,
    actor: Actor,
    outcome: str,
    reason: str,
    at: datetime,
    teaching_value: int | None = None,
    category: Category | None = None,
    severity: int | None = None,
) -> Verdict:
    """The chair settles a case that was read, or overrides its verdict.

    One whose images were all withdrawn can be declined unread.

    Raises NotYetRead, OwnTrust, OwnReading, NotOfThisCase; IllegalMove from a status
    that cannot be settled so.
    """
    case = case_in_turn(case)
    _check_may_decide(case, actor)
    if not is_read(case):
        is_left = case.case_studies.shown().exists()
        if is_left or outcome != Verdict.Outcome.DECLINED:
            raise NotYetRead(f"Case {case.number} has not two readings yet.")
    return _settle(
        case,
        outcome,
        actor=actor,
        at=at,
        basis=Verdict.Basis.CHAIR,
        reason=reason,
        category=category,
        severity=severity,
        teaching_value=teaching_value,
    )


@transaction.atomic
def set_aside(*, case: Case, actor: Actor, reason: str, where: str, at: datetime) -> None:
    """Take a case's images from every page at once, because they identify somebody.

    `reason` is one of Case.SetAsideReason, `where` says which image, never what it shows.

    Raises IllegalMove for a case that is set aside or erased already.
    """
    case = case_in_turn(case)
    case.set_aside_at = at
    case.set_aside_by = actor.member
    case.set_aside_reason = Case.SetAsideReason(reason)
    case.set_aside_where = where
    case.curators_told_at = None
    case.save(update_fields=_SET_ASIDE)
    # nobody waits for an answer about images that nobody may see
    case.questions.filter(closed_at=None).update(closed_at=at)
    CASE_LIFECYCLE.advance(case, CaseStatus.SET_ASIDE, actor=actor, reason=str(reason))


@transaction.atomic
def reopen_case(*, case: Case, actor: Actor) -> None:
    """The chair puts a case that was set aside back to be read, once its images are clean.

    Locked readings stay; with both, the chair decides what stands.

    Raises CaseBeingRead when the patient has another case in reading, IllegalMove otherwise.
    """
    Patient.objects.select_for_update().get(pk=case.patient_id)
    case = case_in_turn(case)
    others = Case.objects.filter(patient=case.patient_id, status__in=IN_READING)
    if other := others.exclude(pk=case.pk).first():
        raise CaseBeingRead(f"Settle case {other.number} of the same patient first.")
    if case.status != CaseStatus.SET_ASIDE:
        raise IllegalMove(f"Case {case.number} is not set aside.")
    CASE_LIFECYCLE.advance(case, CaseStatus.OPEN, actor=actor)
    case.settled_at = None
    case.save(update_fields=["settled_at"])


def _check_may_decide(case: Case, actor: Actor) -> None:
    if is_recused(case, actor.member):
        raise OwnTrust(own_trust(case, "Somebody else decides it."))
    if locked_readings(case).filter(reader=actor.member).exists():
        raise OwnReading(f"You have read case {case.number}, so somebody else decides it.")


def _settle(
    case: Case,
    outcome: str,
    *,
    actor: Actor,
    at: datetime,
    category: Category | None,
    **said: object,
) -> Verdict:
    if category and not _schemes_of(case).filter(pk=category.scheme_id).exists():
        raise NotOfThisCase("That category is not of a scheme this case is read by.")
    verdict = Verdict.objects.create(
        case=case,
        decided_by=actor.member,
        decided_at=at,
        outcome=outcome,
        category=category,
        **said,
    )
    is_first = case.status not in SETTLED
    case.settled_at = at
    case.save(update_fields=["settled_at"])
    CASE_LIFECYCLE.advance(
        case, CaseStatus(outcome), actor=actor, verdict=verdict.pk, is_override=not is_first
    )
    return verdict


def _standing_opinion(case: Case, reading: Reading) -> Opinion:
    shown = set(case.case_studies.shown().values_list("study", flat=True))
    opinion = opinion_of(reading)
    return Opinion(opinion.include, {k: v for k, v in opinion.studies.items() if k in shown})


def _common_view(case: Case, readings: list[Reading]) -> dict[str, object]:
    """What two readings that agree say together: of the first study on the axis, and the case.

    The worse grade of severity; the mean teaching value, a half counting up.
    """
    first = case.case_studies.shown().in_order().first()
    rows = Assessment.objects.filter(reading__in=readings, study=first.study_id if first else None)
    assessments = list(rows.select_related("category"))
    values = [reading.teaching_value for reading in readings if reading.teaching_value]
    return {
        "basis": Verdict.Basis.AGREEMENT,
        "reason": "",
        "category": assessments[0].category if assessments else None,
        "severity": max((row.severity for row in assessments if row.severity), default=None),
        "teaching_value": (2 * sum(values) + len(values)) // (2 * len(values)) if values else None,
    }


def _schemes_of(case: Case) -> QuerySet[ReportingScheme]:
    rows = case.case_studies.select_related("study", "scheme")
    found = [scheme.pk for row in rows if (scheme := row.scheme_read_by())]
    return ReportingScheme.objects.filter(pk__in=found)
