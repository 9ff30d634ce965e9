"""Every page a journey visits is looked at by axe and kept as a picture, wide and narrow."""

import re
from pathlib import Path

from playwright.sync_api import Error, Page

from bsti_db.devserver.folder import PROJECT

AXE = PROJECT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = [(320, 800), (1280, 900)]
# what differs in each answer and is no part of what a person meets
_PASSING = re.compile(r"csrf[^>]*>|[0-9a-f]{8}-[0-9a-f-]{27}|\bU-[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_seen: set[tuple[str, str]] = set()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _picture(page: Page, name: str) -> None:
    path = pictures() / name
    try:
        page.screenshot(path=path, full_page=True)
    except Error:
        # Chromium sometimes cannot while a page is being laid out anew; the second time it can
        page.wait_for_timeout(500)
        page.screenshot(path=path, full_page=True)


def check_page(page: Page, name: str) -> None:
    """axe finds nothing at 320 and 1280 px, and nothing is cut off sideways.

    A page that was looked at before, and is the same, is not looked at again.
    """
    content = (name, _PASSING.sub("", page.content()))
    if content in _seen:
        return
    _seen.add(content)
    # the page's own policy forbids scripts of others, the test's world is apart from it
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        _picture(page, f"{name}-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (
            f"{name} scrolls sideways at {width} px"
        )
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules}).then(result => result.violations.map("
            "each => each.id + ': ' + each.nodes.map(node => node.target.join(' ')).join(', ')))",
            RULES,
        )
        assert not found, f"{name} at {width} px: {found}"


def pictures() -> Path:
    # not the data folder of the run, which ends with it
    folder = PROJECT / "var" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
