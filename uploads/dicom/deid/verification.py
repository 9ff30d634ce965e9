"""Checking an output with other code than wrote it: pydicom re-reads it, and it is searched.

References
----------
Rule 8 of the de-identification profile: what fails is held, never released.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pydicom import config
from pydicom.dataset import Dataset

from uploads.dicom.deid import frames, searching
from uploads.dicom.deid.comparing import Compared, is_vocabulary
from uploads.dicom.deid.enclosure import cut, enclosed, names_itself
from uploads.dicom.deid.identifiers import Identifiers
from uploads.dicom.deid.released import REQUIRED
from uploads.dicom.deid.rereading import Reread, compare, read, reread
from uploads.dicom.reading import Source
from uploads.dicom.reasons import Held, Reason

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
# to compare thousands of words with each other takes longer than to look for all of them
_MANY_WORDS = 500
_WORD = re.compile(rb"[^0-9A-Z\x80-\xff]+")


def verified(
    data: bytes,
    *,
    source: Source,
    identifiers: Identifiers,
    expected: frozenset[bytes],
    is_cleared: bool = False,
) -> Reread:
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
            output = _checked(data, source, identifiers, expected, is_cleared=is_cleared)
    except MemoryError:
        # it says nothing of the output: who guards this process answers it
        raise
    except Exception:
        # an output that cannot be read again is not released, and its error may hold a value
        raise Held(Reason.VERIFICATION_FAILED) from None
    if output is None:
        raise Held(Reason.VERIFICATION_FAILED)
    return output


def _checked(
    data: bytes,
    source: Source,
    identifiers: Identifiers,
    expected: frozenset[bytes],
    *,
    is_cleared: bool,
) -> Reread | None:
    """The output read again, or None for the first thing that is wrong with it."""
    around = enclosed(data, source)
    if around is None:
        return None
    pieces = cut(around, source)
    if pieces is None:
        return None
    output = reread(pieces, source.transfer_syntax_uid)
    found = Compared(identifiers.personal, is_cleared)
    search = _search(identifiers.words, identifiers.birth_dates)
    is_right = (
        _is_complete(output)
        and _has_the_pixels(output, source)
        and compare(output, source, found)
        and found.agrees
        and names_itself(around, output.raws, source)
        and not _is_in_bytes(data, output, search, identifiers.uids)
        and not _is_in_values(found, search, expected)
        and _says_what_is_true(output, is_cleared=is_cleared)
    )
    return output if is_right else None


def _has_the_pixels(output: Reread, source: Source) -> bool:
    if source.pixel_data.fragments is not None:
        return frames.are_bare(bytes(output.pixels), source)
    if output.is_big_endian and source.image.bits_allocated == 16:
        return frames.are_the_sources(frames.swapped(output.pixels), 0, source)
    return frames.are_the_sources(output.body, output.pixels_start, source)


def _is_complete(output: Reread) -> bool:
    """Whether a file can be found and read: identifiers, the image, and our statement."""
    return REQUIRED.issubset(output.raws)


def _says_what_is_true(output: Reread, *, is_cleared: bool) -> bool:
    """Whether our statement is there and right; all slices of a series make the same one."""
    raws = tuple(output.raws[tag] for tag in _STATEMENT)
    return _is_remembered_true(raws, output.is_implicit, output.is_big_endian, is_cleared)


@lru_cache(maxsize=64)
def _is_remembered_true(
    raws: tuple[bytes, ...], is_implicit: bool, is_big_endian: bool, is_cleared: bool
) -> bool:
    elements = read(raws, is_implicit, is_big_endian)
    return _is_true(Dataset({element.tag: element for element in elements}), is_cleared)


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


@dataclass(frozen=True, eq=False)
class _Search:
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
        texts=_shortest(texts),
        wide_numbers=tuple(map(searching.wide, numbers)),
    )


def _shortest(words: set[bytes]) -> frozenset[bytes]:
    """The words that have no other in them: where a longer one stands, so does the shorter."""
    if len(words) > _MANY_WORDS:
        return frozenset(words)
    chosen, joined = set(words), b"\n".join(words)
    for word in words:
        if joined.count(word) > 1:
            chosen -= {longer for longer in chosen if word in longer and word != longer}
    return frozenset(chosen)


def _least_in_bytes(word: bytes) -> int:
    return _MIN_DIGITS_LENGTH if word.isdigit() else searching.MIN_LENGTH


def _is_anybodys(word: bytes) -> bool:
    """Whether it is a word, or words, that stand in outputs whoever the patient is."""
    return is_vocabulary(word) or all(
        part in _OWN_WORDS or is_vocabulary(part) for part in _WORD.split(word)
    )


def _is_in_values(found: Compared, search: _Search, expected: frozenset[bytes]) -> bool:
    """Whether a value is, or holds, one of the source's identifiers."""
    own = {value.upper() for value in expected}
    # a line feed stands in none of the words, so they cannot reach over it
    numbers = b"\n".join(found.numbers)
    # 5.000000 mm is no patient 5000000; ten digits around a point are no chance
    digits = re.sub(rb"[^0-9\n]", b"", numbers)
    return (
        _is_in_texts(search, frozenset(found.texts - own))
        or any(word in numbers for word in search.numbers)
        or any(word in digits for word in search.numbers if len(word) >= _MIN_AROUND_A_POINT)
    )


@lru_cache(maxsize=64)
def _is_in_texts(search: _Search, texts: frozenset[bytes]) -> bool:
    text = b"\n".join(texts)
    return (
        not search.words.isdisjoint(texts)
        or not search.words.isdisjoint(_WORD.split(text))
        or any(part in text for part in search.parts)
    )


def _is_in_bytes(
    data: bytes, output: Reread, search: _Search, source_uids: frozenset[bytes]
) -> bool:
    """Whether an identifier or source UID stands anywhere in the file, also as UTF-16."""
    pixels = output.pixels
    header = data[: max(len(data) - len(pixels), 0)].upper()
    uids = [uid for uid in source_uids if len(uid) >= _MIN_DIGITS_LENGTH]
    if any(word in header for word in (*search.wide_numbers, *uids)):
        return True
    if searching.stands_in(header, search.texts):
        return True
    # few beginnings stand for many UIDs
    beginnings = {uid[:_MIN_DIGITS_LENGTH] for uid in uids}
    if not searching.stands_in(pixels, search.in_bytes | beginnings):
        return False
    return searching.stands_in(pixels, search.in_bytes) or any(uid in bytes(pixels) for uid in uids)
