"""What a visitor asks of the library, read from the address; what makes no sense is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from library.search.facets import BY_NAME, FACETS

MOST_LETTERS = 200
SORTS = {
    "best": "Best match",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "day": "Day from onset",
    "severity": "Most severe first",
}
_OTHERS = {"q", "sort", "page"}
# whatever a mail or a social network adds to an address is nobody's mistake
_ADDED = ("utm_", "fbclid", "gclid")


@dataclass(frozen=True)
class Asked:
    """Words, values by facet, an order, and sentences on what was left out."""

    words: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "newest"
    problems: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return not self.words and not self.chosen

    @property
    def url(self) -> str:
        """The address of this search: the same for the same search, however it was asked."""
        is_usual = self.sort == _default_sort(self.words)
        order = [] if is_usual else [("sort", self.sort)]
        return _address("library:cases", [*self._pairs(), *order])

    @property
    def feed_url(self) -> str:
        """The feed of what this search finds; a feed has an order of its own."""
        return _address("library:feed", self._pairs())

    def _pairs(self) -> list[tuple[str, str]]:
        words = [("q", self.words)] if self.words else []
        chosen = [(name, value) for name in BY_NAME for value in self.chosen.get(name, ())]
        return words + chosen

    def without(self, facet: str, value: str) -> "Asked":
        left = {
            name: tuple(each for each in values if (name, each) != (facet, value))
            for name, values in self.chosen.items()
        }
        return replace(self, chosen={name: values for name, values in left.items() if values})

    def with_words(self, words: str) -> "Asked":
        sort = self.sort if words or self.sort != "best" else "newest"
        return replace(self, words=words, sort=sort)


def read(parameters: QueryDict, known: Mapping[str, Mapping[str, str]]) -> Asked:
    """`known` holds every facet's values with their words."""
    problems = []
    words = " ".join(
        "".join(c if c.isprintable() else " " for c in parameters.get("q", "")).split()
    )
    if len(words) > MOST_LETTERS:
        words = words[:MOST_LETTERS].strip()
        problems.append(f"Only the first {MOST_LETTERS} characters of the search were used.")
    chosen, unknown = {}, 0
    for facet in FACETS:
        given = dict.fromkeys(value for value in parameters.getlist(facet.name) if value)
        found = tuple(value for value in given if value in known[facet.name])
        unknown += len(given) - len(found)
        if found:
            chosen[facet.name] = found
    unknown += sum(
        1
        for name in parameters
        if name not in BY_NAME and name not in _OTHERS and not name.startswith(_ADDED)
    )
    if unknown:
        problems.append(_left_out(unknown))
    sort = parameters.get("sort") or _default_sort(words)
    if sort not in SORTS:
        problems.append("That order is not known here, so the cases are in the usual one.")
        sort = _default_sort(words)
    if sort == "best" and not words:
        sort = "newest"
    return Asked(words, chosen, sort, tuple(problems))


def _address(name: str, pairs: list[tuple[str, str]]) -> str:
    return reverse(name) + (f"?{urlencode(pairs)}" if pairs else "")


def _left_out(count: int) -> str:
    if count == 1:
        return "One filter in the address is not known here, so it was left out."
    return f"{count} filters in the address are not known here, so they were left out."


def _default_sort(words: str) -> str:
    return "best" if words else "newest"
