"""Searching megabytes of pixels for a hundred words, as text and as UTF-16, in about a millisecond.

Tables over pairs of bytes leave few places, and only those are compared with the words.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

MIN_LENGTH = 6
# so many places are no chance: compare word by word instead
_MANY = 20_000


class _Tables(NamedTuple):
    """For each step of a search which 16-bit values may stand there."""

    text: tuple[np.ndarray, ...]
    wide: tuple[np.ndarray, ...]
    words: tuple[bytes, ...]
    longest: int


def stands_in(data: bytes, words: frozenset[bytes]) -> bool:
    """Whether any word stands anywhere in `data`, in any case, as Latin-1 or as UTF-16.

    Parameters
    ----------
    words
        Upper-case, each of at least MIN_LENGTH bytes.
    """
    if not words or len(data) < MIN_LENGTH:
        return False
    tables = _tables(words)
    for offset in (0, 1):
        pairs = np.frombuffer(data, "<u2", max(len(data) - offset, 0) // 2, offset)
        for steps, is_wide in ((tables.text, False), (tables.wide, True)):
            places = offset + 2 * _candidates(pairs, steps)
            if len(places) > _MANY:
                return _plainly(data, words)
            if any(_begins(data, place, tables, is_wide=is_wide) for place in places.tolist()):
                return True
    return False


def _candidates(pairs: np.ndarray, steps: tuple[np.ndarray, ...]) -> np.ndarray:
    places = np.flatnonzero(steps[0][pairs])
    places = places[places + len(steps) <= len(pairs)]
    for step, table in enumerate(steps[1:], start=1):
        if not len(places):
            break
        places = places[table[pairs[places + step]]]
    return places


def _begins(data: bytes, place: int, tables: _Tables, *, is_wide: bool) -> bool:
    if is_wide:
        units = data[place : place + 2 * tables.longest]
        found = units[: len(units) // 2 * 2].decode("utf-16-le", "replace")
        return found.encode("latin-1", "replace").upper().startswith(tables.words)
    return data[place : place + tables.longest].upper().startswith(tables.words)


def _plainly(data: bytes, words: Iterable[bytes]) -> bool:
    upper = data.upper()
    wide = (word.decode("latin-1").encode("utf-16-le") for word in words)
    return any(word in upper for word in (*words, *wide))


@lru_cache(maxsize=16)
def _tables(words: frozenset[bytes]) -> _Tables:
    text = tuple(np.zeros(1 << 16, bool) for _ in range(MIN_LENGTH // 2))
    wide = tuple(np.zeros(1 << 16, bool) for _ in range(MIN_LENGTH))
    for word in words:
        cases = [{byte, *bytes([byte]).lower()} for byte in word[:MIN_LENGTH]]
        for place, spellings in enumerate(cases):
            wide[place][list(spellings)] = True
        for place, table in enumerate(text):
            for first in cases[2 * place]:
                table[[first | second << 8 for second in cases[2 * place + 1]]] = True
    return _Tables(text, wide, tuple(words), max(map(len, words)))
