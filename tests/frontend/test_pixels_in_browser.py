"""Stored pixels in a real Chromium, under the policy: what is drawn, said and measured."""

import random
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.frontend import pixels
from tests.frontend.pixels import COLUMNS, ROWS, SLICES
from tests.frontend.test_in_browser import VIEWPORT, chromium, page, site
from uploads.dicom import rendering

__all__ = ["chromium", "page", "site"]

COVER = ".app-stack__cover"
# one look at everything at once: the number, the cover, and the grey of the middle of the picture
LOOK = """() => {
  const canvas = document.querySelector('.cornerstone-canvas');
  const context = canvas.getContext('2d');
  return {
    position: document.querySelector('.app-stack__position').textContent,
    shown: document.querySelector('.app-stack__viewport').dataset.shown ?? null,
    isCovered: !document.querySelector('.app-stack__cover').hidden,
    grey: context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0],
  };
}"""
GREYS = """points => {
  const canvas = document.querySelector('.cornerstone-canvas');
  const box = canvas.getBoundingClientRect();
  const context = canvas.getContext('2d');
  return points.map(([x, y]) => context.getImageData(
    (x - box.left) * canvas.width / box.width, (y - box.top) * canvas.height / box.height, 1, 1
  ).data[0]);
}"""


def open_pixels(page, site, name: str = "ct", fragment: str = ""):
    page.goto(f"{site.address}/pixels-{name}.html{fragment}")
    page.focus(VIEWPORT)
    expect(page.locator(f"{VIEWPORT}[data-shown]")).to_be_visible()


def place_of(page, kind: str, column: float, row: float) -> tuple[float, float]:
    """Where a pixel's centre lies on the page: the picture fits the height of the viewport."""
    box = page.locator(VIEWPORT).bounding_box()
    row_mm, column_mm = pixels.KINDS[kind][6]
    scale = min(box["height"] / (ROWS * row_mm), box["width"] / (COLUMNS * column_mm))
    x = box["x"] + box["width"] / 2 + (column + 0.5 - COLUMNS / 2) * column_mm * scale
    y = box["y"] + box["height"] / 2 + (row + 0.5 - ROWS / 2) * row_mm * scale
    return x, y


def middle_grey(index: int) -> int:
    # between four pixels of a plane lies their mean
    middle = np.mean([pixels.value("ct", index, c, r) for c in (63, 64) for r in (47, 48)])
    return int(rendering.window(np.array([middle]), *rendering.PRESETS["lung"])[0])


def test_the_pixels_on_screen_are_always_those_of_the_slice_that_is_named(page, site):
    site.picture_seconds = 0.03
    # however quick the network, one slice is not there yet when it is asked for
    site.held_slices = {SLICES - 1}
    open_pixels(page, site)
    covered = drawn = 0

    keys = ["End", "Home"] + ["ArrowDown"] * 12 + ["PageUp"] * 3 + ["ArrowUp"] * 6
    for number, key in enumerate(keys + ["End", "Home"] * 4):
        page.keyboard.press(key)
        seen = page.evaluate(LOOK)
        if seen["isCovered"]:
            covered += 1
            assert seen["shown"] is None
            site.held_slices = set()
            if number % 5:
                continue
            # on a busy machine too, every fifth slice is waited for
            page.locator("[data-shown]").wait_for()
            seen = page.evaluate(LOOK)
        drawn += 1
        slice_number = int(re.search(r"\d+", seen["position"])[0])
        assert seen["shown"] == f"ct{slice_number - 1}-1"
        assert abs(seen["grey"] - middle_grey(slice_number - 1)) <= 1

    assert covered
    assert drawn
    expect(page.locator(f"{VIEWPORT}[data-shown='ct0-1']")).to_be_visible()


@pytest.mark.parametrize("kind", list(pixels.KINDS))
def test_the_value_under_the_pointer_is_the_stored_one_through_the_rescaling(page, site, kind):
    open_pixels(page, site, "all")
    page.get_by_role("button", name=re.compile(f"Series {kind}")).click()
    page.focus(VIEWPORT)
    page.keyboard.press("Home")
    expect(page.locator(f"{VIEWPORT}[data-shown='{kind}0-1']")).to_be_visible()
    chance = random.Random(5)

    for _ in range(20):
        column, row = chance.randrange(COLUMNS), chance.randrange(ROWS)
        page.mouse.move(*place_of(page, kind, column, row))
        said = page.locator(".app-stack__readout").inner_text().replace("\u2212", "-")
        value = pixels.value(kind, 0, column, row)
        words = f"{value:.0f}" if value == int(value) else f"{value:.2f}"
        unit = " HU" if kind == "ct" else ""
        assert said == f"Column {column + 1}, row {row + 1}: {words}{unit}"


