"""Free text screened for what could name a patient, before it is accepted.

A screen, not a proof: a person checks again before anything is published. What is found is shown
to the one who typed it and nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from uploads.vocabulary import FIRST_NAMES, NEVER_WORDS, NOT_NAMES


class Kind(StrEnum):
    DATE = "a date"
    NAME = "a name"
    NHS_NUMBER = "an NHS number"
    HOSPITAL_NUMBER = "a hospital number"
    PHONE_NUMBER = "a phone number"
    POSTCODE = "a postcode"
    EMAIL = "an e-mail address"


@dataclass(frozen=True)
class Suspicion:
    """A stretch of the text, and what it looks like. Characters count from 0."""

    kind: Kind
    start: int
    end: int


def suspicions(text: str) -> list[Suspicion]:
    """What in `text` could name a patient, in reading order, none inside another."""
    found: list[Suspicion] = []
    for search in (_emails, _dates, _numbers, _postcodes, _names):
        for seen in search(text):
            if all(seen.end <= other.start or seen.start >= other.end for other in found):
                found.append(seen)
    return sorted(found, key=lambda seen: seen.start)


def sentence(text: str, seen: Suspicion) -> str:
    """What to tell the person who typed `text`."""
    piece = text[seen.start : seen.end]
    return (
        f"“{piece}” (character {seen.start + 1}) looks like {seen.kind.value}. "
        f"{_CURES.get(seen.kind, 'Take it out.')}"
    )


_CURES = {
    Kind.DATE: "Write days from the first symptom instead.",
    Kind.NAME: "Take out names of people and places.",
}

# --- Dates --------------------------------------------------------------------

_MONTHS = (
    "january|february|april|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_MONTH = rf"(?:(?i:{_MONTHS})|March|MARCH|May|MAY)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
# a year is not one when a unit follows: "2000 ml"
_UNIT = r"(?!\s?(?:[mnp][lg]|mcg|µg|ug|g|units?|iu|l/|ml/|/|x\s?10|steps|m\b|feet|%))"
_DATES = [
    re.compile(rf"\b{_YEAR}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?\b"),
    re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\1(?:\d{4}|\d\d)\b"),
    re.compile(r"\b(?:0?[1-9]|1[0-2])([-/])(?:0?[1-9]|[12]\d|3[01])\1(?:\d{4}|\d\d)\b"),
    # 03/04 is a date, 5/7 is five days and 3/10 a score
    re.compile(r"(?<![\d/.])(?:0[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])(?![\d/])"),
    re.compile(rf"\b{_DAY}(?:\s+of)?[\s-]*{_MONTH}\b(?:[\s,-]*(?:{_YEAR}|'?\d\d))?", re.UNICODE),
    re.compile(rf"\b{_MONTH}[\s,-]+{_DAY}\b(?:[\s,]+{_YEAR})?"),
    re.compile(rf"\b{_MONTH}[\s,-]+(?:{_YEAR}|'\d\d)\b"),
    re.compile(rf"\b(?i:in|since|during|until|from|by|early|late|mid)[\s-]+{_MONTH}\b"),
    re.compile(r"\b(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d\b"),
    re.compile(r"\b(?i:d\.?o\.?b\b\.?|date of birth)"),
    re.compile(rf"\b{_YEAR}\b{_UNIT}"),
]


def _dates(text: str) -> Iterator[Suspicion]:
    for pattern in _DATES:
        for match in pattern.finditer(text):
            yield Suspicion(Kind.DATE, match.start(), match.end())


# --- Numbers ------------------------------------------------------------------

_TEN_DIGITS = re.compile(r"(?<![\d.])\d{3}[\s-]?\d{3}[\s-]?\d{4}(?![\d])")
_PHONE = re.compile(r"(?<![\d.])(?:\+44\s?(?:\(0\)\s?)?|\(?0)[1-9](?:[\s()-]?\d){7,9}(?!\d)")
_LABELLED = re.compile(
    r"\b(?i:nhs|chi|h\s?&\s?c|mrn|hospital|hosp|patient|unit|accession|pas)"
    r"(?i:\s*(?:number|num|no\.?|id|#))?\s*[:#]?\s*[A-Za-z]{0,3}\d{4,}\b"
)
_LETTERS_AND_DIGITS = re.compile(r"\b[A-Za-z]{1,3}[- ]?\d{6,9}[A-Za-z]?\b")
_LONG = re.compile(r"(?<![\d.,])\d{6,}(?![\d,.]*\d)")


def _numbers(text: str) -> Iterator[Suspicion]:
    for match in _TEN_DIGITS.finditer(text):
        if is_nhs_number(re.sub(r"\D", "", match[0])):
            yield Suspicion(Kind.NHS_NUMBER, match.start(), match.end())
    for match in _PHONE.finditer(text):
        yield Suspicion(Kind.PHONE_NUMBER, match.start(), match.end())
    for pattern in (_LABELLED, _LETTERS_AND_DIGITS, _TEN_DIGITS, _LONG):
        for match in pattern.finditer(text):
            yield Suspicion(Kind.HOSPITAL_NUMBER, match.start(), match.end())


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits carry the NHS number's check digit (modulus 11)."""
    if len(digits) != 10 or not digits.isdecimal():
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)
    )
    check = (11 - total % 11) % 11
    return check != 10 and check == int(digits[9])


