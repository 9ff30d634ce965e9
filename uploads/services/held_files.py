"""What a curator decides about one held file: release, mask, try again, refuse."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from uploads.dicom.masks import Mask, Picture
from uploads.dicom.reasons import Reason
from uploads.explanations import UploadReason
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile

MAX_MASKS = 200

_Outcome = UploadedFile.Outcome
# a picture that looks clean says nothing about these
_NOT_A_MATTER_OF_LOOKING = frozenset(
    (
        Reason.HIDDEN_PIXEL_BITS,
        Reason.VERIFICATION_FAILED,
        Reason.PROCESSING_FAILED,
        Reason.TOOK_TOO_LONG,
        Reason.NEEDED_TOO_MUCH_MEMORY,
        UploadReason.ANOTHER_IMAGE_STORED,
    )
)


class NotHeld(Exception):
    """The file or its upload is not held: another person may have decided."""


class NothingToSee(Exception):
    """There is no picture of the file, or it is held for what no picture shows."""


class MasksDoNotFit(Exception):
    """There are no masks, too many, or one lies outside the picture."""


def may_be_released(file: UploadedFile) -> bool:
    """Whether a look at its picture can let a held file go on."""
    return bool(file.picture and file.picture["shown"]) and (
        file.reason not in _NOT_A_MATTER_OF_LOOKING
    )


@transaction.atomic
def release_file(*, file: UploadedFile, revision: int, actor: Actor, at: datetime) -> None:
    """Let a held file go on: a person has looked, and no identity is in the picture.

    `revision` is that of the masks they saw: others drawn meanwhile make another picture. Raises
    NothingToSee for a file that nobody could have looked at.
    """
    held = _lock_held(file)
    if held.masks_revision != revision:
        raise NotHeld("This file has changed since you opened it. Look again.")
    if not may_be_released(held):
        raise NothingToSee("There is nothing to see that could let this file go on.")
    held.released_by = actor.member
    held.released_at = at
    _send_back(held)
    record(
        "file.released",
        actor=actor,
        subject=held,
        upload=str(held.upload_id),
        masks=len(held.masks),
        revision=held.masks_revision,
    )


@transaction.atomic
def try_file_again(*, file: UploadedFile, actor: Actor) -> None:
    """Give a held file to the workers once more. Nothing about its picture is decided."""
    held = _lock_held(file)
    held.released_by = held.released_at = None
    _send_back(held)
    record("file.tried_again", actor=actor, subject=held, upload=str(held.upload_id))


@transaction.atomic
def refuse_file(
    *, file: UploadedFile, actor: Actor, reason: str = UploadReason.REFUSED_AFTER_CHECK
) -> None:
    """Leave a held file out; the rest of its upload goes on."""
    held = _lock_held(file)
    held.outcome = _Outcome.REFUSED
    held.reason = reason
    held.save(update_fields=["outcome", "reason"])
    record("file.refused", actor=actor, subject=held, upload=str(held.upload_id), reason=reason)


# --- Masks ------------------------------------------------------------------------


def held_in_series(file: UploadedFile) -> list[UploadedFile]:
    """The other held files of the same series whose pictures have the same size."""
    if not file.series_key or not file.picture:
        return []
    others = UploadedFile.objects.filter(
        upload_id=file.upload_id, series_key=file.series_key, outcome=_Outcome.HELD
    ).exclude(pk=file.pk)
    return [other for other in others if _size(other) == _size(file)]


@transaction.atomic
def mask_file(
    *,
    file: UploadedFile,
    masks: Sequence[Mask],
    actor: Actor,
    at: datetime,
    in_whole_series: bool = False,
) -> int:
    """Black out parts of a held picture; gives how many files were masked.

    The masks replace those drawn before; without any, the picture is as it was sent. Other files of
    the series get them in addition to their own. The workers draw the pictures anew, and a person
    looks at them again before they go on.
    """
    held = _lock_held(file)
    _check(held, masks)
    others = held_in_series(held) if in_whole_series else []
    _mask(held, masks, actor=actor, at=at)
    for other in others:
        own = [Mask.from_json(mask) for mask in other.masks]
        together = list(dict.fromkeys([*own, *masks]))
        _check(other, together)
        _mask(other, together, actor=actor, at=at)
    return 1 + len(others)


def _check(file: UploadedFile, masks: Sequence[Mask]) -> None:
    if not masks and not file.masks:
        raise MasksDoNotFit("Draw at least one rectangle, or enter its numbers.")
    if len(masks) > MAX_MASKS:
        raise MasksDoNotFit(f"A picture takes {MAX_MASKS} rectangles at most.")
    rows, columns, frames = _size(file)
    for place, mask in enumerate(masks, start=1):
        if not mask.fits(rows=rows, columns=columns, frames=frames):
            raise MasksDoNotFit(f"Rectangle {place} lies outside the picture.")


def _size(file: UploadedFile) -> tuple[int, int, int]:
    if not file.picture:
        raise MasksDoNotFit("This file has no picture to mask.")
    picture = Picture.from_json(file.picture)
    return picture.rows, picture.columns, picture.frames


def _mask(file: UploadedFile, masks: Iterable[Mask], *, actor: Actor, at: datetime) -> None:
    file.masks = [mask.to_json() for mask in masks]
    file.masks_revision += 1
    file.masked_by, file.masked_at = actor.member, at
    # who looked before has not seen this picture
    file.released_by = file.released_at = None
    file.save(update_fields=["masks", "masks_revision", "masked_by", "masked_at"])
    _send_back(file)
    record(
        "file.masked",
        actor=actor,
        subject=file,
        upload=str(file.upload_id),
        masks=len(file.masks),
        revision=file.masks_revision,
    )


def _send_back(file: UploadedFile) -> None:
    file.outcome = _Outcome.WAITING
    file.attempts = 0
    file.leased_until = None
    file.save(update_fields=["outcome", "attempts", "leased_until", "released_by", "released_at"])


def _lock_held(file: UploadedFile) -> UploadedFile:
    upload = Upload.objects.select_for_update().get(pk=file.upload_id)
    held = UploadedFile.objects.get(pk=file.pk)
    if upload.status != UploadStatus.HELD or held.outcome != _Outcome.HELD:
        raise NotHeld("This file is no longer held. Look again.")
    return held
