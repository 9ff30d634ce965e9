"""Drawing on images in a real browser: what is drawn is where it was drawn, for everybody."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from library import services
from library.models import Annotation
from library.showing import edition_url
from tests.journeys.conftest import browser
from tests.library import making
from tests.marked_images import (
    COLUMNS,
    HALF_A_PIXEL,
    MARK,
    expect_at_the_landmark,
    landmark,
    pull,
    store_marked,
    wait_for_picture,
)
from tests.review.making import accepted_upload, decided_case
from tests.signing_in import sign_in

__all__ = ["browser"]

pytestmark = pytest.mark.django_db(transaction=True)

SAVED = "Everything drawn is saved."


@pytest.fixture
def edition():
    """A draft on a case whose second slice has one bright pixel."""
    case = decided_case(upload=accepted_upload(slices=3))
    for series in services.series_of(case):
        store_marked(series)
    return making.draft(case)


@contextmanager
def desk(browser: Browser, live_server, edition) -> Iterator[Page]:
    """The draft's page as its author sees it, on the slice of its teaching point."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    client = sign_in(Client(), edition.author)
    for name, morsel in client.cookies.items():
        context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url + reverse("library:edit", args=[edition.pk]))
    wait_for_picture(page)
    yield page
    assert complaints == []
    context.close()


def test_an_arrow_drawn_on_a_turned_picture_is_a_row_and_lies_there_for_every_visitor(
    browser, live_server, edition
):
    with desk(browser, live_server, edition) as page:
        for key in "oh":
            page.locator(".app-stack__viewport").press(key)
        page.get_by_role("group", name="Draw for everybody").get_by_role(
            "button", name="Arrow"
        ).click()
        pull(page, landmark(page), 90, 60)
        page.get_by_label("Words of this arrow").fill("Crazy paving")
        page.keyboard.press("Enter")
        expect(page.get_by_text(SAVED)).to_be_visible()
        expect(page.locator(".app-drawing__text")).to_have_text("Crazy paving")

        row = Annotation.objects.get()
        head = row.graphic_data[2:]
        assert abs(head[0] - (MARK[0] + 0.5)) <= HALF_A_PIXEL
        assert abs(head[1] - (MARK[1] + 0.5)) <= HALF_A_PIXEL
        assert (row.tool, row.text, row.drawn_by) == ("arrow", "Crazy paving", edition.author)

        page.reload()
        wait_for_picture(page)
        page.get_by_role("button", name="Arrow: Crazy paving").click()
        expect(page.locator(".app-drawing--chosen")).to_have_count(1)
        expect_at_the_landmark(page)

    edition.refresh_from_db()
    point = edition.teaching_points.get()
    point.annotation, point.instance = row, row.instance
    point.save()
    public_page(browser, live_server, making.publish(edition))


