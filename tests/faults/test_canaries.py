"""Files full of identities go the whole way, and none of these is found anywhere it must not be."""

import json
import time
from contextlib import suppress
from typing import Any

import numpy as np
import psutil
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests import datasets
from tests.faults.test_workers import _in_hand, children_of, status_of
from tests.sites import Site
from tests.uploads.dicom.adversarial import forms_of
from tests.uploads.dicom.canaries import with_canaries
from tests.uploads.sending import submitted
from uploads import tasks
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile

pytestmark = pytest.mark.django_db(transaction=True)

FILE_NAME = "GRIMSBYTHORPE^OTTOLINE.dcm"
PLANTED = (b"QUILLFEATHER", b"ZEBEDEE", b"9434765919", b"19510923", b"GLOXINIA", b"RXQ4857201")
OF_THE_NAME = (b"GRIMSBYTHORPE", b"OTTOLINE")
SECONDS = 120


def test_no_value_of_a_source_is_found_outside_quarantine(workers: Site, s3: Any) -> None:
    uploads = [
        _sent([with_canaries(each) for each in datasets.ct_series(3)]),
        _sent([datasets.ct_slice(), datasets.mr_image(), datasets.truncated()]),
        _sent([with_canaries(datasets.held_xray()), datasets.not_dicom() + PLANTED[0]]),
        _sent([datasets.ct_slice(patient="B"), _large()]),
    ]
    poison = uploads[-1].files.get(number=2)
    seen: set[bytes] = set()
    for upload in uploads:
        tasks.process_upload.delay(str(upload.pk))
    _until_settled(uploads, poison, workers, seen)

    statuses = {status_of(upload) for upload in uploads}
    assert {UploadStatus.ACCEPTED, UploadStatus.HELD} <= statuses
    outcomes = set(UploadedFile.objects.values_list("outcome", flat=True))
    assert {"accepted", "held", "refused"} <= outcomes
    places = {
        "logs": workers.logs().encode(),
        "mails": "\n".join(workers.mails()).encode(),
        "broker": b"\n".join(seen),
        "database": _database(),
    }
    objects, keys = _objects(s3)
    places |= objects | {"object keys": keys}
    assert places["logs"]
    assert len(seen) > 3
    assert len(objects) > 5
    assert _found(places, PLANTED) == []
    assert _found({**places, "database": _database(but="name")}, OF_THE_NAME) == []


def test_the_name_of_a_file_is_gone_when_its_upload_is_settled(workers: Site) -> None:
    upload = _sent([datasets.ct_slice()])
    tasks.process_upload.delay(str(upload.pk))
    _until_settled([upload], None, workers, set())

    assert status_of(upload) == UploadStatus.ACCEPTED
    assert _found({"database": _database()}, OF_THE_NAME) == []


def _sent(contents: list[bytes]) -> Upload:
    upload = submitted(contents)
    upload.files.update(name=FILE_NAME)
    return upload


def _large() -> bytes:
    """Large enough to be seen in a child's hands, which is killed each time."""
    noise = np.random.default_rng(1).integers(0, 2000, (1500, 1500), np.int16)
    return datasets.ct_slice(number=2, Rows=1500, Columns=1500, PixelData=noise.tobytes())


def _until_settled(
    uploads: list[Upload], poison: UploadedFile | None, site: Site, seen: set[bytes]
) -> None:
    """Watch the broker until no upload waits, and kill who holds the poisonous file."""
    killed: set[int] = set()
    end = time.monotonic() + SECONDS
    while any(status_of(upload) == UploadStatus.SUBMITTED for upload in uploads):
        assert time.monotonic() < end, "an upload was not settled"
        seen |= _broker()
        for child in children_of(site) if poison else ():
            with suppress(psutil.Error, OSError, ValueError):
                item, began = _in_hand(child)
                if item == str(poison.pk) and began not in killed:
                    killed.add(began)
                    child.kill()
    seen |= _broker()


def _broker() -> set[bytes]:
    """Every key and value in the queue's database, results among them."""
    found: set[bytes] = set()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as queue:
        for key in queue.keys("*"):
            found.add(key)
            with suppress(redis.ResponseError):
                kind = queue.type(key)
                if kind == b"string":
                    found.add(queue.get(key) or b"")
                elif kind == b"list":
                    found.update(queue.lrange(key, 0, -1))
                elif kind == b"hash":
                    found.update(part for pair in queue.hgetall(key).items() for part in pair)
                elif kind == b"zset":
                    found.update(queue.zrange(key, 0, -1))
                elif kind == b"set":
                    found.update(queue.smembers(key))
    return found


def _database(*, but: str = "") -> bytes:
    """Every row of every table as text, without the column `but` of files."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT to_jsonb(row) FROM "{table}" AS row')  # noqa: S608 — our own tables
            for (row,) in cursor.fetchall():
                row = json.loads(row) if isinstance(row, str) else row
                if table == "uploads_uploadedfile":
                    row.pop(but, None)
                rows.append(f"{table} {json.dumps(row, ensure_ascii=False)}")
    return "\n".join(rows).encode()


def _objects(s3: Any) -> tuple[dict[str, bytes], bytes]:
    """Every object outside quarantine, and the keys of all."""
    janitor, web, objects, keys = s3("janitor"), s3("web"), {}, []
    for name in ("quarantine", "previews", "studies", "public"):
        bucket = settings.S3_BUCKETS[name]
        pages = janitor.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for each in (each for page in pages for each in page.get("Contents", ())):
            keys.append(each["Key"])
            if name in ("previews", "studies"):
                body = web.get_object(Bucket=bucket, Key=each["Key"])["Body"]
                objects[each["Key"]] = body.read()
    return objects, "\n".join(keys).encode()


def _found(places: dict[str, bytes], words: tuple[bytes, ...]) -> list[str]:
    found = []
    for place, content in places.items():
        for word in words:
            # a number of digits alone may be met by chance when its bytes are shuffled
            forms = forms_of(word) if not word.isdigit() else {word}
            found += [f"{word!r} in {place}" for form in forms if len(form) > 5 and form in content]
    return found
