"""Real worker processes are killed in the middle: the upload ends accepted, once, complete."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import psutil
import pytest
from django.core.files.storage import storages
from django.utils import timezone

from tests import datasets
from tests.uploads.dicom.children import children_at_work
from tests.uploads.sending import submitted
from uploads import storage, tasks
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Upload, UploadedFile

SLICES = 120

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.05)


def status_of(upload: Upload) -> str:
    return Upload.objects.values_list("status", flat=True).get(pk=upload.pk)


def done(upload: Upload) -> int:
    return upload.files.filter(outcome=UploadedFile.Outcome.ACCEPTED).count()


def leases_run_out() -> None:
    """As if a minute and a half had passed."""
    past = timezone.now() - timedelta(seconds=1)
    Upload.objects.filter(leased_until__isnull=False).update(leased_until=past)
    UploadedFile.objects.filter(leased_until__isnull=False).update(leased_until=past)


def children_of(site) -> list[psutil.Process]:
    """The guarded children at work for the dicom worker's processes."""
    pool = psutil.Process(site.children["dicom"].process.pid).children()
    return [child for process in pool for child in children_at_work(process.pid)]


def assert_accepted_once_and_complete(upload: Upload, slices: int = SLICES) -> None:
    wait_until(lambda: status_of(upload) == UploadStatus.ACCEPTED, "acceptance", 90)
    images = Instance.objects.filter(series__study__upload=upload)
    assert images.count() == slices
    stored = list(storages["studies"].keys(storage.study_prefix(upload.pk)))
    # of each image its file, of the series its headers and its thumbnail
    assert len(stored) == slices + 2


def test_a_killed_child_costs_no_image(workers):
    upload = submitted(datasets.ct_series(SLICES))
    tasks.process_upload.delay(str(upload.pk))

    wait_until(lambda: children_of(workers), "a child")
    for child in children_of(workers):
        child.kill()

    assert_accepted_once_and_complete(upload)


def test_a_killed_worker_costs_no_image(workers):
    upload = submitted(datasets.ct_series(SLICES))
    tasks.process_upload.delay(str(upload.pk))

    wait_until(lambda: done(upload) > 0, "the first batch")
    workers.kill("dicom")
    assert status_of(upload) == UploadStatus.SUBMITTED
    workers.start("dicom")
    leases_run_out()
    tasks.resume_stalled.delay()

    assert_accepted_once_and_complete(upload)


def test_the_same_upload_rung_by_many_ends_once(workers):
    upload = submitted(datasets.ct_series(SLICES))
    ids = [str(file.pk) for file in upload.files.all()]

    for _ in range(4):
        tasks.process_upload.delay(str(upload.pk))
        tasks.process_files.delay(str(upload.pk), ids[:50])

    assert_accepted_once_and_complete(upload)
    assert upload.files.filter(attempts__gt=1).count() == 0


def test_a_file_that_kills_every_child_is_held_and_costs_no_other(workers):
    # large enough to be seen in a child's hands
    noise = np.random.default_rng(1).integers(0, 2000, (1500, 1500), np.int16)
    poisonous = datasets.ct_slice(number=2, Rows=1500, Columns=1500, PixelData=noise.tobytes())
    upload = submitted([datasets.ct_slice(number=1), poisonous, datasets.ct_slice(number=3)])
    poison = upload.files.get(number=2)
    tasks.process_upload.delay(str(upload.pk))

    killed = set()
    end = time.monotonic() + 60
    while status_of(upload) == UploadStatus.SUBMITTED and time.monotonic() < end:
        for child in children_of(workers):
            with suppress(psutil.Error, OSError, ValueError):
                item, began = _in_hand(child)
                if item == str(poison.pk) and began not in killed:
                    killed.add(began)
                    child.kill()

    poison.refresh_from_db()
    assert status_of(upload) == UploadStatus.HELD
    assert (poison.outcome, poison.attempts) == (UploadedFile.Outcome.HELD, 3)
    others = upload.files.exclude(pk=poison.pk).values_list("outcome", "attempts")
    assert set(others) == {(UploadedFile.Outcome.ACCEPTED, 1)}


def _in_hand(child: psutil.Process) -> tuple[str, int]:
    """The item a child works on, and when it began: a marker outlives its child.

    Raises ValueError or an error of psutil for a child that is gone.
    """
    marker = Path(child.cwd()) / "working.json"
    began = marker.stat().st_mtime_ns
    return json.loads(marker.read_text())["id"], began
