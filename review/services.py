"""What can happen to a case: opened, read, decided, set aside, opened again."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member
from review.lifecycle import CASE_LIFECYCLE, IN_READING, CaseStatus
from review.models import (
    Assessment,
    Assignment,
    Case,
    CaseStudy,
    Category,
    Opening,
    Reading,
    ReportingScheme,
    Verdict,
    is_recused,
    studies_to_open,
)
from uploads.models import Patient, Study


class Refusal(Exception):
    """Something of the panel's may not happen now; the sentence says why and what to do."""


class NothingToOpen(Refusal):
    """No accepted study of the patient waits outside a case."""


class CaseBeingRead(Refusal):
    """The patient's case is past joining and not yet settled."""


class CaseNotOpen(Refusal):
    """The case takes no reading and no decision now."""


class OwnTrust(Refusal):
    """The case was sent by the actor's own organisation, claimed or confirmed."""


class ReadingLocked(Refusal):
    """The reading was submitted, or the case was given back: it no longer changes."""


class StaleReading(Refusal):
    """The draft was saved elsewhere since this window read it. `reading` is as it stands."""

    def __init__(self, reading: Reading):
        super().__init__(
            "This draft was saved in another window since you opened it here. "
            "Nothing is lost: what you entered here is still in this form."
        )
        self.reading = reading


class ReadingIncomplete(Refusal):
    """A study has no category, or the case no include decision or teaching value."""


class NotOfThisCase(Refusal):
    """A study, or a category of a scheme, that this case does not have."""


class NotYetRead(Refusal):
    """Nobody submitted a reading that the chair could decide by."""


class OwnReadingOpen(Refusal):
    """The chair has a draft of their own, so may not see or weigh the readings of others."""


@dataclass(frozen=True)
class StudyAnswer:
    """What a reader says of one study; a category chosen, or not yet."""

    category: Category | None = None
    severity: int | None = None


@dataclass(frozen=True)
class Answers:
    """What a reading form holds: about the case, and by study's primary key."""

    include: bool | None = None
    teaching_value: int | None = None
    comment: str = ""
    studies: dict[int, StudyAnswer] = field(default_factory=dict)


# --- Opening ------------------------------------------------------------------


@transaction.atomic
def open_case(*, patient: Patient, actor: Actor, at: datetime) -> Case:
    """Put a patient's waiting studies into a case, and give that case.

    An open case that nobody has finished reading takes them; after a settled one a new
    case follows.

    Raises NothingToOpen, and CaseBeingRead when a reading of the open case is locked.
    """
    # one at a time for a patient: of two racing openings the second finds nothing to open
    Patient.objects.select_for_update().get(pk=patient.pk)
    studies = list(studies_to_open(patient))
    if not studies:
        raise NothingToOpen("This patient's studies are in a case already.")
    earlier = Case.objects.select_for_update().filter(patient=patient).order_by("-opened_at", "-pk")
    in_reading = next((case for case in earlier if case.status in IN_READING), None)
    if in_reading is None:
        case = Case.objects.create(
            patient=patient,
            follows=earlier.first(),
            opened_at=at,
            opened_by=actor.member,
        )
        verb = "case.opened"
    else:
        case, verb = in_reading, "case.joined"
        if case.status != CaseStatus.OPEN or case.readings.filter(submitted_at__isnull=False):
            raise CaseBeingRead(
                f"Case {case.number} of this patient is being read. "
                "When it is settled, a new case can be opened for the later studies."
            )
    CaseStudy.objects.bulk_create(CaseStudy(case=case, study=study) for study in studies)
    record(verb, actor=actor, subject=case, studies=[study.pk for study in studies])
    return case


