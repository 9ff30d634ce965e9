"""What the panel and the trust said of a case, as far as the public may know it."""

from collections import Counter
from dataclasses import dataclass

from library.models import Edition
from review.models import Assessment, Case, Reading, Severity, Verdict
from uploads.models import ClinicalRecord, Upload


def newest_verdict(case: Case) -> Verdict | None:
    return case.verdicts.select_related("category__scheme").order_by("-decided_at", "-pk").first()


def newest_record(case: Case) -> ClinicalRecord | None:
    """The clinical context of the first accepted upload of a case, as it stands now."""
    uploads = Upload.objects.accepted().filter(
        studies__in=case.case_studies.shown().values("study")
    )
    return (
        ClinicalRecord.objects.filter(upload__in=uploads)
        .order_by("upload__submitted_at", "-version")
        .first()
    )


def age_band(age_years: int | None) -> str:
    """ "60 to 69" for 67; 90 and over is one band."""
    if age_years is None:
        return "Not known"
    start = age_years // 10 * 10
    return "90 or over" if start >= 90 else f"{start} to {start + 9}"


def agreement_of(verdict: Verdict) -> str:
    """How a case was settled: one of the values of the facet "agreement"."""
    if verdict.basis != Verdict.Basis.AGREEMENT:
        return "adjudicated" if verdict.basis == Verdict.Basis.ADJUDICATION else "chair"
    readings = Reading.objects.filter(case=verdict.case_id, submitted_at__isnull=False)
    graded: dict[int, set[int]] = {}
    for study, severity in readings.values_list("assessments__study", "assessments__severity"):
        graded.setdefault(study, set()).add(severity or 0)
    return "same" if all(len(grades) == 1 for grades in graded.values()) else "one-grade"


@dataclass(frozen=True)
class Spread:
    """What the readers said of one study: how many chose what, the most frequent first."""

    study_position: int
    days_from_onset: int | None
    categories: list[tuple[str, int]]
    severities: list[tuple[str, int]]


def spread_of(edition: Edition) -> list[Spread]:
    """The panel's spread over each study an edition shows: locked readings of a settled case."""
    shown = edition.shown_series.order_by("position")
    studies = dict(shown.values_list("series__study", "series__study__days_from_onset"))
    rows = Assessment.objects.filter(
        reading__case=edition.teaching_case.case_id,
        reading__submitted_at__isnull=False,
        study__in=studies,
    ).exclude(category=None)
    said: dict[int, list[tuple[str, int | None]]] = {}
    for study, label, severity in rows.order_by("category__order", "severity").values_list(
        "study", "category__label", "severity"
    ):
        said.setdefault(study, []).append((label, severity))
    return [
        Spread(
            place,
            day,
            Counter(label for label, _ in said[study]).most_common(),
            Counter(_grade(severity) for _, severity in said[study]).most_common(),
        )
        for place, (study, day) in enumerate(studies.items(), start=1)
        if study in said
    ]


def _grade(severity: int | None) -> str:
    return Severity(severity).label.lower() if severity else "not graded"
