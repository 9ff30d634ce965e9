"""DICOM data elements as bytes: a bounded parser that trusts no length, and a writer.

Values are held little endian whatever the file's byte order, so that one rule reads them all.

References
----------
DICOM PS3.5, sections 7 (the data set), 7.5 (sequences), A.4 (encapsulated pixel data) and
A.5 (deflated).
"""

import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

import numpy as np
from pydicom.datadict import DicomDictionary

from uploads.dicom.reasons import Reason, Refused

MAX_DEPTH = 12
MAX_ELEMENTS = 300_000
MAX_ITEMS = 50_000
MAX_INFLATED_BYTES = 256 * 1024**2

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"

PIXEL_DATA = 0x7FE00010

_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG_VRS = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
_WORD_BYTES = {
    **dict.fromkeys(("US", "SS", "OW", "AT"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "OL", "OF"), 4),
    **dict.fromkeys(("FD", "OD", "UV", "SV"), 8),
}
_SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")


class Element(NamedTuple):
    """One data element; `items` of a sequence, `fragments` of encapsulated pixel data.

    Of native pixel data `value` may be a view of the file's bytes.
    """

    tag: int
    vr: str
    value: bytes = b""
    items: "tuple[list[Element], ...] | None" = None
    fragments: tuple[bytes, ...] | None = None


class _Encoding(NamedTuple):
    is_implicit: bool
    is_big_endian: bool
    tag: Struct
    short: Struct
    long: Struct


def _encoding(*, is_implicit: bool, is_big_endian: bool = False) -> _Encoding:
    order = ">" if is_big_endian else "<"
    return _Encoding(
        is_implicit, is_big_endian, Struct(order + "HH"), Struct(order + "H"), Struct(order + "I")
    )


_IMPLICIT = _encoding(is_implicit=True)
_EXPLICIT = _encoding(is_implicit=False)
_BIG = _encoding(is_implicit=False, is_big_endian=True)


def encoding_of(transfer_syntax_uid: str) -> _Encoding:
    if transfer_syntax_uid == IMPLICIT_LITTLE_ENDIAN:
        return _IMPLICIT
    return _BIG if transfer_syntax_uid == EXPLICIT_BIG_ENDIAN else _EXPLICIT


# --- Reading -------------------------------------------------------------------


@dataclass
class _Reader:
    source: bytes
    elements: int = 0
    items: int = 0


def file_meta(source: bytes) -> tuple[list[Element], int]:
    """The elements of group 0002 and where the data set begins.

    Raises Refused for a file without `DICM` or with a broken file meta group.
    """
    if not source:
        raise Refused(Reason.EMPTY_FILE)
    if source[128:132] != b"DICM":
        raise Refused(Reason.NOT_DICOM)
    reader, position, elements = _Reader(source), 132, []
    while source[position : position + 2] == b"\x02\x00":
        element, position = _element(reader, position, len(source), _EXPLICIT, 0)
        elements.append(element)
    return elements, position


def data_set(source: bytes, position: int, transfer_syntax_uid: str) -> tuple[list[Element], bool]:
    """All elements of the data set that begins at `position`, and whether bytes lie behind it.

    Raises Refused (TRUNCATED, MALFORMED, TOO_COMPLEX, TOO_LARGE).
    """
    if transfer_syntax_uid == DEFLATED_LITTLE_ENDIAN:
        source, position = inflated(source[position:]), 0
    reader, encoding = _Reader(source), encoding_of(transfer_syntax_uid)
    elements: list[Element] = []
    end = len(source)
    while position < end:
        element, position = _element(reader, position, end, encoding, 0)
        elements.append(element)
        if element.tag == PIXEL_DATA:
            break
    elements = _without_duplicates(elements)
    return [*elements, *_behind(reader, position, encoding, elements)], position < end


def _behind(
    reader: _Reader, position: int, encoding: _Encoding, elements: list[Element]
) -> list[Element]:
    """What can be read behind the pixels and is new: a wrong order is taken, all else is dropped.

    Whatever it is, it is no reason to refuse the image before it.
    """
    known = {element.tag for element in elements}
    found = []
    with suppress(Refused):
        while position < len(reader.source):
            element, position = _element(reader, position, len(reader.source), encoding, 0)
            if element.tag not in known:
                found.append(element)
                known.add(element.tag)
    return found


def element_at(source: bytes, position: int) -> tuple[Element, int]:
    """One explicit little endian element, and where the next begins. Raises Refused."""
    return _element(_Reader(source), position, len(source), _EXPLICIT, 0)


