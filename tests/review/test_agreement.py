"""Agreement, against published examples and against packages that others wrote."""

import subprocess
import sys

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from review.agreement import (
    band,
    bootstrap_interval,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    percent_agreement,
)

NAN = float("nan")
# Krippendorff 2011, section C: four observers, twelve units
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
# a widely printed example: ten subjects, fourteen raters, five categories
FOURTEEN_RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_what_krippendorff_printed(level, alpha):
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=0.0005)


tables = st.integers(2, 6).flatmap(
    lambda readers: st.lists(
        st.lists(st.sampled_from([NAN, 0.0, 1.0, 2.0, 4.0]), min_size=readers, max_size=readers),
        min_size=3,
        max_size=30,
    )
)


@given(tables, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_is_what_the_package_says(units, level):
    ratings = np.array(units).T
    rated = (~np.isnan(ratings)).sum(axis=0) >= 2
    if len(np.unique(ratings[:, rated][~np.isnan(ratings[:, rated])])) < 2:
        return
    theirs = krippendorff.alpha(ratings[:, rated], level_of_measurement=level)

    assert krippendorff_alpha(ratings, level) == pytest.approx(theirs, abs=1e-9)


def test_two_readers_of_a_textbook_table_have_a_kappa_of_two_fifths():
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no
    a = [1] * 25 + [0] * 25
    b = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15

    assert cohen_kappa(a, b) == pytest.approx(0.4)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 3]), st.sampled_from([0, 1, 2, 3])), min_size=2),
    st.sampled_from([None, "linear", "quadratic"]),
)
def test_kappa_is_what_the_package_says(pairs, weights):
    a, b = np.array(pairs).T
    values = np.unique([a, b])
    if len(values) < 2:
        return
    table = np.array([[((a == i) & (b == j)).sum() for j in values] for i in values])
    theirs = inter_rater.cohens_kappa(table, wt=weights, return_results=False)

    assert cohen_kappa(a, b, weights) == pytest.approx(theirs, abs=1e-9)


def test_weights_go_by_rank_not_by_value():
    spread, even = [0, 10, 100, 0], [0, 1, 2, 0]
    other = {0: 10, 10: 100, 100: 100}

    far = cohen_kappa(spread, [other[value] for value in spread], "linear")
    near = cohen_kappa(even, [1, 2, 2, 1], "linear")

    assert far == pytest.approx(near)


def test_units_that_one_reader_left_out_do_not_count():
    assert cohen_kappa([1, 0, NAN, 1], [1, 0, 1, NAN]) == 1


def test_fourteen_raters_agree_by_a_fifth():
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(0.210, abs=0.0005)
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(inter_rater.fleiss_kappa(FOURTEEN_RATERS))


def test_the_share_of_agreeing_pairs_is_counted_within_units():
    # unit one: three pairs, one alike; unit two: one pair, alike; unit three: no pair
    assert percent_agreement([[1, 2, 1], [1, 2, NAN], [2, NAN, NAN]]) == 0.5


def test_an_interval_holds_the_coefficient_and_is_the_same_for_a_seed():
    random = np.random.default_rng(4)
    truth = random.integers(0, 4, 120)
    ratings = [np.where(random.random(120) < 0.8, truth, random.integers(0, 4, 120))] * 1
    ratings += [np.where(random.random(120) < 0.8, truth, random.integers(0, 4, 120))]

    low, high = bootstrap_interval(krippendorff_alpha, ratings, seed=1, replicates=300)

    assert low < krippendorff_alpha(ratings) < high
    assert 0 < high - low < 0.4
    assert bootstrap_interval(krippendorff_alpha, ratings, seed=1, replicates=300) == (low, high)
    narrow = bootstrap_interval(krippendorff_alpha, ratings, seed=1, replicates=300, confidence=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_where_all_is_one_nothing_can_be_told_from_chance():
    assert np.isnan(krippendorff_alpha([[1, 1, 1], [1, 1, 1]]))
    assert np.isnan(cohen_kappa([2, 2], [2, 2]))
    assert np.isnan(fleiss_kappa([[3, 0], [3, 0]]))
    assert np.isnan(bootstrap_interval(krippendorff_alpha, [[1, 1], [1, 1]], seed=0)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: krippendorff_alpha([[1, NAN], [NAN, 2]]),
        lambda: krippendorff_alpha([[1, 2], [1, 2]], "ratio"),
        lambda: krippendorff_alpha([1, 2, 3]),
        lambda: cohen_kappa([1, 2], [1, 2, 3]),
        lambda: cohen_kappa([NAN], [1]),
        lambda: cohen_kappa([1, 2], [2, 1], "cubic"),
        lambda: fleiss_kappa([[1, 1], [2, 1]]),
        lambda: fleiss_kappa([[1, 0]]),
        lambda: percent_agreement([[1], [NAN]]),
    ],
)
def test_what_cannot_be_counted_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\."):
        wrong()


@pytest.mark.parametrize(
    ("coefficient", "words"),
    [
        (-0.3, "slight"),
        (0.20, "slight"),
        (0.21, "fair"),
        (0.47, "moderate"),
        (0.716, "substantial"),
        (0.81, "almost perfect"),
        (1.0, "almost perfect"),
        (NAN, ""),
    ],
)
def test_a_coefficient_has_its_words(coefficient, words):
    assert band(coefficient) == words


def test_it_is_used_without_django():
    asked = "import sys, review.agreement; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