@pytest.mark.parametrize("key", [*"12345"])
def test_each_preset_draws_the_greys_of_the_standard(page, site, key):
    open_pixels(page, site)
    name = list(rendering.PRESETS)[int(key) - 1]
    page.keyboard.press(key)
    expect(page.locator(f"{VIEWPORT}[data-window='{name}']")).to_be_visible()

    places = [(column, row) for column in range(12, COLUMNS - 4, 9) for row in (10, 50, 90)]
    seen = page.evaluate(GREYS, [place_of(page, "ct", *place) for place in places])
    values = [pixels.value("ct", (SLICES - 1) // 2, *place) for place in places]
    wanted = rendering.window(np.array(values), *rendering.PRESETS[name])
    # a point lies up to half a screen pixel beside the centre of its pixel
    slack = 2 + 255 * 1.5 / rendering.PRESETS[name].width
    assert np.abs(np.array(seen) - wanted.astype(int)).max() <= slack
    assert len(set(seen)) > 3


def test_white_is_low_in_a_radiograph_that_is_stored_so_and_inverting_turns_it(page, site):
    open_pixels(page, site, "all", "#image=dx0-1")
    expect(page.locator(f"{VIEWPORT}[data-shown='dx0-1']")).to_be_visible()
    low, high = [place_of(page, "dx", 2, 2), place_of(page, "dx", 120, 90)]
    before = page.evaluate(GREYS, [low, high])
    assert before[0] > before[1]

    page.keyboard.press("i")
    expect(page.locator(f"{VIEWPORT}[data-words$='inverted']")).to_be_visible()
    after = page.evaluate(GREYS, [low, high])
    assert after == [255 - level for level in before]


def test_a_stored_frame_that_is_damaged_says_so_and_the_others_work(page, site):
    site.damaged_slices = {0}
    open_pixels(page, site)
    page.keyboard.press("Home")
    expect(page.locator(COVER)).to_contain_text(
        "Slice 1 cannot be shown: the stored image is damaged.", timeout=20_000
    )
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{VIEWPORT}[data-shown='ct1-1']")).to_be_visible()

    site.damaged_slices = set()
    page.keyboard.press("Home")
    page.click("text=Try again")
    expect(page.locator(f"{VIEWPORT}[data-shown='ct0-1']")).to_be_visible()


def test_a_teaching_point_brings_its_pixels_in_its_window(page, site):
    open_pixels(page, site, fragment="#image=ct12-1&window=bone")
    expect(page.locator(f"{VIEWPORT}[data-shown='ct12-1'][data-window=bone]")).to_be_visible()

    page.click("text=The nodes")
    expect(page.locator(f"{VIEWPORT}[data-shown='ct7-1'][data-window=mediastinum]")).to_be_visible()
    expect(page.locator("a[data-image='ct7-1']")).to_have_attribute("aria-current", "true")
    page.wait_for_url("**#image=ct7-1&window=mediastinum")


def drag(page, start: tuple[float, float], end: tuple[float, float]):
    # soon after a click, a press is taken for the second of a double click
    page.wait_for_timeout(600)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def about(value: float) -> str:
    """A pattern for numbers within half a unit, with one decimal."""
    numbers = [f"{value + tenth / 10:.1f}" for tenth in range(-5, 6)]
    return f"(?:{'|'.join(map(re.escape, numbers))})"


def test_a_length_is_in_millimetres_of_pixels_that_are_not_square(page, site):
    open_pixels(page, site)
    page.get_by_role("button", name="Length").click()
    expect(page.locator("svg.svg-layer")).to_have_count(1)

    drag(page, place_of(page, "ct", 20, 48), place_of(page, "ct", 100, 48))
    said = page.locator(".app-stack__measurements li")
    # the numbers come a moment after the drawing
    expect(said.first).to_have_text(re.compile(rf"Length: {about(80 * 0.7)} mm"))
    drag(page, place_of(page, "ct", 64, 10), place_of(page, "ct", 64, 40))
    expect(said.last).to_have_text(re.compile(rf"Length: {about(30 * 1.4)} mm"))

    page.get_by_role("button", name="Delete last").click()
    expect(page.locator(".app-stack__measurements li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.focus(VIEWPORT)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".app-stack__measurements li")).to_have_count(0)


def test_a_rectangle_tells_area_and_mean_of_the_values_inside(page, site):
    open_pixels(page, site)
    page.get_by_role("button", name="Rectangle").click()
    expect(page.locator("svg.svg-layer")).to_have_count(1)
    drag(page, place_of(page, "ct", 30, 20), place_of(page, "ct", 90, 60))

    # 60 by 40 pixels of 0.7 by 1.4 mm
    expect(page.locator(".app-stack__measurements li")).to_contain_text(
        re.compile(r"area 2[34]\d\d\.\d mm")
    )
    said = page.locator(".app-stack__measurements li").first.inner_text().replace("\u2212", "-")
    area, mean, _ = (float(number) for number in re.findall(r"-?[\d.]+(?= )", said))
    inside = pixels.stored("ct", (SLICES - 1) // 2)[20:61, 30:91].astype(float) - 1024
    assert area == pytest.approx(60 * 0.7 * 40 * 1.4, rel=0.03)
    assert mean == pytest.approx(inside.mean(), abs=5)


def test_a_drag_changes_the_window_and_reset_brings_everything_back(page, site):
    open_pixels(page, site)
    page.keyboard.press("w")
    drag(page, place_of(page, "ct", 60, 40), place_of(page, "ct", 90, 60))
    expect(page.locator(f"{VIEWPORT}[data-window=dragged]")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(f"{VIEWPORT}[data-window=lung]")).to_be_visible()
    page.mouse.move(*place_of(page, "ct", 60, 40))
    page.mouse.down(button="right")
    page.mouse.move(*place_of(page, "ct", 80, 40), steps=3)
    page.mouse.up(button="right")
    expect(page.locator(f"{VIEWPORT}[data-window=dragged]")).to_be_visible()
    for key in ("+", "o"):
        page.keyboard.press(key)
    middle = place_of(page, "ct", 20, 20)
    page.mouse.move(*middle)
    assert not page.locator(".app-stack__readout").inner_text().startswith("Column 21, row 21")

    page.keyboard.press("r")
    expect(page.locator(f"{VIEWPORT}[data-window=lung]")).to_be_visible()
    page.mouse.move(middle[0] + 1, middle[1])
    expect(page.locator(".app-stack__readout")).to_contain_text("Column 21, row 21")


def test_tab_passes_through_and_the_keys_are_explained(page, site):
    open_pixels(page, site)
    page.mouse.click(*place_of(page, "ct", 60, 40))
    page.keyboard.press("?")
    expect(page.locator(".app-stack__keys")).to_be_visible()
    page.focus(VIEWPORT)
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.type") == "range"


def test_play_goes_round_and_a_key_stops_it(page, site):
    open_pixels(page, site)
    page.keyboard.press("End")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    # past the end it begins again
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", re.compile(r"^ct[1-9]-1$"))

    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_without_webgl_the_rendered_pictures_are_shown(page, site):
    page.add_init_script(
        "const own = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : own.call(this, kind, ...rest);"
        "};"
    )
    open_pixels(page, site)

    expect(page.locator(".app-stack__canvas")).to_be_visible()
    expect(page.get_by_role("button", name="Length")).to_have_count(0)


# the greys around the middle of each plane, where no crosshair is drawn
PLANES = """() => [...document.querySelectorAll('.app-stack__plane canvas')].map((canvas) => {
  const context = canvas.getContext('2d');
  return [[0.4, 0.3], [0.6, 0.3], [0.4, 0.7], [0.6, 0.7]].map(([x, y]) =>
    context.getImageData(canvas.width * x, canvas.height * y, 1, 1).data[0]);
})"""


def test_three_planes_of_one_volume_are_drawn_of_its_values_and_close_again(page, site):
    open_pixels(page, site)
    expect(page.locator(".app-stack__bar--whole")).to_have_count(1)
    page.keyboard.press("p")
    expect(page.locator(f"{VIEWPORT}[data-planes=open]")).to_be_visible(timeout=20_000)

    assert page.locator(VIEWPORT).get_attribute("data-shown") is None
    axial, coronal, sagittal = page.evaluate(PLANES)
    # values rise to the right, to the back and upwards, so no two places of a plane are alike
    assert axial[0] < axial[1] < axial[3]
    assert axial[0] < axial[2]
    for top_left, top_right, bottom_left, bottom_right in (coronal, sagittal):
        assert bottom_left < top_left <= top_right
        assert bottom_left < bottom_right
    page.keyboard.press("p")
    expect(page.locator(f"{VIEWPORT}[data-shown='ct19-1']")).to_be_visible()
    expect(page.locator(".app-stack__plane")).to_have_count(0)


def test_a_series_that_is_no_volume_says_so(page, site):
    open_pixels(page, site, "all", "#image=dx0-1")
    expect(page.locator(f"{VIEWPORT}[data-shown='dx0-1']")).to_be_visible()
    page.keyboard.press("p")

    expect(page.locator(".app-stack__copied")).to_have_text(
        "This series has too few slices for other planes."
    )
    expect(page.locator(f"{VIEWPORT}[data-shown='dx0-1']")).to_be_visible()


def test_an_arrow_is_drawn_without_a_question_and_taken_away_again(page, site):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    open_pixels(page, site)
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Arrow")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("svg.svg-layer")).to_have_count(1)
    drag(page, place_of(page, "ct", 40, 30), place_of(page, "ct", 60, 50))

    expect(page.locator(".app-stack__measurements li")).to_have_text("Arrow")
    # a shaft and two strokes of the head, and no box for a text
    expect(page.locator("svg.svg-layer line")).to_have_count(3)
    expect(page.locator("svg.svg-layer text")).to_have_count(0)
    page.focus(VIEWPORT)
    page.keyboard.press("Delete")
    expect(page.locator("svg.svg-layer line")).to_have_count(0)
    expect(page.locator(".app-stack__measurements li")).to_have_count(0)
    assert asked == []
