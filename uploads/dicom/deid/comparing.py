"""Comparing an output with its source, element by element and place by place.

What stays must be what the source says in the same place, a word anybody's file may hold, or a
pseudonym that is one to one with its original; dates lie back by one number of whole weeks.
"""

import datetime
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from uploads.dicom.deid import vocabulary
from uploads.dicom.deid.released import CHILDREN, CONSTANTS_BY_TAG, MANNERS, TERMS, Manner
from uploads.dicom.deid.values import STANDARD_UIDS
from uploads.dicom.elements import Element

MIN_SHIFT_DAYS, MAX_SHIFT_DAYS = 52 * 7, 520 * 7

_BURNED_IN_ANNOTATION = 0x00280301
_NUMBER_OF_FRAMES = 0x00280008
_CODE_VALUE, _SCHEME, _MEANING = 0x00080100, 0x00080102, 0x00080104
_BINARY_BYTES = {
    **dict.fromkeys(("AT", "US", "SS", "OW"), 2),
    **dict.fromkeys(("UL", "SL", "FL"), 4),
    "FD": 8,
}
_ALTERNATIVES = {"US or SS": ("US", "SS"), "US or OW": ("US", "OW")}
_WORD = re.compile(rb"[^0-9A-Z\x80-\xff]+")
_NEW_UID = re.compile(rb"2\.25\.([1-9][0-9]{0,38})")
_PSEUDONYM = re.compile(rb"BSTI-[A-Z2-7]{16}")
_THICKNESS = re.compile(rb"[0-9]{1,2}(\.[0-9]{1,3})?(MM)?")
_KERNEL = re.compile(
    rb"[1-5]|[A-Z]{1,3}|[A-Z][A-Za-z]?[a-z]?[0-9]{2}[A-Za-z]?([_ ][0-9])?|F[CL][0-9]{2}(-?[A-Z])?"
    rb"|(STANDARD|STND|SOFT|DETAIL|LUNG|BONE|BONEPLUS|EDGE|ULTRA|CHST|CHEST|SHARP|SMOOTH|NORMAL"
    rb"|ULTRASHARP)\+?|HD_?[A-Z]{4,8}|LUNG ENHANCED|[A-Z]_(SOFT|V?SHARP|SMOOTH|STANDARD|LUNG)_[A-F]"
)
_ORIENTATION = re.compile(rb"[AFHLPR]{1,3}")
_TIME = re.compile(rb"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?")
_AGE = re.compile(rb"(0[0-8][0-9]|090)Y")


@dataclass
class Compared:
    """What was met on the way: for the search that follows, and to see that all of it agrees."""

    personal: frozenset[bytes]
    is_cleared: bool
    texts: set[bytes] = field(default_factory=set)
    numbers: set[bytes] = field(default_factory=set)
    pseudonyms: set[bytes] = field(default_factory=set)
    new_uids: dict[bytes, bytes] = field(default_factory=dict)
    shifts: set[int] = field(default_factory=set)

    def add(self, others: "list[Compared]") -> bool:
        """Add what was met in other places; False when two of them contradict each other."""
        self.texts.update(*[other.texts for other in others])
        self.numbers.update(*[other.numbers for other in others])
        self.pseudonyms.update(*[other.pseudonyms for other in others])
        self.shifts.update(*[other.shifts for other in others])
        known = self.new_uids
        return all(
            known.setdefault(original, new) == new
            for other in others
            for original, new in other.new_uids.items()
        )

    @property
    def agrees(self) -> bool:
        """Whether pseudonyms, UIDs and dates are of one piece."""
        new = self.new_uids.values()
        return (
            len(self.pseudonyms) == 1
            and all(map(_PSEUDONYM.fullmatch, self.pseudonyms))
            and len(set(new)) == len(new)
            and self.new_uids.keys().isdisjoint(new)
            and len(self.shifts) <= 1
        )


def stands(
    raw: RawDataElement | DataElement,
    items: Sequence[Dataset],
    original: Element | None,
    found: Compared,
    allowed: frozenset[int],
) -> bool:
    """Whether one element of the output may stand beside the source's in the same place.

    Parameters
    ----------
    raw
        As it was read, not yet interpreted.
    items
        Those of a sequence.
    """
    tag = int(raw.tag)
    if tag not in allowed:
        return False
    vrs = _vrs(tag)
    vr = raw.VR or vrs[0]
    value = items if vr == "SQ" else _value(raw, vr)
    return vr in vrs and _stands(tag, vr, value, original, found)


def _compare(
    output: Dataset, source: list[Element], found: Compared, allowed: frozenset[int]
) -> bool:
    """Whether every element of an item may stand beside the source's in the same place."""
    originals = {element.tag: element for element in source}
    last = -1
    for raw, items in _elements(output):
        tag = int(raw.tag)
        if tag <= last or not stands(raw, items, originals.get(tag), found, allowed):
            return False
        last = tag
    return True


