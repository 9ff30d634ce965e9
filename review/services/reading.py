"""A reader's draft, its locking, and a case given back."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member
from review.lifecycle import IN_READING, CaseStatus
from review.models import (
    Assessment,
    Assignment,
    Case,
    Category,
    Reading,
    ReportingScheme,
    is_recused,
)
from review.services.refusals import OwnTrust, Refusal, case_in_turn, own_trust
from uploads.models import Study


class CaseNotOpen(Refusal):
    """The case takes no reading and no decision now."""


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


def answers_of(reading: Reading) -> Answers:
    """What a saved reading says, as a form would send it."""
    return Answers(
        include=reading.include,
        teaching_value=reading.teaching_value,
        comment=reading.comment,
        studies={
            row.study_id: StudyAnswer(row.category, row.severity)
            for row in reading.assessments.select_related("category")
        },
    )


@transaction.atomic
def save_draft(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Keep what a reader has entered so far. `version` is the one they saw; 0 for none yet.

    Only the first saving is in the trail (reading.begun): the others change nothing for anybody.

    Raises CaseNotOpen, OwnTrust, ReadingLocked, NotOfThisCase, StaleReading.
    """
    case = case_in_turn(case)
    _check_may_read(case, actor.member)
    return _keep(case, actor, version, answers, at)


@transaction.atomic
def submit_reading(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Lock a reader's answers as their reading.

    Raises as `save_draft`, and ReadingIncomplete.
    """
    case = case_in_turn(case)
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
    case = case_in_turn(case)
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


def _check_may_read(case: Case, reader: Member) -> None:
    if is_recused(case, reader):
        raise OwnTrust(own_trust(case, "Somebody else reads it."))
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
    if reading and reading.version != version and answers_of(reading) == answers:
        # the same save again: its first answer was lost on the way
        return reading
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
