"""The figures of agreement: the page's quick way gives what the plain functions give."""

import time

import numpy as np
import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from review.agreement import (
    bootstrap_interval,
    cohen_kappa,
    krippendorff_alpha,
    percent_agreement,
)
from review.measuring import figures_for, ratings_of_the_settled, resampling
from review.models import Case
from tests.factories import member
from tests.review import crowd, making
from tests.signing_in import sign_in
from uploads.models import Upload

pytestmark = pytest.mark.django_db
PAGE = "review:agreement"
TABLE = "review:agreement-csv"


def table_of(ratings, values):
    """Readers by studies, as `review.agreement` wants them."""
    table = np.full((len(ratings.members), ratings.study_count), np.nan)
    table[ratings.readers, ratings.studies] = values
    return table


@pytest.fixture
def panel():
    """One scheme alone, so that the plain functions can say it all."""
    readers = crowd.readings(cases=90, readers=6)
    Case.objects.filter(case_studies__study__modality="CR").update(
        status="set_aside",
        set_aside_reason="face",
        set_aside_at="2020-01-01T00:00Z",
        set_aside_by=readers[0],
    )
    return readers


def test_alpha_of_the_page_is_alpha_of_the_ratings(panel):
    ratings = ratings_of_the_settled()
    found = figures_for(ratings, readers=[])
    categories = table_of(ratings, ratings.categories)
    severities = table_of(ratings, ratings.severities)

    category, severity, include = found.overall

    assert category.coefficient == pytest.approx(krippendorff_alpha(categories))
    assert category.agreement == pytest.approx(percent_agreement(categories))
    assert category.n == 60
    assert severity.coefficient == pytest.approx(krippendorff_alpha(severities, "ordinal"))
    assert include.coefficient == pytest.approx(
        krippendorff_alpha(table_of(ratings, ratings.includes))
    )


def test_the_interval_is_that_of_the_plain_bootstrap(panel):
    """Each case here has one study, so drawing cases is drawing units."""
    ratings = ratings_of_the_settled()
    low, high = bootstrap_interval(
        krippendorff_alpha, table_of(ratings, ratings.categories), seed=resampling.SEED
    )

    found = figures_for(ratings, readers=[]).overall[0]

    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-5)
    assert found == figures_for(ratings, readers=[]).overall[0]


def test_a_category_is_measured_against_all_others(panel):
    ratings = ratings_of_the_settled()
    found = figures_for(ratings, readers=[])
    for place, label in enumerate(ratings.scheme_list[0].categories):
        row = next(row for row in found.categories if row.label == label)
        own = table_of(ratings, (ratings.categories == place).astype(float))
        low, high = bootstrap_interval(krippendorff_alpha, own, seed=resampling.SEED)

        assert row.coefficient == pytest.approx(krippendorff_alpha(own))
        assert (row.low, row.high) == pytest.approx((low, high), abs=1e-5)


def test_a_pair_of_readers_has_cohens_kappa(panel):
    ratings = ratings_of_the_settled()
    table = table_of(ratings, ratings.categories)
    found = figures_for(ratings, readers=ratings.members)

    assert len(found.pairs) == found.pairs_in_all == 15
    for pair in found.pairs:
        a, b = (table[ratings.members.index(pk)] for pk in (pair.first, pair.second))
        assert pair.measure.coefficient == pytest.approx(cohen_kappa(a, b), nan_ok=True)
        assert pair.measure.n == (~np.isnan(a) & ~np.isnan(b)).sum()


def test_a_month_counts_the_cases_settled_in_it(panel):
    ratings = ratings_of_the_settled()
    table, months = table_of(ratings, ratings.categories), np.array(ratings.months)
    rows = figures_for(ratings, readers=[]).months

    assert [row.label for row in rows] == sorted(set(ratings.months))
    for row in rows:
        # a study is in the place of its case here
        own = table[:, months == row.label]
        assert row.coefficient == pytest.approx(krippendorff_alpha(own), nan_ok=True)
        assert row.n == own.shape[1]


def test_schemes_are_strata_that_never_meet():
    """Perfect within each of two schemes is perfect; chance within each is nothing, pooled too."""
    agreed = [np.diag([4.0, 6.0]), np.diag([3.0, 3.0, 2.0])]
    by_chance = [np.full((2, 2), 50.0), np.full((3, 3), 40.0)]

    assert resampling.nominal_alpha(agreed) == 1
    assert abs(resampling.nominal_alpha(by_chance)) < 0.02
    assert resampling.kappa(by_chance) == pytest.approx(0)


