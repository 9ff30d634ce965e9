"""Checking an output with other code than wrote it: pydicom re-reads it, and it is searched.

References
----------
Rule 8 of the de-identification profile: what fails is held, never released.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator

import numpy as np
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

from uploads.dicom.deid import statement, vocabulary
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
_TEXT_VRS = frozenset(("AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_NUMBER_VRS = frozenset(("DS", "IS"))
_DATE_VRS = frozenset(("DA", "DT", "TM"))
# shorter ones are met by chance in numbers, and in pixels
_MIN_NUMBER_LENGTH = 7
_MIN_BYTES_LENGTH = 6
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
    searched = _search_words(identifiers)
    own = {value.upper() for value in expected}
    return not any(_betrays(element, searched, identifiers, own) for element in elements) and not (
        _is_in_bytes(output, identifiers)
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


def _search_words(identifiers: Identifiers) -> frozenset[bytes]:
    return frozenset(word for word in identifiers.words if not _is_vocabulary(word))


def _is_vocabulary(word: bytes) -> bool:
    """Whether it is a word, or words, that stand in outputs whoever the patient is."""
    return word in VOCABULARY or VOCABULARY.issuperset(_WORD.split(word))


def _betrays(
    element: DataElement, searched: frozenset[bytes], identifiers: Identifiers, own: set[bytes]
) -> bool:
    """Whether a value of the element is, or holds, one of the source's identifiers."""
    vr = element.VR
    for value in _values(element):
        if value in own:
            continue
        if vr in _TEXT_VRS:
            if value in searched or not searched.isdisjoint(_WORD.split(value)):
                return True
            long_words = (word for word in searched if len(word) > 4)
            if any(word in value for word in (*long_words, *identifiers.birth_dates)):
                return True
        elif vr in _NUMBER_VRS:
            digits = re.sub(rb"[^0-9]", b"", value)
            if any(
                len(word) >= _MIN_NUMBER_LENGTH and word in digits
                for word in searched
                if word.isdigit()
            ):
                return True
        elif vr in _DATE_VRS and value[:8] in identifiers.birth_dates and value[:8] not in own:
            return True
    return False


def _values(element: DataElement) -> list[bytes]:
    value = element.value
    if value is None or isinstance(value, bytes):
        return [value] if value else []
    values = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)
    originals = (getattr(one, "original_string", one) for one in values)
    return [str(one).upper().encode("utf-8", "replace") for one in originals if one is not None]


def _is_in_bytes(output: bytes, identifiers: Identifiers) -> bool:
    """Whether an identifier or source UID stands anywhere in the file, also as UTF-16."""
    words = {
        word
        for word in identifiers.words
        if len(word) >= (_MIN_DIGITS_LENGTH if word.isdigit() else _MIN_BYTES_LENGTH)
    }
    words = {word for word in words if not _is_vocabulary(word)}
    upper = output.upper()
    for word in words:
        if not word.isdigit() and word in upper:
            return True
        wide = word.decode("latin-1").encode("utf-16-le")
        if wide in upper:
            return True
    return any(uid in output for uid in identifiers.uids if len(uid) >= _MIN_DIGITS_LENGTH)
