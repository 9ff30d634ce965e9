"""What goes wrong when images are sent: each fault is told, and costs nothing beside it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import datasets
from tests.journeys import people
from tests.journeys.accessibility import check_page
from tests.journeys.lines import line_to
from tests.journeys.people import own_browser
from tests.sites import Site

TRUST, ADDRESS = "R0A", "robin.hale@nhs.net"
GOOD = {f"IM{number}.dcm": datasets.ct_slice(number=number) for number in (1, 2, 3)}
EMPTY = "The file is empty. Send it again from the original."
# each fault and its sentence; the names sort behind those of the good files
FAULTS = {
    "no-dicom.jpg": (
        datasets.not_dicom(),
        "This is not a DICOM file. Upload the original DICOM files.",
    ),
    "no-end.dcm": (
        datasets.truncated(datasets.ct_slice(number=4)),
        "The file breaks off before its end. Export it again and send it once more.",
    ),
    "of-mr.dcm": (
        datasets.mr_image(number=5),
        "This is an MR image. The database takes CT and chest radiographs.",
    ),
    "of-screen.dcm": (
        datasets.secondary_capture(number=6),
        "This is a secondary capture, which often shows names. Send the original images.",
    ),
    "pack.zip": (
        datasets.zip_of({"IM9": bytes(20 * 1024**2)}),
        "The zip file unpacks to far more than the database takes. "
        "Send the images themselves, without a zip.",
    ),
}


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


@pytest.fixture(scope="module")
def page(live_site: Site, browser: Browser) -> Iterator[Page]:
    """A submitter who has come in."""
    with own_browser(browser, live_site) as page:
        people.come_in(page, live_site, trust=TRUST, email=ADDRESS)
        yield page


@pytest.fixture(scope="module")
def settled(page: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an upload of good files and all faults of files, when it is settled."""
    files = GOOD | {name: content for name, (content, _) in FAULTS.items()}
    folder = folder_of(tmp_path_factory.mktemp("sent") / "export", files | {"empty.dcm": b""})
    choose(page, folder, count=len(files) + 1)
    problem = page.locator("[data-part='problems']")
    expect(problem).to_contain_text(f"empty.dcm: {EMPTY}")
    held(page, len(files))
    check_page(page, "bad-empty-file")
    people.describe(page, days_from_onset=3)
    expect(page.get_by_text("Accepted", exact=True).first).to_be_visible(timeout=120_000)
    return page.url


def start(page: Page) -> None:
    page.goto("/uploads/mine/")
    page.get_by_role("button", name="Start a new upload").click()
    page.wait_for_url(re.compile(r"/uploads/[0-9a-f-]{36}/$"))


def choose(page: Page, folder: Path, *, count: int) -> None:
    """Start an upload and send a folder."""
    start(page)
    page.locator("#upload-folder").set_input_files(folder)
    page.get_by_role("button", name=f"Send {count} files").click()


def held(page: Page, count: int) -> None:
    summary = page.locator("[data-part='held-summary']")
    expect(summary).to_have_text(re.compile(rf"^{count} files \("), timeout=60_000)


# --- Coming in ----------------------------------------------------------------


def test_a_wrong_code_and_an_old_one_are_told_and_the_next_one_lets_in(
    live_site: Site, browser: Browser
) -> None:
    with own_browser(browser, live_site) as page:
        ask_for_code(page)
        give_code(page, "AAAA-AAAA")
        expect(page.get_by_role("alert")).to_contain_text(
            "This is not the code in the mail. You have 4 tries left."
        )
        check_page(page, "bad-code")
        with live_site.database() as database:
            database.execute("UPDATE uploads_entrycode SET expires_at = now()")
        give_code(page, people.code_in(live_site.mails()[-1]))
        expect(page.get_by_role("alert")).to_contain_text(
            "This code is no longer valid. Ask for a new one."
        )
        ask_for_code(page)
        give_code(page, people.code_in(live_site.mails()[-1]))
        expect(page).to_have_url(re.compile("/uploads/mine/"))


def ask_for_code(page: Page) -> None:
    page.goto("/uploads/")
    page.get_by_label("Your trust or health board").fill(TRUST)
    page.get_by_label("Your full name").fill("Robin Hale")
    page.get_by_label("Your role").fill("Radiographer")
    page.get_by_label("Your NHS e-mail address").fill(ADDRESS)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Continue", exact=True).click()


# --- Files --------------------------------------------------------------------