def public_page(browser: Browser, live_server, edition) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(live_server.url + edition_url(edition))
    wait_for_picture(page)
    page.keyboard.press("Home")
    page.locator(".app-points a[data-annotation]").click()
    expect(page.locator(".app-drawing--chosen")).to_have_count(1)
    page.locator(".app-stack__viewport").press("6")
    page.wait_for_selector("[data-window=own]")
    expect_at_the_landmark(page)
    expect(page.get_by_text("Arrow: Crazy paving")).to_be_visible()
    # nobody may draw here, and nothing that could is loaded
    assert page.get_by_role("button", name="Polygon").count() == 0
    assert (
        page.evaluate(
            "performance.getEntriesByType('resource').filter(({name}) => /drawing-/.test(name))"
        )
        == []
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert context.cookies() == []
    context.close()
    without_script(browser, live_server, edition)


def without_script(browser: Browser, live_server, edition) -> None:
    """Who runs no script reads the rendered images one by one, by links."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + edition_url(edition))
    seen = []
    for link in ("Next image", "Previous image"):
        picture = page.locator(".app-stack__fallback img")
        expect(picture).to_be_visible()
        assert picture.bounding_box()["width"] == COLUMNS
        seen.append(picture.get_attribute("src"))
        page.get_by_role("link", name=link).click()
    assert page.locator(".app-stack__fallback img").get_attribute("src") == seen[0] != seen[1]
    context.close()


def test_every_tool_draws_and_numbers_undo_and_deletion_are_saved(browser, live_server, edition):
    with desk(browser, live_server, edition) as page:
        tools = page.get_by_role("group", name="Draw for everybody")
        for place, tool in enumerate(["Length", "Ellipse", "Rectangle"]):
            tools.get_by_role("button", name=tool).click()
            x, y = landmark(page)
            pull(page, (x + 60, y - 200 + 60 * place), 80, 40)
        tools.get_by_role("button", name="Text").click()
        x, y = landmark(page)
        page.mouse.click(x + 30, y - 100)
        page.get_by_label("Words of this text").fill("Spared")
        page.keyboard.press("Enter")
        tools.get_by_role("button", name="Polygon").click()
        x, y = landmark(page)
        for across, down in [(150, 0), (210, 10), (180, 50)]:
            page.mouse.click(x + across, y - 150 + down)
        page.keyboard.press("Enter")
        expect(page.locator(".app-drawing")).to_have_count(5)
        expect(page.get_by_text(SAVED)).to_be_visible()
        drawn = {row.tool: row for row in Annotation.objects.all()}
        assert set(drawn) == {"length", "ellipse", "rectangle", "text", "polygon"}
        assert drawn["text"].text == "Spared"

        # without a pointer: put in the middle, then places by numbers
        tools.get_by_role("button", name="Arrow").press("Enter")
        page.get_by_role("button", name="Put one in the middle").press("Enter")
        page.get_by_text("Places, in columns and rows").press("Enter")
        page.get_by_label("Point 2, column").fill("20.5")
        page.get_by_label("Point 2, row").fill("45.5")
        page.keyboard.press("Tab")
        expect(page.get_by_text(SAVED)).to_be_visible()
        arrow = Annotation.objects.get(tool="arrow")
        assert arrow.graphic_data[2:] == [20.5, 45.5]

        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.locator(".app-drawing")).to_have_count(5)
        expect(page.get_by_text(SAVED)).to_be_visible()
        arrow.refresh_from_db()
        assert arrow.rubbed_out_at is not None
        tools.get_by_role("button", name="Undo").click()
        expect(page.locator(".app-drawing")).to_have_count(6)
        expect(page.get_by_text(SAVED)).to_be_visible()
        arrow.refresh_from_db()
        assert arrow.rubbed_out_at is None


def test_the_second_of_two_editors_is_told_and_a_lost_line_loses_nothing(
    browser, live_server, edition
):
    row = making.drawn(edition, pairs=((30.0, 30.0), (20.5, 45.5)), text="First")
    with (
        desk(browser, live_server, edition) as one,
        desk(browser, live_server, edition) as other,
    ):
        for page, words in ((one, "Mine"), (other, "Yours")):
            page.get_by_role("button", name="Arrow: First").click()
            page.get_by_label("Words of this arrow").fill(words)
        one.keyboard.press("Enter")
        expect(one.get_by_text(SAVED)).to_be_visible()
        other.keyboard.press("Enter")

        told = other.get_by_role("alert").filter(
            has_text="changed this drawing after you opened it"
        )
        expect(told).to_be_visible()
        expect(other.locator(".app-drawing__text")).to_have_text("Yours")
        row.refresh_from_db()
        assert row.text == "Mine"
        other.get_by_role("button", name="Keep mine").click()
        expect(other.get_by_text(SAVED)).to_be_visible()
        row.refresh_from_db()
        assert row.text == "Yours"

        other.context.set_offline(True)
        other.get_by_label("Words of this arrow").fill("While offline")
        other.keyboard.press("Enter")
        expect(other.get_by_text("the server cannot be reached")).to_be_visible()
        other.context.set_offline(False)
        expect(other.get_by_text(SAVED)).to_be_visible()
        row.refresh_from_db()
        assert row.text == "While offline"
