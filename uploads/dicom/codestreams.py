"""Compressed frames: checked against the header before decoding, freed of all but image.

Comments, application segments and bytes behind the end of a codestream may hold a name.

References
----------
ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 (JPEG 2000), T.814 (HTJ2K);
DICOM PS3.5 A.4 and Annex G (RLE).
"""

import imagecodecs
import numpy as np

from uploads.dicom.reading import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS_LOSSLESS,
    JPEG_LS_NEAR_LOSSLESS,
    RLE_LOSSLESS,
    ImagePixel,
)
from uploads.dicom.reasons import Reason, Refused

MAX_TILES = 4096

_JPEG_2000_FAMILY = (JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL)
_JPEG_LS_FAMILY = (JPEG_LS_LOSSLESS, JPEG_LS_NEAR_LOSSLESS)
_FRAME_HEADERS = (0xC0, 0xC1, 0xC3, 0xF7)
# quantisation, Huffman, arithmetic, restart interval, JPEG-LS parameters
_JPEG_TABLES = (0xDB, 0xC4, 0xCC, 0xDD, 0xF8)
_KEPT_J2K_MARKERS = frozenset(
    (0x50, 0x51, 0x52, 0x53, 0x56, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61)
)
_START_OF_FRAME = {False: b"\xff\xd8", True: b"\xff\x4f"}


def frames_of(
    fragments: tuple[bytes, ...], number_of_frames: int, transfer_syntax_uid: str
) -> list[bytes]:
    """The codestream of each frame, from the fragments of encapsulated pixel data.

    Raises Refused when there are not as many as the header says.
    """
    offsets, rest = fragments[:1], list(fragments[1:])
    if len(rest) == number_of_frames:
        return rest
    if number_of_frames == 1 and rest:
        return [b"".join(rest)]
    starts = _starts_by_offsets(offsets[0] if offsets else b"", rest)
    if len(starts) != number_of_frames:
        mark = _START_OF_FRAME[transfer_syntax_uid in _JPEG_2000_FAMILY]
        starts = [place for place, fragment in enumerate(rest) if fragment.startswith(mark)]
    if len(starts) != number_of_frames or starts[0] != 0:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    ends = [*starts[1:], len(rest)]
    return [b"".join(rest[start:end]) for start, end in zip(starts, ends, strict=True)]


def cleaned(frame: bytes, image: ImagePixel, transfer_syntax_uid: str) -> bytes:
    """The same frame with nothing in it but image.

    Decodes to the same values. Raises Refused when the codestream is not of the size,
    depth and single component that the header says.
    """
    try:
        if transfer_syntax_uid == RLE_LOSSLESS:
            return rle_encoded(rle_decoded(frame, image))
        if transfer_syntax_uid in _JPEG_2000_FAMILY:
            return _cleaned_jpeg_2000(frame, image)
        return _cleaned_jpeg(frame, image, is_ls=transfer_syntax_uid in _JPEG_LS_FAMILY)
    except IndexError:
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED) from None


def _starts_by_offsets(table: bytes, fragments: list[bytes]) -> list[int]:
    offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4").tolist()
    position, place_of = 0, {}
    for place, fragment in enumerate(fragments):
        place_of[position] = place
        position += 8 + len(fragment)
    starts = [place_of.get(offset, -1) for offset in offsets]
    return starts if starts == sorted(set(starts)) and -1 not in starts else []


# --- JPEG and JPEG-LS ----------------------------------------------------------


def _cleaned_jpeg(frame: bytes, image: ImagePixel, *, is_ls: bool) -> bytes:
    if frame[:2] != b"\xff\xd8":
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    parts, position, has_header = [b"\xff\xd8"], 2, False
    while True:
        if frame[position] != 0xFF:
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        while frame[position + 1] == 0xFF:
            position += 1
        marker = frame[position + 1]
        if marker == 0xD9:
            return b"".join((*parts, b"\xff\xd9"))
        end = position + 2 + _length(frame, position + 2)
        segment = frame[position:end]
        if marker in _FRAME_HEADERS:
            _check_jpeg_header(segment, image)
            has_header = True
        if marker == 0xDA:
            if not has_header:
                raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
            end = _end_of_scan(frame, end, is_ls=is_ls)
            parts.append(frame[position:end])
        elif marker in _JPEG_TABLES or marker in _FRAME_HEADERS:
            parts.append(segment)
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        position = end


def _check_jpeg_header(segment: bytes, image: ImagePixel) -> None:
    precision, rows, columns = segment[4], _length(segment, 5), _length(segment, 7)
    if (rows, columns) != (image.rows, image.columns) or segment[9] != 1:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not 1 < precision <= image.bits_allocated:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)


