"""Words as they are searched for: hyphens are spaces, synonyms are alternatives."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from django.contrib.postgres.search import SearchQuery
from django.db import connection

from library.models import SearchEntry, Synonym

CONFIG = "english"
# looks like a hyphen, and the text parser takes it for a space: "ground‐glass" is two words
_HYPHEN = "\u2010"
_PARTING = str.maketrans(
    {"-": _HYPHEN, "\u2011": _HYPHEN, "\u2012": _HYPHEN, "\u2013": _HYPHEN, "/": " / "}
)
_LEAST_LETTERS = 4
_ALIKE = 0.75


def parted(text: str) -> str:
    """A text as the search reads it."""
    return text.translate(_PARTING)


def joined(text: str) -> str:
    """The same text for people again."""
    return text.replace(_HYPHEN, "-").replace(" / ", "/")


def tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def vocabulary(texts: Iterable[str]) -> list[str]:
    """The words of some texts that a searcher could have misspelled."""
    found = {word for text in texts for word in tokens(text) if word.isalpha()}
    return sorted(word for word in found if _LEAST_LETTERS <= len(word) <= 40)


def synonyms() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    """Every term, word by word, and all terms that mean the same: one query."""
    groups: dict[str, set[tuple[str, ...]]] = {}
    for row in Synonym.objects.all():
        group = groups.setdefault(row.meaning, {tuple(tokens(row.meaning))})
        group.add(tuple(tokens(row.term)))
    return {term: group for group in groups.values() for term in group}


def query_of(
    text: str, known: Mapping[tuple[str, ...], set[tuple[str, ...]]]
) -> SearchQuery | None:
    """What finds a text: all its words, each or its synonyms; words in quotes stay together."""
    whole = None
    for is_quoted, part in _parts(text):
        units = [(tuple(part),)] if is_quoted else _units(part, known)
        for alternatives in units:
            one = None
            for words in sorted(alternatives):
                phrase = SearchQuery(" ".join(words), config=CONFIG, search_type="phrase")
                one = phrase if one is None else one | phrase
            whole = one if whole is None else whole & one
    return whole


def _parts(text: str) -> Iterable[tuple[bool, list[str]]]:
    for place, part in enumerate(text.split('"')):
        if words := tokens(part):
            yield place % 2 == 1, words


def _units(
    words: list[str], known: Mapping[tuple[str, ...], set[tuple[str, ...]]]
) -> list[Iterable[tuple[str, ...]]]:
    """Words in groups of alternatives: the longest known term at each place, else the word."""
    longest = max((len(term) for term in known), default=1)
    units: list[Iterable[tuple[str, ...]]] = []
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            term = tuple(words[place : place + length])
            if term in known or length == 1:
                units.append(known.get(term, {term}))
                place += length
                break
    return units


def respelled(text: str, known: Iterable[tuple[str, ...]]) -> str:
    """The text with each word that no case has replaced by one that is much like it; else "".

    PostgreSQL's own trigrams are an extension that not every server has.
    """
    words = {word for word in tokens(text) if word.isalpha() and len(word) >= _LEAST_LETTERS}
    if not words:
        return ""
    terms = {word for term in known for word in term}
    there = terms | _words_of_about([len(word) for word in words])
    better = {}
    for word in words - there:
        if alike := get_close_matches(word, there, n=1, cutoff=_ALIKE):
            better[word] = alike[0]
    if not better:
        return ""
    return " ".join(better.get(word, word) for word in tokens(text))


def _words_of_about(lengths: list[int]) -> set[str]:
    """The distinct words of the library whose length is near one of these."""
    table = SearchEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT word FROM {table}, unnest(words) word "  # noqa: S608  (our own table)
            "WHERE length(word) BETWEEN %s AND %s",
            [min(lengths) - 2, max(lengths) + 2],
        )
        return {word for (word,) in cursor.fetchall()}
