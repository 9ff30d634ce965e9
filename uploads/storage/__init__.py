"""Quarantine, previews and the study store: the only builder of their keys.

Quarantine holds files as they were sent; the study store holds what was de-identified, written
once and never changed. Keys hold only identifiers of our own and pseudonyms.
"""

import base64
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from uploads.models import Instance, Series, Upload, UploadedFile
from uploads.storage.bucket import (
    AnotherObjectExists,
    BucketStorage,
    ChecksumMismatch,
    StoreUnavailable,
    TransferGone,
    store_answers,
)

__all__ = [
    "AnotherObjectExists",
    "BucketStorage",
    "ChecksumMismatch",
    "StoreUnavailable",
    "TransferGone",
]

# --- Keys ---------------------------------------------------------------------


def quarantine_key(file: UploadedFile) -> str:
    return f"{quarantine_prefix(file.upload_id)}{file.pk}"


def quarantine_prefix(upload_id: Any) -> str:
    return f"files/{upload_id}/"


def preview_key(file: UploadedFile, frame: int) -> str:
    """The picture of a frame as it is under the masks of now."""
    return f"{preview_prefix(file.upload_id)}{file.pk}/{file.masks_revision}/{frame}.png"


def preview_prefix(upload_id: Any) -> str:
    return f"previews/{upload_id}/"


def study_prefix(upload_id: Any) -> str:
    """Everything that was made of one upload lies under this, and nothing else does."""
    return f"studies/{upload_id}/"


def instance_key(upload_id: Any, series_uid: str, sop_uid: str) -> str:
    return f"{study_prefix(upload_id)}{series_uid}/{sop_uid}.dcm"


def metadata_key(upload_id: Any, series_uid: str) -> str:
    return f"{study_prefix(upload_id)}{series_uid}/metadata.json.gz"


def thumbnail_key(upload_id: Any, series_uid: str) -> str:
    return f"{study_prefix(upload_id)}{series_uid}/thumbnail.png"


def prepare() -> None:
    """Make this process's client of the store, which takes a while, before it is needed."""
    _ = _quarantine().client


# --- Quarantine ---------------------------------------------------------------


def put_whole(file: UploadedFile, body: bytes | bytearray, sha256_hex: str) -> None:
    """Store a file of one part. Raises ChecksumMismatch if its bytes are not what was said."""
    _quarantine().put(quarantine_key(file), body, sha256_hex=sha256_hex)


def start_multipart(file: UploadedFile) -> str:
    """Begin a file of several parts; gives the id to keep in `file.multipart_id`."""
    with store_answers():
        answer = _quarantine().client.create_multipart_upload(
            **_object(file), ContentType="application/octet-stream", ChecksumAlgorithm="SHA256"
        )
    return answer["UploadId"]


def put_part(file: UploadedFile, number: int, body: bytes | bytearray, sha256_hex: str) -> str:
    """Store one part (from 1; all but the last at least 5 MiB); gives its ETag.

    Raises ChecksumMismatch, or TransferGone if the transfer was swept away meanwhile.
    """
    with store_answers():
        answer = _quarantine().client.upload_part(
            **_object(file),
            UploadId=file.multipart_id,
            PartNumber=number,
            Body=body,
            ChecksumSHA256=_checksum(sha256_hex),
        )
    return answer["ETag"]


def complete_multipart(file: UploadedFile) -> None:
    """Join the parts that are rows of `file.parts`. A second call finds it joined."""
    parts = [
        {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": _checksum(part.sha256)}
        for part in file.parts.order_by("number")
    ]
    # only this file is ever joined at its key; the worker compares the whole file's SHA-256
    with suppress(AnotherObjectExists), store_answers():
        _quarantine().client.complete_multipart_upload(
            **_object(file),
            UploadId=file.multipart_id,
            MultipartUpload={"Parts": parts},
            IfNoneMatch="*",
        )


def abort_multipart(file: UploadedFile) -> None:
    """Throw away the parts of an unfinished file. One already gone is no error."""
    with suppress(TransferGone), store_answers():
        _quarantine().client.abort_multipart_upload(**_object(file), UploadId=file.multipart_id)


def read_quarantine(file: UploadedFile) -> bytes:
    """A sent file's bytes. Raises FileNotFoundError when they are gone."""
    return _quarantine().get(quarantine_key(file))


def read_range(file: UploadedFile, offset: int, length: int) -> bytes:
    """Some bytes of a sent file, as one request."""
    return _quarantine().get_range(quarantine_key(file), offset, length)


def fetch_quarantined(file: UploadedFile, path: Path) -> str:
    """Copy a sent file to `path`; gives the SHA-256 of what came, or FileNotFoundError."""
    return _quarantine().fetch(quarantine_key(file), path)


def delete_originals(files: Iterable[UploadedFile]) -> None:
    """Delete files as they were sent, and their previews."""
    named = list(files)
    sent = [quarantine_key(file) for file in named if file.container_id is None]
    _quarantine().delete_keys(sent)
    storages["previews"].delete_keys(key for file in named for key in _preview_keys(file))


def _preview_keys(file: UploadedFile) -> list[str]:
    return [preview_key(file, frame) for frame in (file.picture or {}).get("shown", ())]


def _quarantine() -> BucketStorage:
    return storages["quarantine"]


def _object(file: UploadedFile) -> dict[str, str]:
    return {"Bucket": _quarantine().bucket_name, "Key": quarantine_key(file)}


def _checksum(sha256_hex: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256_hex)).decode()


