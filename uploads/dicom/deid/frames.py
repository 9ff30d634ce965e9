"""The pixels of an output: the source's, and nothing in or between them but image.

References
----------
DICOM PS3.3 C.7.6.3 (bits stored), PS3.5 A.4 (fragments) and Annex G (RLE); ITU-T T.81 and T.87
(JPEG and JPEG-LS marker segments), T.800 Annex A (JPEG 2000 marker segments).
"""

import re
from struct import Struct

import numpy as np

from uploads.dicom.reading import RLE_LOSSLESS, ImagePixel, Source

_ITEM = Struct("<HHI")
_JPEG_2000_SYNTAXES = ("1.2.840.10008.1.2.4.9", "1.2.840.10008.1.2.4.20")
# tables, frame headers, the scan
_JPEG_SEGMENTS = frozenset((0xC0, 0xC1, 0xC3, 0xF7, 0xC4, 0xDB, 0xDD, 0xF8, 0xDA))
_AFTER_SCAN = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_AFTER_LS_SCAN = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
_JPEG_2000_SEGMENTS = frozenset(
    (0x50, 0x51, 0x52, 0x53, 0x56, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61)
)


def are_the_sources(data: bytes, start: int, source: Source) -> bool:
    """Whether what begins at `start` is the source's native pixels in their stored bits, no more.

    Little endian.
    """
    image, original = source.image, source.pixel_data.value
    size = image.frame_bytes * image.number_of_frames
    length = len(data) - start
    if data[start + size :] not in (b"", b"\0") or length % 2 or length - size > size % 2:
        return False
    spare = image.bits_allocated - image.bits_stored
    if not spare:
        # compared whole, without a copy
        return data.startswith(original[:size], start)
    # frame by frame: hundreds of them, shifted, are half a gigabyte
    return all(
        _is_the_sources(data, start + offset, original, offset, image)
        for offset in range(0, size, image.frame_bytes)
    )


def _is_the_sources(
    data: bytes, start: int, original: bytes, offset: int, image: ImagePixel
) -> bool:
    bits = f"<u{image.bits_allocated // 8}"
    count, spare = image.rows * image.columns, image.bits_allocated - image.bits_stored
    ours = np.frombuffer(data, bits, count, start)
    theirs = np.frombuffer(original, bits, count, offset)
    return np.array_equal(ours << spare, theirs << spare) and _are_in_range(ours, image)


def _are_in_range(pixels: np.ndarray, image: ImagePixel) -> bool:
    """Whether one frame has all its spare bits clear, or all of them copies of the sign."""
    if int(pixels.max()) < 1 << image.bits_stored:
        return True
    signed, limit = pixels.view(image.dtype), 1 << image.bits_stored - 1
    return image.is_signed and -limit <= int(signed.min()) and int(signed.max()) < limit


def swapped(value: memoryview) -> bytes:
    """Pixels of two bytes in the other byte order."""
    return np.frombuffer(value, ">u2").astype("<u2").tobytes()


def are_bare(value: bytes, source: Source) -> bool:
    """Whether each fragment is one frame's codestream, without comments and without padding."""
    position, fragments = 0, []
    while position < len(value):
        group, number, length = _ITEM.unpack_from(value, position)
        if (group, number) != (0xFFFE, 0xE000):
            return False
        fragments.append(value[position + 8 : position + 8 + length])
        position += 8 + length
    table, *frames = fragments
    if table or len(frames) != source.image.number_of_frames:
        return False
    return all(_is_bare(frame, source) for frame in frames)


def _is_bare(frame: bytes, source: Source) -> bool:
    syntax = source.transfer_syntax_uid
    if syntax == RLE_LOSSLESS:
        return _is_bare_rle(frame, source.image)
    if syntax.startswith(_JPEG_2000_SYNTAXES):
        return _is_bare_jpeg_2000(frame)
    return _is_bare_jpeg(frame)


def _is_bare_jpeg(code: bytes) -> bool:
    if code[:2] != b"\xff\xd8":
        return False
    position, is_ls = 2, False
    while code[position : position + 2] != b"\xff\xd9":
        marker, length = code[position + 1], int.from_bytes(code[position + 2 : position + 4])
        segment = code[position + 4 : position + 2 + length]
        if code[position] != 0xFF or marker not in _JPEG_SEGMENTS:
            return False
        if not _is_exact(marker, segment):
            return False
        is_ls = is_ls or marker == 0xF7
        position += 2 + length
        if marker == 0xDA:
            following = (_AFTER_LS_SCAN if is_ls else _AFTER_SCAN).search(code, position)
            if following is None:
                return False
            position = following.start()
    return code[position + 2 :] in (b"", b"\0")


def _is_exact(marker: int, segment: bytes) -> bool:
    """Whether a segment is as long as what it says, so that nothing else is in it."""
    if marker == 0xDA:
        return len(segment) == 4 + 2 * segment[0]
    if marker in (0xC0, 0xC1, 0xC3, 0xF7):
        return len(segment) == 6 + 3 * segment[5]
    if marker == 0xDD:
        return len(segment) == 2
    if marker == 0xF8:
        return segment[:1] == b"\1" and len(segment) == 11
    position = 0
    if marker == 0xC4:
        while position + 17 <= len(segment):
            position += 17 + sum(segment[position + 1 : position + 17])
        return position == len(segment)
    while position < len(segment):
        position += 65 if segment[position] < 16 else 129
    return position == len(segment)


def _is_bare_jpeg_2000(code: bytes) -> bool:
    if code[:2] != b"\xff\x4f":
        return False
    position = _end_of_segments(code, 2, 0x90)
    while code[position : position + 2] == b"\xff\x90" and position > 0:
        length = int.from_bytes(code[position + 6 : position + 10])
        if length < 14 or _end_of_segments(code, position + 12, 0x93) < 0:
            return False
        position += length
    return code[position:] in (b"\xff\xd9", b"\xff\xd9\0")


def _end_of_segments(code: bytes, position: int, until: int) -> int:
    """Where the marker `until` stands, or -1 when a segment is none that decoding needs."""
    while code[position + 1] != until:
        if code[position] != 0xFF or code[position + 1] not in _JPEG_2000_SEGMENTS:
            return -1
        position += 2 + int.from_bytes(code[position + 2 : position + 4])
    return position


def _is_bare_rle(frame: bytes, image: ImagePixel) -> bool:
    count, *offsets = np.frombuffer(frame[:64], "<u4").tolist()
    if count != image.bits_allocated // 8 or any(offsets[count:]) or offsets[0] != 64:
        return False
    ends = [*offsets[1:count], len(frame)]
    return all(
        _is_packed(frame[start:end], image.rows * image.columns)
        for start, end in zip(offsets[:count], ends, strict=True)
    )


def _is_packed(segment: bytes, size: int) -> bool:
    """Whether the runs of a segment make so many bytes, and at most one zero is left."""
    position = made = 0
    while made < size and position + 1 < len(segment):
        run = segment[position]
        if run == 128:
            return False
        made += run + 1 if run < 128 else 257 - run
        position += run + 2 if run < 128 else 2
    return made == size and segment[position:] in (b"", b"\0")
