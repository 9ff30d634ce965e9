"""Uploads as submitters send them, with their files really in quarantine."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.models import Organisation
from tests.factories import organisation as make_organisation
from uploads import storage
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import ClinicalRecord, Submitter, Upload, UploadedFile

_number = count(1)


def draft(*, organisation: Organisation | None = None, **fields: Any) -> Upload:
    number = next(_number)
    organisation = organisation or make_organisation()
    submitter = Submitter.objects.create(
        email=f"submitter{number}@nhs.net",
        name=f"Submitter {number}",
        role="Radiographer",
        organisation=organisation,
    )
    return Upload.objects.create(
        **{
            "reference": f"U-TEST-{number:04d}",
            "submitter": submitter,
            "organisation": organisation,
        }
        | fields
    )


def add_file(upload: Upload, content: bytes, **fields: Any) -> UploadedFile:
    """A file of `upload` that has arrived."""
    digest = hashlib.sha256(content).hexdigest()
    file = upload.files.create(
        **{
            "number": upload.files.count() + 1,
            "name": "QUILLFEATHER.dcm",
            "size_bytes": len(content),
            "sha256": digest,
            "received_at": timezone.now(),
            "outcome": UploadedFile.Outcome.WAITING,
        }
        | fields
    )
    storage.put_whole(file, content, digest)
    return file


def submitted(
    contents: Sequence[bytes],
    *,
    organisation: Organisation | None = None,
    days_from_onset: int | None = 4,
) -> Upload:
    """An upload whose files wait in quarantine for a worker."""
    now = timezone.now()
    upload = draft(
        organisation=organisation,
        declared_at=now,
        submitted_at=now - timedelta(seconds=1),
        pseudonym_key_id=settings.PSEUDONYM_KEY_ID,
    )
    for content in contents:
        add_file(upload, content)
    describe(upload, days_from_onset=days_from_onset)
    actor = Actor.of_submitter(upload.submitter)
    UPLOAD_LIFECYCLE.advance(upload, UploadStatus.SUBMITTED, actor=actor)
    return upload


def describe(upload: Upload, *, days_from_onset: int | None) -> ClinicalRecord:
    return ClinicalRecord.objects.create(
        upload=upload,
        age_years=54,
        sex="F",
        rt_pcr="positive",
        days_from_onset=days_from_onset,
        symptoms=["cough"],
        hypertension="no",
        cardiovascular_disease="no",
        chronic_lung_disease="no",
        diabetes="no",
        chronic_kidney_disease="no",
        immunosuppressed="no",
        smoking="never",
        oxygen_support="room_air",
        outcome="discharged",
    )
