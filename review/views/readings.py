"""A locked reading in words, as the rows of a summary list."""

from typing import Any

from review.models import Assessment, Finding, Reading
from review.places import placed_among, words_of_places
from review.services import placement_of

Row = dict[str, Any]


def summary_of(reading: Reading, labels: dict[int, str]) -> dict[str, Any]:
    """What the reading says of each study of `labels`, and of the case."""
    rows: list[Row] = []
    assessments = reading.assessments.select_related("category__scheme").prefetch_related(
        "scores__region", "scores__grade"
    )
    findings: dict[int, list[Row]] = {}
    places = words_of_places(placed_among(reading.findings.all(), labels))
    for each in reading.findings.select_related("finding", "site", "distribution", "instance"):
        part = {"text": finding_words(each), "place": places.get(each.pk)}
        if part["place"]:
            part |= {"image": placement_of(each).image, "key": each.pk}
        findings.setdefault(each.study_id, []).append(part)
    for assessment in assessments:
        if label := labels.get(assessment.study_id):
            rows.append({"key": label, "value": assessment_words(assessment)})
            rows += _details(assessment, findings.get(assessment.study_id, []))
    rows.append({"key": "Include", "value": "Yes" if reading.include else "No"})
    if reading.teaching_value:
        rows.append({"key": "Teaching value", "value": f"{reading.teaching_value} of 5"})
    if reading.comment:
        rows.append({"key": "Comment", "value": reading.comment})
    rows += [{"key": "Addendum", "value": each.text} for each in reading.addenda.all()]
    return {"rows": rows, "submitted_at": reading.submitted_at}


def assessment_words(assessment: Assessment) -> str:
    words = f"{assessment.category.label} ({assessment.category.scheme.name})"
    if assessment.severity:
        words += f", {assessment.get_severity_display().lower()}"
    if assessment.confidence:
        words += f", {assessment.get_confidence_display().lower()} confidence"
    return words


def _details(assessment: Assessment, findings: list[Row]) -> list[Row]:
    rows = []
    if scores := list(assessment.scores.all()):
        parts = [f"{score.region.label} {score.grade.code}" for score in scores]
        total = sum(score.grade.order - 1 for score in scores)
        rows.append({"key": "Score", "value": f"{total}: {'; '.join(parts)}"})
    if findings:
        rows.append({"key": "Findings", "parts": findings})
    return rows


def finding_words(finding: Finding) -> str:
    """For example "Ground-glass opacity, lower lobe, peripheral"."""
    codes = (finding.site, finding.distribution)
    words = [finding.finding.meaning, *(code.meaning.lower() for code in codes if code)]
    return ", ".join(words)
