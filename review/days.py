"""A case's studies on its axis of days."""

from typing import Any

from review.models import Case
from uploads.models import Study


def studies_of(case: Case) -> list[tuple[Study, str]]:
    """The case's studies in order, each with its place on the axis of days in words."""
    if case.status in (Case.Status.SET_ASIDE, Case.Status.ERASED):
        return []
    rows = case.case_studies.shown().in_order().select_related("study__upload")
    studies = [row.study for row in rows]
    first = next((study.study_date for study in studies if study.study_date), None)
    return list(zip(studies, _distinct([_day(study, first) for study in studies]), strict=True))


def _day(study: Study, first: Any) -> str:
    if study.days_from_onset is not None:
        return f"Day {study.days_from_onset} from onset"
    if study.study_date and first:
        return f"Day {(study.study_date - first).days} from the first study"
    return "Day not known"


def _distinct(labels: list[str]) -> list[str]:
    # two studies of one day must not look like one
    return [
        f"{label}, study {labels[: place + 1].count(label)}" if labels.count(label) > 1 else label
        for place, label in enumerate(labels)
    ]
