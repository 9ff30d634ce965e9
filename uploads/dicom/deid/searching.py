"""Searching the pixels of a slice for a hundred words, as text and as UTF-16, in a tenth of a
millisecond.

One table over pairs of bytes leaves few places; further tables, and then the words, decide there.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

MIN_LENGTH = 6
# so many pairs at a time: what is worked out of them stays in the processor's cache
_WINDOW = 128 * 1024
# the marks of ways of writing: of a wide way the first, second and third pair
_EVEN_TEXT, _ODD_TEXT, _EVEN_WIDE, _ODD_WIDE = 1, 2, 4, 32
_PLACE_OF_EVEN_WIDE = 2
_TWO_LETTERS = 0x0101
_TEXT, _WIDE = np.uint8(_EVEN_TEXT | _ODD_TEXT), np.uint8(_EVEN_WIDE | _ODD_WIDE)
# words times bytes: so little is searched for word by word
_LITTLE = 400_000
# so many places in a window are no chance: search for word by word instead
_MANY = 2_000


class _Way(NamedTuple):
    """One way in which a word may lie over aligned pairs of bytes.

    `marked` say which values the pair that has `mark` may have; a wide way marks three pairs, one
    after the other, since zero bytes alone tell little. `steps` say which two letters may stand so
    many pairs further on: in one pair as text, in two as UTF-16, whose first bytes are zero when
    `shift` is 8. The word began `before` bytes before that pair; `beginning` then says which values
    the pair before may have.
    """

    mark: int
    before: int
    marked: tuple[np.ndarray, ...]
    steps: tuple[tuple[int, np.ndarray], ...]
    beginning: np.ndarray | None = None
    is_wide: bool = False
    shift: int = 0


class _Tables(NamedTuple):
    marks: np.ndarray
    ways: tuple[_Way, ...]
    words: tuple[bytes, ...]
    wide: tuple[bytes, ...]
    longest: int
    lowest: int
    highest: int


def stands_in(data: bytes | memoryview, words: frozenset[bytes]) -> bool:
    """Whether any word stands anywhere in `data`, in any case, as Latin-1 or as either UTF-16.

    Parameters
    ----------
    words
        Upper-case, each of at least MIN_LENGTH bytes.
    """
    if not words or len(data) < MIN_LENGTH:
        return False
    if len(words) * len(data) < _LITTLE:
        return _plainly(bytes(data), words)
    tables = _tables(words)
    pairs = np.frombuffer(data, "<u2", len(data) // 2)
    for way, marked in _marked(pairs, tables):
        places = _candidates(pairs, marked, way)
        if len(places) > _MANY:
            return _plainly(bytes(data), words)
        starts = (2 * places - way.before).tolist()
        if any(_begins(data, start, tables, is_wide=way.is_wide) for start in starts):
            return True
    return False


def _marked(pairs: np.ndarray, tables: _Tables) -> Iterator[tuple[_Way, np.ndarray]]:
    """Where a word may begin each way: wherever it does, whole pairs of it are aligned."""
    if _has_no_second_letter(pairs, tables):
        # as most CT: only even UTF-16 is left
        way = tables.ways[_PLACE_OF_EVEN_WIDE]
        yield from ((way, places) for places in _runs_of_letters(pairs, tables))
        return
    for start in range(0, len(pairs), _WINDOW):
        # two more pairs, for those that need three
        places, found = _marks(pairs[start : start + _WINDOW + 2], tables)
        yield from ((way, start + places[found & way.mark != 0]) for way in tables.ways)


def _marks(pairs: np.ndarray, tables: _Tables) -> tuple[np.ndarray, np.ndarray]:
    """The places that have marks, and which."""
    marks = np.zeros(len(pairs) + 2, np.uint8)
    np.take(tables.marks, pairs, out=marks[:-2], mode="clip")
    in_wide = marks[:-2] & (marks[1:-1] >> 1) & (marks[2:] >> 2) & _WIDE
    marked = np.flatnonzero((marks[:-2] & _TEXT | in_wide) != 0)
    return marked, marks[marked]


def _has_no_second_letter(pairs: np.ndarray, tables: _Tables) -> bool:
    """Whether no second byte can be of a word, as the smallest and the largest number show."""
    numbers = pairs.view("<i2")
    # the second byte of a number below zero is a high one
    least = (tables.highest + 1 << 8) - (1 << 16)
    return int(numbers.max(initial=0)) < tables.lowest << 8 and least <= int(numbers.min(initial=0))


def _runs_of_letters(pairs: np.ndarray, tables: _Tables) -> Iterator[np.ndarray]:
    """Where five letters may begin, each with a zero byte behind it.

    Wherever five stand in a row, four of them are two aligned pairs of letters.
    """
    lowest, span = np.uint16(tables.lowest), np.uint16(tables.highest - tables.lowest)
    size = min(len(pairs), _WINDOW + 4)
    above, letters = np.empty(size, np.uint16), np.empty(size, bool)
    for start in range(0, len(pairs), _WINDOW):
        # four more pairs, for a row that begins with the last one
        window = pairs[start : start + _WINDOW + 4]
        above, letters = above[: len(window)], letters[: len(window)]
        # differences below zero wrap to large ones
        np.subtract(window, lowest, out=above)
        np.less_equal(above, span, out=letters)
        are_two = letters[: len(window) & ~1].view("<u2") == _TWO_LETTERS
        places = 2 * np.flatnonzero(are_two[:-1] & are_two[1:])
        before = places[letters[places - 1]] - 1
        behind = places[np.take(letters, places + 4, mode="clip")]
        yield start + np.concatenate((behind, before[before >= 0]))


def _candidates(pairs: np.ndarray, places: np.ndarray, way: _Way) -> np.ndarray:
    """Those of the places where the letters of a word may follow; of a word as text, or wide."""
    reach = MIN_LENGTH - 1 if way.is_wide else len(way.steps)
    places = places[places + reach <= len(pairs)]
    if way.beginning is not None:
        # no word begins before the data
        places = places[places > 0]
        places = places[way.beginning[pairs[places - 1]]]
    for step, table in way.steps:
        two = pairs[places + step]
        if way.is_wide:
            # what is no letter beside zero may come to any value here, and is met by the words
            two = (two >> way.shift) + (pairs[places + step + 1] << 8 - way.shift)
        places = places[table[two]]
    return places


def _begins(data: bytes | memoryview, start: int, tables: _Tables, *, is_wide: bool) -> bool:
    if is_wide:
        return bytes(data[start : start + 2 * tables.longest]).upper().startswith(tables.wide)
    return bytes(data[start : start + tables.longest]).upper().startswith(tables.words)


def _plainly(data: bytes, words: frozenset[bytes]) -> bool:
    upper = data.upper()
    # whatever stands there as UTF-16 stands as text in what is left without zero bytes
    narrow = upper.replace(b"\0", b"")
    likely = (word for word, narrowed in _narrowed(words) if narrowed in narrow)
    return any(word in upper or wide(word) in upper for word in likely)


@lru_cache(maxsize=16)
def _narrowed(words: frozenset[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((word, word.replace(b"\0", b"")) for word in words)


def wide(word: bytes) -> bytes:
    """A word as UTF-16 of either byte order: what they have in common."""
    return word.decode("latin-1").encode("utf-16-le")[:-1]


@lru_cache(maxsize=16)
def _tables(words: frozenset[bytes]) -> _Tables:
    even = _letters(words, ((0, 1), (2, 3), (4, 5)))
    odd = _letters(words, ((1, 2), (3, 4)))
    beginning = _second_bytes(words)
    low = _letters(words, ((0, None), (1, None), (2, None)))
    high = _letters(words, ((None, 1), (None, 2), (None, 3)))
    in_pairs, wide_steps = tuple(enumerate(even)), ((0, even[0]), (2, even[1]))
    ways = (
        _Way(_EVEN_TEXT, 0, even[:1], in_pairs),
        _Way(_ODD_TEXT, 1, odd[:1], tuple(enumerate(odd)), beginning),
        _Way(_EVEN_WIDE, 0, low, wide_steps, is_wide=True),
        _Way(_ODD_WIDE, 1, high, ((0, odd[0]), (2, odd[1])), beginning, is_wide=True, shift=8),
    )
    marks = np.zeros(1 << 16, np.uint8)
    for way in ways:
        for place, table in enumerate(way.marked):
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


def _letters(
    words: frozenset[bytes], places: tuple[tuple[int | None, int | None], ...]
) -> tuple[np.ndarray, ...]:
    """For each pair of places in a word the values that may stand there; None is a zero byte."""
    tables = []
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
        tables.append(table)
    return tuple(tables)


def _second_bytes(words: frozenset[bytes]) -> np.ndarray:
    """The pairs whose second byte may begin a word, whatever the first is."""
    firsts = {byte for word in words for byte in _spellings(word[0])}
    return np.repeat(np.isin(np.arange(256), list(firsts)), 256)


def _byte(word: bytes, place: int | None) -> int:
    return 0 if place is None else word[place]


def _spellings(byte: int) -> tuple[int, int]:
    return byte, bytes([byte]).lower()[0]
