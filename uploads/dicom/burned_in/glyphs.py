"""Lines of letters that a machine drew at one level: found without reading them, in a millisecond.

A drawn letter has one value throughout and ends abruptly. A row through a line of letters crosses
many such edges; a row through a chest crosses few, and their values differ.
"""

from typing import NamedTuple

import numpy as np

from uploads.dicom.burned_in.opencv import opencv

# a row through four letters enters and leaves at least this many strokes
_EDGES_OF_A_ROW = 8
# every second row is looked at: three of a letter of five rows
_STRIDE = 2
_ROWS_OF_A_LINE = 3
_LETTERS_OF_A_LINE = 4
_LETTERS_WITHOUT_A_LEVEL = 6
_SMALLEST, _LARGEST_PART = 5, 1 / 8
# an edge is abrupt when it is this part of the range of nearly all values
_STEP_PART = 0.2
# where every fifth pixel ends abruptly, parts of any shape can be picked out
_NOISE_PART = 0.2
_MOST_PARTS = 4000


class Box(NamedTuple):
    """A rectangle in pixels of the stored frame: (column, row) of its corner, and its size."""

    x: int
    y: int
    width: int
    height: int


class _Edges(NamedTuple):
    """Abrupt edges: in which of the chosen rows, and the values on their two sides."""

    row: np.ndarray
    bright: np.ndarray
    dark: np.ndarray
    is_noise: bool


class Lines(NamedTuple):
    """Around lines of letters: drawn at one level, and smoother ones, that bone may look like."""

    drawn: list[Box]
    smooth: list[Box]


def lines_of_glyphs(frame: np.ndarray) -> Lines:
    """Where lines of at least four drawn letters are, upright or turned by quarters.

    Parameters
    ----------
    frame
        Stored values, shape (rows, columns), any integer type.

    """
    step = _step(frame)
    across, upwards = _across(frame, step), _across(frame.T, step)
    turned = ([Box(y, x, height, width) for x, y, width, height in boxes] for boxes in upwards)
    return Lines(*(lines + more for lines, more in zip(across, turned, strict=True)))


def _across(frame: np.ndarray, step: int) -> Lines:
    found = Lines([], [])
    edges = _edges(frame, step)
    if edges is None:
        return found
    levels, middles = _levels(edges), _middles(edges)
    if not levels and not middles:
        return found
    values = np.ascontiguousarray(frame, np.int32)
    for level in levels:
        distance = np.abs(values - level)
        found.drawn.extend(_lines(values, distance <= step / 3, step, is_exact=distance == 0))
    for middle, is_bright in middles:
        is_ink = values > middle if is_bright else values < middle
        found.smooth.extend(_lines(values, is_ink, step))
    return found


