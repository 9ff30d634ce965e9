"""Checking an output with other code than wrote it: pydicom re-reads it, and it is searched.

References
----------
Rule 8 of the de-identification profile: what fails is held, never released.
"""

import io
import re
from functools import lru_cache
from typing import NamedTuple

from pydicom import config, dcmread
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileDataset

from uploads.dicom.deid import frames, searching
from uploads.dicom.deid.comparing import Compared, compare, is_vocabulary
from uploads.dicom.deid.enclosure import is_enclosed, names_itself
from uploads.dicom.deid.identifiers import Identifiers
from uploads.dicom.deid.released import REQUIRED
from uploads.dicom.elements import EXPLICIT_BIG_ENDIAN
from uploads.dicom.reading import Source
from uploads.dicom.reasons import Held, Reason

_PIXEL_DATA = 0x7FE00010
_CLEAN_PIXEL_DATA = "113101"
# code and meaning (PS3.16 CID 7050): what must be said, and what may be
_METHODS = {
    "113100": "Basic Application Confidentiality Profile",
    "113103": "Clean Graphics Option",
    "113105": "Clean Descriptors Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
}
_OPTIONS = {
    _CLEAN_PIXEL_DATA: "Clean Pixel Data Option",
    "113108": "Retain Patient Characteristics Option",
}
_STATEMENT = (0x00120062, 0x00120063, 0x00120064, 0x0018A001, 0x00280303)
_MAKER = "British Society of Thoracic Imaging"
_PURPOSE = ("109104", "DCM", "De-identifying Equipment")
_VERSION = re.compile(r"BSTI-DB [0-9]{1,4}")
_OWN_WORDS = frozenset(
    word.encode()
    for text in (_MAKER, *_PURPOSE, *_METHODS.values(), *_OPTIONS.values(), "BSTI-DB MODIFIED")
    for word in re.split(r"[^0-9A-Z]+", text.upper())
)

# shorter ones are met by chance in numbers, and in pixels
_MIN_NUMBER_LENGTH = 7
_MIN_AROUND_A_POINT = 9
_MAX_WHOLE = 4
_MIN_DIGITS_LENGTH = 8
_MIN_DATE = 6
# what is longer is read, but not remembered
_MAX_REMEMBERED_BYTES = 2048
_WORD = re.compile(rb"[^0-9A-Z\x80-\xff]+")


def verified(
    output: bytes,
    *,
    source: Source,
    identifiers: Identifiers,
    expected: frozenset[bytes],
    is_cleared: bool = False,
) -> FileDataset:
    """Re-read an output and look for what must not be there, and for what must.

    Parameters
    ----------
    expected
        The pseudonyms and shifted dates that we made: they may look like an identifier by chance.
    is_cleared
        A person has looked at the pixels: alone then the output may say so.

    Raises
    ------
    Held
        VERIFICATION_FAILED, whatever was found; what it was is not told.
    """
    try:
        with config.disable_value_validation():
            dataset = dcmread(io.BytesIO(output))
            found = Compared(identifiers.personal, is_cleared)
            is_right = (
                is_enclosed(dataset, output, source)
                and _has_the_pixels(dataset, source)
                and compare(dataset, source.elements, found)
                and found.agrees
                and not _is_in_bytes(output, dataset, identifiers)
                and _is_complete(dataset)
                and not _is_in_values(found, identifiers, expected)
            )
            converted = _converted(dataset)
            is_right = (
                is_right
                and names_itself(converted)
                and _says_what_is_true(dataset, is_cleared=is_cleared)
            )
    except MemoryError:
        # it says nothing of the output: who guards this process answers it
        raise
    except Exception:
        # an output that cannot be read again is not released, and its error may hold a value
        raise Held(Reason.VERIFICATION_FAILED) from None
    if not is_right:
        raise Held(Reason.VERIFICATION_FAILED)
    return converted


