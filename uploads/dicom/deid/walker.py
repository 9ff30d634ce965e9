"""The short way for ordinary files: what equals an element met before is not worked out again.

The slices of a series share most of their elements byte for byte. The walker goes over an explicit
little endian data set, top-level element by element, and remembers for each what the parser read
in it and what the rules made of it. Both come from the very functions of the general way, so there
is one parser and one set of rules. It declines what is not strictly in order; the general way takes
that. What it remembers is bounded.

References
----------
DICOM PS3.5, 7.1.2 (explicit VR), 7.5 (sequences).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from struct import Struct

from uploads.dicom.deid.actions import Context, applied, shifted_date
from uploads.dicom.deid.identifiers import NOTHING, Identifiers, gathered, may_identify, united
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.report import Done, Report, place_of
from uploads.dicom.deid.rules import Action
from uploads.dicom.deid.values import plain
from uploads.dicom.elements import (
    EXPLICIT_LITTLE_ENDIAN,
    PIXEL_DATA,
    Element,
    element_at,
    file_meta,
    written,
)
from uploads.dicom.reading import ENCAPSULATED, MAX_FILE_BYTES, Source, source_of, text_of
from uploads.dicom.reasons import Refused

# together below the limits of elements and items, whatever stands in them
MAX_HEADER_BYTES = 320 * 1024
_MAX_FRAGMENTS = 9_000
# what is longer is read, but not remembered
_MAX_REMEMBERED_BYTES = 2048
_REMEMBERED = 2048
_SERIES = 16

_SYNTAXES = frozenset((EXPLICIT_LITTLE_ENDIAN, *ENCAPSULATED))
_HEAD, _LENGTH = Struct("<HH2sH").unpack_from, Struct("<I").unpack_from
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SV UC UN UR UT UV".split())
_UNDEFINED = 0xFFFFFFFF
_DATED = frozenset(("DA", "DT", ""))


class Declined(Exception):
    """The file is not strictly in order: it goes the general way."""


# not frozen: it is made fifty times a slice, and freezing costs half of it
@dataclass(eq=False, slots=True)
class Part:
    """A top-level element and the identifiers that stand in it, at any depth."""

    element: Element
    identifiers: Identifiers


@dataclass(frozen=True)
class Walk(Source):
    """A source that was walked: `parts` are all its elements but the pixels."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class _Series:
    """Files that the rules treat alike: they share everything the rules know besides the values."""

    sop_class_uid: str
    context: Context
    # written whether the file has them or not
    always: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Made:
    """What became of one part: its output and the report's counts."""

    output: bytes | None
    counts: tuple[tuple[str, Done], ...]


# --- Reading -------------------------------------------------------------------


def walked(source: bytes) -> Walk | None:
    """An ordinary file as `reading.read` gives it, or None for what must go the general way.

    Raises
    ------
    Refused
        With the same reason as the general way, for what is in order but not taken.
    """
    if len(source) > MAX_FILE_BYTES:
        return None
    meta, position = file_meta(source)
    transfer_syntax_uid = text_of(meta, 0x00020010)
    if transfer_syntax_uid not in _SYNTAXES:
        return None
    try:
        parts, position = _parts(source, position)
        pixel_data, end = element_at(source, position)
    except (Declined, Refused):
        return None
    if end != len(source) or len(pixel_data.fragments or ()) > _MAX_FRAGMENTS:
        return None
    found = source_of(
        meta,
        [*(part.element for part in parts), pixel_data],
        transfer_syntax_uid,
        has_bytes_behind=False,
    )
    return Walk(**vars(found), parts=tuple(parts))


def _parts(source: bytes, position: int) -> tuple[list[Part], int]:
    """The elements before the pixels, and where the pixels begin."""
    parts: list[Part] = []
    last = 0x0002FFFF
    limit = min(len(source), position + MAX_HEADER_BYTES) - 12
    while position <= limit:
        group, number, vr, length = _HEAD(source, position)
        tag = group << 16 | number
        if tag == PIXEL_DATA:
            return parts, position
        if not last < tag < PIXEL_DATA:
            break
        last = tag
        if vr in _SHORT:
            end = position + 8 + length
        elif vr in _LONG and not length:
            # an undefined length ends beyond every file
            end = position + 12 + _LENGTH(source, position + 8)[0]
        elif vr == b"SQ" and not length:
            end = _end_of_sequence(source, position)
        else:
            break
        if end > limit:
            break
        parts.append(_part_of(source[position:end]))
        position = end
    raise Declined


