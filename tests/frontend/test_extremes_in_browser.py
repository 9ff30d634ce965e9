"""Series of unusual length, size and shape in Chromium: usable, or said in words why not."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.frontend import extremes
from tests.frontend.test_in_browser import VIEWPORT, chromium, page, site

__all__ = ["chromium", "page", "site"]


def open_extreme(page, site, name: str, index: int | None = None):
    fragment = "" if index is None else f"#image={name}{index}-1"
    page.goto(f"{site.address}/extremes-{name}.html{fragment}")
    page.focus(VIEWPORT)
    expect(page.locator(f"{VIEWPORT}[data-shown]")).to_be_visible()


def assert_probe(page, name: str, index: int) -> None:
    """What is said under the pointer, somewhere in the picture, is what is stored there."""
    box = page.locator(VIEWPORT).bounding_box()
    page.mouse.move(box["x"] + 0.46 * box["width"], box["y"] + 0.55 * box["height"])
    said = page.locator(".app-stack__readout").inner_text().replace("\u2212", "-")
    column, row, value = (int(number) for number in re.findall(r"-?\d+", said))
    assert value == extremes.value(name, index, column - 1, row - 1)


def test_three_thousand_slices_are_scrolled_without_three_thousand_elements(page, site):
    started = time.monotonic()
    open_extreme(page, site, "long")
    first = time.monotonic() - started
    assert page.evaluate("document.querySelectorAll('*').length") < 400
    expect(page.locator(".app-stack__position")).to_have_text("Slice 1500 of 3000")

    for key, index in (("End", 2999), ("Home", 0), ("PageDown", 10)):
        started = time.monotonic()
        page.keyboard.press(key)
        expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", f"long{index}-1")
        # what is looked at comes before the thousands that wait
        assert time.monotonic() - started < max(3.0, first)
        assert_probe(page, "long", index)
    page.locator(".app-stack__slider").fill("2345")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", "long2344-1")


def test_a_phone_keeps_what_fits_its_memory_and_says_that_it_has_no_planes(chromium, site):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_extreme(page, site, "large", 0)
    expect(page.locator(".app-stack__bar--whole")).to_have_count(1, timeout=40_000)
    # 160 MiB of 2 MiB each
    assert set(site.frames_asked) == {("large", index) for index in range(80)}

    page.keyboard.press("End")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", "large99-1")
    page.keyboard.press("p")
    expect(page.locator(".app-stack__copied")).to_have_text(
        "This series has more slices than this browser may keep at once,"
        " so there are no other planes."
    )
    context.close()


@pytest.mark.parametrize("name", ["tiny", "huge"])
def test_the_smallest_and_the_largest_image_are_drawn_and_probed(page, site, name):
    open_extreme(page, site, name)

    assert_probe(page, name, 0)
    page.keyboard.press("2")
    expect(page.locator(f"{VIEWPORT}[data-window=mediastinum]")).to_be_visible()


def test_slices_of_two_sizes_are_each_drawn_whole_and_have_no_planes(page, site):
    open_extreme(page, site, "sizes", 0)
    for index in range(3):
        expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", f"sizes{index}-1")
        assert_probe(page, "sizes", index)
        page.keyboard.press("ArrowDown")

    page.keyboard.press("p")
    expect(page.locator(".app-stack__copied")).to_have_text(
        "The slices of this series differ in size or direction, so there are no other planes."
    )


def test_slices_of_two_directions_have_their_own_letters_and_no_planes(page, site):
    open_extreme(page, site, "tilted", 4)
    top = page.locator(".app-stack__edge--top")
    expect(top).to_have_text("A")
    page.keyboard.press("ArrowDown")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", "tilted5-1")
    expect(top).to_have_text("H")
    assert_probe(page, "tilted", 5)

    page.keyboard.press("p")
    expect(page.locator(".app-stack__copied")).to_have_text(
        "The slices of this series differ in size or direction, so there are no other planes."
    )


def test_a_frame_that_is_gone_says_so_and_the_others_work(page, site):
    site.missing_slices = {4}
    open_extreme(page, site, "tilted", 3)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".app-stack__cover")).to_contain_text("Slice 5 is not available any more.")
    page.keyboard.press("ArrowDown")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", "tilted5-1")
