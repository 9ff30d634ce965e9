"""The source's own identifiers: what no output of it may hold, gathered at every depth."""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from pydicom.datadict import DicomDictionary, tag_for_keyword

from uploads.dicom.deid.values import STANDARD_UIDS, plain
from uploads.dicom.elements import Element

_IDENTIFYING = (
    *("PatientID", "OtherPatientIDs", "IssuerOfPatientID", "MedicalRecordLocator", "AdmissionID"),
    *("IssuerOfAdmissionID", "AccessionNumber", "StudyID", "RequestedProcedureID"),
    *(
        "ScheduledProcedureStepID",
        "PerformedProcedureStepID",
        "FillerOrderNumberImagingServiceRequest",
    ),
    *("PlacerOrderNumberImagingServiceRequest", "ServiceEpisodeID", "InstitutionName"),
    *("InstitutionAddress", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber"),
    *("PatientAddress", "PatientTelephoneNumbers", "InsurancePlanIdentification", "DetectorID"),
    *("PlateID", "CassetteID", "GantryID", "PatientBirthName", "OtherPatientNames", "MilitaryRank"),
    *("PatientReligiousPreference", "Occupation", "CountryOfResidence", "RegionOfResidence"),
)
_IDENTIFYING_TAGS = frozenset(
    int(tag) for tag in map(tag_for_keyword, _IDENTIFYING) if tag is not None
)
_PERSONAL_TAGS = frozenset(
    int(tag)
    for tag in map(tag_for_keyword, ("PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID"))
    if tag is not None
)
_BIRTH_DATE = 0x00100030
_WORD = re.compile(rb"[^0-9A-Za-z\x80-\xff]+")
# without a VR of its own an element has the dictionary's
_LOOKED_AT = frozenset(("UI", "PN", "UN", "SQ", ""))
_MONTHS = (
    *("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER"),
    *("OCTOBER", "NOVEMBER", "DECEMBER"),
)
MIN_LENGTH = 3


@dataclass(frozen=True)
class Identifiers:
    """Upper-case bytes. `personal` are names and numbers of people, `other` places and devices."""

    personal: frozenset[bytes]
    other: frozenset[bytes]
    birth_dates: frozenset[bytes]
    uids: frozenset[bytes]

    @property
    def words(self) -> frozenset[bytes]:
        return self.personal | self.other


NOTHING = Identifiers(frozenset(), frozenset(), frozenset(), frozenset())


def united(found: Iterable[Identifiers]) -> Identifiers:
    """What `gathered` finds in several data sets together."""
    personal: set[bytes] = set()
    other: set[bytes] = set()
    birth_dates: set[bytes] = set()
    uids: set[bytes] = set()
    for each in found:
        if each is NOTHING:
            continue
        personal |= each.personal
        other |= each.other
        birth_dates |= each.birth_dates
        uids |= each.uids
    return Identifiers(
        frozenset(personal), frozenset(other - personal), frozenset(birth_dates), frozenset(uids)
    )


def gathered(elements: Iterable[Element]) -> Identifiers:
    personal: set[bytes] = set()
    other: set[bytes] = set()
    birth_dates: set[bytes] = set()
    uids: set[bytes] = set()
    for element in flattened(elements):
        vr = _vr(element)
        if vr == "UI":
            uids.update(_uids(element.value))
        elif vr == "PN" or element.tag in _PERSONAL_TAGS:
            personal.update(_words(element.value))
        elif element.tag in _IDENTIFYING_TAGS:
            other.update(_words(element.value))
        elif element.tag == _BIRTH_DATE:
            birth_dates.update(spellings(element.value))
    if not (personal or other or birth_dates or uids):
        return NOTHING
    return Identifiers(
        frozenset(personal), frozenset(other - personal), frozenset(birth_dates), frozenset(uids)
    )


def may_identify(tag: int, vr: str) -> bool:
    """Whether `gathered` looks at the value of such an element."""
    return (
        vr in _LOOKED_AT
        or tag in _IDENTIFYING_TAGS
        or tag in _PERSONAL_TAGS
        or (tag == _BIRTH_DATE)
    )


def flattened(elements: Iterable[Element]) -> Iterator[Element]:
    """Every element at every depth."""
    for element in elements:
        if element.items is None:
            yield element
        else:
            for item in element.items:
                yield from flattened(item)


def spellings(birth_date: bytes) -> set[bytes]:
    """A date as people write it."""
    digits = plain(birth_date).replace(b".", b"")
    if not re.fullmatch(rb"\d{8}", digits):
        return set()
    try:
        date = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return set()
    return {text.encode("ascii") for text in _spelt(date)}


def _spelt(date: datetime.date) -> Iterator[str]:
    year, month, day = f"{date.year:04d}", f"{date.month:02d}", f"{date.day:02d}"
    yield year + month + day
    yield day + month + year
    for mark in "-/. ":
        yield mark.join((year, month, day))
        # a year of two digits, and a day without its zero, are met in prose
        for years, days, months in product(
            {year, year[2:]}, {day, str(date.day)}, {month, str(date.month)}
        ):
            yield mark.join((days, months, years))
            yield mark.join((months, days, years))
    name = _MONTHS[date.month - 1]
    for days, months, mark in product(
        {day, str(date.day)}, {name[:3], name}, ("", " ", "-", "/", ".")
    ):
        yield mark.join((days, months, year))
        yield mark.join((months, days, year))
    yield f"{name} {date.day}, {year}"


def _vr(element: Element) -> str:
    """The VR as written, or the dictionary's where the file says none or UN."""
    return element.vr if element.vr not in ("", "UN") else _dictionary_vr(element.tag)


@lru_cache(maxsize=4096)
def _dictionary_vr(tag: int) -> str:
    entry = DicomDictionary.get(tag)
    return entry[0] if entry else ""


def _words(value: bytes) -> set[bytes]:
    text = value.strip(b" \0").upper()
    whole = {part.strip() for part in text.split(b"\\")}
    joined = {re.sub(rb"[\s\-]+", b"", part) for part in whole}
    parts = set(_WORD.split(text))
    return {word for word in whole | joined | parts if len(word) >= MIN_LENGTH}


def _uids(value: bytes) -> set[bytes]:
    parts = {part.strip(b" \0") for part in value.split(b"\\")}
    return {part for part in parts if part and part not in STANDARD_UIDS}
