"""The built scripts in a real Chromium, under the site's own policy."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.frontend.site import SLICES, grey_of, running_site
from tests.journeys.conftest import ARGUMENTS

VIEWPORT = ".app-stack__viewport"
# one look at everything at once: the number, the cover, and the grey of the middle of the picture
LOOK = """() => {
  const canvas = document.querySelector('.app-stack__canvas');
  const context = canvas.getContext('2d');
  return {
    position: document.querySelector('.app-stack__position').textContent,
    isCovered: !document.querySelector('.app-stack__cover').hidden,
    grey: context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[0],
  };
}"""


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site():
    with running_site() as site:
        yield site


@pytest.fixture
def page(chromium, site):
    """A page whose every complaint about the policy or an error is a failure of the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    yield page
    context.close()
    assert [line for line in complaints if "Failed to load resource" not in line] == []


def open_stack(page, site, fragment: str = ""):
    page.goto(f"{site.address}/stack.html{fragment}")
    page.focus(VIEWPORT)


def test_the_picture_on_screen_is_always_the_slice_that_is_named(page, site):
    site.picture_seconds = 0.03
    # however quick the network, one slice is not there yet when it is asked for
    site.held_slices = {SLICES - 1}
    open_stack(page, site)
    covered = drawn = 0

    keys = ["End", "Home"] + ["ArrowDown"] * 15 + ["PageUp"] * 3 + ["ArrowUp"] * 10
    for key in keys + ["End", "Home"] * 4:
        page.keyboard.press(key)
        seen = page.evaluate(LOOK)
        slice_number = int(re.search(r"\d+", seen["position"])[0])
        if seen["isCovered"]:
            covered += 1
            site.held_slices = set()
            # nothing of the old picture shines through
            assert seen["grey"] == 0
        else:
            drawn += 1
            assert seen["grey"] == grey_of(slice_number - 1, "lung")

    assert covered
    assert drawn


def test_a_window_that_is_chosen_is_the_window_that_is_drawn(page, site):
    open_stack(page, site)
    page.keyboard.press("2")

    expect(page.locator(f"{VIEWPORT}[data-window=mediastinum]")).to_be_visible()
    seen = page.evaluate(LOOK)
    assert seen["grey"] == grey_of((SLICES - 1) // 2, "mediastinum")


def test_a_slice_that_does_not_come_says_so_and_comes_when_tried_again(page, site):
    site.missing_slices = {0}
    open_stack(page, site)
    page.keyboard.press("Home")
    expect(page.locator(".app-stack__cover")).to_contain_text("Slice 1 is not available any more.")

    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{VIEWPORT}[data-shown='k1-1']")).to_be_visible()
    page.keyboard.press("Home")
    site.missing_slices = set()
    page.click("text=Try again")
    expect(page.locator(f"{VIEWPORT}[data-shown='k0-1']")).to_be_visible()


def test_an_address_opens_its_slice_and_window(page, site):
    open_stack(page, site, "#image=k12-1&window=mediastinum")

    expect(page.locator(f"{VIEWPORT}[data-shown='k12-1'][data-window=mediastinum]")).to_be_visible()


def test_a_teaching_point_brings_its_slice_and_is_marked_while_it_is_there(page, site):
    open_stack(page, site)
    page.click("text=The nodes")

    expect(page.locator(f"{VIEWPORT}[data-shown='k7-1'][data-window=mediastinum]")).to_be_visible()
    expect(page.locator("a[data-image='k7-1']")).to_have_attribute("aria-current", "true")
    page.wait_for_url("**#image=k7-1&window=mediastinum")
    page.focus(VIEWPORT)
    page.keyboard.press("ArrowDown")
    expect(page.locator("a[data-image='k7-1']")).not_to_have_attribute("aria-current", "true")


def test_tab_leaves_the_picture_and_reaches_the_slider(page, site):
    open_stack(page, site)
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.type") == "range"


@pytest.fixture
def folder(tmp_path):
    for number in range(30):
        (tmp_path / f"IM{number}").write_bytes(bytes([number]) * (50 + 10 * number))
    (tmp_path / "DICOMDIR").write_bytes(b"not an image")
    return tmp_path


def send(page, site, folder):
    page.goto(f"{site.address}/upload.html")
    page.set_input_files("#upload-folder", folder)
    page.click("[data-part=send]")


def test_a_lost_line_sends_every_part_once_and_a_reload_none_again(page, site, folder):
    site.lost_parts = 3
    send(page, site, folder)
    expect(page.locator("[data-part=notice]")).to_have_text("All 30 files arrived.", timeout=30_000)
    assert len(site.sent) == len(set(site.sent)) == sum(-(-(50 + 10 * n) // 64) for n in range(30))
    expect(page.locator("[data-part=held-summary]")).to_contain_text("30 files")

    parts = len(site.sent)
    send(page, site, folder)
    expect(page.locator("[data-part=notice]")).to_have_text("All 30 files arrived.", timeout=30_000)
    assert len(site.sent) == parts


def test_files_that_arrive_before_anything_is_drawn_are_listed_and_said(page, site, tmp_path):
    for number in range(2):
        (tmp_path / f"IM{number}").write_bytes(bytes([number]) * 50)
    page.add_init_script(
        "const own = setTimeout;"
        "globalThis.setTimeout = (act, after, ...rest) => "
        "own(act, after === 100 ? 1500 : after, ...rest);"
    )
    send(page, site, tmp_path)

    expect(page.locator("[data-part='held-summary']")).to_have_text(re.compile(r"^2 files \("))
    expect(page.get_by_text(re.compile("arrived"))).not_to_have_count(0)


def test_nothing_is_sent_before_the_button_and_what_is_no_image_is_left_out(page, site, folder):
    page.goto(f"{site.address}/upload.html")
    page.set_input_files("#upload-folder", folder)

    expect(page.locator("[data-part=chosen]")).to_contain_text("30 files chosen")
    expect(page.locator("[data-part=chosen]")).to_contain_text("1 file without an image left out")
    assert site.files == {}


def test_2001_files_are_too_many_and_said_so_before_anything_is_sent(page, site, tmp_path):
    for number in range(2001):
        (tmp_path / f"{number}").write_bytes(b"x")
    page.goto(f"{site.address}/upload.html")
    page.set_input_files("#upload-folder", tmp_path)

    expect(page.locator("[data-part=error]")).to_contain_text("You chose 2,001 files.")
    expect(page.locator("[data-part=send]")).to_be_hidden()
    assert site.files == {}


def test_a_file_that_is_not_taken_says_why_and_can_be_left_out(page, site, folder):
    (folder / "empty").write_bytes(b"")
    send(page, site, folder)

    expect(page.locator("[data-part=problems]")).to_contain_text("empty is empty.")
    expect(page.locator("[data-part=notice]")).to_contain_text("30 files sent, 1 file not sent")
    page.click("button:has-text('Leave out')")
    expect(page.locator("[data-part=problems]")).to_be_hidden()


def test_without_script_the_ordinary_form_is_there(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/upload.html")

    expect(page.locator("#upload-form input[type=file]")).to_be_visible()
    expect(page.locator("#upload")).to_be_hidden()
    context.close()
