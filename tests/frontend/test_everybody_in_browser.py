"""The stack for fingers, narrow pages, forced colours and those whom motion makes ill."""

from contextlib import contextmanager

from playwright.sync_api import expect

from tests.frontend.pixels import SLICES
from tests.frontend.test_in_browser import VIEWPORT, chromium, site

__all__ = ["chromium", "site"]

MIDDLE = (SLICES - 1) // 2


@contextmanager
def opened(chromium, site, **options):
    context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    page = context.new_page()
    page.goto(f"{site.address}/pixels-ct.html")
    expect(page.locator(VIEWPORT)).to_have_attribute("data-shown", f"ct{MIDDLE}-1")
    expect(page.locator(".app-stack__bar--whole")).to_have_count(1)
    yield page
    context.close()


def swipe(page, across: float, down: float) -> None:
    box = page.locator(VIEWPORT).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1), ("touchEnd", 1)):
        points = [{"x": x + across * share, "y": y + down * share}]
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else points},
        )


def test_a_finger_scrolls_the_stack_sideways_and_the_page_up_and_down(chromium, site):
    phone = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
    with opened(chromium, site, **phone) as page:
        swipe(page, -120, 0)
        expect(page.locator(VIEWPORT)).not_to_have_attribute("data-shown", f"ct{MIDDLE}-1")
        shown = page.locator(VIEWPORT).get_attribute("data-shown")
        swipe(page, 0, -150)
        page.wait_for_function("scrollY > 0")
        assert page.locator(VIEWPORT).get_attribute("data-shown") == shown

        # every tool is there, on demand and large enough for a finger, and nothing sticks out
        page.get_by_role("button", name="More tools").click()
        buttons = page.locator(".app-stack__tools .app-stack__button:visible")
        assert buttons.count() > 20
        sizes = buttons.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
        assert min(sizes) >= 44
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_forced_colours_show_what_is_pressed_and_leave_the_picture_alone(chromium, site):
    with opened(chromium, site, forced_colors="active") as page:
        pressed = page.locator(".app-stack__button[aria-pressed=true]").first
        other = page.locator(".app-stack__button[aria-pressed=false]").first
        widths = [
            each.evaluate("one => getComputedStyle(one).borderTopWidth")
            for each in (pressed, other)
        ]
        assert widths == ["3px", "1px"]
        ground = page.locator(VIEWPORT).evaluate("one => getComputedStyle(one).backgroundColor")
        assert ground == "rgb(0, 0, 0)"


def test_nothing_moves_by_itself_for_who_asked_for_that(chromium, site):
    with opened(chromium, site, reduced_motion="reduce") as page:
        moving = page.evaluate(
            """() => [...document.querySelectorAll('*')].map(one => getComputedStyle(one)).filter(
              style => style.transitionDuration.split(', ').some(each => parseFloat(each) > 0)
                || style.animationName !== 'none' || style.scrollBehavior === 'smooth'
            ).length"""
        )
        assert moving == 0
        # a stack plays only when told to
        assert page.get_by_role("button", name="Stop").count() == 0
