"""The viewer on a public case in the engines behind Chrome and Edge, Firefox, and Safari."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from bsti_db.demonstration.patients import FIRST_DAY
from bsti_db.demonstration.phantoms import Disease, chest_volume, ct_series, invented_patient
from tests.fronts import Front, front_of
from tests.journeys.engines import ENGINES, Window, virtual_display, wait_for, window_of
from tests.published_cases import ARROW_HEAD, publish
from tests.sites import Site

SLICES = 24
MATRIX = 96
MIDDLE = (SLICES - 1) // 2
VIEWPORT = ".app-stack__viewport"
SHOWN = f"document.querySelector('{VIEWPORT}').dataset.shown"
# how many levels of grey are on screen: a picture has many, a black or covered canvas has one
GREYS = """(() => {
  const drawn = document.querySelector('.cornerstone-canvas');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [drawn.width, drawn.height];
  const context = copy.getContext('2d');
  context.drawImage(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  return new Set(data.filter((_, place) => place % 4 === 0)).size;
})()"""
# the picture's width and height, and the path of what is drawn on it
DRAWN = f"""(() => {{
  const {{ clientWidth, clientHeight }} = document.querySelector('{VIEWPORT}');
  const line = document.querySelector('.app-drawing__line');
  return [clientWidth, clientHeight, line.getAttribute('d')];
}})()"""
FORBIDDEN = """(() => {
  const script = document.createElement('script');
  script.textContent = 'globalThis.ran = true';
  document.head.append(script);
  return globalThis.ran === true;
})()"""


@dataclass
class Opened:
    window: Window
    front: Front
    names: list[str]  # the slices' addresses, in order


@pytest.fixture(scope="module")
def case(live_site: Site) -> Iterator[str]:
    volume = chest_volume(5, Disease(ground_glass=0.5), slices=SLICES, matrix=MATRIX)
    patient = invented_patient(volume, study_date=FIRST_DAY)
    return publish(live_site, list(ct_series(volume, patient=patient, study_uid="2.25.78")))


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_display() as display:
        yield display


@pytest.fixture(scope="module", params=ENGINES)
def opened(
    request: pytest.FixtureRequest, live_site: Site, case: str, browser: Browser, display: str
) -> Iterator[Opened]:
    """The case's page in one engine, with every slice loaded."""
    with (
        front_of(live_site.url) as front,
        window_of(request.param, browser, display) as window,
    ):
        window.open(f"{front.address}{case}")
        series = json.loads(window.evaluate("document.querySelector('#stack-series').textContent"))
        names = [f"{image['uid']}-{image['frame']}" for image in series[0]["images"]]
        wait_for(window, "document.querySelector('.app-stack__bar--whole') !== null")
        yield Opened(window, front, names)


def test_the_middle_slice_is_drawn_by_webgl_and_all_are_loaded(opened: Opened) -> None:
    assert len(opened.names) == SLICES
    assert wait_for(opened.window, SHOWN) == opened.names[MIDDLE]
    assert opened.window.evaluate(GREYS) > 20


def test_keys_and_wheel_bring_each_slice_on_screen_and_name_it(opened: Opened) -> None:
    opened.window.evaluate(f"document.querySelector('{VIEWPORT}').focus()")
    for key, place in [("Home", 0), ("ArrowDown", 1), ("ArrowDown", 2), ("End", SLICES - 1)]:
        opened.window.press(key)
        wait_for(opened.window, f"{SHOWN} === '{opened.names[place]}'")
    opened.window.wheel(VIEWPORT, -120)
    wait_for(opened.window, f"{SHOWN} === '{opened.names[SLICES - 2]}'")


def test_a_teaching_point_brings_its_slice_in_its_window(opened: Opened) -> None:
    opened.window.press("Home")
    name = opened.window.evaluate("document.querySelector('a[data-image]').dataset.image")
    opened.window.click("a[data-image]")

    wait_for(opened.window, f"{SHOWN} === '{name}'")
    shown = opened.window.evaluate(f"document.querySelector('{VIEWPORT}').dataset.window")
    assert shown == "mediastinum"
    assert (
        opened.window.evaluate(
            "document.querySelector('a[data-image][aria-current]').dataset.image"
        )
        == name
    )
    assert name in opened.names[1:-1]


def test_the_teaching_points_arrow_lies_where_it_was_drawn(opened: Opened) -> None:
    opened.window.evaluate(f"document.querySelector('{VIEWPORT}').focus()")
    opened.window.press("Home")
    wait_for(opened.window, "document.querySelector('.app-drawing') === null")
    opened.window.click("a[data-annotation]")

    wait_for(opened.window, "document.querySelector('.app-drawing--chosen') !== null")
    drawn = opened.window.evaluate(DRAWN)
    width, height, path = drawn
    # the image is square, and fitted into the middle
    side = min(width, height)
    x, y = map(float, re.match(r"M\S+ [^L]+L(\S+) ([^M]+)M", path).groups())
    half_a_pixel = side / MATRIX / 2
    assert abs(x - ((width - side) / 2 + ARROW_HEAD[0] * side)) <= half_a_pixel
    assert abs(y - ((height - side) / 2 + ARROW_HEAD[1] * side)) <= half_a_pixel
    words = opened.window.evaluate("document.querySelector('.app-drawing__text').textContent")
    assert words == "Opacity"

    # on the three planes it would lie where nobody drew it
    opened.window.evaluate(f"document.querySelector('{VIEWPORT}').focus()")
    opened.window.press("p")
    wait_for(opened.window, f"document.querySelector('{VIEWPORT}').dataset.planes === 'open'")
    assert opened.window.evaluate("document.querySelector('.app-drawing') === null")
    opened.window.press("p")
    wait_for(opened.window, "document.querySelector('.app-drawing--chosen') !== null")


def test_the_policy_stopped_nothing_of_ours_and_stops_what_is_not(opened: Opened) -> None:
    assert opened.front.violations() == []

    assert opened.window.evaluate(FORBIDDEN) is False
    opened.front.wait_for_violation()
    assert "script-src" in opened.front.violations()[0]
