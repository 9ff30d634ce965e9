"""Zip files: their members become files of the upload, with their bytes left where they lie."""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum

from uploads import storage
from uploads.dicom import archives
from uploads.dicom.reasons import Refused
from uploads.explanations import UploadReason
from uploads.models import Upload, UploadedFile

_READ_AHEAD_BYTES = 256 * 1024
_HASHED_AT_ONCE_BYTES = 8 * 1024**2
_READERS = 8

_Outcome = UploadedFile.Outcome


def waiting_archives(upload: Upload) -> list[UploadedFile]:
    """The sent files that wait and begin as a zip does, whatever they are called."""
    waiting = upload.files.filter(outcome=_Outcome.WAITING, container=None)
    # of a small file it was seen when it arrived
    sent = list(waiting.exclude(is_zip=False))
    with ThreadPoolExecutor(_READERS) as readers:
        heads = list(readers.map(_head, sent))
    return [file for file, head in zip(sent, heads, strict=True) if archives.is_zip(head)]


def expand_archive(*, file: UploadedFile) -> int:
    """Make a row of each member of a zip; gives how many. A bad zip is refused with its reason."""
    try:
        if not _is_whole(file):
            raise _NotTaken(UploadReason.DAMAGED_ON_THE_WAY)
        stream = io.BufferedReader(_Ranges(file), _READ_AHEAD_BYTES)
        entries = archives.entries(stream, limits=_limits())
        return _add_members(file, entries)
    except Refused as refusal:
        return _refuse(file, refusal.reason)
    except _NotTaken as refusal:
        return _refuse(file, refusal.reason)


def read_member(file: UploadedFile) -> bytes:
    """The bytes of a zip's member, by ranged reads of its container. Raises Refused."""
    container = file.container
    return archives.extract(
        lambda offset, length: storage.read_range(container, offset, length),
        archives.Entry(**file.entry, name=""),
    )


class _NotTaken(Exception):
    def __init__(self, reason: UploadReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@transaction.atomic
def _add_members(file: UploadedFile, entries: Sequence[archives.Entry]) -> int:
    upload = Upload.objects.select_for_update().get(pk=file.upload_id)
    container = UploadedFile.objects.get(pk=file.pk)
    if container.outcome != _Outcome.WAITING:
        return 0  # another worker expanded it meanwhile
    known = upload.files.exclude(pk=file.pk).exclude(outcome=_Outcome.EXPANDED)
    if known.count() + len(entries) > settings.UPLOAD_MAX_FILES:
        raise _NotTaken(UploadReason.TOO_MANY_FILES)
    total = known.aggregate(total=Sum("size_bytes"))["total"] or 0
    if total + sum(entry.size_bytes for entry in entries) > settings.UPLOAD_MAX_BYTES:
        raise _NotTaken(UploadReason.TOO_MANY_BYTES)
    number = upload.files.aggregate(last=Max("number"))["last"] + 1
    UploadedFile.objects.bulk_create(
        UploadedFile(
            upload=upload,
            container=container,
            number=number + position,
            name=entry.name[:1024],
            size_bytes=entry.size_bytes,
            received_at=container.received_at,
            outcome=_Outcome.WAITING,
            entry={name: value for name, value in asdict(entry).items() if name != "name"},
        )
        for position, entry in enumerate(entries)
    )
    container.outcome = _Outcome.EXPANDED
    container.save(update_fields=["outcome"])
    return len(entries)


def _refuse(file: UploadedFile, reason: str) -> int:
    UploadedFile.objects.filter(pk=file.pk, outcome=_Outcome.WAITING).update(
        outcome=_Outcome.REFUSED, reason=reason
    )
    return 0


def _head(file: UploadedFile) -> bytes:
    try:
        return storage.read_range(file, 0, min(archives.HEAD_BYTES, file.size_bytes))
    except FileNotFoundError:
        return b""  # whoever works on the file says so


def _is_whole(file: UploadedFile) -> bool:
    """Whether the joined parts are the file that was announced."""
    if not file.sha256:
        return True
    digest = hashlib.sha256()
    for offset in range(0, file.size_bytes, _HASHED_AT_ONCE_BYTES):
        length = min(_HASHED_AT_ONCE_BYTES, file.size_bytes - offset)
        digest.update(storage.read_range(file, offset, length))
    return digest.hexdigest() == file.sha256


class _Ranges(io.RawIOBase):
    """A sent file as something to read and seek in, one ranged request at a time."""

    def __init__(self, file: UploadedFile) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size_bytes}
        self._position = max(starts[whence] + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray) -> int:
        left = self._file.size_bytes - self._position
        content = storage.read_range(self._file, self._position, max(min(len(buffer), left), 0))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def _limits() -> archives.Limits:
    return archives.Limits(entries=settings.UPLOAD_MAX_FILES, total_bytes=settings.UPLOAD_MAX_BYTES)
