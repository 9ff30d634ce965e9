"""The tasks' own part: what they ring next, what they try again, what they leave to the sweep."""

import time
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core import mail
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from tests import datasets
from tests.uploads.sending import add_file, draft, submitted
from uploads import storage, tasks, workspace
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile
from uploads.services import deidentifying, leases

pytestmark = pytest.mark.django_db


def test_a_broker_that_does_not_answer_costs_nothing_that_was_done(monkeypatch):
    upload = submitted([datasets.ct_slice()])
    with monkeypatch.context() as broken:
        broken.setattr(tasks.process_files, "delay", Mock(side_effect=BrokerError))
        tasks.process_upload(str(upload.pk))
    # the lease runs out
    Upload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    tasks.resume_stalled()

    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED


def test_a_store_that_does_not_answer_costs_no_attempt(monkeypatch):
    upload = submitted([datasets.ct_slice()])
    broken = Mock(side_effect=storage.StoreUnavailable("SlowDown"))
    monkeypatch.setattr(deidentifying.storage, "fetch_quarantined", broken)
    ids = [str(file.pk) for file in upload.files.all()]

    with pytest.raises(storage.StoreUnavailable):
        tasks.process_files.apply(args=[str(upload.pk), ids], throw=True, retries=5)

    file = upload.files.get()
    assert (file.attempts, file.leased_until, file.outcome) == (0, None, "waiting")


def test_an_error_nobody_foresaw_counts_the_attempt(monkeypatch):
    upload = submitted([datasets.ct_slice()])
    monkeypatch.setattr(deidentifying, "store_results", Mock(side_effect=ZeroDivisionError))
    ids = [str(file.pk) for file in upload.files.all()]

    with pytest.raises(ZeroDivisionError):
        tasks.process_files(str(upload.pk), ids)

    assert upload.files.get().attempts == 1
    assert leases.waiting_batches(upload=upload, at=timezone.now()) == [ids]


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_takes_long_keeps_its_lease(monkeypatch):
    upload = submitted([datasets.ct_slice()])
    ids = [str(file.pk) for file in upload.files.all()]
    seen = []

    def slow(*, upload, files):
        UploadedFile.objects.update(leased_until=timezone.now())
        wait_until(lambda: upload.files.filter(leased_until__gt=timezone.now()).exists())
        seen.append(leases.waiting_batches(upload=upload, at=timezone.now()))

    monkeypatch.setattr(tasks, "RENEWAL", timedelta(milliseconds=20))
    monkeypatch.setattr(deidentifying, "deidentify_files", slow)

    tasks.process_files(str(upload.pk), ids)

    assert seen == [[]]


def wait_until(is_so, seconds=10):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_submitter_is_told_once():
    upload = submitted([datasets.ct_slice()])

    tasks.process_upload(str(upload.pk))
    tasks.resume_stalled()
    tasks.send_outcome_mail(str(upload.pk))

    accepted = [message for message in mail.outbox if "accepted" in message.subject]
    assert len(accepted) == 1


def test_a_batch_needs_room_on_the_disk(monkeypatch):
    usage = Mock(free=0)
    monkeypatch.setattr(workspace.shutil, "disk_usage", lambda path: usage)

    with pytest.raises(workspace.NotEnoughSpace), workspace.work_folder(needed_bytes=1):
        pass


def test_a_work_folder_is_private_and_goes_with_its_work(settings, tmp_path):
    settings.WORK_DIR = str(tmp_path)

    with workspace.work_folder(needed_bytes=0) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert workspace.remove_abandoned() == 0

    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_is_there_though_another_worker_swept_before_it_was_locked(
    settings, tmp_path, monkeypatch
):
    settings.WORK_DIR = str(tmp_path)
    lock, swept = workspace.fcntl.flock, []

    def sweep_first(file, operation):
        if not swept and operation == workspace.fcntl.LOCK_EX:
            swept.append(True)
            assert workspace.remove_abandoned() == 1
        lock(file, operation)

    monkeypatch.setattr(workspace.fcntl, "flock", sweep_first)

    with workspace.work_folder(needed_bytes=0) as folder:
        assert folder.is_dir()
        assert workspace.remove_abandoned() == 0

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_worker_left_on_the_disk_is_removed(settings, tmp_path):
    settings.WORK_DIR = str(tmp_path)
    left = tmp_path / "bsti-work-killed"
    left.mkdir()
    (left / "lock").touch()
    (left / "source").write_bytes(datasets.ct_slice())

    assert workspace.remove_abandoned() == 1
    assert not left.exists()


def test_the_sweep_leaves_open_uploads_their_files():
    upload = draft()
    file = add_file(upload, b"sent so far")
    waiting = submitted([datasets.ct_slice()])

    tasks.purge_quarantine()

    assert storage.read_quarantine(file) == b"sent so far"
    assert storage.read_quarantine(waiting.files.get())


def test_the_sweep_removes_what_an_accepted_upload_left():
    upload = submitted([datasets.ct_slice()])
    tasks.process_upload(str(upload.pk))
    file = upload.files.get()
    storage.put_whole(file, b"left over", "")

    tasks.purge_quarantine()

    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_a_draft_nobody_submits_is_gone_after_a_week():
    upload = draft()
    file = add_file(upload, b"sent and forgotten")
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))

    tasks.purge_quarantine()

    upload.refresh_from_db()
    assert (upload.status, upload.reason) == (UploadStatus.EXPIRED, "not_submitted_in_time")
    assert UploadedFile.objects.get(pk=file.pk).name == ""
    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)
