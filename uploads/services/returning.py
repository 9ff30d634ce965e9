"""A patient who seems to have been sent before: proposed to the submitter, never joined silently.

Trusts anonymise first, so two patients may come under one identifier (decision 12).
"""

from django.db import transaction
from django.db.models import QuerySet

from audit.actors import Actor
from audit.services import record
from uploads.lifecycle import UploadStatus
from uploads.models import Returning, Upload


class NothingToSay(Exception):
    """There are no earlier images to say anything about."""


def earlier_uploads(upload: Upload) -> QuerySet[Upload]:
    """Accepted uploads of the same trust under the same pseudonym, the newest first."""
    accepted = Upload.objects.filter(status=UploadStatus.ACCEPTED, patient=upload.patient_id)
    return accepted.exclude(pk=upload.pk).order_by("-submitted_at")


def question_for(upload: Upload) -> str:
    """What `returning` begins with, when an upload is accepted."""
    return Returning.ASKED if earlier_uploads(upload).exists() else ""


@transaction.atomic
def answer(*, upload: Upload, said: str, actor: Actor) -> None:
    """Keep what the submitter says; the panel is shown it. Another answer replaces it.

    Raises NothingToSay for an upload that was not asked about.
    """
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if not locked.returning or locked.status != UploadStatus.ACCEPTED:
        raise NothingToSay("There are no earlier images of this patient to say anything about.")
    if locked.returning == said:
        return
    locked.returning = said
    locked.save(update_fields=["returning"])
    record("upload.patient_answered", actor=actor, subject=locked, said=said)
