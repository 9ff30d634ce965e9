"""Slices with one bright pixel, and whether what is drawn on screen lies there."""

import gzip
import json
import re

import numpy as np
from playwright.sync_api import Page

from tests.library.making import header_of
from tests.stored_images import store_image
from uploads import storage
from uploads.models import Series

COLUMNS, ROWS = 80, 60
SPACING = (0.8, 0.4)  # of rows, then of columns, in mm: pixels twice as high as wide
MARK = (20, 45)  # column and row of the one bright pixel
HALF_A_PIXEL = 0.5
# the middle of the bright pixel on screen, and how many CSS pixels a pixel's sides are there
LANDMARK = """() => {
  const drawn = document.querySelector('.cornerstone-canvas');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [drawn.width, drawn.height];
  const context = copy.getContext('2d');
  context.drawImage(drawn, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let [x, y, weight] = [0, 0, 0];
  for (let at = 0; at < copy.width * copy.height; at += 1) {
    const light = Math.max(0, data[4 * at] - 100);
    x += light * ((at % copy.width) + 0.5);
    y += light * (Math.floor(at / copy.width) + 0.5);
    weight += light;
  }
  const scale = drawn.clientWidth / copy.width;
  return weight ? [x / weight * scale, y / weight * scale] : null;
}"""


def store_marked(series: Series) -> None:
    """Each image of the series, and its metadata, in the study store."""
    headers = []
    for instance in series.instances.all():
        instance.rows, instance.columns = ROWS, COLUMNS
        instance.save(update_fields=["rows", "columns"])
        instance.series = series
        pixels = np.full((ROWS, COLUMNS), 100, dtype=np.uint16)
        pixels[MARK[1], MARK[0]] = 3000
        store_image(instance, pixels)
        spaced = {"00280030": {"vr": "DS", "Value": list(SPACING)}}
        windowed = {
            "00281050": {"vr": "DS", "Value": [1600]},
            "00281051": {"vr": "DS", "Value": [3000]},
        }
        headers.append(header_of(series, instance) | spaced | windowed)
    key = storage.metadata_key(series.study.upload_id, series.series_instance_uid)
    storage.write_study(key, gzip.compress(json.dumps(headers).encode(), mtime=0))


def wait_for_picture(page: Page) -> None:
    page.wait_for_selector("[data-shown]")
    page.locator(".app-stack__viewport").press("6")
    page.wait_for_function(f"() => ({LANDMARK})() !== null")


def landmark(page: Page) -> tuple[float, float]:
    """Where the bright pixel's middle is in the window."""
    box = page.locator(".app-stack__viewport").bounding_box()
    x, y = page.evaluate(LANDMARK)
    return box["x"] + x, box["y"] + y


def pull(page: Page, start: tuple[float, float], across: float, down: float) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + across / 2, start[1] + down / 2)
    page.mouse.move(start[0] + across, start[1] + down)
    page.mouse.up()


def head_on_screen(page: Page) -> tuple[float, float]:
    """Where an arrow that is drawn ends, in the window."""
    box = page.locator(".app-stack__viewport").bounding_box()
    path = page.locator(".app-drawing__line").first.get_attribute("d")
    x, y = re.match(r"M\S+ [^L]+L(\S+) ([^M]+)M", path).groups()
    return box["x"] + float(x), box["y"] + float(y)


def expect_at_the_landmark(page: Page) -> None:
    """The arrow's head is within half a pixel of the bright pixel's middle, both ways."""
    pixel = page.evaluate(
        f"""() => {{
          const canvas = document.querySelector('.cornerstone-canvas');
          const {{ width, height }} = canvas.getBoundingClientRect();
          return Math.min(width / ({COLUMNS} * {SPACING[1]}), height / ({ROWS} * {SPACING[0]}));
        }}"""
    )
    here, there = head_on_screen(page), landmark(page)
    assert abs(here[0] - there[0]) <= HALF_A_PIXEL * SPACING[1] * pixel
    assert abs(here[1] - there[1]) <= HALF_A_PIXEL * SPACING[0] * pixel
