"""Drawings on the series beside, in Chromium: a serial study shows those of both its dates."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from library import services
from library.showing import edition_url
from tests.journeys.conftest import browser
from tests.library import making
from tests.marked_images import (
    COLUMNS,
    HALF_A_PIXEL,
    LANDMARK,
    ROWS,
    SPACING,
    store_marked,
    wait_for_picture,
)
from tests.review.making import accepted_upload, decided_case

__all__ = ["browser"]

pytestmark = pytest.mark.django_db(transaction=True)

BESIDE = ".app-stack--beside"
CANVAS = f"{BESIDE} .cornerstone-canvas"
LANDMARK_BESIDE = LANDMARK.replace(".cornerstone-canvas", CANVAS)
LINE = f"{BESIDE} .app-drawing__line"
# how many CSS pixels a millimetre is, in a picture that is fitted and not turned
SCALE = f"""() => {{
  const {{ clientWidth, clientHeight }} = document.querySelector('{CANVAS}');
  return Math.min(clientWidth / {COLUMNS * SPACING[1]}, clientHeight / {ROWS * SPACING[0]});
}}"""


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A public case of two dates beside each other, each with an arrow to its bright pixel."""
    case = decided_case(upload=accepted_upload(modalities=("CT", "CT"), days=(3, 9), slices=3))
    for series in services.series_of(case):
        store_marked(series)
    edition = making.draft(case)
    for number, words in ((1, "Early"), (2, "Late")):
        making.drawn(edition, pairs=((30.0, 30.0), (20.5, 45.5)), text=words, series_number=number)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url + edition_url(making.publish(edition)))
    wait_for_picture(page)
    page.locator(".app-stack__viewport").press("c")
    page.wait_for_selector(f"{BESIDE} [data-shown]")
    yield page
    assert complaints == []
    context.close()


def expect_words(page: Page, *words: str) -> None:
    expect(page.locator(".app-stack__pane .app-drawing__text")).to_have_text(list(words))


def test_each_date_shows_its_own_arrow_at_its_own_bright_pixel(page):
    expect_words(page, "Early", "Late")
    path = page.locator(LINE).get_attribute("d")
    here = [float(part) for part in re.match(r"M\S+ [^L]+L(\S+) ([^M]+)M", path).groups()]
    there = page.evaluate(LANDMARK_BESIDE)
    scale = page.evaluate(SCALE)

    assert abs(here[0] - there[0]) <= HALF_A_PIXEL * SPACING[1] * scale
    assert abs(here[1] - there[1]) <= HALF_A_PIXEL * SPACING[0] * scale


def test_drawings_beside_follow_the_slice_the_view_and_the_button_that_hides_them(page):
    expect_words(page, "Early", "Late")
    first, second = page.locator(".app-stack__viewport").all()
    second.press("End")
    expect_words(page, "Early")
    second.press("ArrowUp")
    expect_words(page, "Early", "Late")

    before = page.locator(LINE).get_attribute("d")
    first.press("o")
    expect(page.locator(LINE)).not_to_have_attribute("d", before)
    page.get_by_role("button", name="Drawings").click()
    expect_words(page)
    page.get_by_role("button", name="Drawings").click()
    expect_words(page, "Early", "Late")


def test_closing_the_series_beside_takes_its_drawings_and_opening_it_brings_them(page):
    expect_words(page, "Early", "Late")
    first = page.locator(".app-stack__viewport").first
    first.press("c")
    expect_words(page, "Early")
    first.press("c")
    expect_words(page, "Early", "Late")
    page.get_by_role("button", name="Arrow: Late").click()
    # chosen in the list, its slice comes into the first; the other date takes the place beside
    expect_words(page, "Late", "Early")
    expect(page.locator(".app-drawing--chosen")).to_have_text("Late")
