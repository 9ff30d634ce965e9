"""How a case ends: the chair's verdict, or set aside because its images identify somebody."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from review.lifecycle import CASE_LIFECYCLE, IN_READING, CaseStatus
from review.models import Case, Category, ReportingScheme, Verdict, is_recused
from review.services.reading import NotOfThisCase
from review.services.refusals import CaseBeingRead, OwnTrust, Refusal, case_in_turn, own_trust
from uploads.models import Patient


class NotYetRead(Refusal):
    """Nobody submitted a reading that the chair could decide by."""


class OwnReadingOpen(Refusal):
    """The chair has a draft of their own, so may not see or weigh the readings of others."""


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
    """The chair settles a case by its readings, or overrides an earlier verdict.

    Raises NotYetRead, OwnTrust, OwnReadingOpen, NotOfThisCase; IllegalMove from a status
    that cannot be settled so.
    """
    case = case_in_turn(case)
    if is_recused(case, actor.member):
        raise OwnTrust(own_trust(case, "Another chair decides it."))
    if case.status in IN_READING:
        _check_decidable(case, actor)
    if category and not _schemes_of(case).filter(pk=category.scheme_id).exists():
        raise NotOfThisCase("That category is not of a scheme this case is read by.")
    verdict = Verdict.objects.create(
        case=case,
        decided_by=actor.member,
        decided_at=at,
        outcome=outcome,
        reason=reason,
        category=category,
        severity=severity,
        teaching_value=teaching_value,
    )
    case.settled_at = at
    case.save(update_fields=["settled_at"])
    CASE_LIFECYCLE.advance(case, CaseStatus(outcome), actor=actor, verdict=verdict.pk)
    return verdict


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
    case.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason", "set_aside_where"])
    CASE_LIFECYCLE.advance(case, CaseStatus.SET_ASIDE, actor=actor, reason=str(reason))


@transaction.atomic
def reopen_case(*, case: Case, actor: Actor) -> None:
    """The chair puts a case that was set aside back to be read, once its images are clean.

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


def _check_decidable(case: Case, actor: Actor) -> None:
    if not case.readings.filter(submitted_at__isnull=False).exists():
        raise NotYetRead(f"Nobody has submitted a reading of case {case.number} yet.")
    own_draft = case.readings.filter(reader=actor.member, submitted_at__isnull=True)
    given_back = case.assignments.filter(reader=actor.member, handed_back_at__isnull=False)
    if own_draft.exists() and not given_back.exists():
        raise OwnReadingOpen("Submit your own reading, or give the case back, before you decide.")


def _schemes_of(case: Case) -> QuerySet[ReportingScheme]:
    modalities = case.case_studies.values_list("study__modality", flat=True).distinct()
    schemes = ReportingScheme.objects.none()
    for modality in modalities:
        schemes = schemes | ReportingScheme.objects.default_for(modality)
    return schemes
