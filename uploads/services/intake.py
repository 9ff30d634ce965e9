"""What a submitter does with an upload: start, add files, describe, declare, submit, withdraw."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce

from audit.actors import Actor
from audit.services import record
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import ClinicalRecord, Submitter, Upload, UploadedFile

REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTWXY34679"
MAX_DRAFTS = 30
NAME_LENGTH = 1024


class UploadIsClosed(Exception):
    """The upload was submitted, withdrawn or has expired: its files no longer change."""


class TooManyDrafts(Exception):
    """A submitter has more unfinished uploads than one may."""


class NothingToSubmit(Exception):
    """No file has arrived whole."""


class FilesStillArriving(Exception):
    """Some files have not arrived whole."""


class NotYetDescribed(Exception):
    """The clinical context or the declaration is missing."""


@dataclass(frozen=True)
class FileToSend:
    """A file as the browser announces it. `name` is a source value: for its submitter only."""

    name: str
    size_bytes: int
    sha256: str = ""


@dataclass(frozen=True)
class Problem:
    name: str
    message: str


@transaction.atomic
def start_upload(*, submitter: Submitter, actor: Actor) -> Upload:
    """A new draft with a reference of its own."""
    drafts = Upload.objects.filter(submitter=submitter, status=UploadStatus.DRAFT).count()
    if drafts >= MAX_DRAFTS:
        raise TooManyDrafts(
            f"You have {drafts} unfinished uploads. Submit or withdraw one of them first."
        )
    upload = Upload.objects.create(
        reference=_new_reference(), submitter=submitter, organisation=submitter.organisation
    )
    record("upload.started", actor=actor, subject=upload)
    return upload


def _new_reference() -> str:
    """U-XXXX-XXXX, not used before; of two that draw the same one, the constraint lets one win."""
    while True:
        letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
        reference = f"U-{letters[:4]}-{letters[4:]}"
        if not Upload.objects.filter(reference=reference).exists():
            return reference


@transaction.atomic
def add_files(
    *, upload: Upload, files: Sequence[FileToSend], actor: Actor
) -> tuple[list[UploadedFile], list[Problem]]:
    """Announce files; a file announced before (name, size and SHA-256) is the same row again.

    Gives the rows, and a sentence for each file that cannot be taken.
    """
    locked = lock_draft(upload)
    known = {_identity(file): file for file in locked.files.filter(container=None)}
    count, total = len(known), sum(file.size_bytes for file in known.values())
    number = locked.files.aggregate(last=Coalesce(Max("number"), 0))["last"]
    rows: list[UploadedFile] = []
    new: list[UploadedFile] = []
    problems: list[Problem] = []
    for file in files:
        row = known.get((file.name[:NAME_LENGTH], file.size_bytes, file.sha256))
        if row is None:
            message = why_not(size_bytes=file.size_bytes, count=count, total=total)
            if message:
                problems.append(Problem(file.name, message))
                continue
            number, count, total = number + 1, count + 1, total + file.size_bytes
            row = UploadedFile(
                upload=locked,
                number=number,
                name=file.name[:NAME_LENGTH],
                size_bytes=file.size_bytes,
                sha256=file.sha256,
            )
            known[_identity(row)] = row
            new.append(row)
        rows.append(row)
    UploadedFile.objects.bulk_create(new)
    if new:
        record("upload.files_added", actor=actor, subject=upload, files=len(new))
    return rows, problems


def why_not(*, size_bytes: int, count: int, total: int) -> str:
    """Why a file cannot join `count` files of `total` bytes; empty when it can."""
    if size_bytes <= 0:
        return "The file is empty. Send it again from the original."
    if count >= settings.UPLOAD_MAX_FILES:
        return (
            f"One upload takes {settings.UPLOAD_MAX_FILES:,} files at most. "
            "Start another upload for the rest."
        )
    if total + size_bytes > settings.UPLOAD_MAX_BYTES:
        gigabytes = settings.UPLOAD_MAX_BYTES / 1024**3
        return f"One upload takes {gigabytes:g} GB at most. Start another upload for the rest."
    return ""


def lock_draft(upload: Upload) -> Upload:
    """The upload's row, locked until the transaction ends; raises UploadIsClosed."""
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if locked.status != UploadStatus.DRAFT:
        raise UploadIsClosed("This upload was sent already. Its files cannot be changed.")
    return locked


def _identity(file: UploadedFile) -> tuple[str, int, str]:
    return file.name, file.size_bytes, file.sha256


@transaction.atomic
def remove_file(*, file: UploadedFile, actor: Actor) -> None:
    """Take a file out of a draft. Its bytes in quarantine go with the sweep."""
    upload = lock_draft(file.upload)
    file.delete()
    record("upload.file_removed", actor=actor, subject=upload)


