"""Series of unusual length, size and shape, as DICOMweb answers them."""

import re
from functools import cache
from typing import Any

import numpy as np
from django.template.loader import render_to_string

from uploads.dicom import transcoding

ROOT = "/extremes/"
AXIAL, CORONAL = (1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1)
# how many images, and of how many rows and columns
SERIES = {
    "whole": (300, (512, 512)),
    "long": (3000, (128, 128)),
    "large": (100, (1024, 1024)),
    "tiny": (1, (1, 1)),
    "huge": (1, (4096, 4096)),
    "sizes": (10, (64, 64)),
    "tilted": (10, (64, 64)),
}
OTHER_SIZE = (48, 96)
DISTINCT = {"long": 300, "large": 10}  # images of a series that are not alike

_ADDRESS = re.compile(rf"{ROOT}studies/1\.4/series/(?P<series>\w+)/(?P<rest>.*)")


def size_of(name: str, index: int) -> tuple[int, int]:
    return OTHER_SIZE if name == "sizes" and index % 2 else SERIES[name][1]


def stored(name: str, index: int) -> np.ndarray:
    """Stored values that say where they are: Hounsfield units are 1,024 less."""
    rows, columns = np.mgrid[: size_of(name, index)[0], : size_of(name, index)[1]]
    return ((rows * 3 + columns * 5 + (index % DISTINCT.get(name, 300)) * 7) % 2048).astype(
        np.uint16
    )


def value(name: str, index: int, column: int, row: int) -> int:
    return int(stored(name, index)[row, column]) - 1024


def header(name: str, index: int) -> dict[str, Any]:
    rows, columns = size_of(name, index)
    numbers = {
        "00280010": rows,
        "00280011": columns,
        "00280100": 16,
        "00280101": 12,
        "00280103": 0,
        "00281052": -1024,
        "00281053": 1,
    }
    orientation = CORONAL if name == "tilted" and index > 4 else AXIAL
    return {tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()} | {
        "00080018": {"vr": "UI", "Value": [uid(name, index)]},
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
        "00200052": {"vr": "UI", "Value": ["1.11"]},
        "00280030": {"vr": "DS", "Value": [0.7, 0.7]},
        "00200032": {"vr": "DS", "Value": [0, 0, index]},
        "00200037": {"vr": "DS", "Value": list(orientation)},
    }


def uid(name: str, index: int) -> str:
    return f"1.4.{list(SERIES).index(name)}.{index}"


def page_of(*names: str) -> str:
    series = [
        {
            "uid": name,
            "label": f"Series {name}",
            "modality": "CT",
            "images": [
                {
                    "uid": f"{name}{index}",
                    "frame": 1,
                    "url": f"{ROOT}studies/1.4/series/{name}/instances/{uid(name, index)}"
                    "/frames/1/rendered",
                }
                for index in range(SERIES[name][0])
            ],
        }
        for name in names
    ]
    return render_to_string(
        "components/stack.html", {"series": series, "label": "Images", "dicomweb_root": ROOT}
    )


def answer(path: str) -> tuple[str, int, Any] | None:
    """The series, the slice (-1 for the metadata) and the answer; None for any other address."""
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    name, rest = found["series"], found["rest"]
    if rest == "metadata":
        return name, -1, [header(name, index) for index in range(SERIES[name][0])]
    index = int(rest.split("/")[1].rpartition(".")[2])
    return name, index, _encoded(name, index % DISTINCT.get(name, 300))


@cache
def _encoded(name: str, index: int) -> bytes:
    return transcoding.encode_frame(stored(name, index))
