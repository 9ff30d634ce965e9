"""A CT of 300 slices in Chromium: it comes whole, and each tool and each key does what it says."""

import re
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.frontend import extremes
from tests.frontend.site import running_site
from tests.frontend.test_in_browser import VIEWPORT, chromium
from tests.frontend.test_pixels_in_browser import GREYS, drag
from uploads.dicom import rendering

__all__ = ["chromium"]

SLICES, MIDDLE = 300, 149
READOUT = ".app-stack__readout"
MEASURED = ".app-stack__measurements li"
KEYBOARD = Path(settings.BASE_DIR) / "viewer" / "src" / "stack" / "keyboard.ts"


@pytest.fixture(scope="module")
def site():
    with running_site() as site:
        yield site


@pytest.fixture(scope="module")
def whole(chromium, site):
    """The page with all slices loaded; what a test changes, the next one resets."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    # however quick the network, the stack is not whole before a test has looked
    site.held_slices = {0}
    page.goto(f"{site.address}/extremes-whole.html")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(whole, site):
    """Put back to the first view: the middle slice, the first window, nothing measured."""
    site.held_slices = set()
    expect(whole.locator(".app-stack__bar--whole")).to_have_count(1, timeout=60_000)
    whole.focus(VIEWPORT)
    if whole.locator(f"{VIEWPORT}[data-planes=open]").count():
        whole.keyboard.press("p")
    whole.keyboard.press("r")
    expect(whole.locator(VIEWPORT)).to_have_attribute("data-shown", name_of(MIDDLE))
    return whole


def name_of(index: int) -> str:
    return f"whole{index}-1"


def place_of(page, column: float, row: float) -> tuple[float, float]:
    """Where a pixel's centre lies: the picture is square and fitted into the viewport."""
    box = page.locator(VIEWPORT).bounding_box()
    side = min(box["width"], box["height"])
    x = box["x"] + box["width"] / 2 + ((column + 0.5) / 512 - 0.5) * side
    y = box["y"] + box["height"] / 2 + ((row + 0.5) / 512 - 0.5) * side
    return x, y


def probed(page) -> tuple[int, int, int]:
    """Column and row, counted from 0, and the value that is said to be there."""
    expect(page.locator(READOUT)).to_contain_text("Column")
    said = page.locator(READOUT).inner_text().replace("\u2212", "-")
    column, row, value = (int(number) for number in re.findall(r"-?\d+", said))
    return column - 1, row - 1, value


def test_the_first_image_comes_before_the_stack_and_every_slice_once(whole, site):
    expect(whole.locator(f"{VIEWPORT}[data-shown]")).to_be_visible()
    expect(whole.locator(".app-stack__loading")).to_have_text(re.compile(r"\d+ % loaded"))
    expect(whole.locator(".app-stack__bar--whole")).to_have_count(0)

    site.held_slices = set()
    expect(whole.locator(".app-stack__bar--whole")).to_have_count(1, timeout=60_000)
    assert sorted(site.frames_asked) == [("whole", index) for index in range(SLICES)]
    expect(whole.locator(".app-stack__position")).to_have_text("Slice 150 of 300")


def moves(page, key: str, index: int) -> None:
    page.keyboard.press(key)
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", name_of(index))


def test_each_key_does_what_the_list_of_keys_says(page):
    tried = set()

    def press(key: str) -> None:
        tried.add(key.removeprefix("Shift+") if key.startswith("Shift+Arrow") else key)
        page.keyboard.press(key)

    def expect_attribute(name: str, value: str | re.Pattern) -> None:
        expect(page.locator(VIEWPORT)).to_have_attribute(name, value)

    at = MIDDLE
    for key, by in (
        *(("ArrowDown", 1), ("ArrowRight", 1), ("ArrowUp", -1), ("ArrowLeft", -1)),
        *(("PageDown", 10), ("PageUp", -10), ("Home", -MIDDLE), ("End", SLICES - 1)),
    ):
        at += by
        tried.add(key)
        moves(page, key, at)
    windows = ["lung", "mediastinum", "bone", "soft-tissue", "pe", "own"]
    for number, window in enumerate(windows, start=1):
        press(str(number))
        expect_attribute("data-window", window)
    press("i")
    expect_attribute("data-words", re.compile("inverted$"))
    for key in ",.<>":
        press(key)
        expect_attribute("data-window", "dragged")
        page.keyboard.press("1")
    for key in "swzmlaqed":
        press(key)
        expect(page.locator(".app-stack__tools [aria-pressed=true]")).not_to_have_count(0)
        button = page.locator(f".app-stack__button[aria-keyshortcuts='{key}']")
        expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    press("r")
    expect_attribute("data-shown", name_of(MIDDLE))
    # one series: nothing to go to, and nothing that fails
    for key in "[]ck":
        press(key)
    expect_attribute("data-shown", name_of(MIDDLE))
    for key in ("Delete", "Backspace"):
        press(key)
    press(" ")
    expect(page.get_by_role("button", name="Stop")).to_have_count(1)
    press(" ")
    expect(page.get_by_role("button", name="Play")).to_have_count(1)
    press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    press("f")
    page.wait_for_function("document.fullscreenElement === null")
    press("?")
    expect(page.locator(".app-stack__keys")).to_be_visible()
    press_again(page, "?")

    moved_by_view(page, tried)
    with_planes(page, press)
    listed = re.findall(r'^  (?:"(.)"|(\w+)): \{ kind:', KEYBOARD.read_text(), re.MULTILINE)
    assert {one or other for one, other in listed} <= tried | {"="}


