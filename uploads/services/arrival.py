"""How a file's bytes arrive in quarantine: in parts, each checked, each stored once."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction

from uploads import storage
from uploads.dicom import archives
from uploads.lifecycle import UploadStatus
from uploads.models import FilePart, UploadedFile
from uploads.services.intake import UploadIsClosed


class PartNotAsAnnounced(Exception):
    """The part is not one of the file's, or does not have the bytes that were announced."""


class PartsLost(Exception):
    """The store has forgotten the parts that had arrived: the file must be sent again."""


def parts_of(file: UploadedFile) -> int:
    """How many parts a file has; they count from 1."""
    return max(1, -(-file.size_bytes // settings.UPLOAD_PART_BYTES))


def size_of_part(file: UploadedFile, number: int) -> int:
    """The bytes of one part: all are of one size, the last has the rest."""
    if not 1 <= number <= parts_of(file):
        raise PartNotAsAnnounced(f"The file has {parts_of(file)} parts; there is no part {number}.")
    start = (number - 1) * settings.UPLOAD_PART_BYTES
    return min(settings.UPLOAD_PART_BYTES, file.size_bytes - start)


def receive_part(
    *, file: UploadedFile, number: int, body: bytearray, sha256: str, at: datetime
) -> bool:
    """Store one part of a file; True when the file is whole. Sent again, it changes nothing.

    Raises PartNotAsAnnounced for other bytes than announced, PartsLost when the file must be
    sent again, UploadIsClosed for an upload that is no draft.
    """
    if file.received_at:
        return True
    if file.upload.status != UploadStatus.DRAFT:
        raise UploadIsClosed("This upload was sent already. Its files cannot be changed.")
    if len(body) != size_of_part(file, number):
        raise PartNotAsAnnounced("The file has another size than announced. Add it again.")
    if hashlib.sha256(body).hexdigest() != sha256:
        raise PartNotAsAnnounced("A part of the file was damaged on the way. Send it again.")
    if parts_of(file) == 1:
        if sha256 != file.sha256:
            raise PartNotAsAnnounced("The file has changed since it was chosen. Add it again.")
        storage.put_whole(file, body, sha256)
        return _mark_received(file, at, is_zip=_begins_as_zip(body))
    if not file.parts.filter(number=number, sha256=sha256).exists():
        store_part(file=file, number=number, body=body, sha256=sha256)
    return _complete_when_whole(file, at)


def store_part(*, file: UploadedFile, number: int, body: bytearray, sha256: str) -> None:
    """Send one part of several to the store, and note it. Raises PartsLost.

    A part sent twice may come after the file was joined: then there is nothing left to do.
    """
    if not _open_transfer(file):
        return
    try:
        etag = storage.put_part(file, number, body, sha256)
    except storage.TransferGone:
        if _is_joined(file):
            return
        _forget_transfer(file)
        raise PartsLost("The parts sent so far have expired. Send the file again.") from None
    FilePart.objects.update_or_create(
        file=file,
        number=number,
        defaults={"size_bytes": len(body), "sha256": sha256, "etag": etag},
    )


def receive_stream_end(
    *, file: UploadedFile, size_bytes: int, sha256: str, last: bytearray, number: int, at: datetime
) -> None:
    """End a file whose size nobody knew before: `last` is what is left, part `number`.

    A file of one part is stored whole.
    """
    digest = hashlib.sha256(last).hexdigest()
    is_zip = None
    if number == 1:
        storage.put_whole(file, last, digest)
        is_zip = _begins_as_zip(last)
    else:
        store_part(file=file, number=number, body=last, sha256=digest)
        storage.complete_multipart(file)
    file.size_bytes, file.sha256 = size_bytes, sha256
    file.save(update_fields=["size_bytes", "sha256"])
    _mark_received(file, at, is_zip=is_zip)


def give_up(*, file: UploadedFile) -> None:
    """Forget a file that stopped half-way or may not be kept; nothing of it stays in a draft."""
    if file.multipart_id:
        storage.abort_multipart(file)
    file.delete()


def _open_transfer(file: UploadedFile) -> bool:
    """Three parts may arrive at once: the first one's request opens the transfer for all.

    False for a file that is whole already.
    """
    with transaction.atomic():
        locked = UploadedFile.objects.select_for_update().get(pk=file.pk)
        if locked.received_at:
            return False
        if not locked.multipart_id:
            locked.multipart_id = storage.start_multipart(locked)
            locked.save(update_fields=["multipart_id"])
        file.multipart_id = locked.multipart_id
    return True


def _is_joined(file: UploadedFile) -> bool:
    """Whether the file is whole; waits for whoever is joining it now."""
    with transaction.atomic():
        locked = UploadedFile.objects.select_for_update().get(pk=file.pk)
        return locked.received_at is not None


def _forget_transfer(file: UploadedFile) -> None:
    with transaction.atomic():
        # another request may have begun a new transfer meanwhile
        forgotten = UploadedFile.objects.filter(
            pk=file.pk, multipart_id=file.multipart_id, received_at=None
        ).update(multipart_id="")
        if forgotten:
            file.parts.all().delete()


def _complete_when_whole(file: UploadedFile, at: datetime) -> bool:
    with transaction.atomic():
        # of the last parts that arrive together, one joins them
        locked = UploadedFile.objects.select_for_update().get(pk=file.pk)
        if locked.received_at:
            return True
        if locked.parts.count() < parts_of(locked):
            return False
        storage.complete_multipart(locked)
        return _mark_received(locked, at)


def _begins_as_zip(body: bytearray) -> bool:
    return archives.is_zip(bytes(body[: archives.HEAD_BYTES]))


def _mark_received(file: UploadedFile, at: datetime, *, is_zip: bool | None = None) -> bool:
    """The file waits for a worker, once its upload is submitted."""
    marked = UploadedFile.objects.filter(
        pk=file.pk, received_at=None, upload__status=UploadStatus.DRAFT
    ).update(received_at=at, outcome=UploadedFile.Outcome.WAITING, multipart_id="", is_zip=is_zip)
    if not marked and not UploadedFile.objects.filter(pk=file.pk, received_at__isnull=False):
        raise UploadIsClosed("This upload was sent already. Its files cannot be changed.")
    file.received_at = at
    return True
