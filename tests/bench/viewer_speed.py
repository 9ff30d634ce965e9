"""The viewer of a public case beside OHIF: same study, line and browser, in turn, as ratios.

OHIF stands on the same front as the site (`tests/ohif.py`), which packs as nginx does. Every
visit is a browser's first. The panel's frames are timed without a browser, on the site itself.
"""

import http.client
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from statistics import median, quantiles
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, sync_playwright

from bsti_db.demonstration.patients import FIRST_DAY
from bsti_db.demonstration.phantoms import Disease, chest_volume, ct_series, invented_patient
from tests.fronts import Front
from tests.journeys.conftest import ARGUMENTS
from tests.ohif import ohif_beside, only_study, viewer_path
from tests.published_cases import publish
from tests.sites import Site, site_on_shared_services
from tests.viewing_times import Viewing, view
from tests.visiting import Visitor, sign_in

STACKS = (60, 300)
MATRIX = 512
ROUNDS = 3
SCROLLED = 200
AT_ONCE = 6  # as many frames as the viewer asks for at once
FIRST_SECONDS = 2.2
FIRST_RATIO = 0.4
WHOLE_RATIOS = {60: 0.65, 300: 0.9}
WHOLE_SECONDS = {300: 25}
LOCAL_RATIO = 0.5
IMAGES_A_SECOND = 30
PRIVATE_FRAME_MS = 80


@dataclass
class Case:
    """A published case of one stack: our page, and the same study in OHIF."""

    count: int
    ours: str
    dicom_web: str
    ohif: str


