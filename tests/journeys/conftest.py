"""A real Chromium for whole ways through the site."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

# Playwright runs a loop of its own in this thread, which Django would take for an async view
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# a page is waited for as long on a busy machine as on an idle one
expect.set_options(timeout=20_000)

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # only WebGL needs the emulated card: pages are put together with half the work without it
    "--disable-gpu-compositing",
]


# one at a time in a process, so it ends with the file that used it
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS, headless=True
        )
        yield chromium
        chromium.close()