# --- Places and addresses -----------------------------------------------------

_POSTCODE = re.compile(
    r"\b(?:[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPSTUW\d]?|GIR)\s?\d[ABD-HJLNP-UW-Z]{2}\b", re.IGNORECASE
)
_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")


def _postcodes(text: str) -> Iterator[Suspicion]:
    for match in _POSTCODE.finditer(text):
        # small letters are a postcode only where they cannot be a dose: "t1 2bd" is none
        if match[0].isupper() or len(match[0].replace(" ", "")) >= 6:
            yield Suspicion(Kind.POSTCODE, match.start(), match.end())


def _emails(text: str) -> Iterator[Suspicion]:
    for match in _EMAIL.finditer(text):
        yield Suspicion(Kind.EMAIL, match.start(), match.end())


# --- Names --------------------------------------------------------------------

_TITLED = re.compile(
    r"\b(?:mrs?\.?\s+[^\W\d_]{2,}|(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lady|Lord|Rev|Reverend|Sister|Baby)\b\.?"
    r"\s+(?:[A-Z]\.?\s+)?[A-Z][\w'’-]+)"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def _names(text: str) -> Iterator[Suspicion]:
    for match in _TITLED.finditer(text):
        yield Suspicion(Kind.NAME, match.start(), match.end())
    words = list(_WORD.finditer(text))
    for word, following in zip_longest(words, words[1:]):
        if not _is_capitalised(word[0]) and word[0].casefold() not in NEVER_WORDS:
            continue
        pair = following and text[word.end() : following.start()] in (" ", ", ", "  ")
        both = pair and _is_capitalised(following[0])
        if word[0].casefold() in FIRST_NAMES:
            end = following.end() if both and not _is_known(following[0]) else word.end()
            yield Suspicion(Kind.NAME, word.start(), end)
        elif both and _are_names(word[0], following[0]):
            yield Suspicion(Kind.NAME, word.start(), following.end())


def _are_names(first: str, second: str) -> bool:
    # two abbreviations are none: "COPD CKD"
    are_abbreviations = first.isupper() and second.isupper()
    return not (are_abbreviations or _is_known(first) or _is_known(second))


def _is_capitalised(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and (word[1:].islower() or len(word) > 2)


def _is_known(word: str) -> bool:
    bare = re.sub(r"['’]s$", "", word).casefold()
    return bare in NOT_NAMES or (word.isupper() and len(word) <= 5)
