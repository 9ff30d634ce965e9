"""The life of a pseudonym key: a new one is made, an old one destroyed. The database holds ids.

Who holds the keys is the environment of the dicom workers; here it is recorded, and checked, that
nothing needs a key any more before it goes.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.actors import Actor
from audit.services import record
from uploads.lifecycle import UploadStatus
from uploads.models import PseudonymKey, Upload

# a held or queried upload is processed once more when it is released
_NEEDS_KEY = (
    UploadStatus.DRAFT,
    UploadStatus.SUBMITTED,
    UploadStatus.HELD,
    UploadStatus.QUERIED,
)


class KeyInUse(Exception):
    """The key cannot be destroyed yet. The text is a sentence that says why."""


class KeyKnown(Exception):
    """There is, or was, a key of this id."""


@transaction.atomic
def record_new_key(*, key_id: str, actor: Actor, at: datetime) -> PseudonymKey:
    """Record a key that is about to be used for what is submitted from now on."""
    if PseudonymKey.objects.filter(key_id=key_id).exists() or key_id in settings.PSEUDONYM_KEYS:
        raise KeyKnown(f"There is, or was, a pseudonym key {key_id}. Choose another id.")
    row = PseudonymKey.objects.create(key_id=key_id, made_at=at)
    record("pseudonym_key.made", actor=actor, subject=row, key_id=key_id)
    return row


@transaction.atomic
def record_destruction(*, key_id: str, actor: Actor, at: datetime) -> PseudonymKey:
    """Record that a key is destroyed: from now on no worker uses it, even if one still holds it.

    Raises
    ------
    KeyInUse
        If it is the key of new uploads, or an upload still needs it.
    """
    if key_id == settings.PSEUDONYM_KEY_ID:
        raise KeyInUse(f"{key_id} is the key of new uploads. Rotate to another key first.")
    uploads = Upload.objects.filter(pseudonym_key_id=key_id)
    known = PseudonymKey.objects.filter(key_id=key_id)
    if not (key_id in settings.PSEUDONYM_KEYS or uploads.exists() or known.exists()):
        raise KeyInUse(f"There is no pseudonym key {key_id}.")
    waiting = uploads.filter(status__in=_NEEDS_KEY).count()
    if waiting:
        raise KeyInUse(
            f"{waiting} upload{'s' * (waiting != 1)} under {key_id} still wait to be decided. "
            "Destroy it when they are accepted, refused or expired."
        )
    row, _ = PseudonymKey.objects.select_for_update().get_or_create(key_id=key_id)
    if row.destroyed_at is None:
        row.destroyed_at = at
        row.save(update_fields=["destroyed_at"])
        record("pseudonym_key.destroyed", actor=actor, subject=row, key_id=key_id)
    return row


def is_destroyed(key_id: str) -> bool:
    return PseudonymKey.objects.filter(key_id=key_id, destroyed_at__isnull=False).exists()


def destroyed_among(key_ids: Iterable[str]) -> list[str]:
    """Which of these ids belong to destroyed keys: whoever holds one must delete it."""
    destroyed = PseudonymKey.objects.filter(key_id__in=key_ids, destroyed_at__isnull=False)
    return list(destroyed.values_list("key_id", flat=True))