def _elements(
    dataset: Dataset,
) -> Iterator[tuple[RawDataElement | DataElement, Sequence[Dataset]]]:
    """The elements as they were read and not yet interpreted, with the items of sequences."""
    # to take a sequence converts others beside it, so all are taken first
    raws = [dataset.get_item(key, keep_deferred=True) for key in dataset.keys()]  # noqa: SIM118 — to iterate over the data set itself converts values
    for raw in raws:
        is_sequence = (raw.VR or _vrs(int(raw.tag))[0]) == "SQ"
        yield raw, dataset[raw.tag].value if is_sequence else ()


def _value(raw: RawDataElement | DataElement, vr: str) -> bytes:
    """The value as bytes, little endian."""
    value: bytes = raw.value or b""
    return value if raw.is_little_endian else _swapped(value, vr)


def _swapped(value: bytes, vr: str) -> bytes:
    size = _BINARY_BYTES.get(vr)
    return np.frombuffer(value, f">u{size}").astype(f"<u{size}").tobytes() if size else value


@lru_cache(maxsize=1024)
def _vrs(tag: int) -> tuple[str, ...]:
    vr = dictionary_VR(tag)
    return _ALTERNATIVES.get(vr, (vr,))


def _stands(
    tag: int,
    vr: str,
    value: bytes | Sequence[Dataset],
    original: Element | None,
    found: Compared,
) -> bool:
    manner = MANNERS[tag]
    if manner is Manner.STATEMENT:
        return True
    if not isinstance(value, bytes):
        return not value or _items_stand(tag, manner, value, original, found)
    source = None if original is None or original.items is not None else original.value
    text = _text(value)
    if not value or (vr not in _BINARY_BYTES and not text):
        return True
    if manner is Manner.SAME and vr in _BINARY_BYTES:
        return value == source
    if manner is Manner.IMAGE:
        is_one = tag == _NUMBER_OF_FRAMES and text == b"1" and not _text(source or b"")
        return is_one or (value == source if vr in _BINARY_BYTES else text == _text(source or b""))
    if manner in (Manner.NEW_UID, Manner.DATE, Manner.PSEUDONYM, Manner.AGE):
        return _replacement_stands(manner, text, _text(source or b""), found)
    (found.numbers if vr in ("DS", "IS") else found.texts).update(text.upper().split(b"\\"))
    if tag == _BURNED_IN_ANNOTATION and found.is_cleared:
        return text == b"NO"
    if manner is Manner.DESCRIPTION:
        return _description_stands(text, _text(source or b""), found.personal)
    return _value_stands(manner, tag, text, None if source is None else _text(source))


# --- Values that are the source's -----------------------------------------------------


@lru_cache(maxsize=4096)
def _value_stands(manner: Manner, tag: int, text: bytes, source: bytes | None) -> bool:
    parts, originals = _parts(text), _parts(source or b"")
    if manner is Manner.SAME:
        constants = CONSTANTS_BY_TAG.get(tag, ())
        return parts == originals or text in constants
    if manner is Manner.WORDS:
        return _words_stand(tag, parts, originals)
    if manner is Manner.KERNEL and text not in CONSTANTS_BY_TAG[tag]:
        return parts == originals and all(map(_KERNEL.fullmatch, parts))
    if manner is Manner.KERNEL:
        return source is not None
    if manner is Manner.ORIENTATION:
        return parts == originals and len(parts) == 2 and all(map(_ORIENTATION.fullmatch, parts))
    if manner is Manner.TIME:
        return _TIME.fullmatch(text) is not None and (source or b"").replace(b":", b"").startswith(
            text
        )
    if manner is Manner.STANDARD_UID:
        return parts == originals and text in STANDARD_UIDS
    return False


def _words_stand(tag: int, parts: list[bytes], originals: list[bytes]) -> bool:
    constants = CONSTANTS_BY_TAG.get(tag, ())
    for part in parts:
        if not is_vocabulary(part.upper()):
            return False
        if part in originals:
            continue
        # a word that other attributes know need not be one of this attribute's
        if part not in constants:
            return False
    return True


def _description_stands(text: bytes, source: bytes, personal: frozenset[bytes]) -> bool:
    original = source.upper()
    for token in text.upper().split(b" "):
        is_known = is_vocabulary(token) or _THICKNESS.fullmatch(token) or token == b"MM"
        if not is_known or token not in original or token in personal:
            return False
    return True


# --- Values that are ours ----------------------------------------------------------------


