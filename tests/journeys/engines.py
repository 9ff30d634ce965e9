"""The three engines behind people's browsers, each as a window that the same tests can drive."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Browser, Page
from selenium.webdriver import ActionChains, WebKitGTK, WebKitGTKOptions
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

from bsti_db.devserver.setup import VIEWER, node_and_npm

WIDTH, HEIGHT = 1280, 900
ENGINES = ("chromium", "firefox", "webkit")
_PAGE_SECONDS = 60


class Window(Protocol):
    """One browser window with cookies and a cache of its own."""

    def open(self, address: str) -> None: ...

    def evaluate(self, expression: str) -> Any: ...

    def press(self, key: str) -> None: ...

    def click(self, selector: str) -> None: ...

    def wheel(self, selector: str, down: int) -> None: ...


def wait_for(window: Window, expression: str, seconds: float = _PAGE_SECONDS) -> Any:
    """The value of an expression as soon as it is one."""
    end = time.monotonic() + seconds
    while not (value := window.evaluate(expression)):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {expression}"
        time.sleep(0.1)
    return value


@contextmanager
def window_of(engine: str, chromium: Browser, display: str) -> Iterator[Window]:
    """A new window of this engine; `display` is where those without a headless mode draw."""
    if engine == "chromium":
        context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        yield _Chromium(context.new_page())
        context.close()
    elif engine == "firefox":
        with _firefox(display) as window:
            yield window
    else:
        with _webkit(display) as window:
            yield window


@contextmanager
def virtual_display() -> Iterator[str]:
    """A screen in memory; it picks a number that is free."""
    size = f"{WIDTH + 100}x{HEIGHT + 200}x24"
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout
        number = server.stdout.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def _drawing_on(display: str) -> dict[str, str]:
    own = {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"}
    # as root its sandbox cannot be made; the pages are our own
    return os.environ | own | {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}


# --- Chromium -----------------------------------------------------------------------


class _Chromium:
    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> None:
        self.page.goto(address)

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def click(self, selector: str) -> None:
        self.page.click(selector)

    def wheel(self, selector: str, down: int) -> None:
        self.page.hover(selector)
        self.page.mouse.wheel(0, down)


# --- Firefox, through puppeteer-core and WebDriver BiDi ------------------------------


class _Firefox:
    def __init__(self, driver: "subprocess.Popen[str]") -> None:
        self.driver = driver

    def ask(self, act: str, *given: Any) -> Any:
        assert self.driver.stdin
        self.driver.stdin.write(json.dumps({"act": act, "given": given}) + "\n")
        self.driver.stdin.flush()
        return self.answer().get("value")

    def answer(self) -> dict[str, Any]:
        assert self.driver.stdout
        line = self.driver.stdout.readline()
        assert line, "Firefox ended"
        answer = json.loads(line)
        assert "problem" not in answer, answer["problem"]
        return answer

    def open(self, address: str) -> None:
        self.ask("open", address)

    def evaluate(self, expression: str) -> Any:
        return self.ask("evaluate", expression)

    def press(self, key: str) -> None:
        self.ask("press", key)

    def click(self, selector: str) -> None:
        self.ask("click", selector)

    def wheel(self, selector: str, down: int) -> None:
        self.ask("wheel", selector, down)


@contextmanager
def _firefox(display: str) -> Iterator[Window]:
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "Firefox is missing. Run: sudo apt-get install firefox-esr"
    driver = subprocess.Popen(
        [str(node_and_npm()[0]), "tests/engines/firefox.mjs", program],
        cwd=VIEWER,
        env=_drawing_on(display),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    window = _Firefox(driver)
    try:
        window.answer()
        yield window
    finally:
        # the driver closes the browser when nobody asks any more
        assert driver.stdin
        driver.stdin.close()
        try:
            driver.wait(20)
        except subprocess.TimeoutExpired:
            driver.kill()


# --- WebKit, through its own driver --------------------------------------------------


class _WebKit:
    def __init__(self, driver: WebKitGTK) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def evaluate(self, expression: str) -> Any:
        return self.driver.execute_script(f"return ({expression})")

    def press(self, key: str) -> None:
        names = {"ArrowDown": Keys.ARROW_DOWN, "Home": Keys.HOME, "End": Keys.END}
        ActionChains(self.driver).send_keys(names.get(key, key)).perform()

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def wheel(self, selector: str, down: int) -> None:
        over = ScrollOrigin.from_element(self.driver.find_element(By.CSS_SELECTOR, selector))
        ActionChains(self.driver).scroll_from_origin(over, 0, down).perform()


@contextmanager
def _webkit(display: str) -> Iterator[Window]:
    program = shutil.which("WebKitWebDriver")
    assert program, "WebKit is missing. Run: sudo apt-get install webkit2gtk-driver"
    options = WebKitGTKOptions()
    options.binary_location = str(_mini_browser())
    options.add_argument("--automation")
    driver = WebKitGTK(options, Service(program, env=_drawing_on(display)))
    try:
        driver.set_window_size(WIDTH, HEIGHT)
        driver.set_page_load_timeout(_PAGE_SECONDS)
        yield _WebKit(driver)
    finally:
        driver.quit()


def _mini_browser() -> Path:
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    assert found, "WebKit's browser is missing. Run: sudo apt-get install webkit2gtk-driver"
    return found[-1]
