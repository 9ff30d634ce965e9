"""The panel's pages in a real browser: nothing is cut off, and axe finds nothing."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from bsti_db.accounts.models import Member
from tests.journeys.accessibility import check_page
from tests.journeys.conftest import browser
from tests.library import making as library_making
from tests.review import crowd, making
from tests.signing_in import sign_in

__all__ = ["browser"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(browser: Browser, live_server) -> Iterator:
    """`opened(member)` is a page of somebody who is signed in."""
    contexts = []

    def page_of(who: Member) -> Page:
        contexts.append(browser.new_context(base_url=live_server.url))
        for name, morsel in sign_in(Client(), who).cookies.items():
            cookie = {"name": name, "value": morsel.value, "url": live_server.url}
            contexts[-1].add_cookies([cookie])
        return contexts[-1].new_page()

    yield page_of
    for context in contexts:
        context.close()


def test_the_page_of_agreement_is_for_everybody(opened):
    crowd.readings(cases=150, readers=4)
    for who, name in ((making.chair(), "agreement-chair"), (making.panellist(), "agreement")):
        page = opened(who)
        page.goto(reverse("review:agreement"))
        check_page(page, name)


def test_a_settled_case_shows_the_spread_and_is_discussed(opened):
    upload = making.accepted_upload()
    library_making._store(upload.studies.get().series.get())
    case = making.decided_case(upload=upload)
    reader, other = (reading.reader for reading in case.readings.all())
    page = opened(reader)
    page.goto(reverse("review:case", args=[case.number]))
    check_page(page, "discussion-empty")

    page.get_by_label("Your remark").fill(f"The left lower lobe, @{other.name}?")
    page.get_by_role("button", name="Add to the discussion").press("Enter")
    expect(page.locator(".app-thread__remark")).to_contain_text("The left lower lobe")
    page.get_by_text("Change it").click()
    page.get_by_text("Whom you can mention").click()
    check_page(page, "discussion")


def test_worklist_workload_and_years_are_for_everybody(opened):
    chair = making.chair()
    crowd.readings(cases=30, readers=3)
    crowd.to_read(chair, cases=3)
    page = opened(chair)
    for name in ("worklist", "workload", "years"):
        page.goto(reverse(f"review:{name}"))
        check_page(page, f"panel-{name}")
