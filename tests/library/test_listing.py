"""What pages tell beside the search: the case of the week, cases alike, the panel, the days."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from library import listing, services
from library.models import SearchEntry
from library.showing import edition_url
from tests.library import making, many
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 0, 5, tzinfo=UTC)


def page_of(client, edition) -> str:
    answer = client.get(edition_url(edition))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- Case of the week -----------------------------------------------------------------


def test_one_case_of_high_teaching_value_is_shown_all_week_and_another_some_other_week():
    for value in (3, 4, 5, 4, 5, 3):
        many.published(value=value, title=f"Value {value}")

    def shown(at: datetime) -> str:
        return listing.case_of_the_week(at)["url"]

    week = {shown(MONDAY + timedelta(hours=hours)) for hours in range(0, 24 * 7, 11)}
    year = {shown(MONDAY + timedelta(weeks=weeks)) for weeks in range(26)}
    assert len(week) == 1
    assert len(year) == 4


def test_home_shows_the_case_of_the_week_until_it_is_suspended(client):
    edition = many.published(title="Seen on the front page")
    assert "Case of the week" in client.get("/").content.decode()

    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    page = client.get("/").content.decode()
    assert "Case of the week" not in page
    assert "Seen on the front page" not in page


def test_home_shows_no_case_when_none_is_public(client):
    assert listing.case_of_the_week(MONDAY) is None
    assert "No case is published yet" in client.get("/").content.decode()


# --- Cases alike ----------------------------------------------------------------------


def test_a_case_leads_to_those_that_have_most_in_common_with_it(client):
    own = many.published(findings=("Crazy-paving",), days=(8,))
    many.published(title="Most alike", findings=("Crazy-paving",), days=(9,))
    many.published(title="Somewhat alike", days=(1,))
    many.published(title="Not alike", modality="CR", category="Normal", severity=None, days=(20,))

    answer = client.get(edition_url(own))

    assert [card["title"] for card in answer.context["similar"]] == [
        "Most alike",
        "Somewhat alike",
    ]
    assert "Similar cases" in answer.content.decode()


def test_a_withdrawn_case_is_like_no_other(client):
    own = many.published()
    other = many.published(title="Withdrawn")
    Upload.objects.filter(studies__series__in=other.shown_series.values("series")).update(
        status=UploadStatus.WITHDRAWN
    )

    assert SearchEntry.objects.count() == 2
    assert "Withdrawn" not in page_of(client, own)


# --- The panel ------------------------------------------------------------------------


def test_a_case_shows_what_each_reader_said_and_how_they_agreed(client):
    edition = many.published(severity=2, severities=(1, 2))

    page = page_of(client, edition)

    assert "2 Classic COVID-19. Severity: 1 mild, 1 moderate." in page
    assert "Same category, one grade of severity apart." in page


def test_readers_who_differed_are_counted_by_what_they_chose(client):
    edition = many.published(
        category="Indeterminate", other_category="Classic COVID-19", basis="adjudication"
    )

    page = page_of(client, edition)

    assert "1 Classic COVID-19, 1 Indeterminate." in page
    assert "The readers differed, a third person decided." in page


def test_no_page_names_a_reader(client):
    edition = many.published()

    page = page_of(client, edition)

    for reading in edition.teaching_case.case.readings.all():
        assert reading.reader.name not in page
        assert reading.reader.email not in page


# --- Studies over time ----------------------------------------------------------------


def test_serial_studies_stand_on_a_timeline_to_scale(client):
    edition = many.published(days=(4, 6, 12))

    answer = client.get(edition_url(edition))

    rows = answer.context["timeline"]["rows"]
    assert [row["label"] for row in rows] == [
        "Day 4 from onset",
        "Day 6 from onset",
        "Day 12 from onset",
    ]
    assert [row["x"] for row in rows] == [40, 180, 600]
    assert [row.get("later") for row in rows] == [None, 2, 6]
    page = " ".join(answer.content.decode().split())
    assert "<strong>Day 12 from onset</strong>, 6 days later: CT, 1 image." in page


def test_studies_of_one_day_or_of_unknown_days_stand_side_by_side(client):
    for days in ((3, 3), (None, 9), (None, None)):
        rows = client.get(edition_url(many.published(days=days))).context["timeline"]["rows"]
        assert [row["x"] for row in rows] == [40, 600]


def test_one_study_has_no_timeline(client):
    assert "Studies over time" not in page_of(client, many.published(days=(4,)))
