"""Stored pixels as DICOMweb answers them, for the built viewer: a pixel says where it is."""

import re
from typing import Any

import numpy as np
from django.template.loader import render_to_string

from uploads.dicom import rendering, transcoding

ROOT = "/dicom-web/"
SLICES, ROWS, COLUMNS = 40, 96, 128

_ADDRESS = re.compile(rf"{ROOT}studies/1\.2/series/(?P<series>\w+)/(?P<rest>.*)")
# modality, photometric interpretation, bits stored, signed, slope, intercept, spacing in mm
KINDS = {
    "ct": ("CT", "MONOCHROME2", 16, True, 1, -1024, (1.4, 0.7)),
    "dx": ("DX", "MONOCHROME1", 12, False, 1, 0, (0.2, 0.2)),
    "exact": ("DX", "MONOCHROME2", 8, False, 0.5, 0.25, (0.2, 0.2)),
}


def slices_of(kind: str) -> int:
    return SLICES if kind == "ct" else 1


def stored(kind: str, index: int) -> np.ndarray:
    """The stored values of one image; no two places of it are alike along a row or a column."""
    _, _, bits, is_signed, *_ = KINDS[kind]
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    values = (rows * 7 + columns * 3 + index * 16) % (1 << bits - 1)
    if is_signed:
        # air around, as scanners write it: below what the rescaling would make of 0
        values = np.where(columns < 8, -1000, values)
    return values.astype(np.int16 if is_signed else np.uint8 if bits == 8 else np.uint16)


def value(kind: str, index: int, column: int, row: int) -> float:
    """The modality value there, by the standard's formula alone."""
    slope, intercept = KINDS[kind][4:6]
    return float(stored(kind, index)[row, column]) * slope + intercept


def header(kind: str, index: int) -> dict[str, Any]:
    modality, photometric, bits, is_signed, slope, intercept, spacing = KINDS[kind]
    numbers = {
        "00280002": 1,
        "00280010": ROWS,
        "00280011": COLUMNS,
        "00280100": 8 if bits == 8 else 16,
        "00280101": bits,
        "00280103": int(is_signed),
        "00281052": intercept,
        "00281053": slope,
    }
    texts = {
        "00080018": uid(kind, index),
        "00080060": modality,
        "00200052": "1.9",
        "00280004": photometric,
    }
    position = [0, 0, 2 * index]
    return (
        {tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()}
        | {tag: {"vr": "CS", "Value": [text]} for tag, text in texts.items()}
        | {
            "00200032": {"vr": "DS", "Value": position},
            "00200037": {"vr": "DS", "Value": [1, 0, 0, 0, 1, 0]},
            "00280030": {"vr": "DS", "Value": list(spacing)},
        }
    )


def uid(kind: str, index: int) -> str:
    return f"1.2.{list(KINDS).index(kind)}.{index}"


def page_of(kinds: tuple[str, ...]) -> str:
    series = [
        {
            "uid": kind,
            "label": f"Series {kind}",
            "modality": KINDS[kind][0],
            "study": "",
            "images": [
                {
                    "uid": f"{kind}{index}",
                    "frame": 1,
                    "url": f"{ROOT}studies/1.2/series/{kind}/instances/{uid(kind, index)}"
                    "/frames/1/rendered",
                }
                for index in range(slices_of(kind))
            ],
        }
        for kind in kinds
    ]
    body = render_to_string(
        "components/stack.html", {"series": series, "label": "Images", "dicomweb_root": ROOT}
    )
    link = {"image": "ct7-1", "window": "mediastinum", "text": "The nodes"}
    return body + render_to_string("components/slice_link.html", link)


def answer(path: str) -> tuple[str, int, Any] | None:
    """The series, the slice (-1 for the metadata) and the answer; None for any other address."""
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    kind, rest = found["series"], found["rest"]
    if rest == "metadata":
        return kind, -1, [header(kind, index) for index in range(slices_of(kind))]
    index = int(rest.split("/")[1].rpartition(".")[2])
    if rest.endswith("/rendered"):
        return kind, index, rendering.render(stored(kind, index), header(kind, index))
    return kind, index, transcoding.encode_frame(stored(kind, index))
