"""What templates/components/stack.html shows of stored studies, as plain values."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch

from uploads.addresses import short_uid
from uploads.dicom.rendering import PRESETS
from uploads.models import Instance, Series, Study


def series_list(studies: Sequence[tuple[Study, str]], *, root: str) -> list[dict[str, Any]]:
    """Every settled series of some studies, each study with its place in time in words.

    `root` is the DICOMweb address, ending in `/`, of whoever may see them.
    """
    listed = []
    for study, label in studies:
        rows = study.series.filter(settled_at__isnull=False).prefetch_related(
            # a header is some kilobytes, and a page may list a thousand
            Prefetch("instances", Instance.objects.defer("header"))
        )
        for place, series in enumerate(rows, start=1):
            address = f"{root}studies/{study.study_instance_uid}"
            listed.append(_series(f"{address}/series/{series.series_instance_uid}", series, place))
            listed[-1]["study"] = label
    return listed


def _series(address: str, series: Series, place: int) -> dict[str, Any]:
    return {
        "uid": short_uid(series.series_instance_uid),
        "label": series.series_description or f"Series {place}",
        "modality": series.modality,
        "thumbnail_url": f"{address}/thumbnail",
        "images": [
            {
                "uid": short_uid(instance.sop_instance_uid),
                "frame": frame,
                "url": f"{address}/instances/{instance.sop_instance_uid}/frames/{frame}/rendered",
            }
            for instance in series.instances.all()
            for frame in range(1, instance.number_of_frames + 1)
        ],
    }


def fallback(
    series: list[dict[str, Any]], *, asked: str, window: str = ""
) -> dict[str, Any] | None:
    """One image with links to its neighbours, for a page without script: `?image=…&window=…`."""
    images = [
        (f"{image['uid']}-{image['frame']}", image, each, place)
        for each in series
        for place, image in enumerate(each["images"], start=1)
    ]
    if not images:
        return None
    names = [name for name, *_ in images]
    here = names.index(asked) if asked in names else (len(series[0]["images"]) - 1) // 2
    _, image, shown, place = images[here]
    window = window if window in PRESETS else ""
    usual = "lung" if shown["modality"] == "CT" else ""
    return {
        "url": windowed(image["url"], window or usual),
        "alt": f"{shown['modality']} image {place} of {len(shown['images'])}, {shown['study']}",
        "caption": f"{shown['study']}, {shown['label']}: "
        f"image {place} of {len(shown['images'])}, {len(images)} in all",
        "previous_url": _query(names, here - 1, window),
        "next_url": _query(names, here + 1, window),
    }


def _query(names: list[str], place: int, window: str) -> str:
    if not 0 <= place < len(names):
        return ""
    return f"?image={names[place]}" + (f"&window={window}" if window else "")


def windowed(url: str, window: str) -> str:
    """A picture's address in a named window; "" is the file's own."""
    if window not in PRESETS:
        return url
    center, width = PRESETS[window][:2]
    return f"{url}?window={center:g},{width:g},linear"
