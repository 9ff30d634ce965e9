"""An upload of 2,000 slices and 1 GB, and the most memory that a worker or its child takes for it.

Target: no worker above 600 MB. The slices are sent once and processed by the two real workers.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.bench.upload_to_accepted import ct_of, prepare, send, wait_until_accepted
from tests.sites import Site, site_on_shared_services
from tests.uploads.dicom.children import NURSERY

SLICES = 2_000
TARGET_MB = 600
_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS = 3600


def measure(slices: int = SLICES) -> None:
    contents = ct_of(slices)
    size = sum(map(len, contents))
    print(f"  {slices} slices, {size / 1e6:.0f} MB; load before: {os.getloadavg()[0]:.1f}")
    start = time.monotonic()
    with site_on_shared_services() as site, most_memory(site) as most:
        upload_id, browser = prepare(site)
        send(browser, upload_id, contents)
        del contents
        browser("POST", f"/uploads/{upload_id}/submit/", b"", {})
        wait_until_accepted(site, upload_id, _SECONDS)
    print(f"  sent to accepted in          {time.monotonic() - start:6.0f} s")
    for name, megabytes in sorted(most.items()):
        print(f"  most memory, {name:<15} {megabytes:6.0f} MB (target {TARGET_MB})")


@contextmanager
def most_memory(site: Site) -> Iterator[dict[str, float]]:
    """The most resident memory that any one process took, by its kind."""
    most: dict[str, float] = {}
    is_done = threading.Event()

    def look() -> None:
        while not is_done.wait(_SECONDS_BETWEEN_LOOKS):
            for name in ("web", "dicom", "default"):
                parent = psutil.Process(site.children[name].process.pid)
                for process in (parent, *_children(parent)):
                    kind, megabytes = _taken(process, name)
                    most[kind] = max(most.get(kind, 0), megabytes)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield most
    finally:
        is_done.set()
        looking.join()


def _children(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return parent.children(recursive=True)
    except psutil.Error:
        return []


def _taken(process: psutil.Process, name: str) -> tuple[str, float]:
    try:
        is_child = NURSERY in process.cmdline()
        return (f"{name} child" if is_child else name), process.memory_info().rss / 1e6
    except psutil.Error:
        # it ended meanwhile
        return name, 0.0
