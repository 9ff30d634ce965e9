"""When no file waits any more: the upload is accepted, held or refused as a whole."""

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count

from audit.actors import Actor
from bsti_db.accounts.models import Organisation
from uploads import storage
from uploads.explanations import UploadReason
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import Patient, Series, Study, Upload, UploadedFile
from uploads.services import duplicates, returning
from uploads.services.deidentifying import thumbnails
from uploads.services.leases import IN_WORK, return_upload

_Outcome = UploadedFile.Outcome


@dataclass(frozen=True)
class _Decision:
    """What the files' outcomes make of their upload, and how many files had which."""

    status: str
    reason: str = ""
    files: dict[str, int] = field(default_factory=dict)


def settle_upload(*, upload: Upload, actor: Actor, at: datetime) -> bool:
    """Decide on an upload whose files are all done; False when there is nothing to decide.

    Metadata and thumbnails are stored before the status changes: what is accepted is whole.
    """
    decision = _decide(upload)
    if decision is None:
        return False
    if decision.status == UploadStatus.ACCEPTED:
        duplicates.drop_known(upload=upload)
        complete_series(upload=upload, at=at)
    with transaction.atomic():
        # one upload of a trust at a time: of two with the same images the second is told
        Organisation.objects.select_for_update().get(pk=upload.organisation_id)
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        decision = _decide(locked)
        if decision is None:
            return False
        if decision.status == locked.status:
            return_upload(upload_id=upload.pk)  # still held: the next release is heard at once
            return False
        if decision.status == UploadStatus.ACCEPTED:
            if duplicates.known_elsewhere(locked).exists():
                # accepted a moment ago: the next ring drops them
                return_upload(upload_id=upload.pk)
                return False
            if Series.objects.filter(study__upload=locked, settled_at=None).exists():
                return False  # a file came meanwhile: the next ring completes its series
            _accept(locked)
        if decision.status == UploadStatus.REFUSED:
            remove_unseen(locked)
        if decision.status != UploadStatus.HELD:
            forget_names(locked)
        locked.settled_at = at
        locked.reason = decision.reason
        locked.leased_until = None
        locked.save(update_fields=["settled_at", "reason", "leased_until", "patient", "returning"])
        UPLOAD_LIFECYCLE.advance(
            locked, decision.status, actor=actor, reason=decision.reason, **decision.files
        )
    upload.refresh_from_db()
    return True


def _decide(upload: Upload) -> _Decision | None:
    if upload.status not in IN_WORK:
        return None
    files = {
        row["outcome"]: row["count"]
        for row in upload.files.order_by().values("outcome").annotate(count=Count("pk"))
    }
    if files.get(_Outcome.WAITING):
        return None
    patients = upload.files.exclude(patient_key="").order_by().values("patient_key").distinct()
    if patients.count() > 1:
        return _Decision(UploadStatus.REFUSED, UploadReason.SEVERAL_PATIENTS, files)
    if files.get(_Outcome.HELD):
        return _Decision(UploadStatus.HELD, UploadReason.FILES_HELD, files)
    if files.get(_Outcome.ACCEPTED):
        return _Decision(UploadStatus.ACCEPTED, "", files)
    is_known = files.get(_Outcome.DUPLICATE) and not files.get(_Outcome.REFUSED)
    reason = UploadReason.ALL_DUPLICATES if is_known else UploadReason.NOTHING_ACCEPTED
    return _Decision(UploadStatus.REFUSED, reason, files)


def _accept(upload: Upload) -> None:
    studies = list(upload.studies.select_related("patient").order_by("study_date", "pk"))
    upload.patient = studies[0].patient
    upload.returning = returning.question_for(upload)
    days = _days_from_onset(upload, studies)
    for study in studies:
        study.days_from_onset = days.get(study.pk)
        study.save(update_fields=["days_from_onset"])


def _days_from_onset(upload: Upload, studies: list[Study]) -> dict[int, int]:
    """The first study's days are the submitter's answer, the others follow from the dates."""
    clinical = upload.clinical_records.first()
    if clinical is None or clinical.days_from_onset is None:
        return {}
    first = studies[0]
    days = {first.pk: clinical.days_from_onset}
    for study in studies[1:]:
        if study.study_date and first.study_date:
            interval = (study.study_date - first.study_date).days
            days[study.pk] = clinical.days_from_onset + interval
    return days


def remove_unseen(upload: Upload) -> None:
    """Delete the rows of studies that nobody was shown; their objects go with the sweep."""
    unseen = upload.studies.exclude(series__settled_at__isnull=False)
    unseen.delete()
    Patient.objects.filter(organisation=upload.organisation, studies=None, uploads=None).delete()


def forget_names(upload: Upload) -> None:
    """Delete the files' original names, which are source values."""
    upload.files.update(name="")


# --- What a series needs to be shown --------------------------------------------


def complete_series(*, upload: Upload, at: datetime) -> None:
    """Store the metadata and thumbnail of each series that has none yet."""
    unsettled = list(
        Series.objects.filter(study__upload=upload, settled_at=None).select_related("study")
    )
    instances = {
        series.pk: list(series.instances.select_related("file__container")) for series in unsettled
    }
    middles = {pk: images[len(images) // 2] for pk, images in instances.items() if images}
    pictures = thumbnails(upload=upload, instances=list(middles.values()))
    for series in unsettled:
        uid = series.series_instance_uid
        headers = [image.header for image in instances[series.pk]]
        storage.write_unseen(storage.metadata_key(upload.pk, uid), packed(headers))
        picture = pictures.get(middles[series.pk].pk) if series.pk in middles else None
        if picture:
            storage.write_unseen(storage.thumbnail_key(upload.pk, uid), picture)
        Series.objects.filter(pk=series.pk, settled_at=None).update(settled_at=at)


def packed(headers: list[dict[str, Any]]) -> bytes:
    """Headers as a metadata object: the same headers are the same bytes."""
    return gzip.compress(json.dumps(headers, sort_keys=True).encode(), compresslevel=6, mtime=0)
