"""Words in a picture, read by RapidOCR: models from its package, on this machine, one thread.

Its own pipeline is not called. It shrinks pictures to 2,000 pixels and then reads them whole, which
takes four seconds and a gigabyte; it reads a line in one direction only; and it drops what it is
unsure of. Here detection runs in tiles and each line is read both ways up.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from uploads.dicom.burned_in.glyphs import Box

# the detector's memory and time grow faster than the tile: with 960 it takes twice as long
_TILE, _OVERLAP = 640, 96
_MOST_LINES_OF_A_TILE = 60
_UPSIDE_DOWN = 2


class Line(NamedTuple):
    """A line that was read: where it is, and what the reader makes of it, from 0 to 1 sure."""

    box: Box
    text: str
    score: float


class _Engine(NamedTuple):
    detector: Any
    recogniser: Any
    cut: Any


@cache
def _engine() -> _Engine:
    """Loaded once a process, when the first picture needs it."""
    from rapidocr_onnxruntime import RapidOCR

    reader = RapidOCR(
        intra_op_num_threads=1,
        inter_op_num_threads=1,
        # tiles come in the right size: a shorter side is not enlarged to 736
        det_limit_side_len=32,
        det_limit_type="min",
        det_box_thresh=0.4,
    )
    return _Engine(reader.text_det, reader.text_rec, reader.get_crop_img_list)


def lines(grey: np.ndarray) -> Iterator[Line]:
    """The lines of a grey picture, tile by tile.

    Parameters
    ----------
    grey
        uint8, shape (rows, columns); letters from about 9 to 150 pixels high are found.
    """
    for top, bottom in _spans(grey.shape[0]):
        for left, right in _spans(grey.shape[1]):
            tile = np.repeat(grey[top:bottom, left:right, None], 3, axis=2)
            corners, _ = _engine().detector(tile)
            if corners is not None and len(corners):
                for line in _read(tile, list(corners[:_MOST_LINES_OF_A_TILE])):
                    x, y, width, height = line.box
                    yield line._replace(box=Box(x + left, y + top, width, height))


def turned_lines(grey: np.ndarray) -> Iterator[Line]:
    """The same after a quarter turn, for lines that run up or down; boxes are of the unturned."""
    columns = grey.shape[1]
    for line in lines(np.ascontiguousarray(np.rot90(grey))):
        x, y, width, height = line.box
        # the first row of the turned picture was the last column
        yield line._replace(box=Box(columns - y - height, x, height, width))


def read_at(grey: np.ndarray, box: Box) -> Line:
    """What stands in a box that something else has found."""
    margin = max(2, min(box.width, box.height) // 4)
    left, top = max(box.x - margin, 0), max(box.y - margin, 0)
    right = min(box.x + box.width + margin, grey.shape[1])
    bottom = min(box.y + box.height + margin, grey.shape[0])
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    [line] = _read(np.repeat(grey[:, :, None], 3, axis=2), [corners])
    return line


def _spans(size: int) -> list[tuple[int, int]]:
    """Overlapping spans of equal length that cover the size."""
    count = max(1, math.ceil((size - _OVERLAP) / (_TILE - _OVERLAP)))
    length = math.ceil((size + (count - 1) * _OVERLAP) / count)
    starts = [round(place * (size - length) / max(count - 1, 1)) for place in range(count)]
    return [(start, min(start + length, size)) for start in starts]


def _read(tile: np.ndarray, corners: list[np.ndarray]) -> list[Line]:
    engine = _engine()
    crops = engine.cut(tile, corners)
    turned = [np.ascontiguousarray(np.rot90(crop, _UPSIDE_DOWN)) for crop in crops]
    readings, _ = engine.recogniser(crops + turned)
    both = zip(corners, readings, readings[len(corners) :], strict=False)
    return [_line(corner, *max((up, down), key=lambda r: float(r[1]))) for corner, up, down in both]


def _line(corners: np.ndarray, text: str, score: Any, *_: Any) -> Line:
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    box = Box(int(left), int(top), int(right - left), int(bottom - top))
    return Line(box, str(text), float(score))