def _replacement_stands(manner: Manner, text: bytes, source: bytes, found: Compared) -> bool:
    if manner is Manner.NEW_UID:
        return _uids_stand(text, source, found)
    if manner is Manner.DATE:
        days = _shift(text, source)
        found.shifts.add(days)
        return MIN_SHIFT_DAYS <= days <= MAX_SHIFT_DAYS and days % 7 == 0
    if manner is Manner.PSEUDONYM:
        found.pseudonyms.add(text)
        return True
    return _age_stands(text, source)


def _uids_stand(text: bytes, source: bytes, found: Compared) -> bool:
    parts = _parts(text)
    originals = [part for part in _parts(source) if part]
    if len(parts) != len(originals):
        return False
    for part, original in zip(parts, originals, strict=True):
        if not _is_new_uid(part) or found.new_uids.setdefault(original, part) != part:
            return False
    return True


@lru_cache(maxsize=4096)
def _is_new_uid(uid: bytes) -> bool:
    """Whether it is a random UUID's UID: a number of the source would hardly be one."""
    match = _NEW_UID.fullmatch(uid)
    if match is None or int(match[1]) >> 128:
        return False
    return uuid.UUID(int=int(match[1])).version == 4


@lru_cache(maxsize=1024)
def _shift(text: bytes, source: bytes) -> int:
    """By how many days a date lies before the source's; 0 when the rest of it is not the same."""
    new, old = text[:8], source[:10].replace(b".", b"")[:8]
    if len(new) != 8 or not (text == new or source[8:].startswith(text[8:])):
        return 0
    try:
        dates = [datetime.date(int(d[:4]), int(d[4:6]), int(d[6:])) for d in (new, old)]
    except ValueError:
        return 0
    return (dates[1] - dates[0]).days


def _age_stands(text: bytes, source: bytes) -> bool:
    if not _AGE.fullmatch(text):
        return False
    if re.fullmatch(rb"[0-9]{3}Y", source):
        return text[:3] == (source[:3] if source < b"090" else b"090")
    return True


# --- Items ----------------------------------------------------------------------------------


def _items_stand(
    tag: int, manner: Manner, items: Sequence[Dataset], original: Element | None, found: Compared
) -> bool:
    if original is None or original.items is None:
        return False
    if manner is Manner.CODE:
        given = {_code(item) for item in original.items}
        return all(_code_stands(item, given) for item in items)
    if manner is not Manner.ITEMS or len(items) != len(original.items):
        return False
    pairs = zip(items, original.items, strict=True)
    return all(_compare(item, source, found, CHILDREN[tag]) for item, source in pairs)


def _code(item: list[Element]) -> tuple[bytes, bytes]:
    values = {element.tag: _text(element.value) for element in item}
    return values.get(_SCHEME, b""), values.get(_CODE_VALUE, b"")


def _code_stands(item: Dataset, given: set[tuple[bytes, bytes]]) -> bool:
    read = list(_elements(item))
    values = {int(raw.tag): _text(_value(raw, "")) for raw, items in read if not items}
    if values.keys() != {_CODE_VALUE, _SCHEME, _MEANING} or len(read) != len(values):
        return False
    code = values[_SCHEME], values[_CODE_VALUE]
    return code in given and KNOWN_CODES.get(code) == values[_MEANING]


# --- Words ----------------------------------------------------------------------------------


def _text(value: bytes) -> bytes:
    return value.split(b"\0", 1)[0].strip(b" \t\r\n\f")


def _parts(text: bytes) -> list[bytes]:
    return [part.strip(b" \t\r\n\f") for part in text.split(b"\\")]


def _known_codes() -> Mapping[tuple[bytes, bytes], bytes]:
    tables = [table for table in vars(vocabulary).values() if isinstance(table, dict)]
    return {
        (scheme.encode(), value.encode()): meaning.encode()
        for table in tables
        for (scheme, value), meaning in (
            (key, text) for key, text in table.items() if isinstance(key, tuple)
        )
    }


def _vocabulary() -> frozenset[bytes]:
    """Every word that may stand in an output whoever the patient is."""
    texts: set[str] = set(vocabulary.DESCRIPTOR_WORDS) | TERMS
    for name in vars(vocabulary).values():
        if isinstance(name, tuple):
            texts.update(text for text in name if isinstance(text, str))
    texts.update(meaning.decode("ascii") for meaning in KNOWN_CODES.values())
    texts.update(constant.decode() for each in CONSTANTS_BY_TAG.values() for constant in each)
    words = {text.upper().encode("ascii") for text in texts}
    return frozenset(words | {part for word in words for part in _WORD.split(word)})


KNOWN_CODES = _known_codes()
VOCABULARY = _vocabulary()


@lru_cache(maxsize=4096)
def is_vocabulary(word: bytes) -> bool:
    """Whether it is a word, or words, that stand in outputs whoever the patient is."""
    return word in VOCABULARY or VOCABULARY.issuperset(_WORD.split(word))
