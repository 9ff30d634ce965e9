"""The workers' doors to the services. The row is the queue of record; a message only rings.

Every task may run twice, and a lost message is rung again by `resume_stalled`.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from celery import Task, shared_task
from celery.signals import worker_init, worker_process_init
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from audit.actors import Actor
from uploads import mail, storage
from uploads.dicom import nursery
from uploads.models import Upload, UploadedFile
from uploads.services import deciding, deidentifying, expanding, keys, leases, settling

logger = logging.getLogger(__name__)

OPEN_TRANSFER_KEPT = timedelta(days=1)
# a third of the lease
RENEWAL = settings.UPLOAD_LEASE / 3

# what waiting can cure: the store, the disk, the database
_CURABLE = (OSError, OperationalError, InterfaceError)
_retried = {
    "autoretry_for": _CURABLE,
    "retry_backoff": 2,  # seconds
    "retry_backoff_max": 60,  # seconds
    "retry_jitter": True,
    "max_retries": 5,
}


@worker_init.connect
def refuse_destroyed_keys(**_: object) -> None:
    """A worker that finds a key which was to be gone does not start: somebody put it back."""
    destroyed = keys.destroyed_among(settings.PSEUDONYM_KEYS)
    if destroyed:
        raise SystemExit(f"Delete {', '.join(destroyed)} from PSEUDONYM_KEYS: it was destroyed.")


@worker_process_init.connect
def prepare(**_: object) -> None:
    """Make what the first file would wait for."""
    storage.prepare()
    if settings.PROCESS == "dicom":
        nursery.prepare()


# --- One upload -------------------------------------------------------------------


@shared_task(**_retried)
def process_upload(upload_id: str) -> None:
    """Take a submitted upload in hand: expand its zips, give its files to the workers."""
    upload = leases.take_upload(upload_id=upload_id, at=timezone.now())
    if upload is None:
        return
    try:
        for file in expanding.waiting_archives(upload):
            expanding.expand_archive(file=file)
            leases.renew_upload(upload=upload, at=timezone.now())
        leases.hold_files_tried_too_often(upload=upload, at=timezone.now())
        batches = leases.waiting_batches(upload=upload, at=timezone.now())
    except BaseException:
        leases.return_upload(upload_id=upload_id)
        raise
    for file_ids in batches:
        ring(process_files, upload_id, file_ids)
    if not batches:
        ring(settle_upload, upload_id)


@shared_task(**_retried)
def process_files(upload_id: str, file_ids: Sequence[str]) -> None:
    """De-identify and store some files. Run again, it finds them done and does nothing."""
    upload = Upload.objects.select_related("organisation").get(pk=upload_id)
    files = leases.claim_files(upload_id=upload_id, file_ids=file_ids, at=timezone.now())
    leases.renew_upload(upload=upload, at=timezone.now())
    try:
        with _kept_leased(upload, files):
            deidentifying.deidentify_files(upload=upload, files=files)
    except _CURABLE:
        leases.return_files(files=files, count_attempt=False)
        raise
    except Exception:
        leases.return_files(files=files, count_attempt=True)
        raise
    # a file whose child died is tried again, in smaller company
    for again in leases.waiting_batches(upload=upload, at=timezone.now(), among=file_ids):
        ring(process_files, upload_id, again)
    if not leases.has_waiting_files(upload):
        ring(settle_upload, upload_id)


@shared_task(**_retried)
def settle_upload(upload_id: str) -> None:
    """Decide on an upload whose files are all done, tell its submitter, delete the originals."""
    upload = Upload.objects.select_related("organisation").get(pk=upload_id)
    settled = settling.settle_upload(
        upload=upload, actor=Actor.of_task("settle_upload"), at=timezone.now()
    )
    if settled:
        ring(send_outcome_mail, upload_id)
    deciding.delete_settled_originals(upload=upload)


@shared_task(**_retried)
def send_outcome_mail(upload_id: str) -> None:
    """Tell the submitter the status the upload is in, once."""
    mail.send_outcome(Upload.objects.get(pk=upload_id))


@shared_task(**_retried)
def erase_upload(upload_id: str) -> None:
    """Delete what an upload that ended has left in the store, as soon as no worker has it."""
    now = timezone.now()
    for upload in deciding.erasable_uploads(at=now).filter(pk=upload_id):
        deciding.erase_upload(upload=upload, actor=Actor.of_task("erase_upload"), at=now)


# --- Sweeps -------------------------------------------------------------------------


@shared_task
def resume_stalled() -> None:
    """Ring again for every upload that no worker has, and for every mail that is due."""
    for upload_id in leases.stalled_uploads(at=timezone.now()):
        ring(process_upload, upload_id)
    for upload_id in Upload.objects.awaiting_mail().values_list("pk", flat=True):
        ring(send_outcome_mail, str(upload_id))


@shared_task
def purge_quarantine() -> None:
    """Delete what must not stay: ended and settled uploads' originals, abandoned transfers."""
    now = timezone.now()
    deciding.expire_uploads(actor=Actor.of_task("purge_quarantine"), at=now)
    for upload in deciding.erasable_uploads(at=now):
        ring(erase_upload, str(upload.pk))
    deciding.purge_originals()
    storage.abort_open_transfers(before=now - OPEN_TRANSFER_KEPT)


@contextmanager
def _kept_leased(upload: Upload, files: Sequence[UploadedFile]) -> Iterator[None]:
    """Renew the leases beside the work: a long batch is not taken for a dead worker's."""
    is_done = Event()

    def renew() -> None:
        while not is_done.wait(RENEWAL.total_seconds()):
            try:
                leases.renew_files(files=files, at=timezone.now())
                leases.renew_upload(upload=upload, at=timezone.now())
            except (OperationalError, InterfaceError) as problem:
                logger.warning("A lease was not renewed: %s", type(problem).__name__)
            finally:
                connection.close()

    renewing = Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_done.set()
        renewing.join()


def ring(task: Task, *arguments: object) -> None:
    """Publish a task. A broker that does not answer is logged: the sweep rings again."""
    try:
        task.delay(*arguments)
    except (BrokerError, RedisError) as problem:
        logger.warning("%s was not published: %s", task.name, type(problem).__name__)
