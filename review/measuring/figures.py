"""The page's figures: each a coefficient with its interval, of one part of the ratings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from review.agreement import band
from review.measuring import resampling
from review.measuring.ratings import SEVERITIES, Ratings, Scheme
from review.measuring.resampling import Coefficient, Floats, Whole
from review.models import ReportingScheme

ENOUGH = 10  # units; below, a coefficient has no words to it


@dataclass(frozen=True)
class Measure:
    """How well readings of one part agree: `n` units were rated twice or more."""

    label: str
    what: str
    coefficient: float
    low: float
    high: float
    agreement: float
    n: int

    @property
    def is_defined(self) -> bool:
        return not np.isnan(self.coefficient)

    @property
    def has_interval(self) -> bool:
        return self.is_defined and not np.isnan(self.low)

    @property
    def percent(self) -> int:
        """The share of agreeing pairs, of a measure that has one."""
        return round(100 * self.agreement)

    @property
    def band(self) -> str:
        """The words of Landis and Koch for the coefficient as it is printed."""
        if self.n < ENOUGH or not self.is_defined:
            return ""
        return band(round(self.coefficient, 2))


@dataclass(frozen=True)
class Matrix:
    """How often a reading of one category met one of another, of one scheme."""

    scheme: str
    categories: tuple[str, ...]
    counts: list[list[int]]


@dataclass(frozen=True)
class Pair:
    """Two readers' measure, by their keys."""

    first: int
    second: int
    measure: Measure


@dataclass(frozen=True)
class Figures:
    """All that the page shows; readers by their keys, which only a chair may turn into names."""

    cases: int
    readings: int
    overall: list[Measure] = field(default_factory=list)
    modalities: list[Measure] = field(default_factory=list)
    schemes: list[Measure] = field(default_factory=list)
    categories: list[Measure] = field(default_factory=list)
    months: list[Measure] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    readers: dict[int, Measure] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    pairs_in_all: int = 0


def figures_for(
    ratings: Ratings, *, readers: Iterable[int], most_pairs: int | None = None
) -> Figures:
    """The figures of everything, and of those `readers` beside all others.

    `most_pairs` of two of them are measured, those with the most studies in common first.
    """
    readings = len(set(zip(ratings.cases.tolist(), ratings.readers.tolist(), strict=True)))
    if not len(ratings):
        return Figures(cases=0, readings=0)
    tables, meetings = _Tables(ratings), _Meetings(ratings)
    wanted = set(readers)
    pairs = meetings.pairs(wanted)
    return Figures(
        cases=ratings.case_count,
        readings=readings,
        overall=_overall(tables),
        modalities=[row for each in ReportingScheme.Modality for row in _modality(tables, each)],
        schemes=[tables.category(scheme.name, [place]) for place, scheme in tables.listed],
        categories=[row for place, _ in tables.listed for row in _categories(tables, place)],
        months=_months(tables),
        matrices=[_matrix(tables, place) for place, _ in tables.listed],
        readers={
            pk: meetings.of_reader(place, tables.draws)
            for place, pk in enumerate(ratings.members)
            if pk in wanted
        },
        pairs=[meetings.of_pair(each, tables.draws) for each in pairs[:most_pairs]],
        pairs_in_all=len(pairs),
    )


