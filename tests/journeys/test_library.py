"""A visitor looks for a case: without script, and as everybody else sees the pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bsti_db.demonstration.patients import FIRST_DAY
from bsti_db.demonstration.phantoms import Disease, chest_volume, ct_series, invented_patient
from tests.journeys.accessibility import check_page
from tests.journeys.people import own_browser
from tests.published_cases import publish
from tests.sites import Site


@pytest.fixture(scope="module")
def case(live_site: Site) -> str:
    """The address of an indeterminate CT with crazy-paving on day 4."""
    disease = Disease(ground_glass=0.5, crazy_paving=0.8)
    volume = chest_volume(6, disease, slices=12, matrix=96)
    patient = invented_patient(volume, study_date=FIRST_DAY)
    files = list(ct_series(volume, patient=patient, study_uid="2.25.79"))
    return publish(live_site, files, category="indeterminate", findings=("Crazy-paving",))


@pytest.fixture
def page(live_site: Site, browser: Browser) -> Iterator[Page]:
    """A window in which no script runs."""
    context = browser.new_context(base_url=live_site.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_a_visitor_without_script_finds_a_case_by_what_it_shows_and_reads_it(
    case: str, page: Page
) -> None:
    page.goto("/")
    page.get_by_role("link", name="Open the teaching library").click()
    for facet, value in [
        ("Modality", "CT"),
        ("Category by the panel", "Indeterminate (BSTI CT)"),
        ("Findings", "Crazy-paving"),
        ("Day from onset", "Day 4 to 6"),
    ]:
        page.locator("summary", has_text=facet).click()
        page.get_by_role("group", name=facet).get_by_label(value).check()
    page.get_by_role("button", name="Apply filters").click()

    expect(page).to_have_url(re.compile(r"finding=crazy-paving"))
    expect(page.get_by_text(re.compile(r"^1 case\."))).to_be_visible()
    expect(page.get_by_role("list", name="Filters chosen").get_by_role("link")).to_have_count(4)
    page.locator(".app-card").get_by_role("link").click()

    assert page.url.endswith(case)
    expect(page.get_by_text("Look at this slice.")).to_be_visible()
    expect(page.get_by_text("2 Indeterminate.", exact=False)).to_be_visible()
    first = page.locator(".app-stack__fallback img").get_attribute("src") or ""
    assert page.request.get(first).headers["content-type"] == "image/png"
    page.get_by_role("link", name="Next image").click()
    assert page.locator(".app-stack__fallback img").get_attribute("src") != first


def test_a_word_spelled_wrong_leads_to_the_right_one(case: str, page: Page) -> None:
    page.goto("/library/")
    page.get_by_label("Search the cases").fill("crazi pavving opacty")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name=re.compile("opacity")).click()

    expect(page.locator(".app-card")).to_have_count(1)
    expect(page.locator("mark").first).to_be_visible()


def test_a_visitor_reports_a_concern_and_reads_that_it_came(
    live_site: Site, case: str, page: Page
) -> None:
    page.goto(case)
    page.get_by_role("link", name="Report a concern").click()
    page.get_by_label("Somebody could be identified").check()
    page.get_by_label("What should we look at?").fill("The edge of image 3.")
    page.get_by_role("button", name="Report it").click()

    expect(page.get_by_role("heading", name="Your concern is on the desk")).to_be_visible()
    assert page.context.cookies() == []
    with live_site.database() as database:
        (row,) = database.execute("SELECT kind, text FROM library_concern").fetchall()
    assert tuple(row) == ("identifies", "The edge of image 3.")


def test_every_page_of_the_library_is_for_everybody(
    live_site: Site, browser: Browser, case: str
) -> None:
    with own_browser(browser, live_site) as page:
        for name, address in {
            "home-week": "/",
            "library-found": "/library/?q=crazy+paving&finding=crazy-paving&severity=moderate",
            "library-nothing": "/library/?q=zebra&colour=red",
            "case-print": f"{case}v1/print/",
            "case-concern": f"{case}v1/concern/",
        }.items():
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            check_page(page, name)
