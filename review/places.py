"""Where findings lie, in words, and as what the stack draws over the images."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from review.models import Finding
from review.services import placement_of
from uploads.models import Instance


def placed_among(findings: QuerySet[Finding], labels: dict[int, str]) -> list[Finding]:
    """Those that lie on an image of the studies that are shown: the keys of `labels`."""
    placed = findings.filter(study__in=labels, instance__series__settled_at__isnull=False)
    related = placed.select_related("finding", "site", "distribution", "instance__series")
    return list(related.defer("instance__header"))


def words_of_places(findings: Iterable[Finding]) -> dict[Any, str]:
    """By key of finding, for example "slice 42 of 60"; the image of a series of one has no number.

    Counted as the stack counts: along the series, frame by frame.
    """
    findings = list(findings)
    series = {each.instance.series_id for each in findings}
    first, counts = _along(series)
    return {
        each.pk: _words(first[each.instance_id] + each.frame, counts[each.instance.series_id])
        for each in findings
    }


def _along(series: set[int]) -> tuple[dict[int, int], dict[int, int]]:
    """How many frames lie before each image, and in each series."""
    before: dict[int, int] = {}
    counts: dict[int, int] = defaultdict(int)
    images = Instance.objects.filter(series__in=series)
    for of_series, pk, frames in images.values_list("series_id", "pk", "number_of_frames"):
        before[pk] = counts[of_series]
        counts[of_series] += frames
    return before, counts


def _words(place: int, count: int) -> str:
    return "the image" if count == 1 else f"slice {place} of {count}"


def drawing_of(finding: Finding, whose: str = "") -> dict[str, Any]:
    """As docs/annotations.md has it; its text is the finding's own meaning, and whose it is."""
    placement = placement_of(finding)
    return {
        "id": str(finding.pk),
        "image": placement.image,
        "tool": finding.tool,
        "graphic_type": finding.graphic_type,
        "graphic_data": [list(pair) for pair in placement.pairs],
        "text": f"{finding.finding.meaning} ({whose})" if whose else finding.finding.meaning,
        "version": 1,
    }
