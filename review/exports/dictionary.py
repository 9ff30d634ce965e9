"""The columns of the tables: their values, and their meaning for the data dictionary.

A column is written once, here; the tables and the dictionary are both made from it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from review.exports.rows import Row
from review.models import (
    Confidence,
    Finding,
    FindingCode,
    ReportingScheme,
    Seat,
    Severity,
    Verdict,
)
from review.services import PLACING_TOOLS
from uploads.dicom.graphics import GraphicType

WHOLE, TEXT, CODE, UID, YES_NO = "whole number", "text", "code", "DICOM UID", "yes or no"


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    meaning: str
    value: Callable[..., Any]
    values: str = ""


def _yes_no(truth: bool) -> str:
    return "yes" if truth else "no"


def _choices(choices: Iterable[tuple[Any, Any]]) -> str:
    return "; ".join(f"{value} = {label}" for value, label in choices)


_KEY = (
    Column("case", WHOLE, "Number of the case", lambda row: row.case.number),
    Column(
        "patient", TEXT, "Pseudonym of the patient; a patient may have several cases",
        lambda row: row.case.patient.pseudonym,
    ),
    Column(
        "study", WHOLE, "Place of the study in its case, from 1, in the order of time",
        lambda row: row.study_position,
    ),
    Column(
        "study_instance_uid", UID, "Pseudonymous UID of the study; that of its images",
        lambda row: row.study.study_instance_uid,
    ),
    Column(
        "reader", TEXT,
        "Pseudonym of the reader: the same in all exports for one purpose, another in others",
        lambda row: row.reader,
    ),
)  # fmt: skip

READINGS = (
    *_KEY,
    Column(
        "seat", TEXT, "The reader's seat; empty when the seat was given back later",
        lambda row: row.seat, values="; ".join(seat.label for seat in Seat),
    ),
    Column(
        "modality", CODE, "DICOM modality of the study", lambda row: row.study.modality,
        values="CT; CR; DX",
    ),
    Column(
        "days_from_onset", WHOLE,
        "Days from the first symptom to the study; empty when not known; below 0 when before it",
        lambda row: row.study.days_from_onset,
    ),
    Column("scheme", CODE, "Reporting scheme", lambda row: row.assessment.scheme.code),
    Column(
        "scheme_version", TEXT, "Version of the scheme", lambda row: row.assessment.scheme.version
    ),
    Column(
        "category_code", CODE, "The scheme's own code of the category; BSTI CT has CVCX1 twice",
        lambda row: row.category.code,
    ),
    Column("category", TEXT, "The category in words", lambda row: row.category.label),
    Column(
        "category_order", WHOLE, "Place of the category in its scheme, from 1",
        lambda row: row.category.order,
    ),
    Column(
        "severity", WHOLE, "Subjective grade; empty when not graded",
        lambda row: row.assessment.severity, values=_choices(Severity.choices),
    ),
    Column(
        "confidence", WHOLE, "How sure the reader was of the category; empty when not said",
        lambda row: row.assessment.confidence, values=_choices(Confidence.choices),
    ),
    Column(
        "score", CODE, "Score by regions; empty when not scored",
        lambda row: row.scores[0].scheme.code if row.scores else "",
    ),
    Column(
        "score_total", WHOLE, "Sum of the regions' grades, each from 0; empty when not scored",
        lambda row: sum(each.grade.order - 1 for each in row.scores) if row.scores else None,
    ),
    Column(
        "score_regions", TEXT, "Grade of each region, as region=grade with spaces between",
        lambda row: " ".join(f"{each.region.code}={each.grade.order - 1}" for each in row.scores),
    ),
    Column("findings", WHOLE, "Its rows in the findings table", lambda row: len(row.findings)),
    Column(
        "include", YES_NO, "Whether the reader would take the case into the database",
        lambda row: _yes_no(row.reading.include),
    ),
    Column(
        "teaching_value", WHOLE, "1 to 5, 5 the most; empty for a case not to be included",
        lambda row: row.reading.teaching_value,
    ),
    Column(
        "comment_given", YES_NO, "Whether the reader wrote a comment; its words are not exported",
        lambda row: _yes_no(bool(row.reading.comment)),
    ),
    Column(
        "addenda", WHOLE, "How many corrections in words were added after locking; not exported",
        lambda row: len(row.reading.addenda.all()),
    ),
    Column(
        "days_to_reading", WHOLE, "Whole days from the opening of the case to the locked reading",
        lambda row: (row.reading.submitted_at - row.case.opened_at).days,
    ),
    Column(
        "outcome", CODE, "What the case ended in: its newest verdict",
        lambda row: row.verdict.outcome if row.verdict else "",
        values=_choices(Verdict.Outcome.choices),
    ),
    Column(
        "outcome_basis", CODE, "How the verdict came about",
        lambda row: row.verdict.basis if row.verdict else "",
        values=_choices(Verdict.Basis.choices),
    ),
    Column(
        "outcome_category", TEXT, "Category of the verdict; empty when it has none",
        lambda row: row.verdict.category.label if row.verdict and row.verdict.category else "",
    ),
    Column(
        "outcome_severity", WHOLE, "Subjective grade of the verdict; empty when it has none",
        lambda row: row.verdict.severity if row.verdict else None,
        values=_choices(Severity.choices),
    ),
)  # fmt: skip


def _code_columns(name: str, what: str) -> Iterator[Column]:
    def code(finding: Finding) -> FindingCode | None:
        return getattr(finding, name)

    yield Column(
        f"{name}_scheme", CODE, f"Coding scheme of {what}; empty when there is none",
        lambda _, finding: code(finding).designator if code(finding) else "",
        values="DCM; SCT",
    )  # fmt: skip
    yield Column(
        f"{name}_code", CODE, f"Code of {what}; empty likewise",
        lambda _, finding: (code(finding).code or "") if code(finding) else "",
    )  # fmt: skip
    yield Column(
        name, TEXT, f"Meaning of {what}; empty when none is said",
        lambda _, finding: code(finding).meaning if code(finding) else "",
    )  # fmt: skip


def _of_row(column: Column) -> Column:
    return replace(column, value=lambda row, _: column.value(row))


FINDINGS = (
    *map(_of_row, _KEY),
    *_code_columns("finding", "the finding"),
    *_code_columns("site", "the lobe or zone"),
    *_code_columns("distribution", "the distribution"),
    Column(
        "series_instance_uid", UID,
        "Pseudonymous UID of the series of the image it is drawn on; empty when on none",
        lambda _, finding: finding.instance.series.series_instance_uid if finding.instance else "",
    ),
    Column(
        "sop_instance_uid", UID, "Pseudonymous UID of the image it is drawn on; empty when on none",
        lambda _, finding: finding.instance.sop_instance_uid if finding.instance else "",
    ),
    Column("frame", WHOLE, "Frame of that image, from 1", lambda _, finding: finding.frame),
    Column(
        "tool", CODE, "With what the reader drew it; empty when on no image",
        lambda _, finding: finding.tool, values="; ".join(PLACING_TOOLS),
    ),
    Column(
        "graphic_type", CODE, "What is drawn (DICOM SCOORD)",
        lambda _, finding: finding.graphic_type,
        values="; ".join(GraphicType),
    ),
    Column(
        "graphic_data", TEXT,
        "Columns and rows in turn, with spaces between; 0 0 is the outer corner of the first pixel",
        lambda _, finding: " ".join(map(repr, finding.graphic_data)),
    ),
)  # fmt: skip

TABLES = {"readings.csv": READINGS, "findings.csv": FINDINGS}


def readings_table(rows: Iterable[Row]) -> Iterator[list[Any]]:
    yield [column.name for column in READINGS]
    for row in rows:
        yield [column.value(row) for column in READINGS]


def findings_table(rows: Iterable[Row]) -> Iterator[list[Any]]:
    yield [column.name for column in FINDINGS]
    for row in rows:
        for finding in row.findings:
            yield [column.value(row, finding) for column in FINDINGS]


def dictionary_table() -> Iterator[list[str]]:
    """The data dictionary: a line for each column of each table, and one for each scheme."""
    yield ["table", "name", "type", "values", "meaning"]
    for table, columns in TABLES.items():
        for each in columns:
            yield [table, each.name, each.kind, each.values, each.meaning]
    for scheme in ReportingScheme.objects.prefetch_related("categories"):
        # a score's grades count from 0, a scheme's categories from 1
        least = 1 if scheme.kind == ReportingScheme.Kind.SCORE else 0
        values = _choices((row.order - least, row.label) for row in scheme.categories.all())
        yield ["schemes", f"{scheme.code} {scheme.version}", CODE, values, scheme.name]
