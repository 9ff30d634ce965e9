"""Images that another upload brought first: compared when written, and again at settling."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from uploads import storage
from uploads.explanations import UploadReason
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Series, Study, Upload, UploadedFile
from uploads.services.leases import IN_WORK

_Outcome = UploadedFile.Outcome


def known_elsewhere(upload: Upload) -> QuerySet[Instance]:
    """This upload's images of which an accepted upload of its organisation holds the same one."""
    accepted = Instance.objects.filter(
        series__study__upload__organisation=upload.organisation_id,
        series__study__upload__status=UploadStatus.ACCEPTED,
        sop_instance_uid=OuterRef("sop_instance_uid"),
    ).exclude(series__study__upload=upload.pk)
    return Instance.objects.filter(series__study__upload=upload.pk).filter(Exists(accepted))


def drop_known(*, upload: Upload) -> bool:
    """Take the images back that were accepted elsewhere meanwhile; False when there are none.

    The same pixels are a duplicate; other pixels under a known UID are a question for a person.
    """
    keys: list[str] = []
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.status not in IN_WORK:
            return False
        known = list(known_elsewhere(locked).select_related("series"))
        for image in known:
            series_uid = image.series.series_instance_uid
            keys.append(storage.instance_key(upload.pk, series_uid, image.sop_instance_uid))
            _tell(image, is_same=_is_same(locked, image))
        series = {image.series_id for image in known}
        Instance.objects.filter(pk__in=[image.pk for image in known]).delete()
        Series.objects.filter(pk__in=series, instances=None).delete()
        Study.objects.filter(upload=locked, series=None).delete()
        # what is left of a series gets its metadata anew
        Series.objects.filter(pk__in=series).update(settled_at=None)
    storage.delete_unseen(keys)
    return bool(known)


def _is_same(upload: Upload, image: Instance) -> bool:
    digests = Instance.objects.filter(
        series__study__upload__organisation=upload.organisation_id,
        series__study__upload__status=UploadStatus.ACCEPTED,
        sop_instance_uid=image.sop_instance_uid,
    ).values_list("pixel_digest", flat=True)
    return all(digest == image.pixel_digest for digest in digests)


def _tell(image: Instance, *, is_same: bool) -> None:
    outcome = _Outcome.DUPLICATE if is_same else _Outcome.HELD
    reason = UploadReason.ALREADY_STORED if is_same else UploadReason.ANOTHER_IMAGE_STORED
    UploadedFile.objects.filter(pk=image.file_id).update(outcome=outcome, reason=reason)
