"""Lines of letters that a machine drew at one level: found without reading them, in a millisecond.

A drawn letter has one value throughout and ends abruptly. A row through a line of letters crosses
many such edges; a row through a chest crosses few, and their values differ.
"""

from typing import NamedTuple

import numpy as np

# a row through four letters enters and leaves at least this many strokes
_EDGES_OF_A_ROW = 8
# every second row is looked at: three of a letter of five rows
_STRIDE = 2
_ROWS_OF_A_LINE = 3
_LETTERS_OF_A_LINE = 4
_SMALLEST, _LARGEST_PART = 5, 1 / 8
# an edge is abrupt when it is this part of the range of nearly all values
_STEP_PART = 0.2
_MOST_PARTS = 4000


class Box(NamedTuple):
    """A rectangle in pixels of the stored frame: (column, row) of its corner, and its size."""

    x: int
    y: int
    width: int
    height: int


def lines_of_glyphs(frame: np.ndarray) -> list[Box]:
    """Where lines of at least four drawn letters are, upright or turned by quarters.

    Parameters
    ----------
    frame
        Stored values, shape (rows, columns), any integer type.

    Returns
    -------
    list of Box
        Around each line; empty for a picture that shows none.
    """
    step = _step(frame)
    boxes = []
    for level in _levels(frame, step):
        boxes += _lines_at(frame.astype(np.int32), level, step)
    for level in _levels(frame.T, step):
        lines = _lines_at(np.ascontiguousarray(frame.T, np.int32), level, step)
        boxes += [Box(y, x, height, width) for x, y, width, height in lines]
    return boxes


def _step(frame: np.ndarray) -> int:
    stride = max(1, min(frame.shape) // 64)
    low, high = np.percentile(frame[::stride, ::stride], (1, 99))
    return max(round(_STEP_PART * float(high - low)), 1)


def _levels(frame: np.ndarray, step: int) -> list[int]:
    """The values that stand at abrupt edges often enough to be the ink of a line."""
    sample = np.ascontiguousarray(_halved(frame[::_STRIDE]))
    difference = sample[:, 1:] - sample[:, :-1]
    is_edge = np.abs(difference, out=difference) > step // 2
    crossings = is_edge.view(np.uint8).sum(axis=1, dtype=np.uint32)
    rows = np.flatnonzero(crossings >= _EDGES_OF_A_ROW)
    if len(rows) < _ROWS_OF_A_LINE:
        return []
    row, column = np.nonzero(is_edge[rows])
    left, right = (frame[rows[row] * _STRIDE, column + n] for n in (0, 1))
    found: list[int] = []
    for ends in (np.maximum(left, right), np.minimum(left, right)):
        found += _repeated(ends, row)
    return list(dict.fromkeys(found))


def _halved(frame: np.ndarray) -> np.ndarray:
    """Half of each value, signed: so a difference of two fits as well."""
    if frame.dtype.itemsize == 1:
        return frame.astype(np.int16) >> 1
    native = frame.astype(frame.dtype.newbyteorder("="), copy=False)
    return (native >> 1).view(np.int16)


def _repeated(ends: np.ndarray, row: np.ndarray) -> list[int]:
    known, place, counts = np.unique(ends, return_inverse=True, return_counts=True)
    levels = []
    # two inks a side: one may be padding
    for best in np.argsort(counts)[:-3:-1]:
        if counts[best] < _EDGES_OF_A_ROW * _ROWS_OF_A_LINE:
            break
        of_row = np.bincount(row[place == best])
        if np.count_nonzero(of_row >= _EDGES_OF_A_ROW) >= _ROWS_OF_A_LINE:
            levels.append(int(known[best]))
    return levels


def _lines_at(values: np.ndarray, level: int, step: int) -> list[Box]:
    # only a picture that may hold text pays for this import
    import cv2

    distance = np.abs(values - level)
    is_ink = distance <= step / 3
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        is_ink.view(np.uint8), connectivity=8
    )
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    is_letter = (height >= _SMALLEST) & (height <= max(12, values.shape[0] * _LARGEST_PART))
    is_letter &= (width <= 2 * height) & (stats[:, cv2.CC_STAT_AREA] >= _SMALLEST)
    is_letter[0] = False
    if np.count_nonzero(is_letter) < _LETTERS_OF_A_LINE:
        return []
    is_letter &= _is_drawn(labels, distance, step, count)
    places = np.flatnonzero(is_letter)[:_MOST_PARTS]
    return [_around(line) for line in _chains(stats[places, :5]) if _differ(line)]


def _is_drawn(labels: np.ndarray, distance: np.ndarray, step: int, count: int) -> np.ndarray:
    """Which parts are of one value and end abruptly, as noise and metal do not."""
    exact = np.bincount(labels[distance == 0], minlength=count)
    total = np.bincount(labels.ravel(), minlength=count)
    edges, abrupt = np.zeros(count), np.zeros(count)
    for inside, outside, far in (
        (labels[:, :-1], labels[:, 1:], distance[:, 1:]),
        (labels[:, 1:], labels[:, :-1], distance[:, :-1]),
        (labels[:-1], labels[1:], distance[1:]),
        (labels[1:], labels[:-1], distance[:-1]),
    ):
        at_edge = (inside > 0) & (outside == 0)
        edges += np.bincount(inside[at_edge], minlength=count)
        abrupt += np.bincount(inside[at_edge & (far > step)], minlength=count)
    return (exact >= 0.25 * total) & (abrupt >= 0.55 * edges)


def _chains(parts: np.ndarray) -> list[np.ndarray]:
    """Parts in a row: alike in height, level with each other, close together."""
    parts = parts[np.argsort(parts[:, 0], kind="stable")]
    x, y, width, height = (parts[:, n].astype(np.float64) for n in range(4))
    middle = y + height / 2
    following = np.full(len(parts), -1)
    for place in range(len(parts)):
        taller = np.maximum(height[place], height)
        gap = x - (x[place] + width[place])
        fits = (np.arange(len(parts)) > place) & (gap >= -0.3 * taller) & (gap <= 1.3 * taller)
        fits &= np.abs(middle - middle[place]) <= 0.4 * taller
        fits &= np.minimum(height[place], height) >= 0.45 * taller
        candidates = np.flatnonzero(fits)
        if len(candidates):
            following[place] = candidates[np.argmin(gap[candidates])]
    return [parts[chain] for chain in _followed(following)]


def _followed(following: np.ndarray) -> list[list[int]]:
    chains, taken = [], set()
    for start in range(len(following)):
        chain = []
        place = start
        while place >= 0 and place not in taken:
            taken.add(place)
            chain.append(place)
            place = int(following[place])
        if len(chain) >= _LETTERS_OF_A_LINE:
            chains.append(chain)
    return chains


def _differ(line: np.ndarray) -> bool:
    """Whether the parts have more than one shape: the dashes of a ruler have not."""
    return bool(np.ptp(line[:, 4]) > max(2.0, 0.15 * float(np.median(line[:, 4]))))


def _around(line: np.ndarray) -> Box:
    left, top = line[:, 0].min(), line[:, 1].min()
    right, bottom = (line[:, 0] + line[:, 2]).max(), (line[:, 1] + line[:, 3]).max()
    return Box(int(left), int(top), int(right - left), int(bottom - top))