class _Tables:
    """The counts of every case, by what is asked: category by scheme, severity, include."""

    def __init__(self, ratings: Ratings):
        self.ratings = ratings
        self.case_of_study = np.zeros(ratings.study_count, int)
        self.case_of_study[ratings.studies] = ratings.cases

    @cached_property
    def draws(self) -> Floats:
        return resampling.draws_of(self.ratings.case_count)

    @cached_property
    def listed(self) -> list[tuple[int, Scheme]]:
        """The schemes with their places, by name."""
        return sorted(enumerate(self.ratings.scheme_list), key=lambda each: each[1].name)

    @cached_property
    def counts(self) -> list[Floats]:
        """How often each study was given each category, by scheme."""
        ratings = self.ratings
        found = []
        for place, scheme in enumerate(ratings.scheme_list):
            own = ratings.schemes == place
            size = (ratings.study_count, len(scheme.categories))
            found.append(
                resampling.counts_of(ratings.studies[own], ratings.categories[own], size=size)
            )
        return found

    @cached_property
    def severities(self) -> Floats:
        size = (self.ratings.study_count, SEVERITIES)
        return resampling.counts_of(self.ratings.studies, self.ratings.severities, size=size)

    @cached_property
    def includes(self) -> Floats:
        """How often each case was to be included or not: once a reader, not once a study."""
        ratings = self.ratings
        said = np.unique(np.stack([ratings.cases, ratings.readers, ratings.includes]), axis=1)
        return resampling.counts_of(said[0], said[2], size=(ratings.case_count, 2))

    @cached_property
    def coincidences(self) -> list[Floats]:
        """Of each scheme, by case."""
        return [self.by_case(resampling.coincidences(counts)) for counts in self.counts]

    @cached_property
    def replicated(self) -> list[Floats]:
        return [resampling.drawn(self.draws, table) for table in self.coincidences]

    def by_case(self, parts: Floats) -> Floats:
        number = self.ratings.case_count
        return resampling.summed(parts, self.case_of_study, number=number)

    def category(
        self, label: str, places: Sequence[int], among: Whole | None = None, *, what: str = ""
    ) -> Measure:
        """Alpha of the categories of some schemes, of all cases or of those `among`."""
        tables = [self.coincidences[place] for place in places]
        counts = [self.counts[place] for place in places]
        if among is None:
            replicated = [self.replicated[place] for place in places]
        else:
            replicated = [resampling.drawn(self.draws, table, among) for table in tables]
            tables = [table[among] for table in tables]
            kept = np.isin(self.case_of_study, among)
            counts = [each[kept] for each in counts]
        whole = [table.sum(axis=0) for table in tables]
        return _measure(label, what, resampling.nominal_alpha, whole, replicated, counts)

    def rated(
        self, label: str, what: str, counts: Floats, cases: Whole, coefficient: Coefficient
    ) -> Measure:
        """Alpha of units with one scale; `cases` says to which each belongs."""
        parts = resampling.summed(
            resampling.coincidences(counts), cases, number=self.ratings.case_count
        )
        replicated = [resampling.drawn(self.draws, parts)]
        return _measure(label, what, coefficient, [parts.sum(axis=0)], replicated, [counts])


def _measure(
    label: str,
    what: str,
    coefficient: Coefficient,
    whole: Sequence[Floats],
    replicated: Sequence[Floats],
    counts: Sequence[Floats],
) -> Measure:
    same = sum(resampling.alike(each).sum(axis=0) for each in counts)
    low, high = resampling.interval(coefficient(replicated))
    n = sum(int((each.sum(axis=1) >= 2).sum()) for each in counts)
    value, share = float(coefficient(whole)), float(resampling.share_of(same))
    return Measure(label, what, value, low, high, share, n)


CATEGORY, SEVERITY, INCLUDE = "Category", "Severity", "Whether to include the case"


def _overall(tables: _Tables) -> list[Measure]:
    ratings = tables.ratings
    every = range(len(ratings.scheme_list))
    cases = np.arange(ratings.case_count)
    return [
        tables.category(CATEGORY, every, what=CATEGORY),
        _severity(tables, SEVERITY, tables.severities),
        tables.rated(INCLUDE, INCLUDE, tables.includes, cases, resampling.nominal_alpha),
    ]


def _severity(tables: _Tables, label: str, counts: Floats) -> Measure:
    return tables.rated(label, SEVERITY, counts, tables.case_of_study, resampling.ordinal_alpha)


def _modality(tables: _Tables, modality: str) -> list[Measure]:
    """Of the studies of one modality, by the schemes that are for it."""
    schemes = tables.ratings.scheme_list
    places = [place for place, each in enumerate(schemes) if each.modality == modality]
    if not places:
        return []
    of_it = sum(tables.counts[place].sum(axis=1) for place in places)
    label = ReportingScheme.Modality(modality).label
    severities = tables.severities * (of_it > 0)[:, None]
    return [
        tables.category(f"{label}: category", places, what=CATEGORY),
        _severity(tables, f"{label}: severity", severities),
    ]


