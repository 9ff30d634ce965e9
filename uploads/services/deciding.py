"""What people and time decide about an upload: refuse, withdraw, expire, erase."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import CombinedExpression

from audit.actors import Actor
from audit.services import record
from uploads import storage
from uploads.explanations import UploadReason
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import Instance, Upload, UploadedFile, UploadQuerySet
from uploads.services.settling import forget_names, remove_unseen

DRAFT_KEPT = timedelta(days=7)
HELD_KEPT = timedelta(days=30)
ANSWER_KEPT = timedelta(days=30)  # for all questions about one upload together

_ENDED = (UploadStatus.REFUSED, UploadStatus.WITHDRAWN, UploadStatus.EXPIRED)


@transaction.atomic
def refuse_upload(
    *,
    upload: Upload,
    actor: Actor,
    at: datetime,
    reason: str = UploadReason.REFUSED_AFTER_CHECK,
) -> None:
    """Refuse a held upload as a whole. Raises IllegalMove for one that is not held."""
    _end(upload, UploadStatus.REFUSED, actor=actor, at=at, reason=reason)


@transaction.atomic
def withdraw_upload(*, upload: Upload, actor: Actor, at: datetime) -> None:
    """Take an upload back; it vanishes from every page at once, its images with the sweep.

    Raises IllegalMove for one that has ended already.
    """
    Upload.objects.filter(pk=upload.pk).update(withdrawn_at=at)
    _end(upload, UploadStatus.WITHDRAWN, actor=actor, at=at)


def kept_until(upload: Upload) -> datetime | None:
    """When an undecided upload expires. A question stops the clock, and has one of its own."""
    question = upload.questions.filter(closed_at=None).first()
    if question and upload.status == UploadStatus.QUERIED:
        return question.asked_at + ANSWER_KEPT - upload.paused
    return upload.settled_at + HELD_KEPT + upload.paused if upload.settled_at else None


def expire_uploads(*, actor: Actor, at: datetime) -> int:
    """End drafts that were not submitted and holds that were not decided in time."""
    drafts = Upload.objects.filter(status=UploadStatus.DRAFT, created_at__lt=at - DRAFT_KEPT)
    held_before = Value(at - HELD_KEPT) - F("paused")
    asked_before = Value(at - ANSWER_KEPT) + F("paused")
    undecided = Upload.objects.held().filter(settled_at__lt=_moment(held_before))
    unanswered = Upload.objects.filter(
        status=UploadStatus.QUERIED,
        questions__closed_at=None,
        questions__asked_at__lt=_moment(asked_before),
    )
    expired = [(upload, UploadReason.NOT_SUBMITTED_IN_TIME) for upload in drafts]
    expired += [(upload, UploadReason.NOT_DECIDED_IN_TIME) for upload in undecided]
    expired += [(upload, UploadReason.NOT_ANSWERED_IN_TIME) for upload in unanswered]
    for upload, reason in expired:
        with transaction.atomic():
            _end(upload, UploadStatus.EXPIRED, actor=actor, at=at, reason=reason)
    return len(expired)


def _moment(reckoned: CombinedExpression) -> ExpressionWrapper:
    return ExpressionWrapper(reckoned, output_field=DateTimeField())


def _end(upload: Upload, status: str, *, actor: Actor, at: datetime, reason: str = "") -> None:
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    UPLOAD_LIFECYCLE.advance(locked, status, actor=actor, reason=reason)
    locked.settled_at = at
    locked.reason = reason
    locked.save(update_fields=["settled_at", "reason"])
    locked.questions.filter(closed_at=None).update(closed_at=at)
    remove_unseen(locked)
    forget_names(locked)
    upload.refresh_from_db()


# --- Erasing --------------------------------------------------------------------


def erasable_uploads(*, at: datetime) -> UploadQuerySet:
    """Uploads that ended, whose objects are still there and that no worker has in hand."""
    in_hand = UploadedFile.objects.filter(leased_until__gte=at).values("upload")
    return (
        Upload.objects.filter(status__in=_ENDED, erased_at=None)
        .filter(Q(leased_until=None) | Q(leased_until__lt=at))
        .exclude(pk__in=in_hand)
    )


def erase_upload(*, upload: Upload, actor: Actor, at: datetime) -> None:
    """Delete everything that was sent and everything made of it. Run again, it finds nothing."""
    originals = storage.erase_originals(upload)
    objects = storage.erase_studies(upload)
    with transaction.atomic():
        erased = Upload.objects.filter(pk=upload.pk, status__in=_ENDED, erased_at=None)
        if not erased.update(erased_at=at):
            return
        Instance.objects.filter(series__study__upload=upload).update(header={})
        upload.questions.update(text="", answer="")
        record("upload.erased", actor=actor, subject=upload, originals=originals, objects=objects)


def delete_settled_originals(*, upload: Upload) -> None:
    """Delete what was sent for an upload that is decided. What is left, the sweep finds."""
    if upload.status in (UploadStatus.ACCEPTED, UploadStatus.REFUSED):
        storage.delete_originals(upload.files.all())


def purge_originals() -> int:
    """Delete from quarantine what no upload needs any more; gives how many objects went."""
    needed = (UploadStatus.DRAFT, UploadStatus.SUBMITTED, UploadStatus.HELD, UploadStatus.QUERIED)
    purged = 0
    for upload_id in storage.uploads_with_originals():
        files = UploadedFile.objects.filter(upload_id=upload_id, upload__status__in=needed)
        purged += storage.erase_originals_except(upload_id, files)
    return purged
