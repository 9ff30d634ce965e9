"""What changed from one edition to the next, word by word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import pairwise, zip_longest

from django.utils.html import strip_tags

from library.models import Edition
from library.text import to_html

_NAMES = {
    "title": "Title",
    "summary": "Summary",
    "key_points": "Key points",
    "differential": "Differential diagnosis",
    "discussion": "Discussion",
    "references": "References",
}
_MARKDOWN = ("key_points", "differential", "discussion")
# a full stop that stays is not taken for a new word
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of text that was `kept`, `added` or `removed`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    name: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Step:
    """One edition, and what it changed of the one before; the first changed nothing."""

    edition: Edition
    changes: list[Change]


def history(editions: Iterable[Edition]) -> list[Step]:
    """Each edition of a case with its changes, the newest first."""
    rows = sorted(editions, key=lambda edition: edition.number)
    steps = [Step(row, []) for row in rows[:1]]
    steps += [Step(after, changes(before, after)) for before, after in pairwise(rows)]
    return steps[::-1]


def changes(before: Edition, after: Edition) -> list[Change]:
    """What is not the same in two editions, in the order of the page."""
    texts = [(name, _text(before, field), _text(after, field)) for field, name in _NAMES.items()]
    pairs = zip_longest(_points(before), _points(after), fillvalue="")
    texts += [
        (f"Teaching point {place}", old, new) for place, (old, new) in enumerate(pairs, start=1)
    ]
    texts.append(("Images", _images(before), _images(after)))
    return [Change(name, pieces(old, new)) for name, old, new in texts if old != new]


def pieces(old: str, new: str) -> list[Piece]:
    """The words of two texts as stretches that were kept, removed and added."""
    first, second = _WORDS.findall(old), _WORDS.findall(new)
    found = []
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            found.append(Piece("kept", "".join(first[start:end])))
            continue
        if start < end:
            found.append(Piece("removed", "".join(first[start:end])))
        if other_start < other_end:
            found.append(Piece("added", "".join(second[other_start:other_end])))
    return found


def _text(edition: Edition, field: str) -> str:
    text = getattr(edition, field)
    return _read(text) if field in _MARKDOWN else text


def _read(markdown: str) -> str:
    """A text as a reader reads it, without the signs of Markdown."""
    return unescape(strip_tags(to_html(markdown))).strip()


def _points(edition: Edition) -> list[str]:
    return [_read(point.text) for point in edition.teaching_points.all()]


def _images(edition: Edition) -> str:
    count = sum(image.number_of_frames for image in edition.images.all())
    return f"{count} images of {edition.shown_series.count()} series"
