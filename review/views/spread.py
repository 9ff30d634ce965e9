"""What readers and the verdict said of a settled case, side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from audit.actors import Actor
from review.blinding import readings_visible_to
from review.lifecycle import SETTLED
from review.models import Assessment, Case, Reading, Seat, Severity, Verdict
from uploads.models import Study

NOTHING = "–"
NOT_GRADED = "Not graded"


@dataclass(frozen=True)
class Row:
    """One question, and what each answered; the readers', then the verdict's."""

    what: str
    cells: list[str]
    differs: bool


@dataclass(frozen=True)
class Spread:
    columns: list[str]
    rows: list[Row]
    own: str  # one's own reading beside the verdict, in a sentence


def spread_of(case: Case, actor: Actor, studies: list[tuple[Study, str]]) -> Spread | None:
    """Of a settled case that was read, to whoever may see its readings."""
    verdict = case.verdicts.select_related("category").first()
    if case.status not in SETTLED or verdict is None:
        return None
    seats = dict(case.assignments.standing().of_readers().values_list("member", "seat"))
    readings = sorted(_readings(case, actor), key=lambda each: seats.get(each.reader_id, "z"))
    if not readings:
        return None
    return Spread(
        columns=[*(_name(each, seats, actor) for each in readings), "Verdict"],
        rows=[*_of_studies(readings, verdict, studies), *_of_case(readings, verdict)],
        own=_own(readings, verdict, actor, studies),
    )


def _readings(case: Case, actor: Actor) -> QuerySet[Reading]:
    return readings_visible_to(case, actor).prefetch_related(
        "assessments__category", "assessments__scores__grade"
    )


def _name(reading: Reading, seats: dict[int, str], actor: Actor) -> str:
    seat = seats.get(reading.reader_id)
    label = Seat(seat).label if seat else "Reader"
    return f"You ({label})" if reading.reader_id == actor.member.pk else label


def _of_studies(
    readings: list[Reading], verdict: Verdict, studies: list[tuple[Study, str]]
) -> list[Row]:
    rows = []
    for place, (study, label) in enumerate(studies):
        said = [_assessment(reading, study) for reading in readings]
        # a verdict is about the first study on the axis
        of_it = verdict if place == 0 else None
        prefix = f"{label}: " if len(studies) > 1 else ""
        category = str(of_it.category.label) if of_it and of_it.category else NOTHING
        rows += [
            _row(f"{prefix}category", said, lambda each: each.category.label, category),
            _row(f"{prefix}severity", said, _severity, _severity(of_it) if of_it else NOTHING),
        ]
        if any(each and each.scores.all() for each in said):
            rows.append(_row(f"{prefix}score", said, _score, NOTHING))
        if any(each and each.confidence for each in said):
            rows.append(_row(f"{prefix}confidence", said, _confidence, NOTHING))
    return [_capital(row) for row in rows]


def _of_case(readings: list[Reading], verdict: Verdict) -> list[Row]:
    outcome = "Yes" if verdict.outcome == Verdict.Outcome.ACCEPTED else "No"
    return [
        _row("Include", readings, lambda each: "Yes" if each.include else "No", outcome),
        _row("Teaching value", readings, _value, _value(verdict)),
    ]


def _row(what: str, said: list[Any], words: Callable[[Any], str], verdict: str) -> Row:
    cells = [words(each) if each else NOTHING for each in said]
    return Row(what, [*cells, verdict], differs=len({*cells} - {NOTHING}) > 1)


def _capital(row: Row) -> Row:
    return Row(row.what[:1].upper() + row.what[1:], row.cells, row.differs)


def _assessment(reading: Reading, study: Study) -> Assessment | None:
    found = (each for each in reading.assessments.all() if each.study_id == study.pk)
    return next((each for each in found if each.category_id), None)


def _severity(said: Assessment | Verdict) -> str:
    return Severity(said.severity).label if said.severity else NOT_GRADED


def _score(said: Assessment) -> str:
    scores = list(said.scores.all())
    return str(sum(each.grade.order - 1 for each in scores)) if scores else NOTHING


def _confidence(said: Assessment) -> str:
    return said.get_confidence_display() or NOTHING


def _value(said: Reading | Verdict) -> str:
    return f"{said.teaching_value} of 5" if said.teaching_value else NOTHING


def _own(
    readings: list[Reading], verdict: Verdict, actor: Actor, studies: list[tuple[Study, str]]
) -> str:
    mine = next((each for each in readings if each.reader_id == actor.member.pk), None)
    said = _assessment(mine, studies[0][0]) if mine and studies else None
    if said is None or verdict.category_id is None:
        return ""
    if said.category_id != verdict.category_id:
        return "Your category is not the verdict’s."
    apart = abs((said.severity or 0) - (verdict.severity or 0))
    if apart == 0:
        return "Your category and severity are the verdict’s."
    grades = "one grade" if apart == 1 else f"{apart} grades"
    return f"Your category is the verdict’s; your severity is {grades} from it."
