"""An image as the study store keeps it: one DICOM file in JPEG-LS lossless, one fragment a frame.

A frame is a range of the file's bytes, so that it is served as it lies. For clients that do not
take JPEG-LS the same file is given with native pixels.

References
----------
DICOM PS3.5 A.4 (fragments, the basic offset table), 6.2 (value representations); PS3.10 7.1.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import BinaryIO

import numpy as np
from pydicom.datadict import dictionary_VR

from uploads.dicom.deid import Deidentified
from uploads.dicom.deid.statement import file_meta as file_meta_of
from uploads.dicom.elements import (
    EXPLICIT_LITTLE_ENDIAN,
    PIXEL_DATA,
    Element,
    beginning_of,
    data_set,
    file_meta,
    written,
)
from uploads.dicom.reading import JPEG_LS_LOSSLESS
from uploads.dicom.reasons import Refused
from uploads.dicom.transcoding import DamagedFrame, decode_frame, encode_frame

_HEAD = Struct("<HH2sHI")
_ITEM = Struct("<HHI")
_UNDEFINED = 0xFFFFFFFF
_END_OF_FRAGMENTS = _ITEM.pack(0xFFFE, 0xE0DD, 0)
_GROUP_LENGTH, _TRANSFER_SYNTAX_UID = 0x00020000, 0x00020010
# a table of any size has a VR that may be longer than 64 KiB
_LUT_VRS = {"US or OW": "OW", "US or SS or OW": "OW", "OB or OW": "OW"}


def write(
    stream: BinaryIO, deidentified: Deidentified, frames: Iterable[np.ndarray]
) -> list[tuple[int, int]]:
    """Write the file, a frame at a time; gives where each begins, and how long it is.

    Parameters
    ----------
    stream
        Empty, and one that can be sought.
    deidentified
        Whose header it has; the header was verified, and nothing but the pixels follows it.
    frames
        The stored values of each frame, as `transcoding.frames` gives them.
    """
    attributes = deidentified.attributes
    meta = file_meta_of(
        attributes.sop_class_uid, attributes.sop_instance_uid.encode("ascii"), JPEG_LS_LOSSLESS
    )
    stream.write(beginning_of(meta))
    stream.write(_header(deidentified))
    return _write_frames(stream, deidentified.source.image.number_of_frames, frames)


def _write_frames(
    stream: BinaryIO, count: int, frames: Iterable[np.ndarray]
) -> list[tuple[int, int]]:
    stream.write(_HEAD.pack(PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF, b"OB", 0, _UNDEFINED))
    stream.write(_ITEM.pack(0xFFFE, 0xE000, 4 * count))
    table = stream.tell()
    stream.write(bytes(4 * count))
    first = stream.tell()
    ranges = []
    for pixels in frames:
        code = encode_frame(pixels)
        padding = len(code) % 2
        stream.write(_ITEM.pack(0xFFFE, 0xE000, len(code) + padding))
        ranges.append((stream.tell(), len(code)))
        stream.write(code + b"\0" * padding)
    stream.write(_END_OF_FRAGMENTS)
    stream.seek(table)
    # an offset counts from the first item behind the table, and to the item itself
    offsets = [offset - _ITEM.size - first for offset, _ in ranges]
    stream.write(np.array(offsets, "<u4").tobytes())
    return ranges


def explicit_little_endian(data: bytes) -> Iterator[bytes]:
    """The same file with native pixels, in pieces, one frame at a time.

    Raises
    ------
    DamagedFrame
        When it is not what `write` wrote. A frame behind the first is decoded when it is its turn.
    """
    try:
        meta, position = file_meta(data)
        elements, _ = data_set(data, position, JPEG_LS_LOSSLESS)
    except Refused:
        raise DamagedFrame from None
    *header, pixels = elements
    if pixels.tag != PIXEL_DATA or not pixels.fragments:
        raise DamagedFrame
    codes = pixels.fragments[1:]
    yield beginning_of([_native(element) for element in meta if element.tag != _GROUP_LENGTH])
    yield written(header, EXPLICIT_LITTLE_ENDIAN)
    size = 0
    for number, code in enumerate(codes):
        values = decode_frame(code)
        if not number:
            size = values.nbytes
            vr = b"OW" if values.itemsize == 2 else b"OB"
            length = size * len(codes)
            yield _HEAD.pack(PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF, vr, 0, length + length % 2)
        if values.nbytes != size:
            raise DamagedFrame
        yield values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    if size * len(codes) % 2:
        yield b"\0"


def _native(element: Element) -> Element:
    if element.tag != _TRANSFER_SYNTAX_UID:
        return element
    return Element(element.tag, element.vr, EXPLICIT_LITTLE_ENDIAN.encode("ascii"))


# --- The header -------------------------------------------------------------------


def _header(deidentified: Deidentified) -> bytes:
    """All but the pixels in explicit little endian."""
    reread, source = deidentified.reread, deidentified.source
    verified = b"".join(reread.raws.values())
    if not (reread.is_implicit or reread.is_big_endian):
        return verified
    elements, _ = data_set(verified, 0, source.transfer_syntax_uid)
    explicit = (_explicit(element, source.image.is_signed) for element in elements)
    return written(explicit, EXPLICIT_LITTLE_ENDIAN)


def _explicit(element: Element, is_signed: bool) -> Element:
    """The same element with a VR: implicit little endian says none (PS3.5 6.2, PS3.6)."""
    if element.items is not None:
        items = tuple([_explicit(each, is_signed) for each in item] for item in element.items)
        return Element(element.tag, "SQ", items=items)
    if element.vr:
        return element
    vr = dictionary_VR(element.tag)
    if vr == "US or SS":
        vr = "SS" if is_signed else "US"
    return Element(element.tag, _LUT_VRS.get(vr, vr), element.value)
