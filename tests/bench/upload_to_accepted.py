"""A CT of 300 slices from the first byte sent to accepted, through real processes.

Target: under 60 s on 2 cores, and under 4 times the mere copying of the same bytes to the store.
"""

import hashlib
import http.client
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
from django.conf import settings

from tests import datasets
from tests.sites import Site, site_on_shared_services
from uploads.dicom.deid import deidentify
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.transcoding import encode_frame
from uploads.storage import BucketStorage

SLICES = 300
SIDE = 512
CONNECTIONS = 3
COPIES = 3
WARM_UP_SLICES = 12
TARGET_SECONDS = 60
TARGET_MULTIPLE = 4
_TOKEN = "b" * 32

# what a submitter fills in, as rows; the files go the real way
_PREPARE = """
from bsti_db.accounts.session_store import SessionStore
from django.utils import timezone
from secrets import token_hex
from tests.factories import organisation
from tests.uploads.sending import describe, draft
now = timezone.now()
trust = organisation(ods_code=token_hex(5))
upload = draft(declared_at=now, organisation=trust, reference=f"U-{token_hex(4)}")
describe(upload, days_from_onset=4)
session = SessionStore()
session["submitter_id"] = str(upload.submitter_id)
session["submitter_since"] = session["submitter_seen"] = int(now.timestamp())
session.save()
print("PREPARED", upload.pk, session.session_key)
"""


def measure() -> None:
    contents = ct_of(SLICES)
    size = sum(map(len, contents))
    busy = os.getloadavg()[0]
    print(f"  {SLICES} slices of {SIDE} x {SIDE}, {size / 1e6:.0f} MB; load before: {busy:.1f}")
    with site_on_shared_services() as site:
        # processes, connections and buckets in use, as they are for everybody but the first
        bring(site, ct_of(WARM_UP_SLICES))
        plainly = median(_seconds(lambda: copy(site, contents, 1)) for _ in range(COPIES))
        copied = median(_seconds(lambda: copy(site, contents)) for _ in range(COPIES))
        sent, total = bring(site, contents)
    parts = one_core(contents)
    print(f"  copied, one after another    {plainly:6.1f} s")
    print(f"  copied, {CONNECTIONS} at once            {copied:6.1f} s")
    print(f"  sent through the site        {sent:6.1f} s")
    print(f"  from the last byte on        {total - sent:6.1f} s")
    for name, seconds in parts.items():
        each = 1000 * seconds / SLICES
        print(f"    of which {name:<18} {seconds:6.1f} s of one core, {each:.1f} ms a slice")
    print(f"  sent to accepted             {total:6.1f} s (target {TARGET_SECONDS} s)")
    print(f"  as a multiple of the copies  {total / plainly:6.1f} and {total / copied:.1f}")
    print(f"    one after another, at once (target {TARGET_MULTIPLE})")