def measure() -> None:
    print(f"  load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with site_on_shared_services() as site, _chromium() as browser:
        cases = [_published(site, count) for count in STACKS]
        for case in cases:
            with ohif_beside(site.url, dicom_web=case.dicom_web) as front:
                _compare(site, browser, front, case)
        _private_frames(site)
    print(f"  load after: {os.getloadavg()[0]:.1f}")


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


def _published(site: Site, count: int) -> Case:
    """A chest with the bytes of a real CT: 148 KiB a slice, as in decision 0059."""
    volume = chest_volume(count, Disease(ground_glass=0.5), slices=count, matrix=MATRIX)
    patient = invented_patient(volume, study_date=FIRST_DAY)
    contents = ct_series(volume, patient=patient, study_uid=f"2.25.{count}", kernel="soft")
    ours = publish(site, list(contents))
    dicom_web, study = only_study(site, ours)
    return Case(count, ours, dicom_web, viewer_path(study))


# --- Beside OHIF --------------------------------------------------------------------------


def _compare(site: Site, browser: Browser, front: Front, case: Case) -> None:
    """Local first: what it warms up, it warms up for both."""
    for path in (case.ours, case.ohif):
        view(browser, front, path, count=case.count, is_slow=False)
    local = _in_turn(browser, front, case, is_slow=False)
    print(f"  {case.count} slices, local")
    _report(local, "first image", "first_seconds", ratio=LOCAL_RATIO)
    _report(local, "whole stack", "whole_seconds", ratio=LOCAL_RATIO)
    _report_bytes(local)
    slow = _in_turn(browser, front, case, is_slow=True)
    print(f"  {case.count} slices, 20 Mbit/s, 40 ms")
    _report(slow, "first image", "first_seconds", ratio=FIRST_RATIO, seconds=FIRST_SECONDS)
    _report(
        slow,
        "whole stack",
        "whole_seconds",
        ratio=WHOLE_RATIOS[case.count],
        seconds=WHOLE_SECONDS.get(case.count),
    )
    if case.count > SCROLLED:
        _scrolling(browser, front, case)
        _server_work(site, browser, front, case)


Rounds = list[tuple[Viewing, Viewing]]


def _in_turn(browser: Browser, front: Front, case: Case, *, is_slow: bool) -> Rounds:
    rounds = []
    for _ in range(ROUNDS):
        ours, ohif = (
            view(browser, front, path, count=case.count, is_slow=is_slow)
            for path in (case.ours, case.ohif)
        )
        rounds.append((ours, ohif))
    return rounds


def _report(
    rounds: Rounds, name: str, figure: str, *, ratio: float, seconds: float | None = None
) -> None:
    """The medians, and the median of the rounds' own ratios: both of a round met the same load."""
    ours = [getattr(mine, figure) for mine, _ in rounds]
    ohif = [getattr(theirs, figure) for _, theirs in rounds]
    ratios = [mine / theirs for mine, theirs in zip(ours, ohif, strict=True)]
    limit = f" (target {seconds} s)" if seconds else ""
    print(
        f"    {name}   {median(ours):5.2f} s{limit}, OHIF {median(ohif):5.2f} s:"
        f" {median(ratios):.2f} of it (target {ratio}; rounds {_listed(ratios)})"
    )


def _report_bytes(rounds: Rounds) -> None:
    for name, viewings in zip(("sent", "OHIF  "), zip(*rounds, strict=True), strict=True):
        sent = median(each.sent_bytes for each in viewings) / 1e6
        requests = median(each.requests for each in viewings)
        print(f"    {name:<11}   {sent:5.1f} MB in {requests:.0f} requests")


def _scrolling(browser: Browser, front: Front, case: Case) -> None:
    ours, ohif = (
        view(browser, front, path, count=case.count, is_slow=False, scroll=SCROLLED).images_a_second
        for path in (case.ours, case.ohif)
    )
    print(f"  scrolling     {ours:5.0f} images/s (target {IMAGES_A_SECOND}), OHIF {ohif:.0f}")


# --- The server ---------------------------------------------------------------------------


def _server_work(site: Site, browser: Browser, front: Front, case: Case) -> None:
    before = _cpu_seconds(site)
    view(browser, front, case.ours, count=case.count, is_slow=False)
    spent = _cpu_seconds(site) - before
    print(f"  web processes {1000 * spent / case.count:5.1f} s of CPU per 1,000 public frames")


def _cpu_seconds(site: Site) -> float:
    first = psutil.Process(site.children["web"].process.pid)
    times = [each.cpu_times() for each in [first, *first.children(recursive=True)]]
    return sum(each.user + each.system for each in times)


def _private_frames(site: Site) -> None:
    """Every stored frame once, as a panellist's viewer asks for them."""
    visitor = Visitor(site)
    sign_in(visitor, json.loads((site.folder / "demo.json").read_text())["panellist"])
    found = json.loads(visitor.get("/review/dicom-web/instances?limit=1000").body)
    paths = [f"{urlsplit(row['00081190']['Value'][0]).path}/frames/1" for row in found]
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    before = _cpu_seconds(site)
    shares = [paths[start::AT_ONCE] for start in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as readers:
        timed = list(chain.from_iterable(readers.map(partial(_timed, site, cookie), shares)))
    spent = _cpu_seconds(site) - before
    p95 = quantiles(timed, n=20)[-1]
    print(
        f"  private frame {1000 * median(timed):5.0f} ms, p95 {1000 * p95:.0f} ms"
        f" (target {PRIVATE_FRAME_MS} ms) for {AT_ONCE} at once;"
        f" {1000 * spent / len(paths):.1f} s of CPU per 1,000"
    )


def _timed(site: Site, cookie: str, paths: Sequence[str]) -> list[float]:
    """The seconds until each frame is there, over one connection."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    timed = []
    for path in paths:
        start = time.monotonic()
        connection.request("GET", path, headers={"Cookie": cookie, "Accept": "image/jls"})
        answer = connection.getresponse()
        answer.read()
        timed.append(time.monotonic() - start)
        if answer.status != 200:
            raise RuntimeError(f"A private frame was answered {answer.status}")
    connection.close()
    return timed


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{each:.2f}" for each in values)
