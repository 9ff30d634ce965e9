"""Whether a page's stack draws the very pixels that are stored."""

import json
import re

import numpy as np
from playwright.sync_api import Page, expect

NATIVE = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
POINTS = ((0.5, 0.5), (0.42, 0.38), (0.57, 0.66), (0.46, 0.71))  # of the viewport


def assert_probe_tells_stored_values(page: Page) -> None:
    """The value under the pointer is that of the frame, as DICOMweb gives it to any client."""
    expect(page.locator(".cornerstone-canvas")).to_be_visible()
    values = values_on_screen(page)
    viewport = page.locator(".app-stack__viewport")
    viewport.scroll_into_view_if_needed()
    box = viewport.bounding_box()
    assert box
    for across, down in POINTS:
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        said = page.locator(".app-stack__readout").inner_text().replace("\u2212", "-")
        column, row, value = (int(number) for number in re.findall(r"-?\d+", said))
        assert value == values[row - 1, column - 1]


def values_on_screen(page: Page) -> np.ndarray:
    """Hounsfield units of the slice on screen, asked for by its public address."""
    shown = page.locator("[data-shown]").first.get_attribute("data-shown")
    series = json.loads(page.locator("#stack-series").inner_text())
    images = [image for each in series for image in each["images"]]
    url = next(each["url"] for each in images if f"{each['uid']}-{each['frame']}" == shown)
    instance = url.split("/frames/")[0].removesuffix("/rendered")
    [header] = page.request.get(f"{instance}/metadata").json()
    frame = page.request.get(f"{instance}/frames/1", headers={"Accept": NATIVE})
    number = {tag: header[tag]["Value"][0] for tag in ("00280010", "00280011", "00280103")}
    kind = "<i2" if number["00280103"] else "<u2"
    stored = np.frombuffer(frame.body(), kind).reshape(number["00280010"], number["00280011"])
    slope = header.get("00281053", {}).get("Value", [1])[0]
    intercept = header.get("00281052", {}).get("Value", [0])[0]
    return stored * slope + intercept
