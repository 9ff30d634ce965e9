"""JPEG 2000 and HTJ2K frames of one component: marker segments that decoding needs, at their size.

A codestream may carry a name in comments of its main header or of a tile-part's, in segments that
are longer than what they say, in the boxes of a JP2 file around it, or behind its end.

References
----------
ITU-T T.800 Annex A and Annex I (JP2), T.814 (HTJ2K).
"""

import re
from typing import NamedTuple

from uploads.dicom.reading import ImagePixel
from uploads.dicom.reasons import Reason, Refused

MAX_TILES = 4096
# a radiograph of 50 million pixels has some 100,000 of either
_MAX_PACKETS = 1_000_000
_MAX_CODE_BLOCKS = 1_000_000
_MAX_BOXES = 100
_MAX_PROGRESSIONS = 32

JP2_SIGNATURE = b"\0\0\0\x0cjP  "
_START, _END, _TILE_PART = b"\xff\x4f\xff\x51", b"\xff\xd9", b"\xff\x90"
_CAP, _SIZ, _COD, _QCD, _RGN, _POC = 0x50, 0x51, 0x52, 0x5C, 0x5E, 0x5F
_KEPT = frozenset((_CAP, _SIZ, _COD, _QCD, _RGN, _POC))
# packet headers packed elsewhere, and a style for one component of several: of a grey image no
# encoder writes them
_REFUSED = frozenset((0x53, 0x5D, 0x60, 0x61))
_BEHIND_TILE_PART_HEADER, _BEHIND_MAIN_HEADER = 0x93, 0x90
# coded data holds no marker but those around packets (SOP, EPH)
_MARKER_IN_DATA = re.compile(rb"\xff[\x90\x93-\xff]", re.DOTALL)


class _Size(NamedTuple):
    """The reference grid (which an offset makes larger than the image), and its tiles."""

    height: int
    width: int
    tiles: int


def cleaned_jpeg_2000(frame: bytes, image: ImagePixel) -> bytes:
    """The same picture with nothing in it but image.

    Raises Refused when the frame is not of the size, depth and single component of the header.
    """
    frame = _without_boxes(frame)
    if frame[:4] != _START:
        raise _damaged()
    size = _checked_size(frame, image)
    kept, levels, position = _kept_segments(frame, 2, size, until=_BEHIND_MAIN_HEADER, levels=0)
    parts = [_START[:2], kept]
    while frame[position : position + 2] == _TILE_PART:
        part, end = _tile_part(frame, position, size, levels)
        parts.append(part)
        position = end
    if frame[position : position + 2] != _END:
        raise _damaged()
    return b"".join((*parts, _END))


def precision_of_jpeg_2000(frame: bytes) -> int:
    """Bits a sample of a frame that `cleaned_jpeg_2000` wrote."""
    return (frame[42] & 0x7F) + 1


def _without_boxes(frame: bytes) -> bytes:
    """The codestream of a frame that was stored as a whole JP2 file; any other frame as it is."""
    if not frame.startswith(JP2_SIGNATURE):
        return frame
    position = 0
    for _ in range(_MAX_BOXES):
        length, kind = _number(frame, position, 4), frame[position + 4 : position + 8]
        start = position + 8
        if length == 1:
            length, start = _number(frame, start, 8), position + 16
        end = position + length if length else len(frame)
        if end < start or end > len(frame):
            break
        if kind == b"jp2c":
            return frame[start:end]
        position = end
    raise _damaged()


