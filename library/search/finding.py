"""The cases that a search finds, how many each further choice would leave, and cases alike."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import CharField, Count, F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Replace

from library.models import SearchEntry, SearchEntryQuerySet
from library.search import words
from library.search.asked import Asked
from library.search.facets import BY_NAME

# characters for private use: no text of ours has them, and no page shows them
MARK, END_OF_MARK = "\ue000", "\ue001"
_ORDERS = {
    "newest": ["-edition__published_at", "-pk"],
    "oldest": ["edition__published_at", "pk"],
    "day": [F("first_day").asc(nulls_last=True), "-edition__published_at", "-pk"],
    "severity": [F("severity").desc(nulls_last=True), "-edition__published_at", "-pk"],
}
# what two cases have in common counts by what it is
_ALIKE = (
    (3, ("finding", "category")),
    (2, ("distribution", "pcr")),
    (1, ("severity", "day", "modality")),
)
_STRINGS = ArrayField(CharField())


class _Unnested(Func):
    function = "unnest"
    output_field = CharField()


class _InCommon(Func):
    """How many members two arrays share."""

    template = "cardinality(ARRAY(SELECT unnest(%(expressions)s)))"
    arg_joiner = ") INTERSECT SELECT unnest("
    output_field = IntegerField()


@dataclass(frozen=True)
class Found:
    """A search over the public cases; `query` is what its words come to."""

    asked: Asked
    query: SearchQuery | None = None
    _all: SearchEntryQuerySet = field(default_factory=SearchEntry.objects.public)

    def entries(self) -> QuerySet[SearchEntry]:
        """In order, with what a card needs."""
        rows = self._chosen().select_related("edition__teaching_case")
        if self.query is None:
            return rows.none() if self.asked.words else rows.order_by(*_ORDERS[self.asked.sort])
        rows = rows.annotate(
            marked_title=_marked("edition__title", self.query, highlight_all=True),
            marked_passage=_marked("passage", self.query, max_words=40, min_words=20),
        )
        if self.asked.sort != "best":
            return rows.order_by(*_ORDERS[self.asked.sort])
        rank = SearchRank(F("vector"), self.query)
        return rows.order_by(rank.desc(), "-edition__published_at", "-pk")

    def newest(self) -> QuerySet[SearchEntry]:
        """What is found, the newest first, whatever order is asked for."""
        rows = self._chosen().select_related("edition__teaching_case")
        return rows.order_by(*_ORDERS["newest"])

    def count_without_facets(self) -> int:
        return self._with_words().count()

    def counts(self) -> dict[str, int]:
        """How many cases each value would show, beside what the other facets ask: one query.

        A facet of which one value is enough is counted as if nothing of it were chosen.
        """
        apart = [name for name in self.asked.chosen if not BY_NAME[name].all_of]
        rows = _counted(self._chosen(), "")
        if apart:
            others = [_counted(self._chosen(but=name), name) for name in apart]
            rows = rows.union(*others, all=True)
        counts = {}
        for of, value, number in rows:
            name = value.partition(":")[0]
            if of == (name if name in apart else ""):
                counts[value] = number
        return counts

    def _with_words(self) -> SearchEntryQuerySet:
        if self.query is not None:
            return self._all.filter(vector=self.query)
        return self._all.none() if self.asked.words else self._all

    def _chosen(self, but: str = "") -> SearchEntryQuerySet:
        rows = self._with_words()
        for name, values in self.asked.chosen.items():
            stored = [f"{name}:{value}" for value in values]
            if name == but:
                continue
            way = "facets__contains" if BY_NAME[name].all_of else "facets__overlap"
            rows = rows.filter(**{way: stored})
        return rows


def _counted(rows: SearchEntryQuerySet, of: str) -> QuerySet:
    unnested = rows.annotate(of=Value(of, CharField()), value=_Unnested("facets"))
    return unnested.values("of", "value").annotate(n=Count("pk")).values_list("of", "value", "n")


def _marked(name: str, query: SearchQuery, **options: object) -> SearchHeadline:
    text = Replace(
        Replace(F(name), Value("-"), Value(words.parted("-"))), Value("/"), Value(words.parted("/"))
    )
    return SearchHeadline(
        text, query, config=words.CONFIG, start_sel=MARK, stop_sel=END_OF_MARK, **options
    )


def alike(entry: SearchEntry, count: int) -> list[SearchEntry]:
    """The public cases that have most in common with one, the newest first among equals."""
    score: object = Value(0)
    for weight, names in _ALIKE:
        own = [value for value in entry.facets if value.partition(":")[0] in names]
        score += _InCommon(F("facets"), Value(own, output_field=_STRINGS)) * weight
    others = SearchEntry.objects.public().exclude(pk=entry.pk).annotate(score=score)
    found = others.filter(score__gt=max(weight for weight, _ in _ALIKE))
    rows = found.select_related("edition__teaching_case")
    return list(rows.order_by("-score", "-edition__published_at")[:count])


def split_marks(text: str) -> Iterable[tuple[bool, str]]:
    """The pieces of a marked text, each with whether it was found."""
    for piece in text.split(MARK):
        found, closed, rest = piece.partition(END_OF_MARK)
        if closed:
            yield True, words.joined(found)
            yield False, words.joined(rest)
        else:
            yield False, words.joined(piece)
