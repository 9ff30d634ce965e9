"""A reader's draft, its locking, and what is added to it later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member
from review.lifecycle import CaseStatus
from review.models import (
    Addendum,
    Assessment,
    Case,
    CaseStudy,
    Category,
    Reading,
    Region,
    ReportingScheme,
    Score,
    is_recused,
)
from review.services.assigning import NotAssigned
from review.services.findings import CodedFinding, findings_of, keep_findings
from review.services.refusals import (
    NotOfThisCase,
    OwnTrust,
    Refusal,
    Unentitled,
    case_in_turn,
    own_trust,
)
from review.services.settling import settle_when_read


class CaseNotOpen(Refusal):
    """The case takes no reading and no decision now."""


class ReadingLocked(Refusal):
    """The reading was submitted, or the case was given back: it no longer changes."""


class NotTheirs(Unentitled):
    """The reading is somebody else's, or still a draft."""

    code = "not_theirs"


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


@dataclass(frozen=True)
class StudyAnswer:
    """What a reader says of one study; a category chosen, or not yet. Scores are by region."""

    category: Category | None = None
    severity: int | None = None
    confidence: int | None = None
    scores: Mapping[Region, Category] = field(default_factory=dict)
    findings: tuple[CodedFinding, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a reading form holds: about the case, and by study's primary key."""

    include: bool | None = None
    teaching_value: int | None = None
    comment: str = ""
    studies: dict[int, StudyAnswer] = field(default_factory=dict)


def answers_of(reading: Reading) -> Answers:
    """What a saved reading says, as a form would send it."""
    found = findings_of(reading)
    rows = reading.assessments.select_related("category")
    return Answers(
        include=reading.include,
        teaching_value=reading.teaching_value,
        comment=reading.comment,
        studies={
            row.study_id: StudyAnswer(
                row.category,
                row.severity,
                row.confidence,
                {
                    score.region: score.grade
                    for score in row.scores.select_related("region", "grade")
                },
                found.get(row.study_id, ()),
            )
            for row in rows
        },
    )


@transaction.atomic
def save_draft(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Keep what a reader has entered so far. `version` is the one they saw; 0 for none yet.

    Only the first saving is in the trail (reading.begun): the others change nothing for anybody.

    Raises CaseNotOpen, OwnTrust, ReadingLocked, NotOfThisCase, NotPlaced, StaleReading.
    """
    case = case_in_turn(case)
    _check_may_read(case, actor.member)
    return _keep(case, actor, version, answers, at)


@transaction.atomic
def submit_reading(
    *, case: Case, actor: Actor, version: int, answers: Answers, at: datetime
) -> Reading:
    """Lock a reader's answers as their reading. The second one settles the case, or finds it
    discordant.

    Raises as `save_draft`, and ReadingIncomplete.
    """
    case = case_in_turn(case)
    _check_may_read(case, actor.member)
    _check_complete(case, answers)
    reading = _keep(case, actor, version, answers, at)
    # what is left without a category is of a study withdrawn since the draft was begun
    left = reading.assessments.filter(category=None)
    Score.objects.filter(assessment__in=left).delete()
    left.delete()
    reading.submitted_at = at
    reading.save(update_fields=["submitted_at"])
    record(
        "reading.submitted",
        actor=actor,
        subject=reading,
        case=case.number,
        studies=len(answers.studies),
        placed=reading.findings.exclude(instance=None).count(),
    )
    settle_when_read(case=case, at=at)
    return reading


@transaction.atomic
def add_addendum(*, reading: Reading, actor: Actor, text: str, at: datetime) -> Addendum:
    """Correct a locked reading by words beside it; the reading itself stays as it was.

    Raises NotTheirs for another's reading or a draft.
    """
    locked = Reading.objects.filter(
        pk=reading.pk, reader=actor.member, submitted_at__isnull=False
    ).first()
    if locked is None:
        raise NotTheirs("An addendum is written to a locked reading by its own reader.")
    addendum = Addendum.objects.create(reading=locked, text=text, written_at=at)
    record("reading.addendum_written", actor=actor, subject=locked, case=locked.case.number)
    return addendum


def _check_may_read(case: Case, reader: Member) -> None:
    if is_recused(case, reader):
        raise OwnTrust(own_trust(case, "Somebody else reads it."))
    if case.status != CaseStatus.OPEN:
        raise CaseNotOpen(f"Case {case.number} is no longer open, so it takes no reading.")
    if not case.case_studies.shown().exists():
        raise CaseNotOpen(f"The images of case {case.number} were withdrawn.")
    _check_not_locked(case, reader)
    given = case.assignments.standing().of_readers().filter(member=reader)
    if not given.exists():
        raise NotAssigned(f"Case {case.number} is not given to you to read.")


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
    _keep_assessments(case, reading, answers, at)
    if is_new:
        record("reading.begun", actor=actor, subject=reading, case=case.number)
    return reading


def _keep_assessments(case: Case, reading: Reading, answers: Answers, at: datetime) -> None:
    studies = {
        row.study_id: row for row in case.case_studies.shown().select_related("study", "scheme")
    }
    if set(answers.studies) - set(studies):
        raise NotOfThisCase("A study of this form is no longer part of the case. Open it again.")
    kept = {row.study_id: row for row in reading.assessments.all()}
    for pk, answer in answers.studies.items():
        assessment = kept.get(pk) or Assessment(reading=reading, study=studies[pk].study)
        assessment.scheme = _scheme_for(studies[pk], answer.category)
        assessment.category = answer.category
        assessment.severity = answer.severity
        assessment.confidence = answer.confidence
        assessment.save()
        _keep_scores(studies[pk], assessment, answer)
        keep_findings(reading, studies[pk].study, answer.findings, at)


def _keep_scores(row: CaseStudy, assessment: Assessment, answer: StudyAnswer) -> None:
    for part in (*answer.scores.keys(), *answer.scores.values()):
        if row.scoring_id is None or part.scheme_id != row.scoring_id:
            raise NotOfThisCase("That grade is not of the score this study is read by.")
    assessment.scores.all().delete()
    Score.objects.bulk_create(
        Score(assessment=assessment, scheme_id=row.scoring_id, region=region, grade=grade)
        for region, grade in answer.scores.items()
    )


def _scheme_for(row: CaseStudy, category: Category | None) -> ReportingScheme:
    scheme = row.scheme_read_by()
    if scheme is None or (category and category.scheme_id != scheme.pk):
        raise NotOfThisCase("That category is not of the scheme this study is read by.")
    return scheme
