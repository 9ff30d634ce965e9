"""How well readers agree: chance-corrected coefficients over what several readers said of one unit.

Ratings are an array of shape (readers, units); a reading that is missing is NaN. Ratings are
category codes (nominal), ranks (ordinal) or numbers (interval), without a unit of measure.
Coefficients are 1 for perfect agreement and about 0 for what chance would give.

References
----------
.. [1] K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
.. [2] J. Cohen, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20, 1960;
   "Weighted kappa", Psychol. Bull. 70, 1968.
.. [3] J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychol. Bull. 76, 1971.
.. [4] J. R. Landis, G. G. Koch, "The measurement of observer agreement for categorical data",
   Biometrics 33, 1977.
.. [5] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Level = Literal["nominal", "ordinal", "interval"]
Weights = Literal["linear", "quadratic"] | None
Floats = NDArray[np.float64]

# the upper end of each band, after Landis and Koch [4]
BANDS = (
    (0.20, "slight"),
    (0.40, "fair"),
    (0.60, "moderate"),
    (0.80, "substantial"),
    (1.00, "almost perfect"),
)


def krippendorff_alpha(ratings: ArrayLike, level: Level = "nominal") -> float:
    """Krippendorff's alpha [1], for any number of readers and with readings missing.

    Parameters
    ----------
    ratings
        Shape (readers, units), NaN for missing. Units with fewer than two ratings do not count.
    level
        How far apart two values are: unlike or not, by the ranks between them, or by their
        squared difference.

    Returns
    -------
    float
        NaN when all ratings are the same: then nothing can be told from chance.

    Raises
    ------
    ValueError
        If no unit has two ratings, or the level is unknown.
    """
    values, counts = _counted(ratings)
    rated = counts.sum(axis=1)
    counts, rated = counts[rated >= 2], rated[rated >= 2]
    if not len(counts):
        raise ValueError("No unit has two ratings.")
    # coincidences: every pair of ratings within a unit, a unit's pairs weighing as its ratings
    pairs = counts / (rated - 1)[:, None]
    observed = pairs.T @ counts - np.diag(pairs.sum(axis=0))
    totals = observed.sum(axis=0)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    distance = _distances(values, totals, level)
    by_chance = float((expected * distance).sum())
    if by_chance == 0:
        return float("nan")
    return 1 - float((observed * distance).sum()) / by_chance


def _distances(values: Floats, totals: Floats, level: Level) -> Floats:
    """The squared differences between values, shape (values, values)."""
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "interval":
        return np.subtract.outer(values, values) ** 2
    if level == "ordinal":
        # the ratings up to the middle of each value's own: their difference is what lies between
        middles = np.cumsum(totals) - totals / 2
        return np.subtract.outer(middles, middles) ** 2
    raise ValueError(f"{level!r} is no level of measurement: nominal, ordinal or interval.")


def cohen_kappa(a: ArrayLike, b: ArrayLike, weights: Weights = None) -> float:
    """Cohen's kappa [2] of two readers.

    Parameters
    ----------
    a, b
        Shape (units,), NaN for missing. Units that one of them did not rate do not count.
    weights
        None: unlike is unlike. "linear" and "quadratic": by the distance of the categories' ranks
        among the sorted values that occur.

    Returns
    -------
    float
        NaN when both gave one and the same category throughout.

    Raises
    ------
    ValueError
        If the shapes differ, no unit was rated by both, or the weights are unknown.
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError("Two readers' ratings are two rows of the same units.")
    both = ~(np.isnan(first) | np.isnan(second))
    if not both.any():
        raise ValueError("No unit was rated by both.")
    values, codes = np.unique(np.stack([first[both], second[both]]), return_inverse=True)
    rows, columns = codes.reshape(2, -1)
    observed = np.zeros((len(values), len(values)))
    np.add.at(observed, (rows, columns), 1)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / both.sum()
    ranks = np.arange(len(values), dtype=float)
    distance = _disagreements(np.subtract.outer(ranks, ranks), weights)
    by_chance = float((expected * distance).sum())
    if by_chance == 0:
        return float("nan")
    return 1 - float((observed * distance).sum()) / by_chance


def _disagreements(difference: Floats, weights: Weights) -> Floats:
    if weights is None:
        return (difference != 0).astype(float)
    if weights == "linear":
        return np.abs(difference)
    if weights == "quadratic":
        return difference**2
    raise ValueError(f"{weights!r} are no weights: None, linear or quadratic.")


def fleiss_kappa(counts: ArrayLike) -> float:
    """Fleiss' kappa [3], for units that were rated equally often by whomever.

    Parameters
    ----------
    counts
        Shape (units, categories): how many readers put a unit into a category.

    Returns
    -------
    float
        NaN when one category was given throughout.

    Raises
    ------
    ValueError
        If the units were not rated equally often, or only once.
    """
    table = np.asarray(counts, float)
    rated = table.sum(axis=1) if table.ndim == 2 else np.empty(0)
    if not len(rated) or rated[0] < 2 or (rated != rated[0]).any():
        raise ValueError("Every unit needs the same number of ratings, two or more.")
    readers = rated[0]
    within = ((table**2).sum(axis=1) - readers) / (readers * (readers - 1))
    by_chance = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    if by_chance == 1:
        return float("nan")
    return (float(within.mean()) - by_chance) / (1 - by_chance)


def percent_agreement(ratings: ArrayLike) -> float:
    """The share of pairs of ratings within a unit that are the same, 0 to 1.

    Raises ValueError if no unit has two ratings.
    """
    _, counts = _counted(ratings)
    rated = counts.sum(axis=1)
    pairs = (rated * (rated - 1)).sum()
    if not pairs:
        raise ValueError("No unit has two ratings.")
    return float((counts * (counts - 1)).sum() / pairs)


def bootstrap_interval(
    statistic: Callable[[Floats], float],
    ratings: ArrayLike,
    *,
    seed: int,
    replicates: int = 1000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """A percentile interval [5] of a coefficient: units are drawn anew, readers stay.

    Parameters
    ----------
    statistic
        Takes ratings of shape (readers, units) and gives a coefficient. A draw for which it is
        undefined (NaN, or a ValueError) is left out.
    seed
        The same seed gives the same interval.

    Returns
    -------
    tuple
        Lower and upper end; both NaN when no draw defines the coefficient.
    """
    table = np.atleast_2d(np.asarray(ratings, float))
    units = table.shape[1]
    random = np.random.default_rng(seed)
    found = []
    for _ in range(replicates):
        try:
            found.append(statistic(table[:, random.integers(0, units, units)]))
        except ValueError:
            continue
    defined = np.array([value for value in found if not np.isnan(value)])
    if not len(defined):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def band(coefficient: float) -> str:
    """The words of Landis and Koch [4] for a coefficient; empty for NaN."""
    return next((words for end, words in BANDS if coefficient <= end), "")


def _counted(ratings: ArrayLike) -> tuple[Floats, Floats]:
    """The values that occur, sorted, and how often each unit has each: (units, values)."""
    table = np.asarray(ratings, float)
    if table.ndim != 2:
        raise ValueError("Ratings have two dimensions: readers and units.")
    _, units = np.nonzero(~np.isnan(table))
    values, codes = np.unique(table[~np.isnan(table)], return_inverse=True)
    counts = np.zeros((table.shape[1], len(values)))
    np.add.at(counts, (units, codes), 1)
    return values, counts