def _checked_size(frame: bytes, image: ImagePixel) -> _Size:
    words = [_number(frame, place, 4) for place in range(8, 40, 4)]
    width, height, left, top, tile_width, tile_height, tile_left, tile_top = words
    precision = (frame[42] & 0x7F) + 1
    if (height - top, width - left) != (image.rows, image.columns) or _number(frame, 40, 2) != 1:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not 1 < precision <= image.bits_allocated or frame[43:45] != b"\x01\x01":
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not tile_width or not tile_height or tile_left > left or tile_top > top:
        raise _damaged()
    tiles = -(-(width - tile_left) // tile_width) * -(-(height - tile_top) // tile_height)
    if tiles > MAX_TILES:
        raise Refused(Reason.TOO_COMPLEX)
    return _Size(height, width, tiles)


def _check_coding_style(content: bytes, size: _Size) -> None:
    """Refuse what makes a decoder run for minutes, or beyond its memory (T.800 A.6.1, B.6)."""
    layers, levels = _number(content, 2, 2), content[5]
    width, height = content[6] + 2, content[7] + 2
    if levels > 32 or width > 10 or height > 10 or width + height > 12:
        raise _damaged()
    precincts = size.tiles * (levels + 1)
    for level in range(levels + 1):
        across, down = (
            (content[10 + level] & 15, content[10 + level] >> 4) if content[0] & 1 else (15, 15)
        )
        if level and not (across and down):
            raise _damaged()
        rows, columns = (-(-side >> (levels - level)) for side in (size.height, size.width))
        precincts += (rows >> down) * (columns >> across)
        # code blocks end where their precinct does
        blocks = (size.height * size.width) >> (min(width, across) + min(height, down))
    if precincts * layers > _MAX_PACKETS or blocks > _MAX_CODE_BLOCKS:
        raise Refused(Reason.TOO_COMPLEX)


def _tile_part(frame: bytes, position: int, size: _Size, levels: int) -> tuple[bytes, int]:
    """One tile-part without what decoding does not need, and where the next begins."""
    length = _number(frame, position + 6, 4)
    end = position + length if length else frame.find(_END, position + 12)
    if not position + 12 < end <= len(frame):
        raise _damaged()
    kept, _, start = _kept_segments(
        frame, position + 12, size, until=_BEHIND_TILE_PART_HEADER, levels=levels
    )
    if start + 2 > end or _MARKER_IN_DATA.search(frame, start + 2, end):
        raise _damaged()
    body = kept + frame[start:end]
    head = frame[position : position + 6] + (12 + len(body)).to_bytes(4, "big")
    return head + frame[position + 10 : position + 12] + body, end


def _kept_segments(
    frame: bytes, position: int, size: _Size, *, until: int, levels: int
) -> tuple[bytes, int, int]:
    """The segments that decoding needs, the decomposition levels, and where `until` stands."""
    found: dict[int, bytes] = {}
    while True:
        if frame[position] != 0xFF:
            raise _damaged()
        marker = frame[position + 1]
        if marker == until:
            break
        end = position + 2 + _number(frame, position + 2, 2)
        # a single component needs each of them once
        if end <= position + 3 or end > len(frame) or marker in found or marker in _REFUSED:
            raise _damaged()
        if marker in _KEPT:
            found[marker] = frame[position + 4 : end]
        position = end
    if _COD in found:
        levels = found[_COD][5]
        _check_coding_style(found[_COD], size)
    kept = (_segment(marker, _fitted(marker, found[marker], levels)) for marker in found)
    return b"".join(kept), levels, position


def _fitted(marker: int, content: bytes, levels: int) -> bytes:
    """A segment's content up to the end of what it can mean (T.800 A.5 and A.6)."""
    if marker == _CAP:
        size = 4 + 2 * _number(content, 0, 4).bit_count()
    elif marker == _SIZ:
        size = 39
    elif marker == _COD:
        size = 10 + (levels + 1) * (content[0] & 1)
    elif marker == _QCD:
        size = 1 + _quantisation_bytes(content[0] & 0x1F, levels)
    elif marker == _RGN:
        size = 3
    else:
        size = min(len(content) // 7, _MAX_PROGRESSIONS) * 7
    return content[:size]


def _quantisation_bytes(style: int, levels: int) -> int:
    if style == 1:
        return 2
    return (3 * levels + 1) * (2 if style == 2 else 1)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _number(data: bytes, position: int, size: int) -> int:
    if position + size > len(data):
        raise _damaged()
    return int.from_bytes(data[position : position + size], "big")


def _damaged() -> Refused:
    return Refused(Reason.PIXELS_CANNOT_BE_DECODED)
