"""Left is left: where the walls of a phantom lie on screen, and what the edges say, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.frontend import phantom
from tests.frontend.test_in_browser import VIEWPORT, chromium, page, site

__all__ = ["chromium", "page", "site"]

# the grey just inside each edge of the picture, and the letter at that edge of its viewport
EDGES = """(surface) => {
  const canvas = surface.querySelector('canvas');
  const context = canvas.getContext('2d');
  const middle = [canvas.width / 2, canvas.height / 2];
  const reach = Math.min(...middle);
  const ways = { left: [-1, 0], right: [1, 0], top: [0, -1], bottom: [0, 1] };
  // 3 of 48 pixels inside the picture, in the middle of a wall, and beside the crosshairs
  const inside = reach * (1 - 6 / 48);
  const aside = reach * 0.2;
  return Object.fromEntries(Object.entries(ways).map(([side, [x, y]]) => {
    const data = context.getImageData(
      middle[0] + x * inside + y * aside, middle[1] + y * inside + x * aside, 1, 1).data;
    return [side, [data[0], surface.querySelector('.app-stack__edge--' + side).textContent]];
  }));
}"""


def letters_by_pixels(edges: dict) -> dict[str, str]:
    """The side of the patient at each edge, by the grey of its wall alone; walls only."""
    greys = {letter: phantom.grey(value) for letter, value in phantom.WALLS.items()}
    return {
        side: letter
        for side, (grey, _) in edges.items()
        for letter, wall in greys.items()
        if abs(grey - wall) <= 3
    }


def letters_by_words(edges: dict) -> dict[str, str]:
    return {side: letter for side, (_, letter) in edges.items()}


def open_phantom(page, site, scan: str):
    page.goto(f"{site.address}/phantom-{scan}.html")
    page.focus(VIEWPORT)
    page.keyboard.press("3")
    window = "own" if scan == phantom.PROJECTION else "bone"
    expect(page.locator(f"{VIEWPORT}[data-shown][data-window={window}]")).to_be_visible()


# by the standard's own words (PS3.3 C.7.6.2.1.1): what a reader of such a scan expects to see
STACKS = {
    "axial": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "downwards": {"left": "R", "right": "L", "top": "A", "bottom": "P"},
    "prone": {"left": "L", "right": "R", "top": "P", "bottom": "A"},
    "coronal": {"left": "R", "right": "L", "top": "H", "bottom": "F"},
    "sagittal": {"left": "A", "right": "P", "top": "H", "bottom": "F"},
    phantom.PROJECTION: {"left": "R", "right": "L", "top": "H", "bottom": "F"},
}


def assert_edges(surface, wanted: dict[str, str]) -> None:
    """Letters and walls agree with what is wanted, once what was asked for is drawn."""
    walls = {side: letter for side, letter in wanted.items() if letter in phantom.WALLS}
    for _ in range(20):
        edges = surface.evaluate(EDGES)
        if letters_by_words(edges) == wanted and letters_by_pixels(edges) == walls:
            return
        surface.page.wait_for_timeout(100)
    assert letters_by_words(edges) == wanted
    assert letters_by_pixels(edges) == walls


@pytest.mark.parametrize("scan", list(STACKS))
def test_left_is_where_the_letter_says_in_every_scan_and_in_its_three_planes(page, site, scan):
    open_phantom(page, site, scan)
    assert_edges(page.locator(".app-stack__pixels"), STACKS[scan])
    if scan == phantom.PROJECTION:
        return

    expect(page.locator(".app-stack__bar--whole")).to_have_count(1)
    page.keyboard.press("p")
    expect(page.locator(f"{VIEWPORT}[data-planes=open]")).to_be_visible(timeout=20_000)
    cells = page.locator(".app-stack__plane").all()
    assert len(cells) == 3
    for cell, plane in zip(cells, ("axial", "coronal", "sagittal"), strict=True):
        assert_edges(cell, STACKS[plane])


def turned(edges: dict[str, str]) -> dict[str, str]:
    """After a quarter turn clockwise."""
    order = ["top", "right", "bottom", "left"]
    return {side: edges[order[place - 1]] for place, side in enumerate(order)}


def mirrored(edges: dict[str, str]) -> dict[str, str]:
    return edges | {"left": edges["right"], "right": edges["left"]}


@pytest.mark.parametrize("scan", ["sagittal", phantom.PROJECTION])
def test_the_letters_turn_with_the_picture(page, site, scan):
    open_phantom(page, site, scan)
    wanted = STACKS[scan]
    surface = page.locator(".app-stack__pixels")

    for key in "ooohoooh":
        page.keyboard.press(key)
        wanted = turned(wanted) if key == "o" else mirrored(wanted)
        assert_edges(surface, wanted)

    page.keyboard.press("o")
    page.keyboard.press("r")
    # of the window as well: back to the one in which the walls tell themselves apart
    page.keyboard.press("3")
    assert_edges(surface, STACKS[scan])


BESIDE = """(cell, pixels) => {
  const canvas = cell.querySelector('canvas');
  const [x, y] = [canvas.width / 2, canvas.height / 2];
  const away = Math.min(x, y) * pixels / 24;
  return canvas.getContext('2d').getImageData(x + away, y + away, 1, 1).data[0];
}"""


def assert_grey_beside(cell, value: int) -> None:
    for _ in range(20):
        seen = cell.evaluate(BESIDE, sum(phantom.BESIDE) / 2)
        if abs(seen - phantom.grey(value)) <= 3:
            return
        cell.page.wait_for_timeout(100)
    assert seen == pytest.approx(phantom.grey(value), abs=3)


def test_a_slab_shows_the_brightest_or_the_darkest_as_far_as_it_is_thick(page, site):
    open_phantom(page, site, "axial")
    expect(page.locator(".app-stack__bar--whole")).to_have_count(1)
    page.keyboard.press("p")
    expect(page.locator(f"{VIEWPORT}[data-planes=open]")).to_be_visible(timeout=20_000)
    axial = page.locator(".app-stack__plane").first
    projection = page.get_by_label("Planes show")

    assert_grey_beside(axial, phantom.BODY)
    page.keyboard.press("b")
    expect(projection).to_have_value("brightest")
    assert_grey_beside(axial, phantom.BODY)
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(page.get_by_label("Thickness")).to_have_value("40")
    assert_grey_beside(axial, phantom.NODE)
    projection.select_option("darkest")
    assert_grey_beside(axial, phantom.HOLE)
    page.focus(VIEWPORT)
    page.keyboard.press("y")
    page.keyboard.press("y")
    assert_grey_beside(axial, phantom.BODY)
    page.keyboard.press("p")
    expect(projection).to_be_hidden()
