"""A radiograph with a name burned in: held, asked about, masked by hand, seen again, accepted."""

import io
import re
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import ExplicitVRLittleEndian

from bsti_db.devserver import seaweedfs
from tests import datasets
from tests.datasets.building import xray_pixels
from tests.journeys import people
from tests.journeys.accessibility import check_page
from tests.journeys.people import own_browser
from tests.sites import Site

ROWS, COLUMNS = 640, 512
BAND = 60  # the header's rows
FRAMES = 30
WORK_SECONDS = 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "export"
    path.mkdir()
    (path / "IM0001").write_bytes(lettered())
    (path / "IM0002").write_bytes(datasets.enhanced_ct(FRAMES, series=2, BurnedInAnnotation="YES"))
    return path


def lettered() -> bytes:
    dataset = datasets.xray_dataset()
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    pixels = xray_pixels(rows=ROWS, columns=COLUMNS)
    ink = Image.new("1", (COLUMNS, ROWS))
    font = ImageFont.load_default(22)
    ImageDraw.Draw(ink).text((16, 18), "QUILLFEATHER^JOAN 12/03/1961", fill=1, font=font)
    pixels[np.asarray(ink)] = 4095
    dataset.PixelData = pixels.astype("<u2").tobytes()
    return datasets.in_transfer_syntax(dataset, ExplicitVRLittleEndian)


@pytest.mark.timeout(600)
def test_a_name_in_the_picture_is_blacked_out_by_a_person_and_stored_nowhere(
    live_site: Site, browser: Browser, folder: Path
) -> None:
    members = people.members_of(live_site)
    with (
        own_browser(browser, live_site) as submitter,
        own_browser(browser, live_site) as curator,
    ):
        people.come_in(submitter, live_site, trust="R0A", email="robin.hale@nhs.net")
        people.send_folder(submitter, folder)
        people.describe(submitter, days_from_onset=6)
        held = submitter.get_by_text("Held for a person's check").first
        expect(held).to_be_visible(timeout=WORK_SECONDS * 1000)

        people.sign_in(curator, members["curator"])
        ask(curator)
        answer(submitter)
        mask(curator)
        look_again_and_allow(curator)
        allow_frames(curator)

        wait_for_acceptance(submitter)
    stored = stored_frame(live_site)
    assert np.unique(stored[:BAND]).size == 1
    assert np.array_equal(stored[BAND:], xray_pixels(rows=ROWS, columns=COLUMNS)[BAND:])


def ask(page: Page) -> None:
    page.goto("/uploads/held/")
    check_page(page, "held")
    page.get_by_role("link", name=re.compile("^U-")).click()
    check_page(page, "held-upload")
    page.get_by_label("Question to the submitter").fill("Is the writing at the top part of it?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Nothing is decided before the answer")).to_be_visible()
    check_page(page, "held-asked")


def answer(page: Page) -> None:
    page.reload()
    check_page(page, "uploads-question")
    page.get_by_label("Your answer").fill("No, our scanner wrote it.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Your answer has reached")).to_be_visible()


def open_file(page: Page, picture: str) -> None:
    # a browser sends the files of a folder in an order of its own
    page.get_by_role("row").filter(has_text=picture).get_by_role("link").click()


def mask(page: Page) -> None:
    page.reload()
    open_file(page, "512 × 640 pixels")
    expect(page.locator(".app-held__suspect").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_page(page, "held-file")
    picture = page.locator("[data-picture] image").bounding_box()
    assert picture
    scale = picture["width"] / COLUMNS
    page.mouse.move(picture["x"] - 2, picture["y"] - 2)
    page.mouse.move(picture["x"] + 1, picture["y"] + 1)
    page.mouse.down()
    page.mouse.move(picture["x"] + 200 * scale, picture["y"] + 20 * scale, steps=4)
    page.mouse.move(picture["x"] + picture["width"] - 1, picture["y"] + (BAND - 4) * scale, steps=4)
    page.mouse.up()
    chosen = page.locator("[data-drawn='0']")
    expect(chosen).to_be_focused()
    # the keys finish what the hand began: the whole width, exactly to the band's end
    numbers = page.get_by_role("group", name="Rectangle 1")
    for name, value in {"Left": 0, "Top": 0, "Width": COLUMNS, "Height": BAND - 1}.items():
        numbers.get_by_label(name).fill(str(value))
    chosen.focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(numbers.get_by_label("Height")).to_have_value(str(BAND))
    check_page(page, "held-file-drawn")
    page.get_by_role("button", name="Black out and look again").click()
    again = page.get_by_text("Part of the picture was blacked out")
    expect(again).to_be_visible(timeout=WORK_SECONDS * 1000)
    page.wait_for_load_state("networkidle")
    check_page(page, "held-file-masked")


def look_again_and_allow(page: Page) -> None:
    with page.expect_response(re.compile("/pictures/1/$")) as seen:
        page.get_by_role("link", name=re.compile("^Allow file")).click()
    with Image.open(io.BytesIO(seen.value.body())) as picture:
        assert np.unique(np.asarray(picture)[:BAND]).size == 1
    check_page(page, "held-release")
    page.get_by_role("button", name="Allow the file").click()
    expect(page.get_by_text("Look at the pictures, then tick the box.").first).to_be_visible()
    check_page(page, "held-release-with-errors")
    page.get_by_label("I have looked at every picture").check()
    page.get_by_role("button", name="Allow the file").click()
    expect(page.get_by_text("goes on to the workers.")).to_be_visible()


def allow_frames(page: Page) -> None:
    open_file(page, f"{FRAMES} frames")
    page.get_by_role("link", name="All frames in one").click()
    expect(page.get_by_role("group", name=re.compile("All frames in one"))).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_page(page, "held-file-frames")
    page.get_by_role("link", name=re.compile("^Allow file")).click()
    expect(page.get_by_role("img", name=f"Frame {FRAMES}")).to_be_visible()
    page.get_by_label("I have looked at every picture").check()
    page.get_by_role("button", name="Allow the file").click()
    expect(page.get_by_text("goes on to the workers.")).to_be_visible()


def wait_for_acceptance(page: Page) -> None:
    # a held upload waits for people: its page does not ask for itself
    deadline = time.monotonic() + WORK_SECONDS
    while not page.get_by_text("Accepted", exact=True).count():
        assert time.monotonic() < deadline, "the upload was not accepted"
        time.sleep(1)
        page.reload()


def stored_frame(site: Site) -> np.ndarray:
    identity = site.services["s3"]["identities"]["janitor"]
    bucket = site.services["s3"]["buckets"]["studies"]
    store = seaweedfs.connect(
        site.services["s3"]["endpoint_url"], identity["access_key"], identity["secret_key"]
    )
    keys = [known["Key"] for known in store.list_objects_v2(Bucket=bucket)["Contents"]]
    web = site.services["s3"]["identities"]["web"]
    reader = seaweedfs.connect(
        site.services["s3"]["endpoint_url"], web["access_key"], web["secret_key"]
    )
    contents = [
        reader.get_object(Bucket=bucket, Key=key)["Body"].read()
        for key in keys
        if key.endswith(".dcm")
    ]
    files = [pydicom.dcmread(io.BytesIO(content)) for content in contents]
    (file,) = [each for each in files if int(each.get("NumberOfFrames", 1)) == 1]
    return file.pixel_array