def inflated(data: bytes) -> bytes:
    """A deflated data set, at most MAX_INFLATED_BYTES of it (PS3.5 A.5)."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        result = machine.decompress(data, MAX_INFLATED_BYTES)
    except zlib.error:
        raise Refused(Reason.MALFORMED) from None
    if machine.unconsumed_tail:
        raise Refused(Reason.TOO_LARGE)
    if not machine.eof:
        raise Refused(Reason.TRUNCATED)
    return result


def _element(
    reader: _Reader, position: int, end: int, encoding: _Encoding, depth: int
) -> tuple[Element, int]:
    reader.elements += 1
    if reader.elements > MAX_ELEMENTS:
        raise Refused(Reason.TOO_COMPLEX)
    if position + 8 > end:
        raise _beyond(reader, end)
    source = reader.source
    group, number = encoding.tag.unpack_from(source, position)
    tag = group << 16 | number
    vr, length, position = _vr_and_length(source, position + 4, end, encoding, tag)
    if length == _UNDEFINED:
        # an icon's pixels may be encapsulated too
        if tag == PIXEL_DATA or vr in ("OB", "OW"):
            fragments, position = _fragments(reader, position, end, encoding)
            return Element(tag, vr, fragments=fragments), position
        inner = _IMPLICIT if vr == "UN" else encoding
        items, position = _items(reader, position, None, inner, depth + 1)
        return Element(tag, "SQ", items=items), position
    if position + length > end:
        raise _beyond(reader, end)
    value = source[position : position + length]
    if vr == "SQ" or (tag in _SEQUENCES and vr in ("", "UN")):
        inner = _IMPLICIT if vr == "UN" else encoding
        try:
            items, _ = _items(reader, position, position + length, inner, depth + 1)
        except Refused as refused:
            if refused.reason is Reason.TOO_COMPLEX:
                raise
            # its end is known: what cannot be read as items is bytes, of which nothing is kept
            return Element(tag, "UN", value), position + length
        return Element(tag, "SQ", items=items), position + length
    if encoding.is_big_endian and vr in _WORD_BYTES:
        value = _swapped(value, vr)
    return Element(tag, vr, value), position + length


def _vr_and_length(
    source: bytes, position: int, end: int, encoding: _Encoding, tag: int
) -> tuple[str, int, int]:
    if encoding.is_implicit or tag >> 16 == 0xFFFE:
        return "", encoding.long.unpack_from(source, position)[0], position + 4
    code = source[position : position + 2]
    if not (code.isalpha() and code.isupper()):
        raise Refused(Reason.MALFORMED)
    vr = code.decode("ascii")
    if vr not in _LONG_VRS:
        return vr, encoding.short.unpack_from(source, position + 2)[0], position + 4
    if position + 8 > end:
        raise Refused(Reason.TRUNCATED)
    return vr, encoding.long.unpack_from(source, position + 4)[0], position + 8


def _items(
    reader: _Reader, position: int, end: int | None, encoding: _Encoding, depth: int
) -> tuple[tuple[list[Element], ...], int]:
    """The items from `position` to `end`, or to the sequence delimiter when `end` is None."""
    if depth > MAX_DEPTH:
        raise Refused(Reason.TOO_COMPLEX)
    items = []
    limit = len(reader.source) if end is None else end
    while end is None or position < end:
        if position + 8 > limit:
            raise _beyond(reader, limit)
        group, number = encoding.tag.unpack_from(reader.source, position)
        (length,) = encoding.long.unpack_from(reader.source, position + 4)
        position += 8
        tag = group << 16 | number
        if tag == _SEQUENCE_END and end is None:
            break
        if tag != _ITEM:
            raise Refused(Reason.MALFORMED)
        reader.items += 1
        if reader.items > MAX_ITEMS:
            raise Refused(Reason.TOO_COMPLEX)
        item, position = _item(reader, position, length, limit, encoding, depth)
        items.append(item)
    return tuple(items), position


def _item(
    reader: _Reader, position: int, length: int, limit: int, encoding: _Encoding, depth: int
) -> tuple[list[Element], int]:
    has_end = length != _UNDEFINED
    end = position + length if has_end else limit
    if end > limit:
        raise _beyond(reader, limit)
    elements: list[Element] = []
    while not (has_end and position == end):
        if not has_end and position + 8 <= end:
            group, number = encoding.tag.unpack_from(reader.source, position)
            if group << 16 | number == _ITEM_END:
                return _without_duplicates(elements), position + 8
        element, position = _element(reader, position, end, encoding, depth)
        elements.append(element)
    return _without_duplicates(elements), position


def _fragments(
    reader: _Reader, position: int, end: int, encoding: _Encoding
) -> tuple[tuple[bytes, ...], int]:
    fragments: list[bytes] = []
    while True:
        if position + 8 > end:
            raise Refused(Reason.TRUNCATED)
        group, number = encoding.tag.unpack_from(reader.source, position)
        (length,) = encoding.long.unpack_from(reader.source, position + 4)
        position += 8
        tag = group << 16 | number
        if tag == _SEQUENCE_END:
            return tuple(fragments), position
        if tag != _ITEM or length == _UNDEFINED:
            raise Refused(Reason.MALFORMED)
        if position + length > end:
            raise Refused(Reason.TRUNCATED)
        reader.items += 1
        if reader.items > MAX_ITEMS:
            raise Refused(Reason.TOO_COMPLEX)
        fragments.append(reader.source[position : position + length])
        position += length


def _without_duplicates(elements: list[Element]) -> list[Element]:
    """The same list; a data set that says one thing twice is refused."""
    if len({element.tag for element in elements}) != len(elements):
        raise Refused(Reason.MALFORMED)
    return elements


def _beyond(reader: _Reader, end: int) -> Refused:
    at_end_of_file = end == len(reader.source)
    return Refused(Reason.TRUNCATED if at_end_of_file else Reason.MALFORMED)


def _swapped(value: bytes, vr: str) -> bytes:
    size = _WORD_BYTES[vr]
    whole = len(value) - len(value) % size
    return np.frombuffer(value[:whole], f">u{size}").astype(f"<u{size}").tobytes() + value[whole:]


# --- Writing -------------------------------------------------------------------


def file_of(
    meta: Iterable[Element], elements: Iterable[Element], transfer_syntax_uid: str
) -> bytes:
    """A whole DICOM file: zero preamble, file meta with its length, data set, nothing behind it."""
    body = (written((element,), transfer_syntax_uid) for element in elements)
    return assembled(meta, body, transfer_syntax_uid)


def assembled(meta: Iterable[Element], body: Iterable[bytes], transfer_syntax_uid: str) -> bytes:
    """The same of elements that `written` gave as bytes."""
    if transfer_syntax_uid == DEFLATED_LITTLE_ENDIAN:
        machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = machine.compress(b"".join(body)) + machine.flush()
        body = (deflated, b"\0" * (len(deflated) % 2))
    return b"".join((beginning_of(meta), *body))


def beginning_of(meta: Iterable[Element]) -> bytes:
    """What stands before a data set: the zero preamble and the file meta group with its length."""
    group = written(meta, EXPLICIT_LITTLE_ENDIAN)
    length = Element(0x00020000, "UL", len(group).to_bytes(4, "little"))
    return b"".join((bytes(128), b"DICM", _written(length, _EXPLICIT), group))


def written(elements: Iterable[Element], transfer_syntax_uid: str) -> bytes:
    """Elements as they stand in a data set, not deflated."""
    encoding = encoding_of(transfer_syntax_uid)
    return b"".join(_written(element, encoding) for element in elements)


def pieces(element: Element, transfer_syntax_uid: str) -> list[bytes]:
    """One element as `written` gives it, in pieces: what is large need not be copied."""
    return _pieces(element, encoding_of(transfer_syntax_uid))


def _written(element: Element, encoding: _Encoding) -> bytes:
    return b"".join(_pieces(element, encoding))


def _pieces(element: Element, encoding: _Encoding) -> list[bytes]:
    tag = encoding.tag.pack(element.tag >> 16, element.tag & 0xFFFF)
    if element.fragments is not None:
        return [tag, *_fragment_pieces(element.fragments, encoding)]
    if element.items is not None:
        value = b"".join(_written_item(item, encoding) for item in element.items)
    else:
        value = element.value
        if len(value) % 2:
            value += b"\0" if element.vr in ("UI", "OB", "UN") else b" "
        if encoding.is_big_endian and element.vr in _WORD_BYTES:
            value = _swapped(value, element.vr)
    if encoding.is_implicit:
        return [tag, encoding.long.pack(len(value)), value]
    vr = element.vr.encode("ascii")
    if element.vr in _LONG_VRS:
        return [tag, vr, b"\0\0", encoding.long.pack(len(value)), value]
    return [tag, vr, encoding.short.pack(len(value)), value]


def _written_item(item: list[Element], encoding: _Encoding) -> bytes:
    content = b"".join(_written(element, encoding) for element in item)
    return encoding.tag.pack(0xFFFE, 0xE000) + encoding.long.pack(len(content)) + content


def _fragment_pieces(fragments: tuple[bytes, ...], encoding: _Encoding) -> list[bytes]:
    parts = [b"OB\0\0", encoding.long.pack(_UNDEFINED)]
    for fragment in fragments:
        padded = fragment + b"\0" * (len(fragment) % 2)
        parts += (encoding.tag.pack(0xFFFE, 0xE000), encoding.long.pack(len(padded)), padded)
    parts += (encoding.tag.pack(0xFFFE, 0xE0DD), encoding.long.pack(0))
    return parts