def test_a_reading_that_is_not_to_be_known_yet_is_in_no_figure(client):
    reader = making.panellist()
    sign_in(client, reader)
    making.decided_case()
    case = making.given_case(reader)
    before = client.get(reverse(PAGE)).context["figures"]

    making.submitted_reading(case, making.panellist(), include=False)

    assert repr(client.get(reverse(PAGE)).context["figures"]) == repr(before)
    assert before.cases == 1
    assert ratings_of_the_settled().case_count == 1


def test_a_case_opened_again_and_a_withdrawn_study_count_no_more(client):
    case, other = making.decided_case(), making.decided_case()
    assert ratings_of_the_settled().case_count == 2

    Case.objects.filter(pk=case.pk).update(status="open", settled_at=None)
    Upload.objects.filter(pk=other.case_studies.get().study.upload_id).update(status="withdrawn")

    assert len(ratings_of_the_settled()) == 0


def test_a_reader_sees_their_own_figures_and_nobodys_name(client):
    crowd.readings(cases=60, readers=5)
    me, other = making.panellist(), making.panellist()
    sign_in(client, me)
    page = client.get(reverse(PAGE)).content.decode()
    assert "None of your readings" in page
    assert "Reader Number" not in page

    case = making.given_case(me)
    making.submitted_reading(case, me)
    making.submitted_reading(case, other)
    page = client.get(reverse(PAGE)).content.decode()

    assert "You and the others" in page
    assert "Reader Number" not in page
    assert other.name not in page
    assert "Reader Number" not in b"".join(client.get(reverse(TABLE)).streaming_content).decode()


def test_a_chair_sees_readers_and_pairs_by_name(client):
    crowd.readings(cases=60, readers=5)
    sign_in(client, making.chair())

    page = client.get(reverse(PAGE)).content.decode()

    assert "Reader Number 0 and Reader Number 1" in page
    assert "Landis and Koch (1977)" in page


def test_the_table_is_saved_with_its_act_in_the_trail(client):
    crowd.readings(cases=60, readers=5)
    sign_in(client, making.chair())

    lines = b"".join(client.get(reverse(TABLE)).streaming_content).decode().splitlines()

    assert lines[0].startswith("part,of,coefficient,value,interval_low")
    overall = lines[1].split(",")
    assert overall[:3] == ["Overall", "Category", "Krippendorff’s alpha"]
    assert float(overall[4]) < float(overall[3]) < float(overall[5])
    assert any(
        line.startswith("Pairs of readers,Reader Number 0 and Reader Number 1") for line in lines
    )
    entry = LogEntry.objects.filter(additional_data__verb="agreement.exported").get()
    assert entry.additional_data["facts"] == {"rows": len(lines) - 1}


def test_every_chart_has_a_table_that_says_the_same(client):
    crowd.readings(cases=60, readers=5)
    sign_in(client, making.chair())
    answer = client.get(reverse(PAGE))
    page = answer.content.decode()

    assert page.count("<svg") == page.count("<table")
    for section in answer.context["sections"]:
        drawn = {mark.label for mark in section["chart"].marks} - {""}
        assert drawn <= {row.label for row in section["rows"] if row.is_defined}
    for each in answer.context["matrices"]:
        shown = [cell.count for cell in each["chart"].cells]
        assert shown == [count for row in each["matrix"].counts for count in row]


def test_without_a_settled_case_the_page_says_what_will_be_there(client):
    sign_in(client, making.panellist())

    page = client.get(reverse(PAGE)).content.decode()

    assert "No case is settled yet" in page
    assert "<svg" not in page


def test_others_may_not_see_the_page(client):
    sign_in(client, member(("editor", "auditor", "administrator")))

    assert client.get(reverse(PAGE)).status_code == 403
    assert client.get(reverse(TABLE)).status_code == 403


@pytest.mark.parametrize("who", [making.panellist, making.chair])
def test_a_thousand_cases_take_less_than_a_third_of_a_second_and_twelve_queries(client, who):
    crowd.readings(cases=1000, readers=40)
    sign_in(client, who())

    assert fastest(client, reverse(PAGE)) < 0.3

    page = client.get(reverse(PAGE)).content.decode()
    assert "3000 locked readings of 1000 settled cases" in page


def fastest(client, address: str, *, most_queries: int = 12) -> float:
    """The server's time for a page, in seconds: its processor's and its queries'.

    The clock on the wall would measure the tests that run beside.
    """
    times = []
    for _ in range(5):
        with CaptureQueriesContext(connection) as queries:
            start = time.process_time()
            assert client.get(address).status_code == 200
            spent = time.process_time() - start
        assert len(queries) <= most_queries
        times.append(spent + sum(float(query["time"]) for query in queries))
    return min(times)
