"""What is exported: each assessment of a locked reading of a settled case, with what goes along."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from review.blinding import readings_for_research
from review.exports.purposes import Purpose
from review.models import (
    Assessment,
    Assignment,
    Case,
    Category,
    Finding,
    Reading,
    Score,
    Seat,
    Verdict,
)
from uploads.lifecycle import UploadStatus
from uploads.models import Study

READINGS_AT_ONCE = 200


@dataclass(frozen=True)
class Row:
    """One assessment: what a reader said of one study of a case."""

    reader: str
    seat: str
    study_position: int  # from 1, along the case's axis of days
    study: Study
    assessment: Assessment
    reading: Reading
    scores: list[Score]
    findings: list[Finding]
    verdict: Verdict | None

    @property
    def case(self) -> Case:
        return self.reading.case

    @property
    def category(self) -> Category:
        # a locked reading has one of every study it kept
        return self.assessment.category


def exportable(case_number: int | None = None) -> QuerySet[Reading]:
    """The readings that may leave, of all cases or of one."""
    readings = readings_for_research()
    return readings.filter(case__number=case_number) if case_number else readings


def rows_of(readings: QuerySet[Reading], purpose: Purpose) -> Iterator[Row]:
    """The readings' assessments, case by case, study by study; some hundred at a time."""
    ordered = (
        readings.select_related("case__patient", "reader")
        .prefetch_related(*_PREFETCHED)
        .order_by("case__number", "submitted_at", "pk")
    )
    for reading in ordered.iterator(chunk_size=READINGS_AT_ONCE):
        yield from _rows(reading, purpose)


_PREFETCHED = (
    "addenda",
    Prefetch(
        "assessments",
        Assessment.objects.select_related("scheme", "category", "study").order_by("pk"),
    ),
    Prefetch(
        "assessments__scores", Score.objects.select_related("scheme", "region", "grade").all()
    ),
    Prefetch(
        "findings",
        Finding.objects.select_related(
            "finding", "site", "distribution", "instance__series__study"
        ),
    ),
    "case__case_studies__study__upload",
    Prefetch("case__verdicts", Verdict.objects.select_related("category__scheme")),
    Prefetch("case__assignments", Assignment.objects.filter(handed_back_at=None)),
)


def _rows(reading: Reading, purpose: Purpose) -> Iterator[Row]:
    case = reading.case
    assessments = {each.study_id: each for each in reading.assessments.all()}
    seats = {row.member_id: row.seat for row in case.assignments.all()}
    seat = seats.get(reading.reader_id, "")
    for position, study in enumerate(_studies(case), start=1):
        if assessment := assessments.get(study.pk):
            yield Row(
                reader=purpose.reader(reading.reader),
                seat=Seat(seat).label if seat else "",
                study_position=position,
                study=study,
                assessment=assessment,
                reading=reading,
                scores=list(assessment.scores.all()),
                findings=[row for row in reading.findings.all() if row.study_id == study.pk],
                verdict=next(iter(case.verdicts.all()), None),
            )


def _studies(case: Case) -> list[Study]:
    """The studies that still stand, as `CaseStudyQuerySet.in_order` has them, without a query."""
    studies = [row.study for row in case.case_studies.all()]
    standing = [each for each in studies if each.upload.status == UploadStatus.ACCEPTED]
    return sorted(standing, key=_place)


def _place(study: Study) -> tuple[bool, int, bool, str, int]:
    days, date = study.days_from_onset, study.study_date
    return (days is None, days or 0, date is None, date.isoformat() if date else "", study.pk)
