"""The studies of an edition on an axis of days from onset: a picture to scale, and its words."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from library.models import PublishedImage
from library.showing import day_words
from uploads.addresses import short_uid

WIDTH, MARGIN = 640, 40  # of the picture, in its own units
LEAST_GAP = 24  # so that two studies of one day are two marks


def timeline(images: Sequence[PublishedImage]) -> dict[str, Any]:
    """The studies in order, each with a link to its first series; nothing for one study."""
    by_study = sorted(images, key=lambda image: image.study_position)
    studies = [list(group) for _, group in groupby(by_study, lambda image: image.study_position)]
    if len(studies) < 2:
        return {}
    days = [study[0].days_from_onset for study in studies]
    places = _places(days)
    rows = [
        {
            "label": day_words(study[0].days_from_onset, study[0].study_position),
            "modality": "CT" if study[0].modality == "CT" else "Radiograph",
            "images": sum(image.number_of_frames for image in study),
            "link": _middle_of_first_series(study),
            "x": place,
        }
        for study, place in zip(studies, places, strict=True)
    ]
    for (earlier, later), row in zip(pairwise(days), rows[1:], strict=True):
        if earlier is not None and later is not None:
            row["later"] = later - earlier
    return {"rows": rows, "width": WIDTH, "start": MARGIN, "end": WIDTH - MARGIN}


def _places(days: Sequence[int | None]) -> list[int]:
    """Where each study stands: to scale when every day is known, else side by side."""
    known = [day for day in days if day is not None]
    if len(known) < len(days) or known[0] == known[-1]:
        known = list(range(len(days)))
    first, last = min(known), max(known)
    places: list[int] = []
    for day in known:
        place = MARGIN + round((day - first) / (last - first) * (WIDTH - 2 * MARGIN))
        places.append(max(place, places[-1] + LEAST_GAP) if places else place)
    return places


def _middle_of_first_series(study: Sequence[PublishedImage]) -> str:
    position = min(image.series_position for image in study)
    series = sorted(
        (image for image in study if image.series_position == position),
        key=lambda image: image.position,
    )
    return f"{short_uid(series[len(series) // 2].sop_instance_uid)}-1"