def _categories(tables: _Tables, place: int) -> list[Measure]:
    """Of each category: alpha of it against the rest, and how often the other said it too."""
    scheme, counts = tables.ratings.scheme_list[place], tables.counts[place]
    whole, replicated = tables.coincidences[place].sum(axis=0), tables.replicated[place]
    twice = counts[counts.sum(axis=1) >= 2]
    found = []
    for value, label in enumerate(scheme.categories):
        low, high = resampling.interval(
            resampling.nominal_alpha([resampling.one_against_rest(replicated, value)])
        )
        own = resampling.one_against_rest(whole, value)
        # of the pairs with this category, those that have it twice
        both = np.array([whole[value, value], whole[value].sum()])
        n = int((twice[:, value] > 0).sum())
        alpha, share = resampling.nominal_alpha([own]), resampling.share_of(both)
        found.append(Measure(label, scheme.name, float(alpha), low, high, float(share), n))
    return [each for each in found if each.n]


def _months(tables: _Tables) -> list[Measure]:
    """By the month in which cases were settled."""
    months = np.array(tables.ratings.months)
    every = range(len(tables.ratings.scheme_list))
    return [
        tables.category(month, every, np.flatnonzero(months == month))
        for month in sorted(set(tables.ratings.months))
    ]


def _matrix(tables: _Tables, place: int) -> Matrix:
    """Each pair of readings counts twice, once from each side; so the table is symmetrical."""
    scheme, counts = tables.ratings.scheme_list[place], tables.counts[place]
    pairs = np.rint(counts.T @ counts - np.diag(counts.sum(axis=0))).astype(int)
    return Matrix(scheme.name, scheme.categories, pairs.tolist())


class _Meetings:
    """Every two readings of one study: of which case, by what scheme, and what each said."""

    def __init__(self, ratings: Ratings):
        self.ratings = ratings
        self.first, self.second = _meetings(ratings.studies)

    def pairs(self, wanted: set[int]) -> list[tuple[int, int]]:
        """The places of two readers with a study in common, the most such studies first."""
        members, readers = self.ratings.members, self.ratings.readers
        keys = np.sort(np.stack([readers[self.first], readers[self.second]]), axis=0)
        found, counts = np.unique(keys, axis=1, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return [
            (a, b)
            for a, b in found[:, order].T.tolist()
            if members[a] in wanted and members[b] in wanted
        ]

    def of_pair(self, pair: tuple[int, int], draws: Floats) -> Pair:
        readers = self.ratings.readers
        straight = (readers[self.first] == pair[0]) & (readers[self.second] == pair[1])
        turned = (readers[self.first] == pair[1]) & (readers[self.second] == pair[0])
        measure = self._kappa(straight, turned, draws)
        members = self.ratings.members
        return Pair(members[pair[0]], members[pair[1]], measure)

    def of_reader(self, reader: int, draws: Floats) -> Measure:
        """Their ratings against every other of the same studies."""
        readers = self.ratings.readers
        straight, turned = readers[self.first] == reader, readers[self.second] == reader
        return self._kappa(straight, turned, draws)

    def _kappa(self, straight: Whole, turned: Whole, draws: Floats) -> Measure:
        """Rows are the first reader's ratings: `first` where straight, `second` where turned."""
        mine = np.concatenate([self.first[straight], self.second[turned]])
        others = np.concatenate([self.second[straight], self.first[turned]])
        ratings, whole, replicated, same = self.ratings, [], [], 0
        for place in np.unique(ratings.schemes[mine]):
            own = ratings.schemes[mine] == place
            size = len(ratings.scheme_list[place].categories)
            a, b = ratings.categories[mine[own]], ratings.categories[others[own]]
            cases, where = np.unique(ratings.cases[mine[own]], return_inverse=True)
            table = np.zeros((len(cases), size, size))
            np.add.at(table, (where, a, b), 1)
            whole.append(table.sum(axis=0))
            replicated.append(resampling.drawn(draws[cases], table))
            same += int((a == b).sum())
        low, high = resampling.interval(resampling.kappa(replicated)) if whole else (np.nan,) * 2
        return Measure(
            label="",
            what=CATEGORY,
            coefficient=float(resampling.kappa(whole)),
            low=low,
            high=high,
            agreement=same / len(mine) if len(mine) else float("nan"),
            n=len(np.unique(ratings.studies[mine])),
        )


def _meetings(studies: Whole) -> tuple[Whole, Whole]:
    """The places of every two ratings of one study."""
    by_study: dict[int, list[int]] = {}
    for place, study in enumerate(studies.tolist()):
        by_study.setdefault(study, []).append(place)
    found = [pair for places in by_study.values() for pair in combinations(places, 2)]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