def test_what_is_no_image_is_told_file_by_file_and_the_images_beside_it_are_taken(
    page: Page, settled: str
) -> None:
    page.goto(settled)

    check_page(page, "bad-files")
    said = page.locator("#progress li")
    # its name is gone: a file has its place in the order of names
    for number, (_, sentence) in enumerate(FAULTS.values(), start=len(GOOD) + 1):
        expect(said.filter(has_text=sentence)).to_contain_text(f"File {number} ")
    expect(said.filter(has_text=f"Accepted: {len(GOOD)} files")).to_be_visible()
    expect(said.filter(has_text=f"Refused: {len(FAULTS)} files")).to_be_visible()


def test_an_image_sent_before_is_told_and_the_new_one_beside_it_is_taken(
    page: Page, settled: str, tmp_path: Path
) -> None:
    files = {"again.dcm": GOOD["IM2.dcm"], "new.dcm": datasets.ct_slice(number=7)}
    choose(page, folder_of(tmp_path / "export", files), count=2)
    held(page, 2)
    people.describe(page, days_from_onset=3)

    expect(page.get_by_text("Accepted", exact=True).first).to_be_visible(timeout=120_000)
    known = page.locator("#progress li").filter(has_text="Already in the database")
    expect(
        known.filter(has_text="The database has this image already, from an earlier upload.")
    ).to_have_count(1)
    expect(page.get_by_text("Accepted: 1 file", exact=True)).to_be_visible()


def test_files_of_two_patients_are_refused_together_and_what_was_sent_before_stays(
    page: Page, settled: str, tmp_path: Path
) -> None:
    files = {
        "one.dcm": datasets.ct_slice(number=8),
        "other.dcm": datasets.ct_slice(patient="B", study=2, series=2),
    }
    choose(page, folder_of(tmp_path / "export", files), count=2)
    held(page, 2)
    people.describe(page, days_from_onset=3)

    expect(
        page.get_by_text(
            "This upload holds images of more than one patient. Send one upload for each patient."
        )
    ).to_be_visible(timeout=120_000)
    # it does not say that anything of it was taken
    expect(page.get_by_text(re.compile("^(Accepted|Images stored)"))).to_have_count(0)
    check_page(page, "bad-two-patients")
    page.goto(settled)
    expect(page.get_by_text(f"Accepted: {len(GOOD)} files", exact=True)).to_be_visible()


def test_2001_files_are_told_before_anything_is_sent_and_what_is_there_stays(
    page: Page, tmp_path: Path
) -> None:
    choose(page, folder_of(tmp_path / "some", {"a.dcm": b"a", "b.dcm": b"b"}), count=2)
    held(page, 2)
    many = folder_of(tmp_path / "many", {f"IM{number}": b"x" for number in range(2001)})

    page.locator("#upload-folder").set_input_files(many)

    expect(page.get_by_role("alert")).to_have_text(
        "With these there would be 2,003 files. One upload holds up to 2,000: leave out series "
        "that do not help, or start a second upload for the same patient."
    )
    expect(page.get_by_role("button", name=re.compile("^Send "))).to_have_count(0)
    check_page(page, "bad-2001-files")
    page.reload()
    held(page, 2)


def test_a_line_that_breaks_inside_a_file_is_told_and_the_file_arrives_once(
    live_site: Site, page: Page, tmp_path: Path
) -> None:
    noise = np.random.default_rng(5).integers(0, 2000, (512, 512), np.int16)
    large = datasets.ct_slice(number=10, Rows=512, Columns=512, PixelData=noise.tobytes())
    folder = folder_of(tmp_path / "export", {"IM1.dcm": datasets.ct_slice(), "IM2.dcm": large})
    start(page)
    with line_to(live_site.url) as line:
        page.goto(page.url.replace(live_site.url, line.url))
        line.breaks_files = True
        page.locator("#upload-folder").set_input_files(folder)
        page.get_by_role("button", name="Send 2 files").click()

        expect(page.locator("[data-part='notice']")).to_have_text(
            "The connection was lost. Sending goes on by itself when it is back; "
            "nothing is sent twice."
        )
        check_page(page, "bad-line")
        assert line.breaks
        line.breaks_files = False
        expect(page.locator("[data-part='notice']")).to_have_text(
            "All 2 files arrived.", timeout=60_000
        )
        held(page, 2)
    with live_site.database() as database:
        query = "SELECT size_bytes FROM uploads_uploadedfile WHERE upload_id = %s ORDER BY 1"
        found = database.execute(query, [page.url.rstrip("/").rpartition("/")[2]]).fetchall()
    assert [size for (size,) in found] == [len(datasets.ct_slice()), len(large)]
