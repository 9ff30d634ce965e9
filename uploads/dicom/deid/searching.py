"""Searching the pixels of a slice for a hundred words, as text and as UTF-16, in a tenth of a
millisecond.

One table over pairs of bytes leaves few places; further tables, and then the words, decide there.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

MIN_LENGTH = 6
# even, so that pairs stay aligned; what is worked out of a window stays in the processor's cache
_WINDOW_BYTES = 128 * 1024
# the marks of ways of writing: of a wide way the first, second and third pair
_EVEN_TEXT, _ODD_TEXT, _EVEN_WIDE, _ODD_WIDE = 1, 2, 4, 32
_PLACE_OF_EVEN_WIDE = 2
_TWO_LETTERS = 0x0101
_TEXT, _WIDE = np.uint8(_EVEN_TEXT | _ODD_TEXT), np.uint8(_EVEN_WIDE | _ODD_WIDE)
# so many places in a window are no chance: compare word by word instead
_MANY = 2_000


class _Way(NamedTuple):
    """One way in which a word may lie over aligned pairs of bytes.

    `steps` say for each pair, from the one that has `mark`, which values may stand there; the first
    three of a wide way have a mark each, since zero bytes alone tell little. `before` is how many
    bytes the word began before that pair; `beginning` then says which values that pair may have.
    """

    mark: int
    before: int
    is_wide: bool
    steps: tuple[np.ndarray, ...]
    beginning: np.ndarray | None = None


class _Tables(NamedTuple):
    marks: np.ndarray
    ways: tuple[_Way, ...]
    words: tuple[bytes, ...]
    wide: tuple[bytes, ...]
    longest: int
    lowest: int
    highest: int


def stands_in(data: bytes, words: frozenset[bytes]) -> bool:
    """Whether any word stands anywhere in `data`, in any case, as Latin-1 or as either UTF-16.

    Parameters
    ----------
    words
        Upper-case, each of at least MIN_LENGTH bytes.
    """
    if not words or len(data) < MIN_LENGTH:
        return False
    tables = _tables(words)
    # a word that begins in one window may end in the next
    reach = _WINDOW_BYTES + 2 * tables.longest
    windows = (data[start : start + reach] for start in range(0, len(data), _WINDOW_BYTES))
    return any(_stands_within(window, tables, words) for window in windows)


def _stands_within(data: bytes, tables: _Tables, words: frozenset[bytes]) -> bool:
    pairs = np.frombuffer(data, "<u2", len(data) // 2)
    for way, marked in _marked(pairs, tables):
        places = _candidates(pairs, marked, way)
        if len(places) > _MANY:
            return _plainly(data, words)
        starts = (2 * places - way.before).tolist()
        if any(_begins(data, start, tables, is_wide=way.is_wide) for start in starts):
            return True
    return False


def _marked(pairs: np.ndarray, tables: _Tables) -> list[tuple[_Way, np.ndarray]]:
    """Where a word may begin each way: wherever it does, whole pairs of it are aligned."""
    if _has_no_second_letter(pairs, tables):
        # as most CT: only even UTF-16 is left
        return [(tables.ways[_PLACE_OF_EVEN_WIDE], _runs_of_letters(pairs, tables))]
    marks = np.zeros(len(pairs) + 2, np.uint8)
    np.take(tables.marks, pairs, out=marks[:-2], mode="clip")
    in_wide = marks[:-2] & (marks[1:-1] >> 1) & (marks[2:] >> 2) & _WIDE
    marked = np.flatnonzero((marks[:-2] & _TEXT | in_wide) != 0)
    found = marks[marked]
    return [(way, marked[found & way.mark != 0]) for way in tables.ways]


def _has_no_second_letter(pairs: np.ndarray, tables: _Tables) -> bool:
    """Whether no second byte can be of a word, as the smallest and the largest number show."""
    numbers = pairs.view("<i2")
    # the second byte of a number below zero is a high one
    least = (tables.highest + 1 << 8) - (1 << 16)
    return int(numbers.max(initial=0)) < tables.lowest << 8 and least <= int(numbers.min(initial=0))


def _runs_of_letters(pairs: np.ndarray, tables: _Tables) -> np.ndarray:
    """Where five letters may begin, each with a zero byte behind it.

    Wherever five stand in a row, four of them are two aligned pairs of letters.
    """
    lowest, highest = tables.lowest, tables.highest
    # differences below zero wrap to large ones
    is_letter = (pairs[: len(pairs) & ~1] - np.uint16(lowest)) <= np.uint16(highest - lowest)
    are_two = is_letter.view("<u2") == _TWO_LETTERS
    places = 2 * np.flatnonzero(are_two[:-1] & are_two[1:])
    return np.concatenate((places, places[places > 0] - 1))


def _candidates(pairs: np.ndarray, places: np.ndarray, way: _Way) -> np.ndarray:
    places = places[places + len(way.steps) <= len(pairs)]
    if way.beginning is not None:
        # no word begins before the data
        places = places[places > 0]
        places = places[way.beginning[pairs[places - 1]]]
    for step, table in enumerate(way.steps[1:], start=1):
        if not len(places):
            break
        places = places[table[pairs[places + step]]]
    return places


def _begins(data: bytes, start: int, tables: _Tables, *, is_wide: bool) -> bool:
    if is_wide:
        return data[start : start + 2 * tables.longest].upper().startswith(tables.wide)
    return data[start : start + tables.longest].upper().startswith(tables.words)


def _plainly(data: bytes, words: Iterable[bytes]) -> bool:
    upper = data.upper()
    return any(word in upper for word in (*words, *map(wide, words)))


def wide(word: bytes) -> bytes:
    """A word as UTF-16 of either byte order: what they have in common."""
    return word.decode("latin-1").encode("utf-16-le")[:-1]


@lru_cache(maxsize=16)
def _tables(words: frozenset[bytes]) -> _Tables:
    ways = (
        _Way(_EVEN_TEXT, 0, False, _steps(words, ((0, 1), (2, 3), (4, 5)))),
        _Way(_ODD_TEXT, 1, False, _steps(words, ((1, 2), (3, 4))), _second_bytes(words)),
        _Way(_EVEN_WIDE, 0, True, _steps(words, tuple((n, None) for n in range(MIN_LENGTH - 1)))),
        _Way(_ODD_WIDE, 1, True, _steps(words, tuple((None, n) for n in range(1, MIN_LENGTH)))),
    )
    marks = np.zeros(1 << 16, np.uint8)
    for way in ways:
        for place, table in enumerate(way.steps[: 3 if way.is_wide else 1]):
            marks[table] |= way.mark << place
    return _Tables(
        marks,
        ways,
        tuple(words),
        tuple(map(wide, words)),
        longest=max(map(len, words)),
        lowest=min(map(min, words)),
        highest=max(max(word.lower()) for word in words),
    )


def _steps(
    words: frozenset[bytes], places: tuple[tuple[int | None, int | None], ...]
) -> tuple[np.ndarray, ...]:
    """For each pair of places in a word the values that may stand there; None is a zero byte."""
    steps = []
    for low, high in places:
        # thousands of words have few beginnings
        pairs = {(_byte(word, low), _byte(word, high)) for word in words}
        table = np.zeros(1 << 16, bool)
        table[
            [
                second << 8 | first
                for one, other in pairs
                for second in _spellings(other)
                for first in _spellings(one)
            ]
        ] = True
        steps.append(table)
    return tuple(steps)


def _second_bytes(words: frozenset[bytes]) -> np.ndarray:
    """The pairs whose second byte may begin a word, whatever the first is."""
    firsts = {byte for word in words for byte in _spellings(word[0])}
    return np.repeat(np.isin(np.arange(256), list(firsts)), 256)


def _byte(word: bytes, place: int | None) -> int:
    return 0 if place is None else word[place]


def _spellings(byte: int) -> tuple[int, int]:
    return byte, bytes([byte]).lower()[0]
