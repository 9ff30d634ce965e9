"""The editor's page in a real browser: it saves itself, and proposing waits for that."""

import re

import pytest
from playwright.sync_api import expect

from library import services
from library.lifecycle import EditionStatus
from library.models import Edition
from tests.journeys.conftest import browser
from tests.library import making
from tests.library.test_annotating_in_browser import desk
from tests.marked_images import store_marked
from tests.review.making import accepted_upload, decided_case

__all__ = ["browser"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def edition():
    case = decided_case(upload=accepted_upload(slices=3))
    for series in services.series_of(case):
        store_marked(series)
    return making.draft(case)


def test_what_is_written_is_kept_and_then_proposed_as_it_stands(browser, live_server, edition):
    with desk(browser, live_server, edition) as page:
        page.get_by_label("Summary").fill("Lines within ground glass.")
        expect(page.get_by_text(re.compile(r"^Saved at \d\d:"))).to_be_visible()
        assert Edition.objects.get().summary == "Lines within ground glass."

        page.get_by_label("Title").fill("Crazy-paving")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        page.get_by_role("button", name="Save and propose").click()
        page.wait_for_url(re.compile("/library/desk/(#|$)"))

    edition.refresh_from_db()
    assert (edition.title, edition.status) == ("Crazy-paving", EditionStatus.PROPOSED)


def test_an_edition_saved_in_another_window_is_told_of_and_loses_nothing(
    browser, live_server, edition
):
    with desk(browser, live_server, edition) as page:
        Edition.objects.update(version=edition.version + 1, title="The other window")

        page.get_by_label("Title").fill("This window")

        expect(page.get_by_text("Another window saved this edition")).to_be_visible()
        assert Edition.objects.get().title == "The other window"
        page.get_by_role("button", name="Keep what is in this window").click()
        expect(page.get_by_text(re.compile(r"^Saved at \d\d:"))).to_be_visible()
        assert Edition.objects.get().title == "This window"
