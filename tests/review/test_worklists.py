"""The worklist's lists, the place of a case in them, and the figures of work."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from review import services
from review.measuring import loads_for, years_for
from review.models import Assignment, Case, PanelProfile
from tests.review import crowd, making
from tests.review.test_measuring import fastest
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
LIST = "review:worklist"


def numbers(page) -> list[int]:
    return [row["case"].number for row in page.context["rows"]]


def case_page(client, case: Case, **query: str):
    return client.get(reverse("review:case", args=[case.number]), query)


@pytest.fixture
def reader(client):
    reader = making.panellist()
    sign_in(client, reader)
    return reader


@pytest.fixture
def cases(reader) -> list[Case]:
    """Three to read; the first opened is due last."""
    made = [making.given_case(reader) for _ in range(3)]
    today = timezone.localdate()
    for case, days in zip(made, (20, 5, -1), strict=True):
        case.assignments.update(due_on=today + timedelta(days=days))
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"due": "overdue"}, [2]),
        ({"due": "week"}, [2, 1]),
        ({"order": "opened"}, [0, 1, 2]),
        ({"order": "number", "due": "week"}, [1, 2]),
        ({"due": "'; DROP TABLE", "order": "x" * 10_000, "outcome": "<b>"}, [2, 1, 0]),
    ],
)
def test_filters_and_order_stand_in_the_address(client, cases, query, expected):
    page = client.get(reverse(LIST), query)

    assert numbers(page) == [cases[place].number for place in expected]
    counts = {tab["name"]: tab["count"] for tab in page.context["tabs"]}
    assert counts["to-read"] == len(expected)


def test_settled_cases_are_filtered_by_outcome(client, reader):
    accepted, declined = making.decided_case(), making.decided_case("declined")
    sign_in(client, making.chair())
    for outcome, case in (("accepted", accepted), ("declined", declined)):
        page = client.get(reverse(LIST), {"show": "settled", "outcome": outcome})
        assert numbers(page) == [case.number]


def test_a_filter_that_nothing_fits_says_so(client, reader):
    page = client.get(reverse(LIST), {"due": "overdue"})

    assert "No case here fits the filters" in page.content.decode()


def test_the_order_that_a_member_keeps_is_theirs_from_then_on(client, cases, reader):
    client.post(
        reverse("review:profile"),
        {"reads_ct": "on", "reads_radiographs": "on", "worklist_order": "opened"},
    )

    assert PanelProfile.objects.get(member=reader).worklist_order == "opened"
    assert numbers(client.get(reverse(LIST))) == [case.number for case in cases]
    page = case_page(client, cases[0]).context["position"]
    assert (page.index, page.total, page.following) == (1, 3, cases[1].number)


def test_a_case_says_where_it_stands_in_its_list_and_leads_on(client, cases):
    page = case_page(client, cases[1])

    assert "Case 2 of 3 to read" in page.content.decode()
    position = page.context["position"]
    assert (position.previous, position.following) == (cases[2].number, cases[0].number)

    page = case_page(client, cases[1], due="week")
    position = page.context["position"]
    assert (position.index, position.total, position.following) == (2, 2, None)
    address = f"{reverse('review:case', args=[cases[2].number])}?show=to-read&amp;due=week&amp;"
    assert f'href="{address}order=due"' in page.content.decode()


def test_links_of_the_list_lead_to_the_case_within_that_list(client, cases):
    page = client.get(reverse(LIST), {"due": "week"}).content.decode()

    address = reverse("review:case", args=[cases[1].number])
    assert f'href="{address}?show=to-read&amp;due=week&amp;order=due"' in page


def test_a_case_that_is_not_in_the_list_has_no_place_in_it(client, reader):
    case = making.decided_case()

    assert case_page(client, case).context["position"] is None
    position = case_page(client, case, show="settled").context["position"]
    assert (position.index, position.total) == (1, 1)


def test_after_locking_the_next_case_is_the_next_in_ones_order(client, cases, reader):
    making.submitted_reading(cases[2], reader)

    assert case_page(client, cases[2]).context["next_case"] == cases[1]


@pytest.mark.parametrize("show", ["to-read", "settled", "mine", "open"])
def test_a_thousand_cases_take_the_worklist_less_than_a_third_of_a_second(client, show):
    crowd.readings(cases=1000, readers=40)
    chair = making.chair()
    crowd.to_read(chair, cases=60)
    sign_in(client, chair)

    assert fastest(client, f"{reverse(LIST)}?show={show}") < 0.3


# --- Figures of work ----------------------------------------------------------


def test_the_year_counts_what_was_read_agreed_and_how_long_it_took(client, reader):
    agreed, other = making.decided_case(), making.discordant_case()
    services.decide_case(
        case=other,
        actor=making.actor(making.chair()),
        outcome="accepted",
        reason="Read again",
        teaching_value=3,
        at=timezone.now(),
    )
    making.submitted_reading(case := making.given_case(reader), reader)
    at = timezone.now()
    Case.objects.filter(pk=agreed.pk).update(opened_at=at - timedelta(days=2))
    Case.objects.filter(pk=other.pk).update(opened_at=at - timedelta(days=4))

    year = years_for(reader)[0]

    assert (year.settled, year.readings, year.own_readings) == (2, 4, 0)
    assert (year.agreed, year.by_chair, year.adjudicated) == (1, 1, 0)
    assert year.median_days == pytest.approx(3, abs=0.01)
    making.submitted_reading(case, making.panellist())
    assert years_for(reader)[0].own_readings == 1
    page = client.get(reverse("review:years")).content.decode()
    assert "2 (67 %)" in page


def test_the_chair_sees_who_has_how_much_to_do(client, reader):
    making.given_case(reader)
    Assignment.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    making.submitted_reading(making.given_case(reader), reader)
    sign_in(client, making.chair())

    load = client.get(reverse("review:workload")).context["loads"][0]

    assert (load.name, load.to_read, load.overdue, load.recent) == (reader.name, 1, 1, 1)


def test_workload_tells_a_chair_nothing_of_a_case_they_have_still_to_read():
    chair, other = making.chair(), making.panellist()
    case = making.assigned(making.given_case(chair), other)

    def loads():
        return [each for each in loads_for(chair, at=timezone.now()) if each.name == other.name]

    before = loads()
    making.submitted_reading(case, other)

    assert loads() == before
    making.submitted_reading(case, chair)
    assert loads() != before


def test_workload_is_for_chairs(client, reader):
    assert client.get(reverse("review:workload")).status_code == 403
    assert "No case is settled yet" in client.get(reverse("review:years")).content.decode()
