"""JPEG and JPEG-LS frames of one component: written anew of what their one scan needs.

A codestream may carry a name in comments, application segments, tables that no component uses, a
second scan, fill bytes, restart markers beyond the last, or behind its end. None of it is copied.

References
----------
ITU-T T.81 Annex B (JPEG), T.87 Annex C (JPEG-LS).
"""

import re
from typing import NamedTuple

from uploads.dicom.reading import ImagePixel
from uploads.dicom.reasons import Reason, Refused

_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_BASELINE, _EXTENDED, _LOSSLESS, _LS = 0xC0, 0xC1, 0xC3, 0xF7
_QUANTISATION, _HUFFMAN, _RESTART, _PARAMETERS = 0xDB, 0xC4, 0xDD, 0xF8
_FRAME_HEADER_BYTES, _SCAN_HEADER_BYTES, _PRESET_BYTES = 13, 10, 15
# a restart or a stuffed byte goes on with the scan
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
_END_OF_LS_SCAN = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]", re.DOTALL)
_RESTARTS = re.compile(rb"\xff[\xd0-\xd7]", re.DOTALL)


class _Header(NamedTuple):
    """What stands before the scan, without what the scan does not need."""

    frame: bytes
    tables: dict[tuple[int, int], bytes]
    restart: bytes
    parameters: bytes
    scan: bytes
    start_of_data: int

    @property
    def kind(self) -> int:
        return self.frame[1]


def cleaned_jpeg(frame: bytes, image: ImagePixel, *, is_ls: bool) -> bytes:
    """The same picture with nothing in it but image.

    Raises Refused when the frame is not of the size, depth and single component of the header.
    """
    if frame[:2] != _START:
        raise _damaged()
    header = _header(frame, image, is_ls=is_ls)
    pattern = _END_OF_LS_SCAN if is_ls else _END_OF_SCAN
    end = pattern.search(frame, header.start_of_data)
    if end is None:
        raise _damaged()
    data = frame[header.start_of_data : end.start()]
    if len(_RESTARTS.findall(data)) > _most_restarts(header, image):
        raise _damaged()
    return b"".join((_START, *_needed(header), header.scan, data, _END))


def precision_of_jpeg(frame: bytes) -> int:
    """Bits a sample of a frame that `cleaned_jpeg` wrote."""
    position = 2
    while frame[position + 1] not in (_BASELINE, _EXTENDED, _LOSSLESS, _LS):
        position += 2 + _length(frame, position + 2)
    return frame[position + 4]


def shortened_jpeg(frame: bytes, count: int) -> bytes:
    """A frame that `cleaned_jpeg` wrote, without the last `count` bytes of its scan."""
    return frame[: -2 - count].rstrip(b"\xff") + _END


def _header(frame: bytes, image: ImagePixel, *, is_ls: bool) -> _Header:
    position, frame_header, restart, parameters = 2, b"", b"", b""
    tables: dict[tuple[int, int], bytes] = {}
    while True:
        position, marker = _marker(frame, position)
        end = position + 2 + _length(frame, position + 2)
        segment = frame[position:end]
        if end > len(frame):
            raise _damaged()
        if marker in ((_LS,) if is_ls else (_BASELINE, _EXTENDED, _LOSSLESS)):
            _check_frame_header(segment, image)
            frame_header = segment
        elif marker == _SCAN:
            _check_scan_header(segment, frame_header, is_ls=is_ls)
            return _Header(frame_header, tables, restart, parameters, segment, end)
        elif marker == _RESTART and len(segment) == 6:
            restart = segment
        elif marker == _PARAMETERS and is_ls and segment[4] == 1:
            parameters = _exactly(segment, _PRESET_BYTES)
        elif marker in (_QUANTISATION, _HUFFMAN) and not is_ls:
            tables.update(_tables(segment))
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise _damaged()
        position = end


def _marker(frame: bytes, position: int) -> tuple[int, int]:
    """Where the last of a marker's fill bytes stands, and the marker."""
    if frame[position] != 0xFF:
        raise _damaged()
    while frame[position + 1] == 0xFF:
        position += 1
    return position, frame[position + 1]


def _check_frame_header(segment: bytes, image: ImagePixel) -> None:
    precision, rows, columns = segment[4], _length(segment, 5), _length(segment, 7)
    if (rows, columns) != (image.rows, image.columns) or segment[9] != 1:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not 1 < precision <= image.bits_allocated:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    _exactly(segment, _FRAME_HEADER_BYTES)


def _check_scan_header(segment: bytes, frame_header: bytes, *, is_ls: bool) -> None:
    """One component, the frame's; of JPEG-LS no mapping table."""
    _exactly(segment, _SCAN_HEADER_BYTES)
    if not frame_header or segment[4] != 1 or segment[5] != frame_header[10]:
        raise _damaged()
    if is_ls and segment[6]:
        raise _damaged()


def _tables(segment: bytes) -> dict[tuple[int, int], bytes]:
    """The tables of one segment, by marker and destination (class and number)."""
    marker, position = segment[1], 4
    found = {}
    while position < len(segment):
        head = segment[position]
        if marker == _QUANTISATION:
            size, destination = 1 + 64 * (1 + (head >> 4)), head & 0x0F
        else:
            size, destination = 17 + sum(segment[position + 1 : position + 17]), head
        table = segment[position : position + size]
        if len(table) != size or size > 17 + 256:
            raise _damaged()
        found[marker, destination] = table
        position += size
    return found


def _needed(header: _Header) -> list[bytes]:
    """The segments before the scan, in an order that every decoder takes."""
    if header.kind == _LS:
        return [header.frame, header.parameters, header.restart]
    dc, ac = header.scan[6] >> 4, header.scan[6] & 0x0F
    needed = [(_HUFFMAN, dc)]
    if header.kind != _LOSSLESS:
        needed = [(_QUANTISATION, header.frame[12]), *needed, (_HUFFMAN, 0x10 | ac)]
    if not header.tables.keys() >= set(needed):
        raise _damaged()
    segments = [_segment(place[0], header.tables[place]) for place in needed]
    return [header.frame, *segments, header.restart]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _most_restarts(header: _Header, image: ImagePixel) -> int:
    interval = int.from_bytes(header.restart[4:], "big")
    if not interval:
        return 0
    units = image.rows * image.columns
    if header.kind in (_BASELINE, _EXTENDED):
        units = -(-image.rows // 8) * -(-image.columns // 8)
    return -(-units // interval) - 1


def _exactly(segment: bytes, size: int) -> bytes:
    if len(segment) != size:
        raise _damaged()
    return segment


def _length(data: bytes, position: int) -> int:
    if position + 2 > len(data):
        raise _damaged()
    return data[position] << 8 | data[position + 1]


def _damaged() -> Refused:
    return Refused(Reason.PIXELS_CANNOT_BE_DECODED)