def _converted(dataset: FileDataset) -> FileDataset:
    """The data set with its values interpreted, those of equal bytes only once a series."""
    elements = {tag: _element(dataset, raw) for tag, raw in dataset.items()}
    implicit, little = dataset.original_encoding
    return FileDataset(
        None,
        elements,
        preamble=dataset.preamble,
        file_meta=dataset.file_meta,
        is_implicit_VR=implicit,
        is_little_endian=little,
    )


def _element(dataset: FileDataset, raw: RawDataElement | DataElement) -> DataElement:
    return _remembered(raw.tag, raw.VR, raw.value) if _is_plain(raw) else dataset[raw.tag]


def _is_plain(raw: RawDataElement | DataElement) -> bool:
    """Whether it is still as it was read, in the usual encoding, and no longer than is kept."""
    is_usual = isinstance(raw, RawDataElement) and raw.is_little_endian and not raw.is_implicit_VR
    return is_usual and len(raw.value or b"") <= _MAX_REMEMBERED_BYTES


@lru_cache(maxsize=2048)
def _remembered(tag: int, vr: str, value: bytes | None) -> DataElement:
    raw = RawDataElement(tag, vr, len(value or b""), value, 0, False, True)
    return convert_raw_data_element(raw)


def _has_the_pixels(dataset: FileDataset, source: Source) -> bool:
    raw = dataset.get_item(_PIXEL_DATA)
    value = raw.value
    if source.pixel_data.fragments is not None:
        return frames.are_bare(value, source)
    is_big = source.transfer_syntax_uid == EXPLICIT_BIG_ENDIAN
    if is_big and source.image.bits_allocated == 16:
        value = frames.swapped(value)
    return frames.are_the_sources(value, source)


def _is_complete(dataset: FileDataset) -> bool:
    """Whether a file can be found and read: identifiers, the image, and our statement."""
    return REQUIRED.issubset(map(int, dataset.keys()))


def _says_what_is_true(dataset: FileDataset, *, is_cleared: bool) -> bool:
    """Whether our statement is there and right; all slices of a series make the same one."""
    raws = [dataset.get_item(tag) for tag in _STATEMENT]
    if not all(map(_is_plain, raws)):
        return _is_true(dataset, is_cleared)
    return _is_remembered_true(tuple((raw.tag, raw.VR, raw.value) for raw in raws), is_cleared)


@lru_cache(maxsize=64)
def _is_remembered_true(raws: tuple[tuple[int, str, bytes], ...], is_cleared: bool) -> bool:
    elements = {tag: _remembered(tag, vr, value) for tag, vr, value in raws}
    return _is_true(Dataset(elements), is_cleared)


def _is_true(dataset: Dataset, is_cleared: bool) -> bool:
    version = str(dataset.DeidentificationMethod)
    codes = [_code(item) for item in dataset.DeidentificationMethodCodeSequence]
    told = {value: meaning for value, scheme, meaning in codes if scheme == "DCM"}
    possible = _METHODS | _OPTIONS
    return (
        dataset.PatientIdentityRemoved == "YES"
        and dataset.LongitudinalTemporalInformationModified == "MODIFIED"
        and _VERSION.fullmatch(version) is not None
        and len(told) == len(codes)
        and told.items() <= possible.items()
        and _METHODS.items() <= told.items()
        and (_CLEAN_PIXEL_DATA in told) is is_cleared
        and _names_the_maker(dataset, version)
    )


def _names_the_maker(dataset: Dataset, version: str) -> bool:
    (equipment,) = dataset.ContributingEquipmentSequence
    (purpose,) = equipment.PurposeOfReferenceCodeSequence
    return (
        len(equipment) == 3
        and equipment.Manufacturer == _MAKER
        and equipment.SoftwareVersions == version
        and _code(purpose) == _PURPOSE
    )


