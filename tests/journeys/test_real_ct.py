"""Three real patients with two studies each: three cases, each with its studies in order."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bsti_db.devserver.folder import PROJECT
from tests.journeys import people
from tests.journeys.accessibility import check_page
from tests.journeys.people import own_browser
from tests.sites import Site

REAL_CT = PROJECT.parent / "shared" / "data" / "real-ct"
FIRST_DAY = 5


@pytest.mark.skipif(not REAL_CT.is_dir(), reason="the real CT slices lie beside the project only")
@pytest.mark.timeout(600)
def test_three_real_patients_become_three_cases_of_two_studies_in_order(
    live_site: Site, browser: Browser
) -> None:
    members = people.members_of(live_site)
    patients = sorted(path for path in REAL_CT.iterdir() if path.is_dir())

    with own_browser(browser, live_site) as page:
        people.come_in(page, live_site, trust="R0A", email="robin.hale@nhs.net")
        for patient in patients:
            send_one(page, patient)

    with own_browser(browser, live_site) as page:
        people.sign_in(page, members["chair"])
        page.goto("/review/")
        page.get_by_role("link", name=re.compile("^Not yet opened")).click()
        page.get_by_role("button", name="Open all 3").click()
        for number in range(1, len(patients) + 1):
            assert_two_studies_in_order(page, number)


def send_one(page: Page, patient: Path) -> None:
    page.goto("/uploads/mine/")
    people.send_folder(page, patient)
    people.describe(page, days_from_onset=FIRST_DAY)
    people.wait_for_acceptance(page)


def assert_two_studies_in_order(page: Page, number: int) -> None:
    page.goto(f"/review/cases/{number}/")
    expect(page.locator("[data-shown]").first).to_be_visible(timeout=30_000)
    check_page(page, f"real-case-{number}")
    series = json.loads(page.locator("#stack-series").inner_text())
    days = [int(re.findall(r"\d+", row["study"])[0]) for row in series]
    assert days == sorted(days)
    assert len(set(days)) == 2
    assert days[0] == FIRST_DAY
    # three planes of each study, one slice a plane
    assert sum(len(row["images"]) for row in series) == 6
