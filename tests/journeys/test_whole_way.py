"""A folder with names in its headers, from a trust's browser to the public and away again."""

import re
import time
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bsti_db.demonstration.phantoms import Disease, chest_volume, ct_series, invented_patient
from tests.journeys import panel, people
from tests.journeys.accessibility import check_page
from tests.journeys.people import own_browser
from tests.journeys.pixels import assert_probe_tells_stored_values
from tests.sites import Site

SLICES = 64
SLICE = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A series of invented images, and the identities planted in its headers."""
    volume = chest_volume(3, Disease(ground_glass=0.6), slices=SLICES, matrix=128)
    patient = invented_patient(volume, study_date=date(2020, 4, 7))
    path = tmp_path_factory.mktemp("pacs") / "export"
    path.mkdir()
    for number, content in enumerate(ct_series(volume, patient=patient, study_uid="2.25.77"), 1):
        (path / f"IM{number:04}").write_bytes(content)
    family, _, given = patient.patient_name.partition("^")
    return path, [family, given, patient.patient_id, patient.accession_number]


@pytest.mark.timeout(600)
def test_a_trusts_folder_becomes_a_public_case_and_is_suspended_at_once(
    live_site: Site, browser: Browser, folder: tuple[Path, list[str]]
) -> None:
    path, identities = folder
    members = people.members_of(live_site)

    with own_browser(browser, live_site) as page:
        people.come_in(page, live_site, trust="R0A", email="robin.hale@nhs.net")
        people.send_folder(page, path)
        people.describe(page, days_from_onset=6)
        people.wait_for_acceptance(page)

    with own_browser(browser, live_site) as panellist:
        people.sign_in(panellist, members["panellist"])
        panel.open_cases(panellist)
        readings = [panel.read_if_given(panellist, 1)]
        for role in ("second panellist", "third panellist"):
            with own_browser(browser, live_site) as page:
                people.sign_in(page, members[role])
                readings.append(panel.read_if_given(page, 1))
        assert readings.count(True) == 2
        with own_browser(browser, live_site) as page:
            people.sign_in(page, members["chair"])
            page.goto("/review/cases/1/")
            expect(page.get_by_text("two readings agree")).to_be_visible()
            check_page(page, "case-settled")
        with own_browser(browser, live_site) as page:
            people.sign_in(page, members["editor"])
            panel.write(page, title="Ground-glass opacity", point="Look here.", slice_number=SLICE)
        with own_browser(browser, live_site) as page:
            people.sign_in(page, members["publisher"])
            panel.publish(page)
        with own_browser(browser, live_site) as anybody:
            address = public_case(anybody)
            the_right_slice_is_on_screen(anybody)
            assert_no_identity(anybody, live_site, identities)
            suspend(panellist, address)
            anybody.goto(address)
            expect(anybody.get_by_role("heading", level=1)).to_contain_text("not available")
            anybody.goto("/library/")
            expect(anybody.get_by_text("Ground-glass opacity")).to_have_count(0)


def public_case(page: Page) -> str:
    """Wait until the case is in the list, then open it; gives its address."""
    deadline = time.monotonic() + 90
    while True:
        page.goto("/library/")
        if page.get_by_role("link", name="Ground-glass opacity").count():
            break
        assert time.monotonic() < deadline, "the case was not published"
        time.sleep(1)
    check_page(page, "library")
    page.get_by_role("link", name="Ground-glass opacity").click()
    expect(page.locator("[data-shown]").first).to_be_visible(timeout=30_000)
    check_page(page, "public-case")
    return page.url.split("#")[0]


def the_right_slice_is_on_screen(page: Page) -> None:
    """The teaching point brings its own image: the one the address of the point names."""
    point = page.locator("[data-image]").first
    panel.scroll_to(page, 3)
    point.click()
    wanted = point.get_attribute("data-image")
    expect(page.locator(f"[data-shown='{wanted}']").first).to_be_visible()
    slider = page.locator(".app-stack input[type=range]").first
    assert slider.input_value() == str(SLICE)
    expect(point).to_have_attribute("aria-current", "true")
    assert_probe_tells_stored_values(page)


def saved_texts(page: Page) -> list[str]:
    """Every file that the page of a case gives to save is there; those without pixels, as text."""
    links = page.locator("section[aria-labelledby='for-software'] a, a[download]")
    addresses = sorted(set(links.evaluate_all("links => links.map(link => link.href)")))
    files = {address: page.request.get(address) for address in addresses}
    assert {address: file.status for address, file in files.items()} == dict.fromkeys(files, 200)
    assert {address.rpartition(".")[2] for address in files} >= {"dcm", "png", "zip", "json", "bib"}
    return [
        file.body().decode("latin-1")
        for address, file in files.items()
        if not address.endswith((".png", ".zip"))
    ]


def assert_no_identity(page: Page, site: Site, identities: list[str]) -> None:
    """No planted identity in the page, what it gives to save, logs, mails or the audit trail."""
    texts = [page.content(), site.logs(), *site.mails(), *saved_texts(page)]
    with site.database() as database:
        rows = database.execute("SELECT to_jsonb(row)::text FROM auditlog_logentry AS row")
        texts += [text for (text,) in rows.fetchall()]
    for identity in identities:
        found = re.compile(re.escape(identity), re.IGNORECASE)
        assert not [text for text in texts if found.search(text)], "an identity got through"


def suspend(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("Suspend this case").click()
    page.get_by_role("button", name="Suspend now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("not available")