def _end_of_scan(frame: bytes, position: int, *, is_ls: bool) -> int:
    """Where the entropy-coded bytes end: at the next marker that is not a restart."""
    while True:
        position = frame.find(b"\xff", position)
        if position < 0:
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        following = frame[position + 1]
        is_stuffed = following < 0x80 if is_ls else following == 0
        if not is_stuffed and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return position
        position += 1 if following == 0xFF else 2


# --- JPEG 2000 -----------------------------------------------------------------


def _cleaned_jpeg_2000(frame: bytes, image: ImagePixel) -> bytes:
    if frame[:4] != b"\xff\x4f\xff\x51":
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    _check_siz(frame, image)
    kept, position = _kept_segments(frame, 2, until=0x90)
    parts = [b"\xff\x4f", kept]
    while frame[position : position + 2] == b"\xff\x90":
        end = position + int.from_bytes(frame[position + 6 : position + 10], "big")
        if end == position:
            end = _last_end_of_codestream(frame)
        if not position + 12 < end <= len(frame):
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        kept, start_of_data = _kept_segments(frame, position + 12, until=0x93)
        body = kept + frame[start_of_data:end]
        length = (12 + len(body)).to_bytes(4, "big")
        parts.append(frame[position : position + 6] + length + frame[position + 10 : position + 12])
        parts.append(body)
        position = end
    if frame[position : position + 2] != b"\xff\xd9":
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    return b"".join((*parts, b"\xff\xd9"))


def _check_siz(frame: bytes, image: ImagePixel) -> None:
    words = [int.from_bytes(frame[place : place + 4], "big") for place in range(8, 40, 4)]
    width, height, left, top, tile_width, tile_height, tile_left, tile_top = words
    precision = (frame[42] & 0x7F) + 1
    if (height - top, width - left) != (image.rows, image.columns) or _length(frame, 40) != 1:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not 1 < precision <= image.bits_allocated or frame[43:45] != b"\x01\x01":
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not tile_width or not tile_height or tile_left > left or tile_top > top:
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    tiles = -(-(width - tile_left) // tile_width) * -(-(height - tile_top) // tile_height)
    if tiles > MAX_TILES:
        raise Refused(Reason.TOO_COMPLEX)


def _kept_segments(frame: bytes, position: int, *, until: int) -> tuple[bytes, int]:
    """The marker segments that decoding needs, up to the marker `until`, and where that stands."""
    parts: list[bytes] = []
    while True:
        if frame[position] != 0xFF:
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        marker = frame[position + 1]
        if marker == until:
            return b"".join(parts), position
        end = position + 2 + _length(frame, position + 2)
        if end <= position + 3:
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        if marker in _KEPT_J2K_MARKERS:
            parts.append(frame[position:end])
        position = end


def _last_end_of_codestream(frame: bytes) -> int:
    return frame.rfind(b"\xff\xd9")


# --- RLE -----------------------------------------------------------------------


def rle_decoded(frame: bytes, image: ImagePixel) -> np.ndarray:
    """The byte planes of an RLE frame, shape (bytes a pixel, rows, columns), the highest first."""
    if len(frame) < 64:
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    count, *offsets = np.frombuffer(frame[:64], "<u4").tolist()
    if count != image.bits_allocated // 8:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    ends = [*offsets[1:count], len(frame)]
    planes = []
    for start, end in zip(offsets[:count], ends, strict=True):
        if not 64 <= start < end <= len(frame):
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        planes.append(_unpacked(frame[start:end], image.rows * image.columns))
    return np.stack(planes).reshape(count, image.rows, image.columns)


def rle_encoded(planes: np.ndarray) -> bytes:
    """An RLE frame of byte planes, each row packed by itself as PS3.5 G.3.1 asks."""
    segments = []
    for plane in planes:
        packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in plane)
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    header = [len(segments), *offsets, *[0] * (15 - len(offsets))]
    return np.array(header, "<u4").tobytes() + b"".join(segments)


def _unpacked(segment: bytes, size: int) -> np.ndarray:
    """Exactly `size` bytes of a segment; what follows the last of them is padding."""
    try:
        plane = np.frombuffer(imagecodecs.packbits_decode(segment), np.uint8)
    except (ValueError, RuntimeError):
        # the codec wants the padding to be runs too; PS3.5 G.3.1 does not
        plane = np.frombuffer(_unpacked_up_to(segment, size), np.uint8)
    if len(plane) < size:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    return plane[:size]


def _unpacked_up_to(segment: bytes, size: int) -> bytes:
    unpacked, position = bytearray(), 0
    while len(unpacked) < size and position + 1 < len(segment):
        count = segment[position]
        if count < 128:
            unpacked += segment[position + 1 : position + 2 + count]
            position += 2 + count
        elif count > 128:
            unpacked += segment[position + 1 : position + 2] * (257 - count)
            position += 2
        else:
            position += 1
    return bytes(unpacked)


def _length(data: bytes, position: int) -> int:
    if position + 2 > len(data):
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    return data[position] << 8 | data[position + 1]
