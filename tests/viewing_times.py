"""How long a viewer in Chromium takes, by the page's own clock; ours and OHIF's are read alike.

Both draw with Cornerstone3D, whose events say what is drawn and what is loaded.
"""

import time
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page

from tests.fronts import Front

# a shared line at home or between hospitals
LINE_BYTES_A_SECOND = 20_000_000 // 8
LATENCY_MS = 40
_SECONDS = 240

# "first": an image is drawn and the middle of it is not black; "whole": every one is loaded
_CLOCK = """(count) => {
  const clock = (globalThis.viewingTimes = { first: null, whole: null, loaded: 0 });
  const isDrawn = (drawn) => {
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [64, 64];
    const context = copy.getContext('2d');
    const [left, top] = [drawn.width / 2 - 32, drawn.height / 2 - 32];
    context.drawImage(drawn, left, top, 64, 64, 0, 0, 64, 64);
    return context.getImageData(0, 0, 64, 64).data.some((value, at) => at % 4 !== 3 && value > 0);
  };
  const look = (event) => {
    const drawn = event.target.querySelector?.('.cornerstone-canvas');
    if (!drawn || !isDrawn(drawn)) return;
    clock.first = performance.now();
    document.removeEventListener('CORNERSTONE_IMAGE_RENDERED', look, true);
  };
  document.addEventListener('CORNERSTONE_IMAGE_RENDERED', look, true);

  // OHIF keeps its engine on the window, and fills a stack in the background
  const loaded = new Set();
  let engine;
  Object.defineProperty(globalThis, 'cornerstone', {
    configurable: true,
    get: () => engine,
    set: (value) => {
      engine = value;
      value.eventTarget.addEventListener('CORNERSTONE_IMAGE_LOADED', ({ detail }) => {
        loaded.add(detail.image.imageId);
        clock.loaded = loaded.size;
        if (loaded.size === count) clock.whole ??= performance.now();
      });
    },
  });

  // ours says so in its bar
  const bar = new MutationObserver(() => {
    if (!document.querySelector('.app-stack__bar--whole')) return;
    clock.whole ??= performance.now();
    bar.disconnect();
  });
  bar.observe(document, { subtree: true, attributeFilter: ['class'] });
}"""
# the next image is asked for as soon as one is drawn: each gets a turn of the screen
_SCROLLED = """async (count) => {
  const viewport = document.querySelector('.app-stack__viewport');
  let drawn;
  const observer = new MutationObserver(() => { if (viewport.dataset.shown) drawn(); });
  observer.observe(viewport, { attributeFilter: ['data-shown'] });
  const start = performance.now();
  for (let each = 0; each < count; each += 1) {
    const next = new Promise((resolve) => { drawn = resolve; });
    viewport.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
    await next;
  }
  return (1000 * count) / (performance.now() - start);
}"""
_OHIF_SCROLLED = """async (count) => {
  const [viewport] = cornerstone.getRenderingEngines()[0].getViewports();
  let drawn;
  let wanted;
  viewport.element.addEventListener('CORNERSTONE_IMAGE_RENDERED', () => {
    if (viewport.getCornerstoneImage().imageId === wanted) drawn();
  });
  const start = performance.now();
  for (let each = 0; each < count; each += 1) {
    const next = new Promise((resolve) => { drawn = resolve; });
    wanted = viewport.getImageIds()[viewport.getCurrentImageIdIndex() + 1];
    viewport.scroll(1);
    await next;
  }
  return (1000 * count) / (performance.now() - start);
}"""


@dataclass(frozen=True)
class Viewing:
    """One visit by somebody whose browser has nothing of the site yet."""

    first_seconds: float
    whole_seconds: float
    sent_bytes: int
    requests: int
    images_a_second: float | None = None


def view(
    browser: Browser, front: Front, path: str, *, count: int, is_slow: bool, scroll: int = 0
) -> Viewing:
    """Open a page with a stack of `count` images and wait for the last; then maybe scroll."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.add_init_script(f"({_CLOCK})({count})")
        if is_slow:
            _slow_down(context, page)
        before = len(front.requests)
        page.goto(f"{front.address}{path}", wait_until="commit")
        first, whole = _times(page)
        sent = [size for _, size in front.requests[before:]]
        return Viewing(
            first / 1000,
            whole / 1000,
            sum(sent),
            len(sent),
            images_a_second(page, scroll) if scroll else None,
        )
    finally:
        context.close()


def images_a_second(page: Page, count: int) -> float:
    """How many images of a loaded stack are drawn a second, each waited for on screen."""
    if page.locator(".app-stack__viewport").count():
        page.focus(".app-stack__viewport")
        page.keyboard.press("Home")
        page.wait_for_timeout(500)
        return page.evaluate(_SCROLLED, count)
    return page.evaluate(_OHIF_SCROLLED, count)


def _times(page: Page) -> tuple[float, float]:
    """Milliseconds to the first image and to the last; asked from outside, as the policy wants."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        times = page.evaluate("globalThis.viewingTimes ?? {}")
        if times.get("first") and times.get("whole"):
            return times["first"], times["whole"]
        time.sleep(0.1)
    raise RuntimeError(f"The stack was not whole within {_SECONDS} s: {times}")


def _slow_down(context: BrowserContext, page: Page) -> None:
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": LINE_BYTES_A_SECOND,
            "uploadThroughput": LINE_BYTES_A_SECOND,
        },
    )
