"""Checking an output with other code than wrote it: pydicom re-reads it, and it is searched.

References
----------
Rule 8 of the de-identification profile: what fails is held, never released.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

from uploads.dicom.deid import searching, statement, vocabulary
from uploads.dicom.deid.identifiers import Identifiers, flattened
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Rule
from uploads.dicom.deid.values import STANDARD_UIDS
from uploads.dicom.elements import DEFLATED_LITTLE_ENDIAN
from uploads.dicom.reading import Source
from uploads.dicom.reasons import Held, Reason

_IMAGE_PIXEL = (
    *(0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101),
    *(0x00280102, 0x00280103, 0x7FE00010),
)
_META = frozenset(
    (0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013)
)
_CODE = (0x00080100, 0x00080102, 0x00080104)
_KINDS = {
    **dict.fromkeys(("AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"), "text"),
    **dict.fromkeys(("DS", "IS"), "number"),
    **dict.fromkeys(("DA", "DT", "TM"), "date"),
}
# shorter ones are met by chance in numbers, and in pixels
_MIN_NUMBER_LENGTH = 7
_MAX_WHOLE = 4
_MIN_DIGITS_LENGTH = 8
_WORD = re.compile(rb"[^0-9A-Z\x80-\xff]+")


def _vocabulary() -> frozenset[bytes]:
    """Every word that may stand in an output whoever the patient is."""
    texts: set[str] = set(vocabulary.DESCRIPTOR_WORDS)
    for name in vars(vocabulary).values():
        if isinstance(name, tuple):
            texts.update(text for text in name if isinstance(text, str))
    for table in (vocabulary.ANATOMIC_REGIONS, vocabulary.VIEWS):
        texts.update(table.values())
    for rules in PROFILE.values():
        texts.update(_texts_of_rules(rules.values()))
    # a department of imaging is none that our own statements betray
    for element in flattened(statement.statements(is_cleared=True)):
        texts.add(element.value.decode("ascii"))
    words = {text.upper().encode("ascii") for text in texts}
    return frozenset(words | {part for word in words for part in _WORD.split(word)})


def _texts_of_rules(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        yield rule.dummy.decode("ascii")
        yield from (rule.codes or {}).values()
        yield from _texts_of_rules((rule.items or {}).values())


VOCABULARY = _vocabulary()


def _allowed_tags(rules: Iterable[Rule]) -> Iterator[int]:
    for rule in rules:
        yield rule.tag
        if rule.items is not None:
            yield from _allowed_tags(rule.items.values())
        if rule.codes is not None:
            yield from _CODE


ALLOWED_TAGS = {
    sop_class: frozenset((*_allowed_tags(rules.values()), *_IMAGE_PIXEL, *statement.TAGS))
    for sop_class, rules in PROFILE.items()
}


def verified(
    output: bytes,
    *,
    source: Source,
    identifiers: Identifiers,
    expected: frozenset[bytes],
    pixel_digest: str | None,
) -> FileDataset:
    """Re-read an output and look for what must not be there.

    Parameters
    ----------
    expected
        The pseudonyms and shifted dates that we made: they may look like an identifier by chance.
    pixel_digest
        SHA-256 of the native pixel data as it must stand, or None when frames are compressed.

    Raises
    ------
    Held
        VERIFICATION_FAILED, whatever was found; what it was is not told.
    """
    try:
        with config.disable_value_validation():
            dataset = dcmread(io.BytesIO(output))
            is_right = _is_right(dataset, output, source, identifiers, expected, pixel_digest)
    except Exception:
        # an output that cannot be read again is not released, and its error may hold a value
        raise Held(Reason.VERIFICATION_FAILED) from None
    if not is_right:
        raise Held(Reason.VERIFICATION_FAILED)
    return dataset


def _is_right(
    dataset: FileDataset,
    output: bytes,
    source: Source,
    identifiers: Identifiers,
    expected: frozenset[bytes],
    pixel_digest: str | None,
) -> bool:
    pixel_data = dataset.get_item(0x7FE00010)
    if pixel_data is None or output[:132] != bytes(128) + b"DICM":
        return False
    if not {int(element.tag) for element in dataset.file_meta} <= _META:
        return False
    if not _ends_with_pixels(dataset, output):
        return False
    digest = hashlib.sha256(_little_endian(dataset)).hexdigest()
    if pixel_digest is not None and digest != pixel_digest:
        return False
    elements = list(_every_element(dataset))
    allowed = ALLOWED_TAGS[source.sop_class_uid]
    if not all(int(element.tag) in allowed for element in elements):
        return False
    if not _has_new_uids(elements, identifiers):
        return False
    own = {value.upper() for value in expected}
    return not (
        _is_in_values(elements, identifiers, own)
        or _is_in_bytes(output, bytes(dataset.PixelData), identifiers)
    )


def _every_element(dataset: Dataset) -> Iterator[DataElement]:
    """Every element but our own statements and the pixels, at every depth."""
    for element in dataset:
        if int(element.tag) in statement.TAGS or int(element.tag) == 0x7FE00010:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _every_element(item)
        yield element


def _ends_with_pixels(dataset: FileDataset, output: bytes) -> bool:
    """Whether the pixels are the last element and nothing follows them."""
    if int(list(dataset.keys())[-1]) != 0x7FE00010:
        return False
    if dataset.file_meta.TransferSyntaxUID == DEFLATED_LITTLE_ENDIAN:
        return True
    pixel_data = dataset["PixelData"]
    if pixel_data.is_undefined_length:
        return output.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    start = pixel_data.file_tell or 0
    return start + len(pixel_data.value) == len(output)


def _little_endian(dataset: FileDataset) -> bytes:
    value = bytes(dataset.PixelData)
    if dataset.file_meta.TransferSyntaxUID.is_little_endian or dataset.BitsAllocated == 8:
        return value
    return np.frombuffer(value, ">u2").astype("<u2").tobytes()


def _has_new_uids(elements: list[DataElement], identifiers: Identifiers) -> bool:
    for element in elements:
        if element.VR != "UI":
            continue
        for uid in _values(element):
            if uid in identifiers.uids or not (uid in STANDARD_UIDS or uid.startswith(b"2.25.")):
                return False
    return True


class _Search(NamedTuple):
    """A set of identifiers made ready; the slices of a series share one."""

    words: frozenset[bytes]
    parts: re.Pattern[bytes]
    numbers: tuple[bytes, ...]
    in_bytes: frozenset[bytes]
    in_header: tuple[bytes, ...]


@lru_cache(maxsize=16)
def _search(words: frozenset[bytes], birth_dates: frozenset[bytes]) -> _Search:
    searched = frozenset(word for word in words if not _is_vocabulary(word))
    parts = sorted((*(word for word in searched if len(word) > _MAX_WHOLE), *birth_dates))
    in_bytes = {word for word in searched if len(word) >= _least_in_bytes(word)}
    # numbers stand in new UIDs by chance, as text but not as UTF-16
    in_header = {word for word in in_bytes if not word.isdigit()}
    in_header |= {word.decode("latin-1").encode("utf-16-le") for word in in_bytes}
    return _Search(
        words=searched,
        parts=re.compile(b"|".join(map(re.escape, parts)) or rb"(?!)"),
        numbers=tuple(w for w in searched if w.isdigit() and len(w) >= _MIN_NUMBER_LENGTH),
        in_bytes=frozenset(in_bytes),
        in_header=tuple(in_header),
    )


def _least_in_bytes(word: bytes) -> int:
    return _MIN_DIGITS_LENGTH if word.isdigit() else searching.MIN_LENGTH


def _is_vocabulary(word: bytes) -> bool:
    """Whether it is a word, or words, that stand in outputs whoever the patient is."""
    return word in VOCABULARY or VOCABULARY.issuperset(_WORD.split(word))


def _is_in_values(elements: list[DataElement], identifiers: Identifiers, own: set[bytes]) -> bool:
    """Whether a value is, or holds, one of the source's identifiers."""
    search = _search(identifiers.words, identifiers.birth_dates)
    texts: set[bytes] = set()
    numbers: set[bytes] = set()
    dates: set[bytes] = set()
    for element in elements:
        kind = _KINDS.get(element.VR)
        if kind is not None:
            {"text": texts, "number": numbers, "date": dates}[kind].update(_values(element))
    # a line feed stands in none of the words, so they cannot reach over it
    text = b"\n".join(texts - own)
    digits = re.sub(rb"[^0-9\n]", b"", b"\n".join(numbers - own))
    days = {value[:8] for value in dates - own} - own
    return (
        not search.words.isdisjoint(texts - own)
        or not search.words.isdisjoint(_WORD.split(text))
        or search.parts.search(text) is not None
        or any(word in digits for word in search.numbers)
        or not days.isdisjoint(identifiers.birth_dates)
    )


def _values(element: DataElement) -> list[bytes]:
    value = element.value
    if value is None or isinstance(value, bytes):
        return [value] if value else []
    values = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
    originals = (getattr(one, "original_string", one) for one in values)
    return [str(one).upper().encode("utf-8", "replace") for one in originals if one is not None]


def _is_in_bytes(output: bytes, pixels: bytes, identifiers: Identifiers) -> bool:
    """Whether an identifier or source UID stands anywhere in the file, also as UTF-16."""
    search = _search(identifiers.words, identifiers.birth_dates)
    header = output[: max(len(output) - len(pixels), 0)].upper()
    uids = [uid for uid in identifiers.uids if len(uid) >= _MIN_DIGITS_LENGTH]
    if any(word in header for word in (*search.in_header, *uids)):
        return True
    if searching.stands_in(pixels, search.in_bytes):
        return True
    # few beginnings stand for many UIDs
    beginnings = {uid[:_MIN_DIGITS_LENGTH] for uid in uids}
    return any(start in pixels for start in beginnings) and any(uid in pixels for uid in uids)
