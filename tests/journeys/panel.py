"""What the panel, the desk and the public do in their browsers."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.accessibility import check_page
from tests.journeys.pixels import assert_probe_tells_stored_values


def open_cases(page: Page) -> None:
    """A panellist opens every waiting patient's case."""
    page.goto("/review/")
    page.get_by_role("link", name=re.compile("^Not yet opened")).click()
    check_page(page, "worklist-to-open")
    page.get_by_role("button", name=re.compile("^Open all|^Open the case|^Open")).first.click()


def read(page: Page, number: int) -> None:
    """A panellist reads a case by the form and locks the reading."""
    page.goto(f"/review/cases/{number}/")
    expect(page.locator("[data-shown]").first).to_be_visible(timeout=30_000)
    check_page(page, "case")
    assert_probe_tells_stored_values(page)
    for name in page.locator("form[data-reading] [name^='category_']").evaluate_all(
        "all => [...new Set(all.map(each => each.name))]"
    ):
        page.locator(f"[name='{name}']").first.check(force=True)
    for name in page.locator("form[data-reading] [name^='severity_']").evaluate_all(
        "all => [...new Set(all.map(each => each.name))]"
    ):
        page.locator(f"[name='{name}'][value='2']").check(force=True)
    page.locator("form[data-reading] [name='include']").first.check(force=True)
    page.locator("form[data-reading] [name='teaching_value'][value='4']").check(force=True)
    page.get_by_role("button", name="Submit reading").click()
    expect(page.get_by_role("button", name="Submit reading")).to_have_count(0)
    check_page(page, "case-read")


def read_if_given(page: Page, number: int) -> bool:
    """A panellist reads a case when the rule gave it to them; says whether it did."""
    page.goto("/review/")
    check_page(page, "worklist")
    if page.get_by_role("link", name=f"Case {number}", exact=True).count() == 0:
        return False
    read(page, number)
    return True


def write(page: Page, *, title: str, point: str, slice_number: int) -> str:
    """An editor writes a case up with one point on the slice they scrolled to; gives its name."""
    page.goto("/library/desk/")
    check_page(page, "desk")
    page.get_by_role("button", name=re.compile("^Write up case")).first.click()
    page.wait_for_url(re.compile(r"/library/desk/\d+/$"))
    page.get_by_label("Title").fill(title)
    page.get_by_label("Summary").fill("Seen under the pleura of both lower lobes.")
    shown = scroll_to(page, slice_number)
    first = page.locator("[data-point]").first
    first.get_by_label("Teaching point").fill(point)
    first.get_by_role("button", name=re.compile("Use the image on screen")).click()
    expect(first.get_by_label("Image", exact=True)).to_have_value(str(slice_number))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    check_page(page, "desk-edit")
    page.get_by_role("button", name="Save and propose").click()
    page.wait_for_url(re.compile("/library/desk/(#|$)"))
    return shown


def scroll_to(page: Page, number: int) -> str:
    """Bring the `number`-th image of the series on screen by its slider; gives its short name."""
    slider = page.locator(".app-stack input[type=range]").first
    slider.fill(str(number))
    expect(slider).to_have_value(str(number))
    expect(page.get_by_text(re.compile(rf"^Slice {number} of"))).to_be_visible()
    expect(page.locator("[data-shown]").first).to_be_visible()
    return page.locator("[data-shown]").first.get_attribute("data-shown") or ""


def publish(page: Page) -> None:
    """A second person goes through the checklist and publishes."""
    page.goto("/library/desk/")
    page.get_by_role("link", name=re.compile("^Teaching case")).first.click()
    expect(page.locator("[data-shown]").first).to_be_visible(timeout=30_000)
    check_page(page, "desk-check")
    for box in page.locator("form[action$='/publish/'] input[type=checkbox]").all():
        box.check(force=True)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("copied").first).to_be_visible()
