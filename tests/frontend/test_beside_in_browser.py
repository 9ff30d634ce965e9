"""Two series beside each other in Chromium: they scroll together by where their slices lie."""

import re

from playwright.sync_api import expect

from tests.frontend.test_in_browser import chromium, page, site

__all__ = ["chromium", "page", "site"]

FIRST = ".app-stack__pane > .app-stack__viewport >> nth=0"
SECOND = ".app-stack--beside .app-stack__viewport"


def open_serial(page, site, fragment: str = "#image=axial20-1&window=bone"):
    page.goto(f"{site.address}/phantom-serial.html{fragment}")
    expect(page.locator(FIRST)).to_have_attribute("data-shown", "axial20-1")
    page.focus(FIRST)
    page.keyboard.press("c")


def expect_shown(page, first: str, second: str) -> None:
    expect(page.locator(FIRST)).to_have_attribute("data-shown", f"{first}-1")
    expect(page.locator(SECOND)).to_have_attribute("data-shown", f"{second}-1")


def choose(page, label: str) -> None:
    page.get_by_label("Beside", exact=True).select_option(label=label)


def test_the_like_of_another_study_stands_beside_and_follows_each_way(page, site):
    open_serial(page, site)
    # two frames of reference of the same length: middle on middle
    expect_shown(page, "axial20", "later20")
    expect(page.locator(SECOND)).to_have_attribute("data-window", "bone")
    expect(page.locator(f"{SECOND} .app-stack__caption")).to_have_text("Day 9: Phantom later")

    page.keyboard.press("PageDown")
    expect_shown(page, "axial30", "later30")
    page.focus(SECOND)
    page.keyboard.press("Home")
    expect_shown(page, "axial0", "later0")
    page.keyboard.press("1")
    for each in (FIRST, SECOND):
        expect(page.locator(each)).to_have_attribute("data-window", "lung")
    # the address and the buttons stay the first one's
    page.focus(FIRST)
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**#image=axial1-1&window=lung")


def test_levels_that_were_matched_by_hand_stay_matched(page, site):
    open_serial(page, site)
    expect_shown(page, "axial20", "later20")
    together = page.get_by_role("button", name="Scroll together")
    expect(together).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("k")
    expect(together).to_have_attribute("aria-pressed", "false")
    page.focus(SECOND)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect_shown(page, "axial20", "later23")

    page.keyboard.press("k")
    page.focus(FIRST)
    page.keyboard.press("PageUp")
    expect_shown(page, "axial10", "later13")


def test_one_frame_of_reference_is_followed_by_place_and_other_planes_not_at_all(page, site):
    open_serial(page, site)
    expect_shown(page, "axial20", "later20")
    choose(page, "Day 3: Phantom downwards")
    # stacked from the head to the feet
    expect_shown(page, "axial20", "downwards27")
    page.focus(FIRST)
    page.keyboard.press("ArrowUp")
    expect_shown(page, "axial19", "downwards28")

    choose(page, "Day 3: Phantom coronal")
    expect(page.locator(".app-stack__side-words")).to_have_text(
        "The slices of these two lie in different planes, so each scrolls on its own."
    )
    expect(page.get_by_role("button", name="Scroll together")).to_be_disabled()


def test_the_series_beside_goes_away_and_leaves_the_first_as_it_is(page, site):
    open_serial(page, site)
    expect_shown(page, "axial20", "later20")
    page.get_by_role("button", name="Close the series beside").click()
    expect(page.locator(SECOND)).to_have_count(0)
    assert page.evaluate("document.activeElement.className").startswith("app-stack__viewport")
    page.keyboard.press("ArrowDown")
    expect(page.locator(FIRST)).to_have_attribute("data-shown", "axial21-1")

    page.keyboard.press("c")
    expect_shown(page, "axial21", "later21")


def test_a_narrow_page_has_one_below_the_other_and_nothing_beyond_its_edge(page, site):
    page.set_viewport_size({"width": 320, "height": 700})
    open_serial(page, site)
    expect_shown(page, "axial20", "later20")
    upper, lower = (page.locator(each).bounding_box() for each in (FIRST, SECOND))

    assert upper["y"] + upper["height"] < lower["y"]
    assert upper["height"] == lower["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.locator(SECOND)).to_have_attribute("data-shown", re.compile("later"))
    upper, lower = (page.locator(each).bounding_box() for each in (FIRST, SECOND))
    assert (upper["y"], upper["height"], upper["width"]) == (
        lower["y"],
        lower["height"],
        lower["width"],
    )


def test_picture_slider_and_form_are_on_the_first_screen_of_a_case_of_two_studies(page, site):
    page.goto(f"{site.address}/reading.html")
    page.locator(".app-stack__viewport[data-shown]").first.wait_for()
    picture = page.locator(FIRST).bounding_box()
    slider = page.locator(".app-stack__slider").first.bounding_box()
    form = page.get_by_role("heading", name="Your reading").bounding_box()

    # 1280 by 900
    assert slider["y"] + slider["height"] <= 900
    assert picture["height"] >= 480
    assert form["x"] > picture["x"] + picture["width"]
    assert form["y"] < picture["y"]
    for name in ("Phantom axial", "Phantom later"):
        entry = page.get_by_role("button", name=name).bounding_box()
        assert entry["x"] < picture["x"]
        assert entry["y"] + entry["height"] < 900