def _end_of_sequence(source: bytes, position: int) -> int:
    (length,) = _LENGTH(source, position + 8)
    if length != _UNDEFINED:
        return position + 12 + int(length)
    _, end = element_at(source, position)
    return end


def _part_of(raw: bytes) -> Part:
    return _remembered(raw) if len(raw) <= _MAX_REMEMBERED_BYTES else _part(raw)


def _part(raw: bytes) -> Part:
    group, number, code, _ = _HEAD(raw, 0)
    tag, vr = group << 16 | number, code.decode("ascii")
    if code in _SHORT and not may_identify(tag, vr):
        # what the parser would read, without asking it
        return Part(Element(tag, vr, raw[8:]), NOTHING)
    element, end = element_at(raw, 0)
    if end != len(raw):
        raise Declined
    return Part(element, gathered((element,)))


_remembered = lru_cache(_REMEMBERED)(_part)


# --- Applying the rules ----------------------------------------------------------


def identifiers_of(walk: Walk) -> Identifiers:
    """What `gathered` finds in the whole file."""
    return united((gathered(walk.meta), *(part.identifiers for part in walk.parts)))


def made_of(
    walk: Walk, context: Context, *, but: Container[int]
) -> tuple[dict[int, bytes], set[bytes]]:
    """What the rules let stay, as bytes by tag, and the shifted dates. The report is told.

    Parameters
    ----------
    but
        The tags of elements that others write.
    """
    series = _series(
        walk.sop_class_uid,
        context.pseudonyms,
        context.patient_pseudonym,
        context.shift_days,
        context.is_signed,
        context.personal,
        context.age_from_dates,
    )
    rules = PROFILE[walk.sop_class_uid]
    made: list[tuple[int, _Made]] = []
    counts: list[tuple[str, Done]] = []
    met: set[int] = set()
    for part in walk.parts:
        tag = part.element.tag
        met.add(tag)
        if tag in rules and tag not in but:
            made.append((tag, _made(series, part)))
        elif tag not in but:
            counts.append(_removed(tag))
    absent = [tag for tag in series.always if tag not in met and tag not in but]
    made += [(tag, _made_of_nothing(series, tag)) for tag in absent]
    for _, each in made:
        counts += each.counts
    context.report.counts.update(counts)
    outputs = {tag: each.output for tag, each in made if each.output is not None}
    return outputs, dates_made((part.element for part in walk.parts), context.shift_days)


@lru_cache(_SERIES)
def _series(sop_class_uid: str, *known: object) -> _Series:
    always = tuple(
        tag
        for tag, rule in PROFILE[sop_class_uid].items()
        if rule.is_required or rule.action is Action.AGE
    )
    return _Series(sop_class_uid, Context(*known), always)  # type: ignore[arg-type]


@lru_cache(_REMEMBERED)
def _made(series: _Series, part: Part) -> _Made:
    return _applied(series, part.element.tag, [part.element])


@lru_cache(_REMEMBERED)
def _made_of_nothing(series: _Series, tag: int) -> _Made:
    return _applied(series, tag, [])


@lru_cache(_REMEMBERED)
def _removed(tag: int) -> tuple[str, Done]:
    return place_of(tag), Done.REMOVED


def _applied(series: _Series, tag: int, elements: list[Element]) -> _Made:
    rule = PROFILE[series.sop_class_uid][tag]
    report = Report()
    kept = applied({tag: rule}, elements, replace(series.context, report=report))
    output = written(kept, EXPLICIT_LITTLE_ENDIAN) if kept else None
    return _Made(output, tuple(report.counts.elements()))


def date_made(element: Element, shift_days: int) -> bytes | None:
    """The shifted date of an element that may hold one."""
    if element.vr not in _DATED or len(element.value) > 26:
        return None
    return shifted_date(plain(element.value)[:8], shift_days)


def dates_made(elements: Iterable[Element], shift_days: int) -> set[bytes]:
    return {date for each in elements if (date := date_made(each, shift_days)) is not None}
