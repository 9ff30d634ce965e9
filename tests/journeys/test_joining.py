"""A new panellist's way: invited, joined, signed in, password changed and found again."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import people
from tests.journeys.accessibility import check_page
from tests.journeys.people import own_browser
from tests.sites import Site

PASSWORD = "nine crooked teapots dance slowly"
NEXT_PASSWORD = "eleven patient otters fold napkins"
ADDRESS = "iris.neumann@bsti.example"


@pytest.mark.timeout(300)
def test_an_invited_panellist_joins_and_keeps_their_account(
    live_site: Site, browser: Browser
) -> None:
    members = people.members_of(live_site)
    with own_browser(browser, live_site) as page:
        people.sign_in(page, members["administrator"])
        check_page(page, "home-administrator")
        invite(page)
    with own_browser(browser, live_site) as page:
        recovery_code = join(page, live_site)
    with own_browser(browser, live_site) as page:
        sign_in_without_the_app(page, recovery_code)
        keep_account(page)
        look_after_oneself(page)
        be_told_that_the_password_ends(page, live_site)
    with own_browser(browser, live_site) as page:
        forget_password(page, live_site)


def invite(page: Page) -> None:
    page.get_by_role("link", name="Members", exact=True).click()
    check_page(page, "members")
    page.get_by_role("link", name="Invite a member").click()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    check_page(page, "invite-with-errors")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Name", exact=True).fill("Iris Neumann")
    page.get_by_label("Panellist", exact=True).check()
    check_page(page, "invite")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="Iris Neumann")).to_be_visible()
    check_page(page, "member-invited")
    page.get_by_role("link", name=re.compile("Change name")).click()
    check_page(page, "member-details")


def join(page: Page, site: Site) -> str:
    page.goto(address_in(site))
    assert page.url.endswith("/accounts/join/"), "the token stays in the address bar"
    check_page(page, "join-password")
    page.get_by_label("Code of the invitation").fill(code_in(site))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    check_page(page, "join-second-factor")
    picture = page.get_by_role("img", name=re.compile("QR"))
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 100
    secret = page.locator("main samp").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(people.code_of({"totp_secret": secret}))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main samp")).to_have_count(10)
    check_page(page, "recovery-codes")
    return page.locator("main samp").first.inner_text()


def sign_in_without_the_app(page: Page, recovery_code: str) -> None:
    page.goto("/accounts/sign-in/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code", exact=True).fill(recovery_code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    check_page(page, "home-panellist")


def keep_account(page: Page) -> None:
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Panellist")
    check_page(page, "account")
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("covid covid covid nhs")
    page.get_by_label("The same password again").fill("covid covid covid nhs")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("too easy to guess")
    check_page(page, "change-password-with-errors")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEXT_PASSWORD)
    page.get_by_label("The same password again").fill(NEXT_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status").first).to_contain_text("Your password is changed")
    page.get_by_role("link", name=re.compile("Make new ones")).click()
    check_page(page, "renew-recovery-codes")
    page.goto("/accounts/members/")
    expect(page.get_by_role("heading", name="You may not do this")).to_be_visible()


def look_after_oneself(page: Page) -> None:
    page.goto("/accounts/")
    page.get_by_role("link", name="Change GMC number").click()
    page.get_by_label("GMC number").fill("12345")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the 7 digits")
    check_page(page, "gmc-number-with-errors")
    page.get_by_label("GMC number").fill("123 4567")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("1234567")
    page.get_by_role("link", name="Where you are signed in").click()
    expect(page.get_by_role("main")).to_contain_text("This session")
    check_page(page, "sessions")
    page.goto("/accounts/activity/")
    expect(page.get_by_role("main")).to_contain_text("Member details changed")
    check_page(page, "activity")
    page.goto("/review/profile/away/")
    check_page(page, "away-with-nothing-due")


def be_told_that_the_password_ends(page: Page, site: Site) -> None:
    with site.database() as connection:
        connection.execute(
            "UPDATE accounts_member SET password_changed_at = now() - interval '80 days'"
            " WHERE email = %s",
            [ADDRESS],
        )
    page.goto("/review/")
    expect(page.get_by_role("main")).to_contain_text("Your password must be renewed by")
    check_page(page, "worklist-password-ends")
    page.get_by_role("link", name="Renew it now").click()
    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()


def forget_password(page: Page, site: Site) -> None:
    page.goto("/accounts/sign-in/")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    check_page(page, "sign-in-refused")
    page.get_by_role("link", name="Password forgotten").click()
    check_page(page, "forgotten")
    page.get_by_label("E-mail address").fill(ADDRESS)
    before = len(site.mails())
    page.get_by_role("button", name="Send the mail").click()
    check_page(page, "reset-sent")
    for _ in range(100):
        if len(site.mails()) > before:
            break
        page.wait_for_timeout(100)
    page.goto(address_in(site))
    check_page(page, "choose-password")
    page.get_by_label("New password").fill(PASSWORD + " again")
    page.get_by_label("The same password again").fill(PASSWORD + " again")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status").first).to_contain_text("Sign in with it")


def code_in(site: Site) -> str:
    """The code beside the address in the newest mail."""
    found = re.search(r"^\s+([A-Z0-9]{4}-[A-Z0-9]{4})$", site.mails()[-1], re.MULTILINE)
    assert found, "the mail holds no code"
    return found[1]


def address_in(site: Site) -> str:
    """The path of the address in the newest mail."""
    found = re.search(r"^\s+https?://[^/]+(/\S+)$", site.mails()[-1], re.MULTILINE)
    assert found, "the mail holds no address"
    return found[1]
