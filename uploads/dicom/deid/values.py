"""Value rules: what stays comes from a closed vocabulary or a numeric pattern.

A rule takes the bytes of a value (little endian) and gives what may stand in the output, without
padding, or None. Each says in words what it accepts, for docs/deid-profile.md.
"""

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from pydicom.datadict import DicomDictionary
from pydicom.uid import UID_dictionary

Check = Callable[[bytes], bytes | None]

_DECIMAL = re.compile(rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
# DS has 16, but software that converts images writes all digits of a float (0.976562976837158)
_MAX_DECIMAL_LENGTH = 24
# some scanners write 310.0
_INTEGER = re.compile(rb"([+-]?\d{1,10})(?:\.0{0,6})?")
_AGE = re.compile(rb"(\d{1,3})([DWMY])")
_TIME = re.compile(rb"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?")
_OLD_TIME = re.compile(rb"(\d\d):(\d\d):(\d\d(?:\.\d{1,6})?)")
_ORIENTATION = re.compile(rb"[ALHFPR]{1,3}")


class Accepted(NamedTuple):
    """What a value rule accepts: a sentence, and the words of a closed vocabulary."""

    sentence: str
    words: tuple[str, ...] = ()


_ACCEPTED: dict[Check, Accepted] = {}

STANDARD_UIDS = frozenset(uid.encode("ascii") for uid in UID_dictionary)


def plain(value: bytes) -> bytes:
    """A text value up to its first NUL, without padding."""
    return value.split(b"\0", 1)[0].strip(b" \t\r\n\f")


def parts_of(value: bytes) -> list[bytes]:
    return [part.strip(b" \t\r\n\f") for part in plain(value).split(b"\\")]


def accepted_by(check: Check) -> Accepted:
    """What a value rule accepts, in words."""
    return _ACCEPTED[check]


def _told(check: Check, sentence: str, words: Iterable[str] = ()) -> Check:
    _ACCEPTED[check] = Accepted(sentence, tuple(words))
    return check


# --- Text ------------------------------------------------------------------------


def one_of(*words: str) -> Check:
    """One value of a closed vocabulary."""
    accepted = _encoded(words)

    def check(value: bytes) -> bytes | None:
        word = plain(value)
        return word if word in accepted else None

    return _told(check, "one of", words)


def one_in_any_case(*words: str) -> Check:
    """One value of a closed vocabulary, also as scanners spell it: `Chest`, `chest`."""
    accepted = _encoded(
        spelling for word in words for spelling in (word, word.capitalize(), word.lower())
    )

    def check(value: bytes) -> bytes | None:
        word = plain(value)
        return word if word in accepted else None

    return _told(check, "one of, in capitals or not:", words)


def some_of(*words: str) -> Check:
    """Any number of values, those of a closed vocabulary stay."""
    accepted = _encoded(words)

    def check(value: bytes) -> bytes | None:
        kept = [part for part in parts_of(value) if part in accepted]
        return b"\\".join(kept) or None

    return _told(check, "those values that are one of", words)


def all_of(*words: str) -> Check:
    """Any number of values, all of a closed vocabulary: each stands for a value beside it."""
    accepted = _encoded(words)

    def check(value: bytes) -> bytes | None:
        parts = parts_of(value)
        return b"\\".join(parts) if accepted.issuperset(parts) else None

    return _told(check, "values that are all one of", words)


def image_type(*words: str, has_four: bool = False) -> Check:
    """ImageType: values 1 and 2 always stand; of the others the known (C.7.6.1.1.2).

    `has_four`: of enhanced images there are exactly four, an unknown one becomes OTHER (C.8.16.1).
    """
    accepted = _encoded(words)

    def check(value: bytes) -> bytes | None:
        parts = [*parts_of(value), b"", b""]
        first = parts[0] if parts[0] in (b"ORIGINAL", b"MIXED") else b"DERIVED"
        second = parts[1] if parts[1] == b"PRIMARY" else b"SECONDARY"
        if has_four:
            kept = [part if part in accepted else b"OTHER" for part in (*parts[2:], b"", b"")][:2]
        else:
            kept = [part for part in parts[2:] if part in accepted]
        return b"\\".join((first, second, *kept))

    others = "two of, or OTHER:" if has_four else "those that are one of"
    return _told(check, f"ORIGINAL, MIXED or DERIVED; PRIMARY or SECONDARY; then {others}", words)


def matching(pattern: str, meaning: str, *, most: int = 1) -> Check:
    """Values that match a pattern whole, at most so many; `meaning` says it in words."""
    compiled = re.compile(pattern.encode("ascii"))

    def check(value: bytes) -> bytes | None:
        parts = parts_of(value)
        if not 0 < len(parts) <= most or not all(map(compiled.fullmatch, parts)):
            return None
        return b"\\".join(parts)

    return _told(check, _counted(meaning, 1, most))


def time(value: bytes) -> bytes | None:
    """A TM; the old form with colons is written as the standard asks."""
    word = plain(value)
    old = _OLD_TIME.fullmatch(word)
    word = b"".join(old.groups()) if old else word
    return word if _TIME.fullmatch(word) else None


def age(value: bytes) -> bytes | None:
    """An AS in years, from below one year 000Y, above 89 years 090Y."""
    found = _AGE.fullmatch(plain(value))
    if found is None:
        return None
    days = {b"D": 1, b"W": 7, b"M": 30.4375, b"Y": 365.25}[found[2]]
    return years_as_age(int(int(found[1]) * days / 365.25 + 1e-9))


def years_as_age(years: int) -> bytes:
    return b"%03dY" % (90 if years > 89 else years)


def orientation(value: bytes) -> bytes | None:
    """PatientOrientation: two directions (C.7.6.1.1.1)."""
    parts = parts_of(value)
    is_right = len(parts) == 2 and all(map(_ORIENTATION.fullmatch, parts))
    return b"\\".join(parts) if is_right else None


def standard_uid(value: bytes) -> bytes | None:
    """A UID that the standard itself defines."""
    word = plain(value)
    return word if word in STANDARD_UIDS else None


# --- Numbers ----------------------------------------------------------------------


def decimal(low: float, high: float, *, least: int = 1, most: int = 1) -> Check:
    """DS values within a range; the text stays as it is written, also when it is a bit long."""

    @lru_cache(maxsize=512)
    def check_part(part: bytes) -> bool:
        is_number = len(part) <= _MAX_DECIMAL_LENGTH and _DECIMAL.fullmatch(part) is not None
        return is_number and low <= float(part) <= high

    def check(value: bytes) -> bytes | None:
        parts = parts_of(value)
        if not least <= len(parts) <= most or not all(map(check_part, parts)):
            return None
        return b"\\".join(parts)

    return _told(check, _counted(f"a decimal from {_number(low)} to {_number(high)}", least, most))


def integer(low: int, high: int, *, least: int = 1, most: int = 1) -> Check:
    """IS values within a range; the text stays as it is written."""

    def is_right(part: bytes) -> bool:
        found = _INTEGER.fullmatch(part)
        return found is not None and low <= int(found[1]) <= high

    def check(value: bytes) -> bytes | None:
        parts = parts_of(value)
        if not least <= len(parts) <= most:
            return None
        if not all(map(is_right, parts)):
            return None
        return b"\\".join(parts)

    return _told(check, _counted(f"a whole number from {low:,} to {high:,}", least, most))


def binary(code: str, low: float, high: float, *, least: int = 1, most: int = 1) -> Check:
    """Binary numbers (struct code) within a range, NaN and infinity not among them.

    A floating-point number other than 0 is at least a thousandth or a millionth: smaller ones are
    what digits and UTF-16 letters look like, as numbers above 131,071 are what letters look like.
    """
    struct = Struct("<" + code)
    least_size = {"f": 1e-3, "d": 1e-6}.get(code, 0)

    def check(value: bytes) -> bytes | None:
        count, rest = divmod(len(value), struct.size)
        if rest or not least <= count <= most:
            return None
        numbers = [number for (number,) in struct.iter_unpack(value)]
        is_right = all(
            math.isfinite(number)
            and low <= number <= high
            and (abs(number) >= least_size or number == 0)
            for number in numbers
        )
        return value if is_right else None

    return _told(
        check, _counted(f"a binary number from {_number(low)} to {_number(high)}", least, most)
    )


def lut_descriptor(value: bytes) -> bytes | None:
    """Entries, first value mapped and bits of a lookup table (C.11.1.1.1)."""
    if len(value) != 6:
        return None
    return value if 8 <= int.from_bytes(value[4:], "little") <= 16 else None


def lut_data(value: bytes) -> bytes | None:
    """The entries of a lookup table that only rises or only falls: text does neither."""
    if len(value) % 2 or not 32 <= len(value) <= 131_072:
        return None
    entries = [entry for (entry,) in Struct("<H").iter_unpack(value)]
    is_rising = all(one <= next_one for one, next_one in pairwise(entries))
    is_falling = all(one >= next_one for one, next_one in pairwise(entries))
    return value if is_rising or is_falling else None


def tag_pointer(value: bytes) -> bytes | None:
    """An AT that points at an attribute the standard knows."""
    if len(value) != 4:
        return None
    tag = int.from_bytes(value[:2], "little") << 16 | int.from_bytes(value[2:], "little")
    return value if tag in DicomDictionary else None


def _counted(sentence: str, least: int, most: int) -> str:
    if most == 1:
        return sentence
    return f"{least if least == most else f'up to {most}'} values, each {sentence}"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"


def _encoded(words: Iterable[str]) -> frozenset[bytes]:
    return frozenset(word.encode("ascii") for word in words)


for _check, _sentence in (
    (time, "a time of day"),
    (orientation, "two directions of the letters A, L, H, F, P, R"),
    (standard_uid, "a UID that the standard itself defines"),
    (tag_pointer, "an attribute that the standard defines"),
    (lut_descriptor, "three numbers: entries, first value mapped, 8 to 16 bits"),
    (lut_data, "at least 16 numbers that only rise or only fall"),
):
    _told(_check, _sentence)
