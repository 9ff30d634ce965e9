"""Who works on what: leases on uploads and files, taken by conditional UPDATEs.

A lease that is not renewed runs out by itself, so nothing is lost with a killed worker.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from uploads.dicom.reasons import Reason
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile

IN_WORK = (UploadStatus.SUBMITTED, UploadStatus.HELD)
# files that were tried before are tried in smaller company, so that one cannot spoil many
_FILES_AFTER_FAILURES = {1: 10, 2: 1}
# as many as work side by side on a small machine
_WORKERS = 2

_Outcome = UploadedFile.Outcome


def take_upload(*, upload_id: Any, at: datetime) -> Upload | None:
    """Take the lease of a submitted or held upload; None when another worker has it."""
    taken = (
        Upload.objects.filter(Q(leased_until=None) | Q(leased_until__lt=at))
        .filter(pk=upload_id, status__in=IN_WORK)
        .update(leased_until=at + settings.UPLOAD_LEASE)
    )
    return Upload.objects.select_related("organisation").get(pk=upload_id) if taken else None


def renew_upload(*, upload: Upload, at: datetime) -> None:
    Upload.objects.filter(pk=upload.pk, status__in=IN_WORK).update(
        leased_until=at + settings.UPLOAD_LEASE
    )


def return_upload(*, upload_id: Any) -> None:
    """Give the lease back: the next ring is heard at once."""
    Upload.objects.filter(pk=upload_id).update(leased_until=None)


def waiting_batches(
    *, upload: Upload, at: datetime, among: Sequence[str] | None = None
) -> list[list[str]]:
    """The ids of the files that wait and that nobody works on, in batches of one child each.

    With `among`, only those of these files and those that a dead worker had in hand.
    """
    batches: list[list[str]] = []
    rows = (
        upload.files.filter(outcome=_Outcome.WAITING)
        .exclude(leased_until__gte=at)
        .order_by("attempts", "number")
        .values_list("pk", "attempts", "size_bytes")
    )
    if among is not None:
        # those of a dead worker too: their lease has run out instead of being returned
        rows = rows.filter(Q(pk__in=among) | Q(leased_until__lt=at))
    by_attempts: dict[int, list[tuple[str, int]]] = {}
    for pk, attempts, size_bytes in rows:
        by_attempts.setdefault(attempts, []).append((str(pk), size_bytes))
    for attempts, files in by_attempts.items():
        share = min(settings.UPLOAD_BATCH_FILES, -(-len(files) // _WORKERS))
        most = _FILES_AFTER_FAILURES.get(min(attempts, 2), share)
        batches += _portions(files, most)
    return batches


def _portions(files: Sequence[tuple[str, int]], most: int) -> list[list[str]]:
    """The files in their order, so many a portion and no more bytes than one child is given."""
    portions: list[list[str]] = []
    room = 0
    for pk, size_bytes in files:
        room -= size_bytes
        if not portions or len(portions[-1]) == most or room < 0:
            portions.append([])
            room = settings.UPLOAD_BATCH_BYTES - size_bytes
        portions[-1].append(pk)
    return portions


def claim_files(*, upload_id: Any, file_ids: Sequence[str], at: datetime) -> list[UploadedFile]:
    """Take files that wait, counting the attempt before the work; gives those that were won."""
    free = Q(leased_until=None) | Q(leased_until__lt=at)
    with transaction.atomic():
        won = list(
            UploadedFile.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free, pk__in=file_ids, upload_id=upload_id, outcome=_Outcome.WAITING)
            .select_related("container")
            .order_by("number")
        )
        UploadedFile.objects.filter(pk__in=[file.pk for file in won]).update(
            leased_until=at + settings.UPLOAD_LEASE, attempts=F("attempts") + 1
        )
    for file in won:
        file.attempts += 1
    return won


def renew_files(*, files: Sequence[UploadedFile], at: datetime) -> None:
    UploadedFile.objects.filter(
        pk__in=[file.pk for file in files], outcome=_Outcome.WAITING
    ).update(leased_until=at + settings.UPLOAD_LEASE)


def return_files(*, files: Sequence[UploadedFile], count_attempt: bool) -> None:
    """Let files wait again; those that were not even begun get their attempt back."""
    changes: dict[str, Any] = {"leased_until": None}
    if not count_attempt:
        changes["attempts"] = F("attempts") - 1
    UploadedFile.objects.filter(
        pk__in=[file.pk for file in files], outcome=_Outcome.WAITING, attempts__gt=0
    ).update(**changes)


def hold_files_tried_too_often(*, upload: Upload, at: datetime) -> int:
    """Hold the files that took several workers with them; gives how many."""
    return (
        upload.files.filter(outcome=_Outcome.WAITING, attempts__gte=settings.UPLOAD_FILE_ATTEMPTS)
        .exclude(leased_until__gte=at)
        .update(outcome=_Outcome.HELD, reason=Reason.PROCESSING_FAILED, leased_until=None)
    )


def has_waiting_files(upload: Upload) -> bool:
    return upload.files.filter(outcome=_Outcome.WAITING).exists()


def stalled_uploads(*, at: datetime) -> list[str]:
    """Uploads that no worker has: with files that wait, or with nothing left to wait for."""
    unattended = Upload.objects.filter(Q(leased_until=None) | Q(leased_until__lt=at))
    waiting = UploadedFile.objects.filter(outcome=_Outcome.WAITING).values("upload")
    held = UploadedFile.objects.filter(outcome=_Outcome.HELD).values("upload")
    submitted = unattended.filter(status=UploadStatus.SUBMITTED)
    released = unattended.filter(status=UploadStatus.HELD).filter(
        Q(pk__in=waiting) | ~Q(pk__in=held)
    )
    return [str(pk) for pk in (submitted | released).values_list("pk", flat=True).distinct()]