# --- The study store ----------------------------------------------------------


def write_study(key: str, content: bytes) -> None:
    """Write one object of a study, once; the same bytes again are no error."""
    storages["studies"].save(key, ContentFile(content))


def read_instance(instance: Instance) -> bytes:
    """The de-identified DICOM file, in JPEG-LS."""
    return _read(_key_of(instance))


def read_frame(instance: Instance, frame: int) -> bytes:
    """One frame as JPEG-LS, a range of its file; frames count from 1."""
    offset, length = instance.frame_ranges[frame - 1]
    return storages["studies"].get_range(_key_of(instance), offset, length)


def _key_of(instance: Instance) -> str:
    series = instance.series
    return instance_key(
        series.study.upload_id, series.series_instance_uid, instance.sop_instance_uid
    )


def read_metadata(series: Series) -> bytes:
    """The DICOM JSON of every instance of a settled series, gzip."""
    return _read(metadata_key(series.study.upload_id, series.series_instance_uid))


def read_thumbnail(series: Series) -> bytes:
    """The middle image of a settled series as a small PNG."""
    return _read(thumbnail_key(series.study.upload_id, series.series_instance_uid))


def write_unseen(key: str, content: bytes) -> None:
    """Write an object of a study that nobody has been shown; an earlier try is replaced."""
    storages["studies"].rewrite(key, content)


def delete_unseen(keys: Iterable[str]) -> None:
    """Delete objects of a study that nobody has been shown."""
    storages["studies"].delete_keys(keys)


def write_preview(file: UploadedFile, frame: int, content: bytes) -> None:
    """A picture of a held file, for the person who decides."""
    storages["previews"].rewrite(preview_key(file, frame), content)


def read_preview(file: UploadedFile, frame: int) -> bytes:
    with storages["previews"].open(preview_key(file, frame)) as stored:
        return stored.read()


def _read(key: str) -> bytes:
    with storages["studies"].open(key) as stored:
        return stored.read()


# --- Erasing: the janitor's own identity ----------------------------------------


def janitor_bucket(name: str) -> BucketStorage:
    """The bucket `name` with the rights to list and delete; only sweeps and erasure ask."""
    return storages[f"janitor-{name}"]


def erase_originals(upload: Upload) -> int:
    """Delete what was sent and its previews; gives how many objects there were."""
    return _erase("quarantine", quarantine_prefix(upload.pk)) + _erase(
        "previews", preview_prefix(upload.pk)
    )


def erase_studies(upload: Upload) -> int:
    """Delete everything that was made of the upload; gives how many objects there were."""
    return _erase("studies", study_prefix(upload.pk))


def uploads_with_originals() -> set[str]:
    """The ids of uploads that have something in quarantine or among the previews."""
    sent = set(janitor_bucket("quarantine").folders("files/"))
    return sent | set(janitor_bucket("previews").folders("previews/"))


def erase_originals_except(upload_id: Any, files: Iterable[UploadedFile]) -> int:
    """Delete what lies in quarantine for an upload and belongs to none of `files`."""
    needed = list(files)
    sent, previews = janitor_bucket("quarantine"), janitor_bucket("previews")
    kept = {quarantine_key(file) for file in needed}
    held = [file for file in needed if file.outcome == file.Outcome.HELD]
    kept |= {key for file in held for key in _preview_keys(file)}
    return sent.delete_keys(set(sent.keys(quarantine_prefix(upload_id))) - kept) + (
        previews.delete_keys(set(previews.keys(preview_prefix(upload_id))) - kept)
    )


def abort_open_transfers(*, before: datetime) -> int:
    """Throw away transfers into quarantine begun before a time and never finished."""
    bucket = janitor_bucket("quarantine")
    pages = bucket.client.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket.bucket_name
    )
    stale = [
        known for page in pages for known in page.get("Uploads", []) if known["Initiated"] < before
    ]
    for known in stale:
        bucket.client.abort_multipart_upload(
            Bucket=bucket.bucket_name, Key=known["Key"], UploadId=known["UploadId"]
        )
    return len(stale)


def _erase(bucket: str, prefix: str) -> int:
    storage = janitor_bucket(bucket)
    return storage.delete_keys(storage.keys(prefix))