def press_again(page, key: str) -> None:
    page.focus(VIEWPORT)
    page.keyboard.press(key)
    expect(page.locator(".app-stack__keys")).to_be_hidden()
    page.focus(VIEWPORT)


def moved_by_view(page, tried: set[str]) -> None:
    """The keys that move the picture under a pointer that rests."""
    page.keyboard.press("r")
    rest = place_of(page, 300, 200)
    for key in ("+", "-", "o", "h", *(f"Shift+Arrow{way}" for way in ("Up", "Down", "Left"))):
        page.keyboard.press("r")
        page.mouse.move(*rest)
        expect(page.locator(READOUT)).to_contain_text("Column 301, row 201")
        page.keyboard.press(key)
        tried.add(key)
        page.mouse.move(rest[0] + 1, rest[1])
        expect(page.locator(READOUT)).not_to_contain_text("Column 301, row 201")
        column, row, value = probed(page)
        assert value == extremes.value("whole", MIDDLE, column, row), key
    page.keyboard.press("r")


def with_planes(page, press) -> None:
    press("p")
    expect(page.locator(f"{VIEWPORT}[data-planes=open]")).to_be_visible(timeout=30_000)
    expect(page.locator(".app-stack__plane canvas")).to_have_count(3)
    chosen = page.get_by_label("Planes show")
    before = chosen.input_value()
    press("b")
    expect(chosen).not_to_have_value(before)
    thickness = page.get_by_label("Thickness")
    before = thickness.input_value()
    press("t")
    expect(thickness).not_to_have_value(before)
    press("y")
    expect(thickness).to_have_value(before)
    page.keyboard.press("p")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", re.compile("^whole"))


def test_each_tool_of_a_drag_does_what_its_name_says(page):
    start, end = place_of(page, 200, 200), place_of(page, 300, 260)
    tools = {key: page.locator(f".app-stack__button[aria-keyshortcuts='{key}']") for key in "swzm"}
    for key, is_done in {
        "s": lambda: expect(page.locator(VIEWPORT)).not_to_have_attribute(
            "data-shown", name_of(MIDDLE)
        ),
        "w": lambda: expect(page.locator(VIEWPORT)).to_have_attribute("data-window", "dragged"),
        "z": lambda: expect(page.locator(READOUT)).not_to_contain_text("Column 401, row 101"),
        "m": lambda: expect(page.locator(READOUT)).not_to_contain_text("Column 401, row 101"),
    }.items():
        page.keyboard.press("r")
        tools[key].evaluate("button => button.click()")
        page.focus(VIEWPORT)
        drag(page, start, end)
        page.mouse.move(*place_of(page, 400, 100))
        is_done()

    page.keyboard.press("r")
    for key, words in {
        "l": r"Length: \d+\.\d mm",
        "q": r"Rectangle: area \d+\.\d mm",
        "e": r"Ellipse: area \d+\.\d mm",
        "d": r"^Arrow$",
    }.items():
        page.keyboard.press(key)
        expect(page.locator("svg.svg-layer")).to_have_count(1)
        drag(page, start, end)
        expect(page.locator(MEASURED)).to_have_text(re.compile(words))
        page.focus(VIEWPORT)
        page.keyboard.press("Delete")
        expect(page.locator(MEASURED)).to_have_count(0)
    # an angle has a third place
    page.keyboard.press("a")
    drag(page, place_of(page, 200, 100), place_of(page, 200, 200))
    page.mouse.click(*place_of(page, 300, 200))
    expect(page.locator(MEASURED)).to_have_text(re.compile(r"Angle: (?:89|90)\.\d°"))
    page.focus(VIEWPORT)
    page.keyboard.press("Delete")


def test_twenty_values_of_the_stack_are_the_stored_ones_in_the_greys_of_the_standard(page):
    chance = np.random.default_rng(11)
    page.keyboard.press("1")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-window", "lung")
    center, width = rendering.PRESETS["lung"].center, rendering.PRESETS["lung"].width
    for index in chance.choice(SLICES, 5, replace=False):
        page.locator(".app-stack__slider").fill(str(index + 1))
        expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", name_of(index))
        for column, row in chance.integers(20, 490, (4, 2)):
            page.mouse.move(*place_of(page, column, row))
            value = extremes.value("whole", index, column, row)
            assert probed(page) == (column, row, value)
            [grey] = page.evaluate(GREYS, [place_of(page, column, row)])
            # PS3.3 C.11.2.1.2.1; a point lies up to half a pixel beside the centre of its pixel
            wanted = ((value - (center - 0.5)) / (width - 1) + 0.5) * 255
            neighbour = extremes.value("whole", index, column + 1, row + 1)
            slack = 2 + abs(neighbour - value) / (width - 1) * 255
            assert abs(grey - min(255, max(0, wanted))) <= slack or abs(neighbour - value) > 100
