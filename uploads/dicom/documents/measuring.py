"""What a drawing measures: lengths and areas, in millimetres where the image's pixels have a size.

References
----------
DICOM PS3.3 10.7 (pixel spacing: rows, then columns), C.18.6.1.2 (graphic types).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from uploads.dicom.documents.composing import Frame
from uploads.dicom.documents.content import Code
from uploads.dicom.graphics import GraphicType, Pair, is_closed, pairs_of
from uploads.dicom.headers import frame_value

LENGTH = Code("410668003", "SCT", "Length")
AREA = Code("42798000", "SCT", "Area")
MILLIMETRE = Code("mm", "UCUM", "mm")
SQUARE_MILLIMETRE = Code("mm2", "UCUM", "mm2")
PIXELS = Code("{pixels}", "UCUM", "pixels")


class Measurement(NamedTuple):
    name: Code
    value: float
    unit: Code


def pixel_spacing_mm(frame: Frame) -> tuple[float, float] | None:
    """(row, column) spacing of a frame; None when its pixels have no known size in the patient."""
    values = frame_value(frame.header, frame.number, "PixelMeasuresSequence", "PixelSpacing")
    spacing = [float(value) for value in values]
    if len(spacing) != 2 or not all(math.isfinite(value) and value > 0 for value in spacing):
        return None
    return spacing[0], spacing[1]


def length_of(graphic_data: Sequence[float], frame: Frame) -> Measurement:
    """The length of a line from end to end; in pixels when they have no size."""
    spacing = pixel_spacing_mm(frame)
    row_mm, column_mm = spacing or (1.0, 1.0)
    points = [(column * column_mm, row * row_mm) for column, row in pairs_of(graphic_data)]
    total = sum(math.dist(one, other) for one, other in pairwise(points))
    return Measurement(LENGTH, total, MILLIMETRE if spacing else PIXELS)


def area_of(graphic_type: str, graphic_data: Sequence[float], frame: Frame) -> Measurement | None:
    """The area of an ellipse or a closed line; None for others, and for pixels without a size."""
    spacing, pairs = pixel_spacing_mm(frame), pairs_of(graphic_data)
    if spacing is None:
        return None
    if graphic_type == GraphicType.ELLIPSE:
        pixels = math.pi * math.dist(pairs[0], pairs[1]) * math.dist(pairs[2], pairs[3]) / 4
    elif graphic_type == GraphicType.POLYLINE and is_closed(pairs):
        pixels = _enclosed(pairs)
    else:
        return None
    return Measurement(AREA, pixels * spacing[0] * spacing[1], SQUARE_MILLIMETRE)


def _enclosed(pairs: Sequence[Pair]) -> float:
    # the shoelace formula; what crosses itself counts with its sign
    doubled = sum(
        column * next_row - next_column * row
        for (column, row), (next_column, next_row) in pairwise(pairs)
    )
    return abs(doubled) / 2
