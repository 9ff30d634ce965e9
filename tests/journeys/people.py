"""What each person does in their browser, step by step, as sentences."""

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_otp.oath import totp
from playwright.sync_api import Browser, Page, expect

from tests.journeys.accessibility import check_page
from tests.sites import Site

WORK_SECONDS = 120


@contextmanager
def own_browser(browser: Browser, site: Site) -> Iterator[Page]:
    """A browser window with cookies of its own; a page that logs an error fails the test."""
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    try:
        yield page
        assert not errors, errors
    finally:
        context.close()


def members_of(site: Site) -> dict[str, dict[str, str]]:
    """The demonstration's members, made on this site; as demo.json gives them."""
    site.manage("seed_demo", "--members-only")
    return json.loads((site.folder / "demo.json").read_text())


def sign_in(page: Page, member: dict[str, str]) -> None:
    page.goto("/accounts/sign-in/")
    check_page(page, "sign-in")
    page.get_by_label("E-mail address").fill(member["email"])
    page.get_by_label("Password", exact=True).fill(member["password"])
    page.get_by_role("button", name=re.compile("^(Sign in|Continue)$")).click()
    check_page(page, "second-factor")
    page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code_of(member))
    page.get_by_role("button", name=re.compile("^(Sign in|Continue)$")).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def code_of(member: dict[str, str]) -> str:
    # a code is used once: at the end of its half minute, wait for the next
    if time.time() % 30 > 27:
        time.sleep(4)
    return f"{totp(base64.b32decode(member['totp_secret'])):06}"


def come_in(page: Page, site: Site, *, trust: str, email: str) -> None:
    """A submitter proves their address with the code from the mail."""
    page.goto("/uploads/")
    check_page(page, "uploads-start")
    page.get_by_label("Your trust or health board").fill(trust)
    page.get_by_label("Your full name").fill("Robin Hale")
    page.get_by_label("Your role").fill("Radiographer")
    page.get_by_label("Your NHS e-mail address").fill(email)
    page.get_by_role("button", name=re.compile("code", re.IGNORECASE)).click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    check_page(page, "uploads-code")
    page.get_by_label("Code", exact=True).fill(code_in(site.mails()[-1]))
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url(re.compile("/uploads/mine/"))
    check_page(page, "uploads-mine")


def code_in(mail: str) -> str:
    found = re.search(r"^\s*([A-Z2-9]{4}[ -]?[A-Z2-9]{4})\s*$", mail, re.MULTILINE)
    assert found, "the mail holds no code"
    return found[1]


def send_folder(page: Page, folder: Path) -> None:
    """Start an upload and send a folder through the page's own script."""
    page.get_by_role("button", name="Start a new upload").click()
    page.wait_for_url(re.compile(r"/uploads/[0-9a-f-]{36}/$"))
    check_page(page, "uploads-files")
    page.locator("#upload-folder").set_input_files(folder)
    page.get_by_role("button", name=re.compile(r"^Send \d+ file")).click()
    sent = len([file for file in folder.rglob("*") if file.is_file()])
    expect(page.locator("[data-part='held-summary']")).to_contain_text(
        str(sent), timeout=WORK_SECONDS * 1000
    )


def describe(page: Page, *, days_from_onset: int) -> None:
    """The clinical form and the declaration, then submit."""
    page.goto(page.url.split("#")[0] + "clinical/")
    check_page(page, "uploads-clinical")
    page.get_by_label("Age in years").fill("63")
    page.get_by_label("Days from the first symptom to the first images").fill(str(days_from_onset))
    page.get_by_label("Days from the first symptom to the swab").fill(str(days_from_onset))
    for name, value in ANSWERS.items():
        page.locator(f"[name='{name}'][value='{value}']").check()
    page.get_by_role("main").get_by_role("button").last.click()
    page.wait_for_url("**/declaration/")
    check_page(page, "uploads-declaration")
    for name in ("is_anonymised", "is_for_teaching", "is_approved"):
        page.locator(f"[name='{name}']").check()
    page.get_by_label("Reference of the Caldicott approval").fill("CG-2020-17")
    page.get_by_label("Role of the person who approved").fill("Caldicott Guardian")
    page.get_by_role("main").get_by_role("button").last.click()
    page.wait_for_url("**/submit/")
    check_page(page, "uploads-submit")
    page.get_by_role("main").get_by_role("button").last.click()


ANSWERS = {
    "sex": "F",
    "rt_pcr": "positive",
    "symptoms": "cough",
    "hypertension": "no",
    "cardiovascular_disease": "no",
    "chronic_lung_disease": "no",
    "diabetes": "no",
    "chronic_kidney_disease": "no",
    "immunosuppressed": "no",
    "smoking": "never",
    "oxygen_support": "room_air",
    "outcome": "discharged",
}


def wait_for_acceptance(page: Page) -> None:
    accepted = page.get_by_text("Accepted", exact=True).first
    expect(accepted).to_be_visible(timeout=WORK_SECONDS * 1000)
    check_page(page, "uploads-status")