def ct_of(count: int) -> list[bytes]:
    """Slices with the noise of a real scanner: a store and a codec must work for them."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    body = np.where(rows**2 / 0.5 + columns**2 / 0.8 < 1, 40.0, -1000.0)
    lungs = (rows**2 / 0.25 + (abs(columns) - 0.4) ** 2 / 0.08) < 1
    contents = []
    for number in range(1, count + 1):
        shown = np.where(lungs, -850 + 60 * np.sin(number / 20), body)
        values = shown + random.normal(0, 12, shown.shape)
        contents.append(
            datasets.ct_slice(
                number=number,
                Rows=SIDE,
                Columns=SIDE,
                PixelData=(values + 1024).astype("<i2").tobytes(),
            )
        )
    return contents


def copy(site: Site, contents: Sequence[bytes], connections: int = CONNECTIONS) -> None:
    """The same bytes into the same bucket as the site puts them there, and nothing else.

    By the site's own client, each written once and with its SHA-256: one after another as a plain
    script copies, or over as many connections as a browser uses, which takes both cores.
    """
    known = site.services["s3"]["identities"]["web"]
    bucket = BucketStorage(
        **settings.STORAGES["quarantine"]["OPTIONS"]
        | {
            "bucket_name": site.services["s3"]["buckets"]["quarantine"],
            "access_key": known["access_key"],
            "secret_key": known["secret_key"],
            "endpoint_url": site.services["s3"]["endpoint_url"],
        }
    )

    def put(content: bytes) -> None:
        bucket.put(f"copy/{uuid4()}", content, sha256_hex=hashlib.sha256(content).hexdigest())

    with ThreadPoolExecutor(connections) as copying:
        list(copying.map(put, contents))


def bring(site: Site, contents: Sequence[bytes]) -> tuple[float, float]:
    """Send one upload; gives the seconds until all is sent, and until it is accepted."""
    upload_id, browser = prepare(site)
    start = time.monotonic()
    send(browser, upload_id, contents)
    sent = time.monotonic() - start
    browser("POST", f"/uploads/{upload_id}/submit/", b"", {})
    wait_until_accepted(site, upload_id)
    return sent, time.monotonic() - start


Browser = Callable[[str, str, bytes, dict[str, str]], bytes]


def prepare(site: Site) -> tuple[str, Browser]:
    """A described and declared draft, and a browser that is signed in as its submitter."""
    printed = site.manage("shell", "-c", _PREPARE)
    line = next(line for line in printed.splitlines() if line.startswith("PREPARED"))
    _, upload_id, session = line.split()
    host = urlsplit(site.url).netloc
    always = {"Cookie": f"session={session}; csrf={_TOKEN}", "X-CSRFToken": _TOKEN}

    def browser(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request(method, path, body, always | headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status not in (200, 302):
            raise RuntimeError(f"{method} {path} was answered {answer.status}")
        return content

    return upload_id, browser


def send(browser: Browser, upload_id: str, contents: Sequence[bytes]) -> None:
    """As the upload page does: announced by 200, sent three at a time."""
    address = f"/uploads/{upload_id}/files/"
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    ids = []
    for start in range(0, len(contents), 200):
        announced = [
            {"name": f"{number}.dcm", "size_bytes": len(contents[number]), "sha256": digest}
            for number, digest in enumerate(digests[start : start + 200], start=start)
        ]
        body = json.dumps({"files": announced}).encode()
        answer = browser("POST", address, body, {"Content-Type": "application/json"})
        ids += [file["id"] for file in json.loads(answer)["files"]]

    def put(number: int) -> None:
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Content-SHA256": digests[number],
        }
        browser("PUT", f"{address}{ids[number]}/parts/1/", contents[number], headers)

    with ThreadPoolExecutor(CONNECTIONS) as connections:
        list(connections.map(put, range(len(contents))))


def wait_until_accepted(site: Site, upload_id: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    with site.database() as database:
        database.autocommit = True
        while time.monotonic() < end:
            query = "SELECT status FROM uploads_upload WHERE id = %s"
            (status,) = database.execute(query, [upload_id]).fetchone()
            if status == "accepted":
                return
            if status != "submitted":
                raise RuntimeError(f"The upload is {status}.")
            time.sleep(0.05)
    raise RuntimeError(f"The upload was not accepted within {seconds:.0f} s.")


def one_core(contents: Sequence[bytes]) -> dict[str, float]:
    """What the pure parts of the work cost, without processes, store and database."""
    pseudonyms = Pseudonyms(bytes(32), "bench", "organisation", "upload")
    frames = [
        np.frombuffer(content[-2 * SIDE * SIDE :], "<i2").reshape(SIDE, SIDE)
        for content in contents
    ]
    return {
        "de-identifying": _seconds(
            lambda: [deidentify(content, pseudonyms=pseudonyms) for content in contents]
        ),
        "encoding": _seconds(lambda: [encode_frame(frame) for frame in frames]),
    }


def _seconds(work: Callable[[], Any]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
