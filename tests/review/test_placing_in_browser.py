"""Placing findings in a real browser: what is drawn is a row, and lies there after a reload."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect

from review import vocabulary
from review.models import Case, Category, Finding, FindingCode, ReportingScheme
from tests.journeys.accessibility import check_page
from tests.journeys.conftest import browser
from tests.marked_images import (
    HALF_A_PIXEL,
    MARK,
    expect_at_the_landmark,
    landmark,
    pull,
    store_marked,
    wait_for_picture,
)
from tests.review import making
from tests.review.test_findings import placed, read
from tests.signing_in import sign_in

__all__ = ["browser"]

pytestmark = pytest.mark.django_db(transaction=True)

SAVED = re.compile("Draft saved at")


@pytest.fixture
def case() -> Case:
    """A case of three slices, each with one bright pixel, given to one reader."""
    # what migrations wrote is gone after another test of this kind
    vocabulary.seed(ReportingScheme, Category)
    vocabulary.seed_findings(FindingCode)
    upload = making.accepted_upload(slices=3)
    case = making.given_case(making.panellist(), upload)
    store_marked(upload.studies.get().series.get())
    return case


@contextmanager
def reading(browser: Browser, live_server, case: Case, *, width: int = 1280) -> Iterator[Page]:
    """The case as its reader sees it, with its findings open."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    client = sign_in(Client(), case.assignments.get().member)
    for name, morsel in client.cookies.items():
        context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(live_server.url + reverse("review:case", args=[case.number]))
    wait_for_picture(page)
    yield page
    assert complaints == []
    context.close()


def first_finding(page: Page) -> Locator:
    """The first row of the form's findings, which stand in a part that opens."""
    row = page.locator("[data-finding]").first
    if not row.is_visible():
        page.get_by_text("Findings", exact=False).first.click()
    return row


def act(row: Locator, words: str) -> Locator:
    return row.get_by_role("button", name=re.compile(f"^{words}"))


def choose(row: Locator, finding: str, site: str = "") -> None:
    row.get_by_label("Finding 1", exact=True).select_option(finding)
    if site:
        row.get_by_label("Site 1", exact=True).select_option(site)


def test_a_finding_drawn_on_the_image_is_a_row_and_lies_there_after_a_reload(
    browser, live_server, case
):
    with reading(browser, live_server, case) as page:
        row = first_finding(page)
        expect(act(row, "Place on the image")).to_be_hidden()
        choose(row, "Crazy-paving", "Lower lobe")
        act(row, "Place on the image").click()
        expect(page.get_by_text("Place: Crazy-paving, lower lobe")).to_be_visible()
        pull(page, landmark(page), 90, 60)

        expect(act(row, "Arrow on slice 2 of 3")).to_be_visible()
        expect(page.locator(".app-drawing__text")).to_have_text("Crazy-paving")
        expect(page.get_by_text(SAVED)).to_be_visible()
        found = Finding.objects.get()
        assert (found.finding.meaning, found.site.meaning) == ("Crazy-paving", "Lower lobe")
        assert found.instance == found.study.series.get().instances.all()[1]
        head = found.graphic_data[2:]
        assert abs(head[0] - (MARK[0] + 0.5)) <= HALF_A_PIXEL
        assert abs(head[1] - (MARK[1] + 0.5)) <= HALF_A_PIXEL

        page.reload()
        wait_for_picture(page)
        page.locator(".app-stack__viewport").press("Home")
        expect(page.locator(".app-drawing")).to_have_count(0)
        act(first_finding(page), "Arrow on slice 2 of 3").click()
        expect(page.locator(".app-drawing--chosen")).to_have_count(1)
        page.locator(".app-stack__viewport").press("6")
        expect_at_the_landmark(page)
        check_page(page, "case-placed")

        row = first_finding(page)
        act(row, "Take off the image").click()
        expect(page.locator(".app-drawing")).to_have_count(0)
        expect(page.get_by_text(SAVED)).to_be_visible()
        assert Finding.objects.get().instance is None