@transaction.atomic
def remove_unfinished_files(*, upload: Upload, actor: Actor) -> int:
    """Take every file that has not arrived whole out of a draft."""
    locked = lock_draft(upload)
    _, removed = locked.files.filter(received_at=None).delete()
    count = removed.get(UploadedFile._meta.label, 0)
    if not count:
        raise NothingToRemove("Every file has arrived whole. Nothing was removed.")
    record("upload.file_removed", actor=actor, subject=upload, files=count)
    return count


class NothingToRemove(Exception):
    """Every file has arrived whole."""


@transaction.atomic
def save_clinical_record(
    *, upload: Upload, answers: Mapping[str, Any], actor: Actor
) -> ClinicalRecord:
    """Keep the clinical context; another answer makes a new version, the same ones do not."""
    lock_draft(upload)
    newest = upload.clinical_records.first()
    changed = sorted(
        name for name, value in answers.items() if not newest or getattr(newest, name) != value
    )
    if newest and not changed:
        return newest
    version = newest.version + 1 if newest else 1
    clinical = ClinicalRecord.objects.create(upload=upload, version=version, **answers)
    record("clinical_record.saved", actor=actor, subject=upload, version=version, fields=changed)
    return clinical


@transaction.atomic
def declare(
    *,
    upload: Upload,
    caldicott_reference: str,
    caldicott_role: str,
    licence: str,
    may_credit_organisation: bool,
    actor: Actor,
    at: datetime,
) -> None:
    """Keep the trust's declaration: approval, licence and credit."""
    lock_draft(upload)
    upload.caldicott_reference = caldicott_reference
    upload.caldicott_role = caldicott_role
    upload.licence = licence
    upload.may_credit_organisation = may_credit_organisation
    upload.declared_at = at
    upload.save(
        update_fields=[
            "caldicott_reference",
            "caldicott_role",
            "licence",
            "may_credit_organisation",
            "declared_at",
        ]
    )
    record("upload.declared", actor=actor, subject=upload, licence=licence)


@transaction.atomic
def submit_upload(*, upload: Upload, actor: Actor, at: datetime) -> None:
    """Hand a draft upload to the workers.

    Raises UploadIsClosed for one that is no longer a draft, NothingToSubmit without files,
    FilesStillArriving while some are not whole, NotYetDescribed without the clinical context or
    the declaration.
    """
    locked = lock_draft(upload)
    _check_complete(locked)
    locked.submitted_at = at
    # the key may change between this moment and a worker's; its id is no secret
    locked.pseudonym_key_id = settings.PSEUDONYM_KEY_ID
    locked.save(update_fields=["submitted_at", "pseudonym_key_id"])
    totals = locked.files.aggregate(size_bytes=Sum("size_bytes"))
    UPLOAD_LIFECYCLE.advance(
        locked,
        UploadStatus.SUBMITTED,
        actor=actor,
        files=locked.files.count(),
        size_bytes=totals["size_bytes"],
    )
    upload.refresh_from_db()


def _check_complete(upload: Upload) -> None:
    arriving = upload.files.filter(received_at=None).count()
    if arriving:
        files = "1 file has" if arriving == 1 else f"{arriving} files have"
        raise FilesStillArriving(
            f"{files} not arrived whole. Send the rest, or remove what did not arrive."
        )
    if not upload.files.exists():
        raise NothingToSubmit("Add at least one DICOM file before you submit.")
    if not upload.clinical_records.exists():
        raise NotYetDescribed("Fill in the clinical context before you submit.")
    if not upload.declared_at:
        raise NotYetDescribed("Give the declaration before you submit.")


class AlreadyAsked(Exception):
    """Withdrawal was asked for before."""


@transaction.atomic
def ask_for_withdrawal(*, upload: Upload, actor: Actor, at: datetime) -> None:
    """Ask information governance to withdraw an upload whose images are published."""
    asked = Upload.objects.filter(
        pk=upload.pk, status=UploadStatus.ACCEPTED, withdrawal_asked_at=None
    ).update(withdrawal_asked_at=at)
    if not asked:
        raise AlreadyAsked("You have asked for this already. Information governance will answer.")
    record("upload.withdrawal_asked", actor=actor, subject=upload)


@transaction.atomic
def add_streamed_file(*, upload: Upload, name: str) -> UploadedFile:
    """A file of an ordinary form: its size and SHA-256 are known when it has arrived."""
    locked = lock_draft(upload)
    number = locked.files.aggregate(last=Coalesce(Max("number"), 0))["last"] + 1
    return UploadedFile.objects.create(
        upload=locked, number=number, name=name[:NAME_LENGTH], size_bytes=0
    )


def note_streamed_files(*, upload: Upload, files: int, actor: Actor) -> None:
    """One row in the trail for all files one form brought."""
    record("upload.files_added", actor=actor, subject=upload, files=files)
