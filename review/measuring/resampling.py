"""Coefficients of many subsets at once, each with its interval, from counts that add up.

Every coefficient of `review.agreement` is a function of a table of counts, and such tables add up
over cases. So one set of draws of cases gives all the intervals of a page by multiplication.
Tables of several schemes are strata: what disagrees, and what chance gives, is summed over them,
and no category of one scheme meets one of another. Pure: numpy alone.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Whole = NDArray[np.integer]
Coefficient = Callable[[Sequence[Floats]], Floats]

REPLICATES = 1000
SEED = 2020  # the same readings give the same intervals
CONFIDENCE = 0.95


def draws_of(cases: int, *, seed: int = SEED, replicates: int = REPLICATES) -> Floats:
    """How often each case is drawn in each replicate: (cases, replicates)."""
    drawn = np.random.default_rng(seed).integers(0, cases, (replicates, cases))
    places = (drawn * replicates + np.arange(replicates)[:, None]).ravel()
    counted = np.bincount(places, minlength=replicates * cases)
    return counted.reshape(cases, replicates).astype(np.float32)


def counts_of(units: Whole, values: Whole, *, size: tuple[int, int]) -> Floats:
    """How often each unit was given each value: (units, values)."""
    flat = np.bincount(units * size[1] + values, minlength=size[0] * size[1])
    return flat.reshape(size).astype(float)


def coincidences(counts: Floats) -> Floats:
    """Krippendorff's coincidences of each unit: (units, values, values).

    All pairs of ratings within the unit, weighing together as much as it has ratings.
    """
    rated = counts.sum(axis=1)
    weights = np.where(rated >= 2, 1 / np.maximum(rated - 1, 1), 0)
    return _pairs(counts) * weights[:, None, None]


def alike(counts: Floats) -> Floats:
    """Of each unit, the pairs of ratings that are the same and all its pairs: (units, 2)."""
    rated = counts.sum(axis=1)
    return np.stack([(counts * (counts - 1)).sum(axis=1), rated * (rated - 1)], axis=1)


def _pairs(counts: Floats) -> Floats:
    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    return pairs


def summed(parts: Floats, cases: Whole, *, number: int) -> Floats:
    """What belongs to one case, added up: (cases, …)."""
    whole = np.zeros((number, *parts.shape[1:]))
    np.add.at(whole, cases, parts)
    return whole


def drawn(draws: Floats, parts: Floats, among: Whole | None = None) -> Floats:
    """The sums over the drawn cases, or over the drawn ones of `among`: (replicates, …)."""
    if among is not None:
        draws, parts = draws[among], parts[among]
    flat = parts.reshape(len(parts), -1).astype(np.float32)
    return (draws.T @ flat).reshape(draws.shape[1], *parts.shape[1:]).astype(float)


def nominal_alpha(strata: Sequence[Floats]) -> Floats:
    return _of_strata(_nominal(table, table.sum(-1), table.sum(-1), 1) for table in strata)


def ordinal_alpha(strata: Sequence[Floats]) -> Floats:
    return _of_strata(_ordinal(table) for table in strata)


def kappa(strata: Sequence[Floats]) -> Floats:
    """Cohen's kappa of tables whose rows are one side's ratings and whose columns the other's."""
    return _of_strata(_nominal(table, table.sum(-1), table.sum(-2), 0) for table in strata)


def share_of(table: Floats) -> Floats:
    """The first column's share of the second."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return table[..., 0] / table[..., 1]


def interval(replicated: Floats) -> tuple[float, float]:
    """The percentile interval; both ends NaN when no draw defines the coefficient."""
    defined = replicated[~np.isnan(replicated)]
    if not len(defined):
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def one_against_rest(table: Floats, value: int) -> Floats:
    """A table of many values as one of two: this value, and any other."""
    own = table[..., value, value]
    row = table[..., value, :].sum(axis=-1) - own
    column = table[..., :, value].sum(axis=-1) - own
    rest = table.sum(axis=(-2, -1)) - own - row - column
    return np.stack([np.stack([own, row], -1), np.stack([column, rest], -1)], -2)


def _of_strata(strata: Iterable[tuple[Floats, Floats]]) -> Floats:
    """From what disagrees in each stratum, and what would by chance."""
    observed, expected = (sum(parts) for parts in zip((0.0, 0.0), *strata, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - observed / expected, np.nan)


def _nominal(table: Floats, rows: Floats, columns: Floats, fewer: int) -> tuple[Floats, Floats]:
    """Unlike is unlike. By chance, with one rating `fewer` to meet: alpha's pairs are of two."""
    total = rows.sum(-1)
    by_chance = total * columns.sum(-1) - (rows * columns).sum(-1)
    return total - np.trace(table, axis1=-2, axis2=-1), by_chance / np.maximum(total - fewer, 1)


def _ordinal(table: Floats) -> tuple[Floats, Floats]:
    """By the square of how many ratings lie between two values."""
    totals = table.sum(axis=-1)
    middles = np.cumsum(totals, axis=-1) - totals / 2
    distance = (middles[..., :, None] - middles[..., None, :]) ** 2
    by_chance = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
    return (table * distance).sum(axis=(-2, -1)), by_chance / np.maximum(totals.sum(-1) - 1, 1)
