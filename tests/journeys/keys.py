"""A page used by nothing but its keys: Tab to a control, arrows within it, Space and Enter."""

from playwright.sync_api import Locator, Page, expect

_MOST_STOPS = 250
_FOCUSED = "each => each === document.activeElement"


def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until the control has the focus; one that cannot be reached so fails."""
    expect(control).to_be_attached()
    for _ in range(_MOST_STOPS):
        if control.evaluate(_FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {control}")


def activate(page: Page, control: Locator, key: str = "Enter") -> None:
    tab_to(page, control)
    page.keyboard.press(key)


def choose(page: Page, name: str, value: str) -> None:
    """Choose one of a group of radio buttons: Tab reaches the group, the arrows its buttons."""
    for _ in range(_MOST_STOPS):
        if page.evaluate("document.activeElement.name") == name:
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(page.locator(f"[name='{name}']").count()):
        if page.evaluate("document.activeElement.value") == value:
            break
        page.keyboard.press("ArrowDown")
    expect(page.locator(f"[name='{name}'][value='{value}']")).to_be_checked()


def write(page: Page, control: Locator, text: str) -> None:
    tab_to(page, control)
    page.keyboard.type(text)
