"""Outcomes become rows: patient, study, series and instance, each found by its UID."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from uploads import storage
from uploads.dicom.attributes import Attributes
from uploads.dicom.batch import Outcome
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


def earlier_image(*, upload: Upload, file: UploadedFile, outcome: Outcome) -> Result | None:
    """What becomes of a file whose SOP Instance UID the database knows; None when it does not.

    Known are the images of the organisation's accepted uploads and those of this upload.
    """
    same = (
        Instance.objects.filter(
            sop_instance_uid=outcome.attributes.sop_instance_uid,
            series__study__upload__organisation=upload.organisation_id,
        )
        .exclude(file=file)
        .select_related("series__study__upload")
    )
    for image in same:
        other = image.series.study.upload
        if other.pk != upload.pk and other.status != UploadStatus.ACCEPTED:
            continue
        if image.pixel_digest != outcome.pixel_digest:
            reason = UploadReason.ANOTHER_IMAGE_STORED
            return Result(file, _Outcome.HELD, reason, replace(outcome, has_preview=False))
        is_twice = other.pk == upload.pk
        reason = UploadReason.SENT_TWICE if is_twice else UploadReason.ALREADY_STORED
        return Result(file, _Outcome.DUPLICATE, reason, outcome)
    return None


def store_results(*, upload: Upload, results: Sequence[Result]) -> None:
    """Write what was found into the rows, in one transaction. Objects are stored before.

    Of an upload that ended meanwhile nothing is kept.
    """
    with transaction.atomic():
        # one batch of an upload at a time: two files of one image then meet in `earlier_image`
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.status in IN_WORK:
            _write_rows(locked, results)
            return
    storage.delete_unseen(
        key for result in results for key in _keys(upload, result) if result.outcome
    )


def _write_rows(upload: Upload, results: Sequence[Result]) -> None:
    series: dict[tuple[str, str], Series] = {}
    for result in results:
        if result.status == _Outcome.ACCEPTED:
            result = _store_instance(upload, result, series)
        file = result.file
        file.outcome, file.reason, file.leased_until = result.status, result.reason, None
        if result.outcome:
            file.report = result.outcome.report or None
            file.patient_key = result.outcome.patient_key
        # only a file that still waits: another worker may have been quicker
        UploadedFile.objects.filter(pk=file.pk, outcome=_Outcome.WAITING).update(
            outcome=file.outcome,
            reason=file.reason,
            leased_until=None,
            report=file.report,
            patient_key=file.patient_key,
        )


def _store_instance(upload: Upload, result: Result, known: dict[tuple[str, str], Series]) -> Result:
    outcome = result.outcome
    found = earlier_image(upload=upload, file=result.file, outcome=outcome)
    if found:
        return found
    image = outcome.attributes
    uids = image.study_instance_uid, image.series_instance_uid
    if uids not in known:
        known[uids] = _series(upload, image)
    Instance.objects.get_or_create(
        series=known[uids],
        sop_instance_uid=image.sop_instance_uid,
        defaults={
            "file": result.file,
            "sop_class_uid": image.sop_class_uid,
            "instance_number": image.instance_number,
            "slice_position_mm": image.slice_position_mm,
            "rows": image.rows,
            "columns": image.columns,
            "number_of_frames": outcome.frames,
            "size_bytes": outcome.output_bytes,
            "sha256": outcome.output_sha256,
            "pixel_digest": outcome.pixel_digest,
            "header": outcome.header,
        },
    )
    return result


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


def _keys(upload: Upload, result: Result) -> list[str]:
    """The keys of what was stored for an accepted result."""
    if result.status != _Outcome.ACCEPTED or result.outcome is None:
        return []
    image = result.outcome.attributes
    series, sop = image.series_instance_uid, image.sop_instance_uid
    frames = range(1, result.outcome.frames + 1)
    return [
        storage.instance_key(upload.pk, series, sop),
        *(storage.frame_key(upload.pk, series, sop, frame) for frame in frames),
    ]
