"""Outcomes become rows: patient, study, series and instance, each found by its UID."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Q

from uploads import storage
from uploads.dicom.attributes import Attributes
from uploads.dicom.batch import Outcome, Status
from uploads.explanations import UploadReason
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Patient, Series, Study, Upload, UploadedFile
from uploads.services.leases import IN_WORK

_Outcome = UploadedFile.Outcome


@dataclass(frozen=True)
class Result:
    """What a file has come to. `outcome` is the child's, when one looked at the file."""

    file: UploadedFile
    status: str
    reason: str = ""
    outcome: Outcome | None = None

    @property
    def was_taken(self) -> bool:
        """Whether the child accepted the file, whatever the database makes of it."""
        return self.outcome is not None and self.outcome.status is Status.ACCEPTED


def store_results(*, upload: Upload, results: Sequence[Result]) -> None:
    """Write what was found into the rows, in one transaction. Objects are stored before.

    Of an upload that ended meanwhile nothing is kept, and of a file that is not taken after all
    no object.
    """
    with transaction.atomic():
        # one batch of an upload at a time: two files of one image then meet in `_Known`
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.status in IN_WORK:
            superfluous = _write_rows(locked, results)
        else:
            superfluous = [_key(upload, result) for result in results if _is_stored(result)]
    if superfluous:
        storage.delete_unseen(superfluous)


def _write_rows(upload: Upload, results: Sequence[Result]) -> list[str]:
    """Write files and images; gives the keys of objects that no row needs."""
    known = _Known(upload, [result for result in results if result.was_taken])
    series: dict[tuple[str, str], Series] = {}
    images, superfluous = [], []
    for result in sorted(results, key=lambda each: each.file.number):
        if result.was_taken:
            verdict = known.verdict(result)
            if verdict.reason in (UploadReason.ALREADY_STORED, UploadReason.ANOTHER_IMAGE_STORED):
                superfluous.append(_key(upload, result))
            result = verdict
        if result.status == _Outcome.ACCEPTED:
            images.append(_image(upload, result, series))
            known.add(upload, result)
        _write_file(result)
    # an image stored before its worker was killed is there already
    Instance.objects.bulk_create(images, ignore_conflicts=True)
    return superfluous


def _write_file(result: Result) -> None:
    changes = {"outcome": result.status, "reason": result.reason, "leased_until": None}
    if result.outcome:
        changes["report"] = result.outcome.report or None
        picture = result.outcome.picture
        changes |= {
            "patient_key": result.outcome.patient_key,
            "series_key": result.outcome.series_key,
            "picture": picture.to_json() if picture else None,
            "text_boxes": result.outcome.text_boxes,
        }
    # only a file that still waits, and for these masks: another worker may have been quicker
    UploadedFile.objects.filter(
        pk=result.file.pk,
        outcome=_Outcome.WAITING,
        masks_revision=result.file.masks_revision,
    ).update(**changes)


class _Known:
    """The images of this upload and of its organisation's accepted ones, by SOP Instance UID.

    The same pixels again are a duplicate, other pixels under a known UID a question for a person.
    """

    def __init__(self, upload: Upload, results: Sequence[Result]) -> None:
        uids = [result.outcome.attributes.sop_instance_uid for result in results]
        rows = Instance.objects.filter(
            Q(series__study__upload=upload)
            | Q(
                series__study__upload__organisation=upload.organisation_id,
                series__study__upload__status=UploadStatus.ACCEPTED,
            ),
            sop_instance_uid__in=uids,
        ).values_list("sop_instance_uid", "file_id", "pixel_digest", "series__study__upload_id")
        self._upload = upload
        self._images: dict[str, list[tuple[Any, str, Any]]] = {}
        for uid, *image in rows:
            self._images.setdefault(uid, []).append(tuple(image))

    def verdict(self, result: Result) -> Result:
        outcome = result.outcome
        for file_id, digest, upload_id in self._images.get(outcome.attributes.sop_instance_uid, []):
            if file_id == result.file.pk:
                continue
            if digest != outcome.pixel_digest:
                reason = UploadReason.ANOTHER_IMAGE_STORED
                return replace(result, status=_Outcome.HELD, reason=reason)
            is_twice = upload_id == self._upload.pk
            reason = UploadReason.SENT_TWICE if is_twice else UploadReason.ALREADY_STORED
            return replace(result, status=_Outcome.DUPLICATE, reason=reason)
        return result

    def add(self, upload: Upload, result: Result) -> None:
        outcome = result.outcome
        self._images.setdefault(outcome.attributes.sop_instance_uid, []).append(
            (result.file.pk, outcome.pixel_digest, upload.pk)
        )


def _image(upload: Upload, result: Result, known: dict[tuple[str, str], Series]) -> Instance:
    outcome = result.outcome
    image = outcome.attributes
    uids = image.study_instance_uid, image.series_instance_uid
    if uids not in known:
        known[uids] = _series(upload, image)
    return Instance(
        series=known[uids],
        file=result.file,
        sop_instance_uid=image.sop_instance_uid,
        sop_class_uid=image.sop_class_uid,
        instance_number=image.instance_number,
        slice_position_mm=image.slice_position_mm,
        rows=image.rows,
        columns=image.columns,
        number_of_frames=len(outcome.frame_ranges),
        frame_ranges=outcome.frame_ranges,
        size_bytes=outcome.output_bytes,
        sha256=outcome.output_sha256,
        pixel_digest=outcome.pixel_digest,
        header=outcome.header,
    )


def _series(upload: Upload, image: Attributes) -> Series:
    patient, _ = Patient.objects.get_or_create(
        pseudonym=image.patient_id, defaults={"organisation": upload.organisation}
    )
    study, _ = Study.objects.get_or_create(
        upload=upload,
        study_instance_uid=image.study_instance_uid,
        defaults={
            "patient": patient,
            "study_date": image.study_date,
            "modality": image.modality[:4],
        },
    )
    series, _ = Series.objects.get_or_create(
        study=study,
        series_instance_uid=image.series_instance_uid,
        defaults={
            "modality": image.modality[:4],
            "series_number": image.series_number,
            "series_description": image.series_description[:64],
            "body_part_examined": image.body_part_examined[:16],
        },
    )
    return series


def _is_stored(result: Result) -> bool:
    return result.status == _Outcome.ACCEPTED and result.outcome is not None


def _key(upload: Upload, result: Result) -> str:
    """The key of what was stored for an accepted result."""
    image = result.outcome.attributes
    return storage.instance_key(upload.pk, image.series_instance_uid, image.sop_instance_uid)