def _step(frame: np.ndarray) -> int:
    stride = max(1, min(frame.shape) // 64)
    low, high = np.percentile(frame[::stride, ::stride], (1, 99))
    return max(round(_STEP_PART * float(high - low)), 1)


def _edges(frame: np.ndarray, step: int) -> _Edges | None:
    """The abrupt edges of the rows that cross many of them."""
    sample = np.ascontiguousarray(_halved(frame[::_STRIDE]))
    difference = sample[:, 1:] - sample[:, :-1]
    is_edge = np.abs(difference, out=difference) > step // 2
    crossings = is_edge.view(np.uint8).sum(axis=1, dtype=np.uint32)
    rows = np.flatnonzero(crossings >= _EDGES_OF_A_ROW)
    if len(rows) < _ROWS_OF_A_LINE:
        return None
    is_noise = float(crossings.sum()) > _NOISE_PART * is_edge.size
    row, column = np.nonzero(is_edge[rows])
    left, right = (frame[rows[row] * _STRIDE, column + n].astype(np.int32) for n in (0, 1))
    return _Edges(row, np.maximum(left, right), np.minimum(left, right), is_noise)


def _levels(edges: _Edges) -> list[int]:
    """The values that stand at edges often enough to be the ink of a line of one level."""
    found: list[int] = []
    for ends in (edges.bright, edges.dark):
        found += _repeated(ends, edges.row)
    return list(dict.fromkeys(found))


def _middles(edges: _Edges) -> list[tuple[int, bool]]:
    """Between ink and ground, for letters too small or too smooth to have one level."""
    found: list[tuple[int, bool]] = []
    if edges.is_noise:
        return found
    for ends, others, is_bright in (
        (edges.bright, edges.dark, True),
        (-edges.dark, -edges.bright, False),
    ):
        ink = np.partition(ends, -_EDGES_OF_A_ROW)[-_EDGES_OF_A_ROW]
        middle = (float(ink) + float(np.median(others))) / 2
        crosses = (ends > middle) & (others < middle)
        of_row = np.bincount(edges.row[crosses])
        if np.count_nonzero(of_row >= _EDGES_OF_A_ROW) >= _ROWS_OF_A_LINE:
            found.append((round(middle if is_bright else -middle), is_bright))
    return found


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


def _lines(
    values: np.ndarray, is_ink: np.ndarray, step: int, *, is_exact: np.ndarray | None = None
) -> list[Box]:
    """Lines of parts that may be letters; without one level they must also stand in a line."""
    cv2 = opencv()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        is_ink.view(np.uint8), connectivity=8
    )
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    is_letter = (height >= _SMALLEST) & (height <= max(12, values.shape[0] * _LARGEST_PART))
    is_letter &= (width <= 2 * height) & (stats[:, cv2.CC_STAT_AREA] >= _SMALLEST)
    is_letter[0] = False
    if np.count_nonzero(is_letter) < _LETTERS_OF_A_LINE:
        return []
    is_letter &= _ends_abruptly(labels, values, step, count)
    if is_exact is not None:
        is_letter &= np.bincount(labels[is_exact], minlength=count) >= 0.25 * stats[:, 4]
    places = np.flatnonzero(is_letter)[:_MOST_PARTS]
    found = [line for line in _chains(stats[places, :5]) if _differ(line)]
    return [_around(line) for line in found if is_exact is not None or _is_aligned(line)]


def _ends_abruptly(labels: np.ndarray, values: np.ndarray, step: int, count: int) -> np.ndarray:
    """Which parts end abruptly, as noise and metal do not."""
    edges, abrupt = np.zeros(count), np.zeros(count)
    for inside, outside, near, far in (
        (labels[:, :-1], labels[:, 1:], values[:, :-1], values[:, 1:]),
        (labels[:, 1:], labels[:, :-1], values[:, 1:], values[:, :-1]),
        (labels[:-1], labels[1:], values[:-1], values[1:]),
        (labels[1:], labels[:-1], values[1:], values[:-1]),
    ):
        at_edge = (inside > 0) & (outside == 0)
        edges += np.bincount(inside[at_edge], minlength=count)
        at_edge &= np.abs(near - far) > step
        abrupt += np.bincount(inside[at_edge], minlength=count)
    return abrupt >= 0.55 * edges


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


def _is_aligned(line: np.ndarray) -> bool:
    """Whether most parts stand on one line, or hang from one when the text is upside down."""
    if len(line) < _LETTERS_WITHOUT_A_LEVEL:
        return False
    top, bottom = line[:, 1], line[:, 1] + line[:, 3]
    near = max(1.0, 0.08 * float(np.median(line[:, 3])))
    return any(
        np.count_nonzero(np.abs(side - np.median(side)) <= near) >= 0.65 * len(line)
        for side in (top, bottom)
    )


def _around(line: np.ndarray) -> Box:
    left, top = line[:, 0].min(), line[:, 1].min()
    right, bottom = (line[:, 0] + line[:, 2]).max(), (line[:, 1] + line[:, 3]).max()
    return Box(int(left), int(top), int(right - left), int(bottom - top))