def test_a_finding_is_placed_and_moved_by_keys_alone(browser, live_server, case):
    with reading(browser, live_server, case) as page:
        row = first_finding(page)
        choose(row, "Ground-glass opacity")
        act(row, "Place on the image").press("Enter")
        viewport = page.locator(".app-stack__viewport")
        expect(viewport).to_be_focused()
        page.keyboard.press("End")
        expect(page.get_by_text("Slice 3 of 3").first).to_be_visible()
        page.wait_for_function(
            "() => document.querySelector('[data-words]').dataset.words.startsWith('Slice 3')"
        )
        page.keyboard.press("Enter")
        expect(act(row, "Arrow on slice 3 of 3")).to_be_visible()
        expect(act(row, "Left")).to_be_focused()
        expect(page.get_by_text(SAVED)).to_be_visible()
        placed = Finding.objects.get().graphic_data
        assert placed[2:] == [40, 30]

        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        act(row, "Down").press("Enter")
        moved = [placed[0] - 2, placed[1] + 1, placed[2] - 2, placed[3] + 1]
        expect(row.get_by_label("Point 2, column")).to_have_value("38")
        row.get_by_label("Point 2, row").fill("45.5")
        page.keyboard.press("Enter")
        moved[3] = 45.5
        wait_until_saved(page, lambda: Finding.objects.get().graphic_data == moved)
        assert page.get_by_role("button", name="Submit reading").is_visible()

        act(row, "Remove finding").press("Enter")
        wait_until_saved(page, lambda: not Finding.objects.exists())
        expect(page.locator(".app-drawing")).to_have_count(0)

        page.get_by_role("button", name="Add another finding").press("Enter")
        added = page.get_by_label("Finding 3", exact=True)
        expect(added).to_be_focused()
        added.select_option("Nodule")
        wait_until_saved(page, lambda: Finding.objects.filter(finding__meaning="Nodule").exists())
        expect(act(page.locator("[data-finding]").nth(2), "Place on the image")).to_be_visible()


def wait_until_saved(page: Page, is_so) -> None:
    for _ in range(200):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It was not saved.")


def test_a_second_window_is_told_and_loses_nothing(browser, live_server, case):
    with (
        reading(browser, live_server, case) as one,
        reading(browser, live_server, case) as other,
    ):
        for page, meaning in ((one, "Consolidation"), (other, "Nodule")):
            row = first_finding(page)
            choose(row, meaning)
            act(row, "Place on the image").click()
            x, y = landmark(page)
            pull(page, (x, y), 80, 40)
            expect(act(row, "Arrow on slice 2 of 3")).to_be_visible()
            if page is one:
                expect(page.get_by_text(SAVED)).to_be_visible()

        told = other.get_by_text("Another window saved this draft")
        expect(told).to_be_visible()
        expect(other.locator(".app-drawing__text")).to_have_text("Nodule")
        assert Finding.objects.get().finding.meaning == "Consolidation"
        other.get_by_role("button", name="Keep what is in this window").click()
        expect(told).to_be_hidden()
        wait_until_saved(other, lambda: Finding.objects.get().finding.meaning == "Nodule")
        assert Finding.objects.get().instance is not None


def test_at_320_pixels_a_finding_is_placed_and_nothing_is_cut_off(browser, live_server, case):
    with reading(browser, live_server, case, width=320) as page:
        row = first_finding(page)
        choose(row, "Ground-glass opacity", "Lower lobe")
        act(row, "Place on the image").click()
        expect(page.get_by_role("group", name="Place the finding")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(act(row, "Arrow on slice 2 of 3")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        check_page(page, "case-placed-320")
        act(row, "Place again").click()
        check_page(page, "case-placing")


def test_after_submitting_the_finding_is_drawn_and_nobody_can_move_it(browser, live_server, case):
    reader = case.assignments.get().member
    image = case.case_studies.get().study.series.get().instances.all()[1]
    read(case, reader, placed(case))
    assert Finding.objects.get().instance == image
    with reading(browser, live_server, case) as page:
        page.get_by_role("link", name="slice 2 of 3").click()
        expect(page.locator(".app-drawing--chosen")).to_have_count(1)
        expect(page.locator(".app-drawing__text")).to_have_text("Crazy-paving")
        assert page.locator(".app-drawing__handle").count() == 0
        assert page.get_by_role("button", name="Place on the image").count() == 0
    assert FindingCode.objects.get(meaning="Crazy-paving").is_frozen
