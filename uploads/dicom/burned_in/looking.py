"""Both detectors together: one reads, the other knows drawn letters when it sees them."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import numpy as np

from uploads.dicom.burned_in.glyphs import Box, lines_of_glyphs
from uploads.dicom.burned_in.greys import evened, scaled, windowed
from uploads.dicom.burned_in.markers import is_marker
from uploads.dicom.burned_in.reader import Line, lines, read_at, turned_lines

# how sure the reader must be, by how many letters and digits it read: ribs look like "00"
_SURE = {1: 2.0, 2: 0.95, 3: 0.85}
_SURE_OF_MORE = 0.66
# what rings are read as, of sternal wires and electrodes: no identity is made of these alone
_RINGS = frozenset("0OoQDCc")
# the narrow side of a line of letters, as a part of the picture's
_WIDEST_PART, _WIDEST = 1 / 8, 32
# longest sides in pixels at which a radiograph is read: large letters first, then small ones
_COARSE_SIDE, _FINE_SIDE = 640, 1280
_WITHIN = 0.6
_MARKER_SURE, _SURE_MARKER = 0.5, 0.75
_LETTERS = 48
# what is drawn smoothly is believed when so much of it can be read
_READABLE, _READABLE_LETTERS = 0.5, 3


class Look(StrEnum):
    """How closely a picture is looked at."""

    GLYPHS = "glyphs"
    DOUBTED = "doubted"
    READ = "read"
    CLOSELY = "closely"


class DetectorFailed(Exception):
    """The picture could not be looked at, so nothing is known of it."""


def findings(
    frame: np.ndarray, *, look: Look, tell: Callable[[], None] = lambda: None
) -> list[Box]:
    """Where text is that is no marker.

    Parameters
    ----------
    frame
        Stored values, shape (rows, columns). Whichever way black and white are meant.
    look
        GLYPHS for drawn letters alone; DOUBTED reads those that may be bone before it believes
        them; READ adds reading; CLOSELY reads in more sizes, and lines that run upwards.
    tell
        Called now and then, to say that work goes on.

    Returns
    -------
    list of Box
        In pixels of the frame; empty when only markers were found, or nothing.

    Raises
    ------
    DetectorFailed
        When a detector cannot be loaded or fails.
    """
    try:
        drawn, smooth = lines_of_glyphs(frame)
        if look is Look.DOUBTED:
            return drawn + [box for box in smooth if _is_read_as_text(box, frame)]
        drawn = drawn + smooth
        if look is Look.GLYPHS:
            return drawn
        return _read(frame, drawn, closely=look is Look.CLOSELY, tell=tell)
    except MemoryError:
        raise
    except Exception as problem:
        # what a detector says of its failure may hold what it read
        raise DetectorFailed(type(problem).__name__) from None


def _read(
    frame: np.ndarray, drawn: list[Box], *, closely: bool, tell: Callable[[], None]
) -> list[Box]:
    known: list[Line] = []
    for factor, line in _lines(frame, closely=closely):
        tell()
        # what is read at the coarse scale spares the fine one
        if line is not None:
            known.append(_unscaled(line, factor))
            continue
        suspects = [box for box in _suspects(known, frame) if not _is_read_as_marker(box, frame)]
        if suspects:
            return suspects
    markers = [line.box for line in known if _is_sure_marker(line)]
    unread = [box for box in drawn if not any(_lies_in(box, marker) for marker in markers)]
    return [box for box in unread if not _is_read_as_marker(box, frame)]


def _lines(frame: np.ndarray, *, closely: bool) -> Iterator[tuple[float, Line | None]]:
    """The lines read at each scale, with the scale, and None at the end of each pass."""
    longest = max(frame.shape)
    coarse, fine = (min(1.0, side / longest) for side in (_COARSE_SIDE, _FINE_SIDE))
    if longest <= _COARSE_SIDE:
        fine = 2.0 if closely else 1.0
    grey = evened(scaled(frame, coarse))
    yield from ((coarse, line) for line in lines(grey))
    yield coarse, None
    if fine > coarse:
        grey = evened(scaled(frame, fine))
    if closely:
        # lines that run upwards are seen less well, so the picture is turned as well
        for read in (lines, turned_lines) if fine > coarse else (turned_lines,):
            yield from ((fine, line) for line in read(grey))
            yield fine, None
    elif fine > coarse:
        yield from ((fine, line) for line in lines(grey))
        yield fine, None


def _unscaled(line: Line, factor: float) -> Line:
    return line._replace(box=Box(*(round(number / factor) for number in line.box)))


def _suspects(known: list[Line], frame: np.ndarray) -> list[Box]:
    markers = [line.box for line in known if _is_sure_marker(line)]
    widest = max(_WIDEST, _WIDEST_PART * min(frame.shape))
    suspects = [line.box for line in known if _tells(line)]
    # a part of a marker's word, cut by the edge of a tile, is no other word
    return [
        box
        for box in suspects
        if min(box.width, box.height) <= widest
        and not any(_lies_in(box, marker) for marker in markers)
    ]


def _tells(line: Line) -> bool:
    letters = [letter for letter in line.text if letter.isalnum()]
    if not letters or _RINGS.issuperset(letters) or is_marker(line.text):
        return False
    return line.score >= _SURE.get(len(letters), _SURE_OF_MORE)


def _is_sure_marker(line: Line) -> bool:
    has_letters = any(letter.isalnum() for letter in line.text)
    return has_letters and line.score >= _MARKER_SURE and is_marker(line.text)


def _is_read_as_marker(box: Box, frame: np.ndarray) -> bool:
    """Look once more, at this place alone: is it a marker after all?

    No name is read as a marker by chance; a marker is misread when it is small or cut.
    """
    return any(
        line.score >= _SURE_MARKER and len(line.text) > 1 and is_marker(line.text)
        for line in _read_closer(box, frame)
    )


def _is_read_as_text(box: Box, frame: np.ndarray) -> bool:
    """Whether anything can be read at this place; bone is read as a letter or two, unsurely."""
    return any(
        line.score >= _READABLE and sum(map(str.isalnum, line.text)) >= _READABLE_LETTERS
        for line in _read_closer(box, frame)
    )


def _read_closer(box: Box, frame: np.ndarray) -> Iterator[Line]:
    """What is read in a box, large and in two renderings."""
    factor = min(2.0, _LETTERS / max(min(box.width, box.height), 1))
    margin = 2 * min(box.width, box.height) + 8
    left, top = max(box.x - margin, 0), max(box.y - margin, 0)
    near = frame[top : box.y + box.height + margin, left : box.x + box.width + margin]
    values = scaled(near, factor)
    place = ((box.x - left), (box.y - top), box.width, box.height)
    inside = Box(*(round(number * factor) for number in place))
    for grey in (windowed(values), evened(values)):
        yield read_at(grey, inside)


def _lies_in(part: Box, whole: Box) -> bool:
    width = min(part.x + part.width, whole.x + whole.width) - max(part.x, whole.x)
    height = min(part.y + part.height, whole.y + whole.height) - max(part.y, whole.y)
    return width > 0 and height > 0 and width * height >= _WITHIN * part.width * part.height
