"""What is drawn on an image: the graphics of SCOORD, in columns and rows of the image.

(0, 0) is the outer corner of the first pixel, so the centre of that pixel is (0.5, 0.5), and
(columns, rows) is the outer corner of the last one. Frames count from 1.

References
----------
DICOM PS3.3 C.18.6 (Spatial Coordinates Macro), C.10.5.1.2 (pixel-relative coordinates).
"""

import math
from collections.abc import Sequence
from enum import StrEnum

Pair = tuple[float, float]

MOST_PAIRS = 500


class GraphicType(StrEnum):
    POINT = "POINT"
    MULTIPOINT = "MULTIPOINT"
    POLYLINE = "POLYLINE"
    CIRCLE = "CIRCLE"
    ELLIPSE = "ELLIPSE"


# least and most column-row pairs of each type
PAIRS: dict[GraphicType, tuple[int, int]] = {
    GraphicType.POINT: (1, 1),
    GraphicType.MULTIPOINT: (1, MOST_PAIRS),
    GraphicType.POLYLINE: (2, MOST_PAIRS),
    GraphicType.CIRCLE: (2, 2),
    GraphicType.ELLIPSE: (4, 4),
}


class NotAGraphic(ValueError):
    """The coordinates cannot be drawn on this image."""


def read_pairs(given: object) -> list[Pair]:
    """Column-row pairs from decoded JSON: `[[231.5, 198.5], …]`.

    Raises NotAGraphic for anything but a list of pairs of finite numbers.
    """
    if not isinstance(given, list) or not given or len(given) > MOST_PAIRS:
        raise NotAGraphic(f"A graphic has between 1 and {MOST_PAIRS} column-row pairs.")
    return [_pair(one) for one in given]


def _pair(given: object) -> Pair:
    if isinstance(given, list | tuple) and len(given) == 2:
        column, row = given
        if _is_finite(column) and _is_finite(row):
            return float(column), float(row)
    raise NotAGraphic("A column-row pair is two finite numbers.")


def _is_finite(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number of more digits than a float holds
        return False


def check_graphic(
    graphic_type: GraphicType, pairs: Sequence[Pair], *, columns: int, rows: int
) -> None:
    """Whether these pairs are such a graphic on an image of this size.

    Raises NotAGraphic for a wrong number of pairs or one outside the image.
    """
    least, most = PAIRS[graphic_type]
    if not least <= len(pairs) <= most:
        raise NotAGraphic(f"{graphic_type} needs another number of points.")
    if not all(0 <= column <= columns and 0 <= row <= rows for column, row in pairs):
        raise NotAGraphic("Part of it lies outside the image.")


def flat(pairs: Sequence[Pair]) -> list[float]:
    """GraphicData as the standard writes it: column, row, column, row, …"""
    return [number for pair in pairs for number in pair]


def pairs_of(graphic_data: Sequence[float]) -> list[Pair]:
    """The inverse of `flat`."""
    numbers = iter(graphic_data)
    return list(zip(numbers, numbers, strict=True))


def is_closed(pairs: Sequence[Pair]) -> bool:
    """Whether a POLYLINE ends where it begins: a polygon."""
    return len(pairs) > 3 and pairs[0] == pairs[-1]