@transaction.atomic
def record_opening(*, studies: list[Study], actor: Actor, sitting: str, at: datetime) -> int:
    """Write into the trail that a member sees these studies: one row a study and sitting.

    Gives how many were new: none, when this sitting has opened them before.
    """
    seen = set(
        Opening.objects.filter(member=actor.member, study__in=studies, sitting=sitting).values_list(
            "study", flat=True
        )
    )
    new = 0
    for study in studies:
        if study.pk in seen:
            continue
        _, created = Opening.objects.get_or_create(
            member=actor.member, study=study, sitting=sitting, defaults={"opened_at": at}
        )
        if created:
            record("study.opened", actor=actor, subject=study)
            new += 1
    return new


# --- Reading ------------------------------------------------------------------


@transaction.atomic
def save_draft(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Keep what a reader has entered so far. `version` is the one they saw; 0 for none yet.

    Only the first saving is in the trail (reading.begun): the others change nothing for anybody.

    Raises CaseNotOpen, OwnTrust, ReadingLocked, NotOfThisCase, StaleReading.
    """
    case = _in_turn(case)
    _check_may_read(case, actor.member)
    return _keep(case, actor, version, answers, at)


@transaction.atomic
def submit_reading(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Lock a reader's answers as their reading.

    Raises as `save_draft`, and ReadingIncomplete.
    """
    case = _in_turn(case)
    _check_may_read(case, actor.member)
    _check_complete(case, answers)
    reading = _keep(case, actor, version, answers, at)
    # what is left without a category is of a study withdrawn since the draft was begun
    reading.assessments.filter(category=None).delete()
    reading.submitted_at = at
    reading.save(update_fields=["submitted_at"])
    record(
        "reading.submitted",
        actor=actor,
        subject=reading,
        case=case.number,
        studies=len(answers.studies),
    )
    return reading


@transaction.atomic
def hand_back(*, case: Case, actor: Actor, reason: str, at: datetime) -> Assignment:
    """Give a case back unread: its reader reads it no more, and keeps their draft.

    Raises CaseNotOpen, ReadingLocked.
    """
    case = _in_turn(case)
    if case.status not in IN_READING:
        raise CaseNotOpen(f"Case {case.number} is no longer open.")
    _check_not_locked(case, actor.member)
    given = case.assignments.filter(reader=actor.member, handed_back_at__isnull=True).first()
    assignment = given or Assignment(case=case, reader=actor.member, assigned_at=at)
    assignment.handed_back_at = at
    assignment.reason = reason
    assignment.save()
    record("case.handed_back", actor=actor, subject=case)
    return assignment


# --- Settling -----------------------------------------------------------------


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
    case = _in_turn(case)
    if is_recused(case, actor.member):
        raise OwnTrust(_own_trust(case, "Another chair decides it."))
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
    case = _in_turn(case)
    case.set_aside_at = at
    case.set_aside_by = actor.member
    case.set_aside_reason = Case.SetAsideReason(reason)
    case.set_aside_where = where
    case.save(update_fields=["set_aside_at", "set_aside_by", "set_aside_reason", "set_aside_where"])
    CASE_LIFECYCLE.advance(case, CaseStatus.SET_ASIDE, actor=actor, reason=str(reason))


@transaction.atomic
def reopen_case(*, case: Case, actor: Actor, at: datetime) -> None:
    """The chair puts a case that was set aside back to be read, once its images are clean.

    Raises CaseBeingRead when the patient has another case in reading, IllegalMove otherwise.
    """
    Patient.objects.select_for_update().get(pk=case.patient_id)
    case = _in_turn(case)
    others = Case.objects.filter(patient=case.patient_id, status__in=IN_READING)
    if other := others.exclude(pk=case.pk).first():
        raise CaseBeingRead(f"Settle case {other.number} of the same patient first.")
    case.settled_at = None
    case.save(update_fields=["settled_at"])
    CASE_LIFECYCLE.advance(case, CaseStatus.OPEN, actor=actor)


# --- What the acts above ask ----------------------------------------------------


def _in_turn(case: Case) -> Case:
    """The row as it is now, locked: acts on one case happen one after another."""
    return Case.objects.select_for_update().get(pk=case.pk)


def _own_trust(case: Case, then: str) -> str:
    return f"Case {case.number} was sent by your own organisation. {then}"


def _check_may_read(case: Case, reader: Member) -> None:
    if is_recused(case, reader):
        raise OwnTrust(_own_trust(case, "Somebody else reads it."))
    if case.status != CaseStatus.OPEN:
        raise CaseNotOpen(f"Case {case.number} is no longer open, so it takes no reading.")
    if not case.case_studies.shown().exists():
        raise CaseNotOpen(f"The images of case {case.number} were withdrawn.")
    _check_not_locked(case, reader)
    if case.assignments.filter(reader=reader, handed_back_at__isnull=False).exists():
        raise ReadingLocked(f"You gave case {case.number} back, so you read it no more.")


def _check_not_locked(case: Case, reader: Member) -> None:
    if case.readings.filter(reader=reader, submitted_at__isnull=False).exists():
        raise ReadingLocked(
            f"Your reading of case {case.number} is submitted and can no longer be changed."
        )


def _check_decidable(case: Case, actor: Actor) -> None:
    if not case.readings.filter(submitted_at__isnull=False).exists():
        raise NotYetRead(f"Nobody has submitted a reading of case {case.number} yet.")
    own_draft = case.readings.filter(reader=actor.member, submitted_at__isnull=True)
    given_back = case.assignments.filter(reader=actor.member, handed_back_at__isnull=False)
    if own_draft.exists() and not given_back.exists():
        raise OwnReadingOpen("Submit your own reading, or give the case back, before you decide.")


def _check_complete(case: Case, answers: Answers) -> None:
    for case_study in case.case_studies.shown():
        answer = answers.studies.get(case_study.study_id)
        if answer is None or answer.category is None:
            raise ReadingIncomplete("Choose a category for every study before you submit.")
    if answers.include is None:
        raise ReadingIncomplete("Say whether to include the case before you submit.")
    if answers.include and answers.teaching_value is None:
        raise ReadingIncomplete("Give the case a teaching value before you submit.")


def _keep(case: Case, actor: Actor, version: int, answers: Answers, at: datetime) -> Reading:
    reading = case.readings.filter(reader=actor.member).first()
    if (reading.version if reading else 0) != version:
        raise StaleReading(reading or Reading(case=case, reader=actor.member, version=0))
    is_new = reading is None
    reading = reading or Reading(case=case, reader=actor.member)
    reading.include = answers.include
    reading.teaching_value = answers.teaching_value
    reading.comment = answers.comment
    reading.version = version + 1
    reading.saved_at = at
    reading.save()
    _keep_assessments(case, reading, answers)
    if is_new:
        if not case.assignments.filter(reader=actor.member).exists():
            Assignment.objects.create(case=case, reader=actor.member, assigned_at=at)
        record("reading.begun", actor=actor, subject=reading, case=case.number)
    return reading


def _keep_assessments(case: Case, reading: Reading, answers: Answers) -> None:
    studies = {row.study_id: row.study for row in case.case_studies.shown().select_related("study")}
    if set(answers.studies) - set(studies):
        raise NotOfThisCase("A study of this form is no longer part of the case. Open it again.")
    kept = {row.study_id: row for row in reading.assessments.all()}
    for pk, answer in answers.studies.items():
        scheme = _scheme_for(studies[pk], answer.category)
        assessment = kept.get(pk) or Assessment(reading=reading, study=studies[pk])
        assessment.scheme = scheme
        assessment.category = answer.category
        assessment.severity = answer.severity
        assessment.save()


def _scheme_for(study: Study, category: Category | None) -> ReportingScheme:
    scheme = ReportingScheme.objects.default_for(study.modality).first()
    if scheme is None or (category and category.scheme_id != scheme.pk):
        raise NotOfThisCase("That category is not of the scheme this study is read by.")
    return scheme


def _schemes_of(case: Case):
    modalities = case.case_studies.values_list("study__modality", flat=True).distinct()
    schemes = ReportingScheme.objects.none()
    for modality in modalities:
        schemes = schemes | ReportingScheme.objects.default_for(modality)
    return schemes
