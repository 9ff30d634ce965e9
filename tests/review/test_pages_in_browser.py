"""The panel's pages in a real browser: nothing is cut off, and axe finds nothing."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from bsti_db.accounts.models import Member
from tests.journeys.accessibility import check_page
from tests.journeys.conftest import browser
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
