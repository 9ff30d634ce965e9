"""A body whose left, front and head sides have their own grey, scanned in several directions."""

import re
from typing import Any

import numpy as np
from django.template.loader import render_to_string

from uploads.dicom import rendering, transcoding

ROOT = "/phantom/"
SIZE = 48  # pixels and slices of 2 mm
SPACING = 2.0
# Hounsfield units of the wall on that side; in the bone window no two look alike
WALLS = {"L": 1200, "A": 700, "H": 250}
BODY = -200
# beside the middle, 9 and 11 mm above and below it: in a slab of 40 mm, not in one of 10
NODE, HOLE = 1250, -450
BESIDE = (5, 12)  # pixels to the left and to the back of the middle
# the directions of a row, of a column, and from slice to slice, in the patient's axes
SCANS = {
    "axial": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "downwards": ((1, 0, 0), (0, 1, 0), (0, 0, -1)),
    "prone": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "sagittal": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    "later": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
# of another day, in a frame of reference of its own
LATER, LATER_MM = "later", 500.0
SERIAL = ("axial", LATER, "downwards", "coronal")
# rows towards the patient's left, columns towards the feet, as a radiograph says it
PROJECTION = "radiograph"

_ADDRESS = re.compile(rf"{ROOT}studies/1\.3/series/(?P<series>\w+)/(?P<rest>.*)")


def grey(value: int) -> int:
    """How a value looks in the bone window."""
    return int(rendering.window(np.array([value]), *rendering.PRESETS["bone"])[0])


def stored(scan: str, index: int) -> np.ndarray:
    """One image, from where each of its pixels lies in the patient: 0 is the middle."""
    if scan == PROJECTION:
        return stored("coronal", SIZE // 2)
    row, column, normal = (np.array(each) for each in SCANS[scan])
    steps = np.arange(SIZE) - (SIZE - 1) / 2
    place = (
        steps[None, :, None] * row
        + steps[:, None, None] * column
        + (index - (SIZE - 1) / 2) * normal
    )
    x, y, z = np.moveaxis(place, -1, 0)
    edge = SIZE / 2 - 6
    values = np.full((SIZE, SIZE), BODY)
    values[z > edge] = WALLS["H"]
    values[y < -edge] = WALLS["A"]
    values[x > edge] = WALLS["L"]
    beside = (x > BESIDE[0]) & (x < BESIDE[1]) & (y > BESIDE[0]) & (y < BESIDE[1])
    values[beside & (np.abs(z - 5) < 1)] = NODE
    values[beside & (np.abs(z + 5) < 1)] = HOLE
    return values.astype(np.int16)


def header(scan: str, index: int) -> dict[str, Any]:
    numbers = {
        "00280010": SIZE,
        "00280011": SIZE,
        "00280100": 16,
        "00280101": 16,
        "00280103": 1,
    }
    made = {tag: {"vr": "US", "Value": [number]} for tag, number in numbers.items()} | {
        "00080018": {"vr": "UI", "Value": [uid(scan, index)]},
        "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
        "00280030": {"vr": "DS", "Value": [SPACING, SPACING]},
    }
    if scan == PROJECTION:
        return made | {
            "00080060": {"vr": "CS", "Value": ["DX"]},
            "00200020": {"vr": "CS", "Value": ["L", "F"]},
            "00281050": {"vr": "DS", "Value": [rendering.PRESETS["bone"].center]},
            "00281051": {"vr": "DS", "Value": [rendering.PRESETS["bone"].width]},
        }
    row, column, normal = (np.array(each) for each in SCANS[scan])
    half = (SIZE - 1) / 2
    position = SPACING * ((index - half) * normal - half * row - half * column)
    if scan == LATER:
        position[2] += LATER_MM
    return made | {
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "00200052": {"vr": "UI", "Value": ["1.10" if scan == LATER else "1.9"]},
        "00200032": {"vr": "DS", "Value": [float(each) for each in position]},
        "00200037": {"vr": "DS", "Value": [float(each) for each in (*row, *column)]},
    }


def uid(scan: str, index: int) -> str:
    return f"1.3.{[*SCANS, PROJECTION].index(scan)}.{index}"


def page_of(*scans: str) -> str:
    series = [series_of(scan) for scan in scans]
    return render_to_string(
        "components/stack.html", {"series": series, "label": "Images", "dicomweb_root": ROOT}
    )


def series_of(scan: str) -> dict[str, Any]:
    root = f"{ROOT}studies/1.3/series/{scan}"
    return {
        "uid": scan,
        "label": f"Phantom {scan}",
        "modality": "DX" if scan == PROJECTION else "CT",
        "study": "Day 9" if scan == LATER else "Day 3",
        "images": [
            {
                "uid": f"{scan}{index}",
                "frame": 1,
                "url": f"{root}/instances/{uid(scan, index)}/frames/1/rendered",
            }
            for index in range(1 if scan == PROJECTION else SIZE)
        ],
    }


def answer(path: str) -> tuple[str, int, Any] | None:
    """The scan, the slice (-1 for the metadata) and the answer; None for any other address."""
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    scan, rest = found["series"], found["rest"]
    if rest == "metadata":
        count = 1 if scan == PROJECTION else SIZE
        return scan, -1, [header(scan, index) for index in range(count)]
    index = int(rest.split("/")[1].rpartition(".")[2])
    return scan, index, transcoding.encode_frame(stored(scan, index))
