"""The file around an output's data set: preamble, file meta group, no gap, nothing behind.

References
----------
DICOM PS3.10 7.1 (the file meta group), PS3.5 7.1 (the data set) and A.5 (deflated).
"""

import re
import zlib
from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple

from uploads.dicom.deid.statement import IMPLEMENTATION_CLASS_UID
from uploads.dicom.elements import (
    DEFLATED_LITTLE_ENDIAN,
    EXPLICIT_BIG_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
)
from uploads.dicom.reading import Source

_SOP_CLASS_UID, _SOP_INSTANCE_UID = 0x00080016, 0x00080018
_PIXEL_DATA = 0x7FE00010
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_UNDEFINED = 0xFFFFFFFF
_END_OF_FRAGMENTS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_GROUP_LENGTH = 12
_VERSION_NAME = re.compile(rb"BSTI-DB [0-9]{1,4}")


class _Encoding(NamedTuple):
    is_implicit: bool
    head: Struct
    long: Struct


_EXPLICIT = _Encoding(False, Struct("<HH2sH"), Struct("<I"))
_ENCODINGS = {
    IMPLICIT_LITTLE_ENDIAN: _Encoding(True, Struct("<HHI"), Struct("<I")),
    EXPLICIT_BIG_ENDIAN: _Encoding(False, Struct(">HH2sH"), Struct(">I")),
}


class Cut(NamedTuple):
    """A data set in pieces: its elements as bytes by tag, and where in it the pixels stand."""

    raws: dict[int, bytes]
    body: bytes
    pixels_start: int
    pixels_end: int


class Enclosed(NamedTuple):
    """Where a data set stands: `body` is the file itself, or what was deflated in it."""

    body: bytes
    start: int
    instance: bytes


def enclosed(output: bytes, source: Source) -> Enclosed | None:
    """The data set of an output; None unless nothing but the group we write stands before it."""
    if output[:132] != bytes(128) + b"DICM":
        return None
    meta = _meta(output, source)
    if meta is None:
        return None
    start, instance = meta
    if source.transfer_syntax_uid != DEFLATED_LITTLE_ENDIAN:
        return Enclosed(output, start, instance)
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    body = machine.decompress(output[start:])
    if not machine.eof or machine.unused_data not in (b"", b"\0"):
        return None
    return Enclosed(body, 0, instance)


def names_itself(around: Enclosed, raws: Mapping[int, bytes], source: Source) -> bool:
    """Whether the data set is of the class and the instance that the meta group names."""
    named = {_SOP_CLASS_UID: source.sop_class_uid.encode(), _SOP_INSTANCE_UID: around.instance}
    # the head of a UID has 8 bytes however it is written
    return all(raws[tag][8:].rstrip(b"\0 ") == uid for tag, uid in named.items())


def _meta(output: bytes, source: Source) -> tuple[int, bytes] | None:
    """Where the data set begins and the instance's UID; None unless exactly what we write."""
    if output[132:140] != b"\x02\0\0\0UL\x04\0":
        return None
    position = 132 + _GROUP_LENGTH
    end = position + int.from_bytes(output[140:144], "little")
    values: dict[int, bytes] = {}
    while position < end:
        number = int.from_bytes(output[position + 2 : position + 4], "little")
        head = 12 if output[position + 4 : position + 6] == b"OB" else 8
        width = 4 if head == 12 else 2
        length = int.from_bytes(output[position + head - width : position + head], "little")
        if output[position : position + 2] != b"\x02\0" or number in values:
            return None
        values[number] = output[position + head : position + head + length].rstrip(b"\0 ")
        position += head + length
    expected = {
        0x0001: b"\0\1",
        0x0002: source.sop_class_uid.encode(),
        0x0003: values.get(0x0003, b""),
        0x0010: source.transfer_syntax_uid.encode(),
        0x0012: IMPLEMENTATION_CLASS_UID.encode(),
        0x0013: values.get(0x0013, b""),
    }
    is_right = values == expected and _VERSION_NAME.fullmatch(values[0x0013]) is not None
    return (end, values[0x0003]) if is_right and position == end else None


def cut(around: Enclosed, source: Source) -> Cut | None:
    """The data set in pieces; None unless they lie in order, without a gap, the pixels last.

    And without a byte behind them.
    """
    body, position, last = around.body, around.start, -1
    encoding = _ENCODINGS.get(source.transfer_syntax_uid, _EXPLICIT)
    raws: dict[int, bytes] = {}
    while position + 8 <= len(body):
        tag, head, length = _head(body, position, encoding)
        if tag <= last:
            return None
        position, last, start = position + head, tag, position
        if tag == _PIXEL_DATA:
            if length == _UNDEFINED and body.endswith(_END_OF_FRAGMENTS):
                return Cut(raws, body, position, len(body) - len(_END_OF_FRAGMENTS))
            return Cut(raws, body, position, len(body)) if length == len(body) - position else None
        position += length
        if position > len(body):
            break
        raws[tag] = body[start:position]
    return None


def _head(body: bytes, position: int, encoding: _Encoding) -> tuple[int, int, int]:
    """The tag of an element, and how long its head and its value are."""
    if encoding.is_implicit:
        group, number, length = encoding.head.unpack_from(body, position)
        return group << 16 | number, 8, length
    group, number, vr, length = encoding.head.unpack_from(body, position)
    if vr not in _LONG_VRS:
        return group << 16 | number, 8, length
    # two bytes are reserved before a long length
    tag = -1 if length else group << 16 | number
    return tag, 12, encoding.long.unpack_from(body, position + 8)[0]