def _code(item: Dataset) -> tuple[str, str, str]:
    if len(item) != 3:
        raise ValueError("A code has three parts.")
    return str(item.CodeValue), str(item.CodingSchemeDesignator), str(item.CodeMeaning)


# --- Searching for the source's identifiers ------------------------------------------------


class _Search(NamedTuple):
    """A set of identifiers made ready; the slices of a series share one."""

    words: frozenset[bytes]
    parts: tuple[bytes, ...]
    numbers: tuple[bytes, ...]
    in_bytes: frozenset[bytes]
    texts: frozenset[bytes]
    wide_numbers: tuple[bytes, ...]


@lru_cache(maxsize=16)
def _search(words: frozenset[bytes], birth_dates: frozenset[bytes]) -> _Search:
    searched = frozenset(word for word in words if not _is_anybodys(word))
    in_bytes = {word for word in searched if len(word) >= _least_in_bytes(word)}
    # numbers stand in new UIDs by chance, as text but not as UTF-16
    texts = {word for word in in_bytes if not word.isdigit()}
    # a date of digits alone may be one that we shifted
    texts |= {date for date in birth_dates if not date.isdigit() and len(date) > _MIN_DATE}
    numbers = {word for word in in_bytes | birth_dates if word.isdigit()}
    return _Search(
        words=searched,
        # a pattern of thousands of names would take a minute to compile
        parts=(*(word for word in searched if len(word) > _MAX_WHOLE), *birth_dates),
        numbers=tuple(w for w in searched if w.isdigit() and len(w) >= _MIN_NUMBER_LENGTH),
        in_bytes=frozenset(in_bytes),
        texts=frozenset(texts),
        wide_numbers=tuple(map(searching.wide, numbers)),
    )


def _least_in_bytes(word: bytes) -> int:
    return _MIN_DIGITS_LENGTH if word.isdigit() else searching.MIN_LENGTH


def _is_anybodys(word: bytes) -> bool:
    """Whether it is a word, or words, that stand in outputs whoever the patient is."""
    return is_vocabulary(word) or all(
        part in _OWN_WORDS or is_vocabulary(part) for part in _WORD.split(word)
    )


def _is_in_values(found: Compared, identifiers: Identifiers, expected: frozenset[bytes]) -> bool:
    """Whether a value is, or holds, one of the source's identifiers."""
    search = _search(identifiers.words, identifiers.birth_dates)
    own = {value.upper() for value in expected}
    texts = found.texts - own
    # a line feed stands in none of the words, so they cannot reach over it
    text = b"\n".join(texts)
    numbers = b"\n".join(found.numbers)
    # 5.000000 mm is no patient 5000000; ten digits around a point are no chance
    digits = re.sub(rb"[^0-9\n]", b"", numbers)
    return (
        not search.words.isdisjoint(texts)
        or not search.words.isdisjoint(_WORD.split(text))
        or any(part in text for part in search.parts)
        or any(word in numbers for word in search.numbers)
        or any(word in digits for word in search.numbers if len(word) >= _MIN_AROUND_A_POINT)
    )


def _is_in_bytes(output: bytes, dataset: FileDataset, identifiers: Identifiers) -> bool:
    """Whether an identifier or source UID stands anywhere in the file, also as UTF-16."""
    search = _search(identifiers.words, identifiers.birth_dates)
    pixels = dataset.get_item(_PIXEL_DATA).value
    header = output[: max(len(output) - len(pixels), 0)].upper()
    uids = [uid for uid in identifiers.uids if len(uid) >= _MIN_DIGITS_LENGTH]
    if any(word in header for word in (*search.wide_numbers, *uids)):
        return True
    if searching.stands_in(header, search.texts):
        return True
    # few beginnings stand for many UIDs
    beginnings = {uid[:_MIN_DIGITS_LENGTH] for uid in uids}
    if not searching.stands_in(pixels, search.in_bytes | beginnings):
        return False
    return searching.stands_in(pixels, search.in_bytes) or any(uid in pixels for uid in uids)
