"""The short way for ordinary files: what equals an element met before is not read again.

The slices of a series share most of their elements byte for byte. The walker cuts an explicit
little endian data set into its top-level elements. Each is read, by the one parser there is, when
something asks for it, and then remembered by its bytes, in bounds. The walker declines what is not
strictly in order; the general way takes that.

References
----------
DICOM PS3.5, 7.1.2 (explicit VR), 7.5 (sequences).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from uploads.dicom.deid.identifiers import NOTHING, Identifiers, gathered, may_identify, united
from uploads.dicom.elements import EXPLICIT_LITTLE_ENDIAN, PIXEL_DATA, Element, element_at
from uploads.dicom.reading import ENCAPSULATED, MAX_FILE_BYTES, Source, source_of, text_of
from uploads.dicom.reasons import Refused

# together below the limits of elements and items, whatever stands in them
MAX_HEADER_BYTES = 320 * 1024
_MAX_FRAGMENTS = 9_000
# what is longer is read, but not remembered
_MAX_REMEMBERED_BYTES = 2048
_REMEMBERED = 2048

_SYNTAXES = frozenset((EXPLICIT_LITTLE_ENDIAN, *ENCAPSULATED))
_PREAMBLE_BYTES = 132
_FILE_META, _DATA_SET = 0x00020000, 0x00030000
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_UNDEFINED = b"\xff\xff\xff\xff"


# the pieces of the file that was walked last, by where they begin
_EXPECTED: "dict[int, list[_Piece]]" = {}


class Declined(Exception):
    """The file is not strictly in order: it goes the general way."""


class _Part(NamedTuple):
    """A top-level element and the identifiers that stand in it, at any depth."""

    element: Element
    identifiers: Identifiers


class _Piece(NamedTuple):
    """A top-level element as its bytes, not read; whether it may hold an identifier."""

    tag: int
    raw: bytes
    may_identify: bool


class _Head(NamedTuple):
    """What the first six bytes of an element say; its length stands within so many bytes."""

    tag: int
    size: int
    is_sequence: bool
    may_identify: bool


class _Elements(Mapping[int, Element]):
    """The elements of a walked data set by tag, each read when it is asked for."""

    def __init__(self, raws: Mapping[int, bytes], pixel_data: Element) -> None:
        self._raws = raws
        self._pixel_data = pixel_data

    def __getitem__(self, tag: int) -> Element:
        return self._pixel_data if tag == PIXEL_DATA else _part_of(self._raws[tag]).element

    def __iter__(self) -> Iterator[int]:
        yield from self._raws
        yield PIXEL_DATA

    def __len__(self) -> int:
        return len(self._raws) + 1


@dataclass(frozen=True)
class Walk(Source):
    """A source that was walked: `raws` are all its elements but the pixels, as bytes by tag.

    `identifiers` are what `gathered` finds in the whole file.
    """

    raws: Mapping[int, bytes]
    identifiers: Identifiers

    @property
    def originals(self) -> Mapping[int, Element | bytes]:
        return self.raws


def walked(source: bytes) -> Walk | None:
    """An ordinary file as `reading.read` gives it, or None for what must go the general way.

    Raises
    ------
    Refused
        With the same reason as the general way, for what is in order but not taken.
    """
    if len(source) > MAX_FILE_BYTES or source[128:_PREAMBLE_BYTES] != b"DICM":
        return None
    try:
        metas, position = _cut(source, _PREAMBLE_BYTES, _FILE_META, _DATA_SET)
        pieces, position = _cut(source, position, _DATA_SET, PIXEL_DATA)
        pixel_data, end = _pixel_data(source, position)
        identifying = [raw for _, raw, is_looked_at in (*metas, *pieces) if is_looked_at]
        identifiers = united([_part_of(raw).identifiers for raw in identifying])
    except (Declined, Refused):
        return None
    raws = {tag: raw for tag, raw, _ in pieces}
    meta = [_part_of(raw).element for _, raw, _ in metas]
    transfer_syntax_uid = text_of(meta, 0x00020010)
    if (
        transfer_syntax_uid not in _SYNTAXES
        or pixel_data.tag != PIXEL_DATA
        or end != len(source)
        or len(pixel_data.fragments or ()) > _MAX_FRAGMENTS
    ):
        return None
    elements = _Elements(raws, pixel_data)
    found = source_of(meta, elements, transfer_syntax_uid, has_bytes_behind=False)
    return Walk(**vars(found), raws=raws, identifiers=identifiers)


def _cut(source: bytes, position: int, first: int, behind: int) -> tuple[list[_Piece], int]:
    """The elements with tags from `first` to below `behind`, and where the next one begins."""
    limit = min(len(source), position + MAX_HEADER_BYTES) - 12
    pieces: list[_Piece] = []
    # the last file's come first: bytes that are there again need not be looked at
    for piece in _EXPECTED.get(first, ()):
        raw = piece[1]
        if source.startswith(raw, position):
            pieces.append(piece)
            position += len(raw)
            continue
        head = _head_at(source, position, limit)
        if head.tag != piece.tag:
            break
        pieces.append(_piece_at(source, position, head))
        position += len(pieces[-1].raw)
    last = pieces[-1].tag if pieces else first - 1
    while (head := _head_at(source, position, limit)).tag < behind:
        if head.tag <= last:
            raise Declined
        last = head.tag
        pieces.append(_piece_at(source, position, head))
        position += len(pieces[-1].raw)
    _EXPECTED[first] = pieces
    return pieces, position


def _head_at(source: bytes, position: int, limit: int) -> _Head:
    if position > limit:
        raise Declined
    return _head(source[position : position + 6])


def _piece_at(source: bytes, position: int, head: _Head) -> _Piece:
    if head.size == 8:
        end = position + 8 + (source[position + 6] | source[position + 7] << 8)
    else:
        end = _end_of_long(source, position, is_sequence=head.is_sequence)
    return _Piece(head.tag, source[position:end], head.may_identify)


def _pixel_data(source: bytes, position: int) -> tuple[Element, int]:
    """The element at `position` and where it ends; native pixels are a view, and no copy."""
    length = source[position + 8 : position + 12]
    if length == _UNDEFINED:
        return element_at(source, position)
    head = _head(source[position : position + 6])
    end = _end_of_long(source, position, is_sequence=False)
    if head.size != 12 or head.is_sequence or end > len(source):
        raise Declined
    vr = source[position + 4 : position + 6].decode("ascii")
    return Element(head.tag, vr, cast("bytes", memoryview(source)[position + 12 : end])), end


@lru_cache(_REMEMBERED)
def _head(code: bytes) -> _Head:
    tag = code[1] << 24 | code[0] << 16 | code[3] << 8 | code[2]
    vr = code[4:]
    if vr in _SHORT:
        return _Head(tag, 8, False, may_identify(tag, vr.decode("ascii")))
    if vr in _LONG:
        return _Head(tag, 12, vr == b"SQ", may_identify(tag, vr.decode("ascii")))
    raise Declined


def _end_of_long(source: bytes, position: int, *, is_sequence: bool) -> int:
    length = source[position + 8 : position + 12]
    if source[position + 6 : position + 8] != b"\0\0":
        raise Declined
    if is_sequence and length == _UNDEFINED:
        return element_at(source, position)[1]
    # another undefined length ends beyond every file
    return position + 12 + int.from_bytes(length, "little")


def _part_of(raw: bytes) -> _Part:
    return _remembered(raw) if len(raw) <= _MAX_REMEMBERED_BYTES else _part(raw)


def _part(raw: bytes) -> _Part:
    head = _head(raw[:6])
    if head.size == 8:
        # what the parser would read, without asking it
        element = Element(head.tag, raw[4:6].decode("ascii"), raw[8:])
    else:
        element, _ = element_at(raw, 0)
    return _Part(element, gathered((element,)) if head.may_identify else NOTHING)


_remembered = lru_cache(_REMEMBERED)(_part)
