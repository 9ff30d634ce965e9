"""Files that wait are fetched, de-identified in a guarded child and stored."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from uploads import storage
from uploads.dicom import batch
from uploads.dicom.batch import Item, Outcome, Status
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.masks import Mask
from uploads.dicom.reading import MAX_FILE_BYTES
from uploads.dicom.reasons import Reason, Refused
from uploads.explanations import UploadReason
from uploads.models import Instance, Upload, UploadedFile
from uploads.services import keys
from uploads.services.expanding import read_member
from uploads.services.storing import Result, store_results
from uploads.workspace import work_folder

_CONNECTIONS = 6
# the source and what is stored of it lie side by side; of a lossy one that may be the larger
_ROOM_PER_BYTE = 3

_Outcome = UploadedFile.Outcome


class KeyMissing(Exception):
    """This worker does not hold the pseudonym key that the upload was submitted under."""


def deidentify_files(*, upload: Upload, files: Sequence[UploadedFile]) -> None:
    """Bring claimed files to an outcome, in rows and objects. Run again, it does the same.

    A file whose child died stays waiting, with its attempt counted; after the last attempt it is
    held.
    """
    by_id = {str(file.pk): file for file in files}
    with (
        work_folder(needed_bytes=_ROOM_PER_BYTE * sum(file.size_bytes for file in files)) as folder,
        ThreadPoolExecutor(_CONNECTIONS) as connections,
    ):
        items, results = _fetched(folder, files, connections)
        sendings: list[Future[Result]] = []
        for outcome in batch.run_batch(folder, items, pseudonyms=pseudonyms_of(upload)):
            file = by_id[outcome.id]
            if outcome.status is Status.INTERRUPTED:
                results += _interrupted(file, outcome)
                continue
            result = _result(file, outcome)
            # objects travel while the child works on the next file
            sendings.append(connections.submit(_send, upload, folder, result))
        results += [sending.result() for sending in sendings]
        store_results(upload=upload, results=results)


def thumbnails(*, upload: Upload, instances: Sequence[Instance]) -> dict[int, bytes]:
    """A small picture of each instance, by its key, made from what was sent.

    A worker may write the study store but not read it; the originals are there until settling.
    """
    by_file = {str(image.file_id): image.pk for image in instances if image.file}
    files = [image.file for image in instances if image.file]
    if not files:
        return {}
    with (
        work_folder(needed_bytes=_ROOM_PER_BYTE * sum(file.size_bytes for file in files)) as folder,
        ThreadPoolExecutor(_CONNECTIONS) as connections,
    ):
        items, _ = _fetched(folder, files, connections, wants_thumbnail=True)
        outcomes = list(batch.run_batch(folder, items, pseudonyms=pseudonyms_of(upload)))
        return {
            by_file[outcome.id]: batch.thumbnail_path(folder, outcome.id).read_bytes()
            for outcome in outcomes
            if outcome.has_thumbnail
        }


def pseudonyms_of(upload: Upload) -> Pseudonyms:
    """The pseudonyms of an upload, under the key that was pinned when it was submitted."""
    if keys.is_destroyed(upload.pseudonym_key_id):
        raise KeyMissing(f"The pseudonym key {upload.pseudonym_key_id!r} is destroyed.")
    try:
        secret = settings.PSEUDONYM_KEYS[upload.pseudonym_key_id]
    except KeyError:
        raise KeyMissing(f"The pseudonym key {upload.pseudonym_key_id!r} is not here.") from None
    return Pseudonyms(
        secret=secret,
        key_id=upload.pseudonym_key_id,
        organisation_key=str(upload.organisation.key),
        upload_key=str(upload.pk),
    )


# --- Fetching -------------------------------------------------------------------


def _fetched(
    folder: Path,
    files: Sequence[UploadedFile],
    connections: ThreadPoolExecutor,
    *,
    wants_thumbnail: bool = False,
) -> tuple[list[Item], list[Result]]:
    """The files that arrived whole as items for the child, and a refusal for each other one."""
    sources = folder / "sources"
    sources.mkdir()
    items, refusals = [], []
    reasons = connections.map(lambda file: _fetch(file, sources / str(file.pk)), files)
    for file, reason in zip(files, reasons, strict=True):
        if reason:
            refusals.append(Result(file, _Outcome.REFUSED, reason))
            continue
        items.append(
            Item(
                id=str(file.pk),
                path=sources / str(file.pk),
                # what was accepted is not looked at again for its thumbnail
                is_cleared=file.released_at is not None or wants_thumbnail,
                wants_thumbnail=wants_thumbnail,
                wants_stored=not wants_thumbnail,
                masks=tuple(Mask.from_json(mask) for mask in file.masks),
            )
        )
    return items, refusals


def _fetch(file: UploadedFile, path: Path) -> str:
    """Copy one file into the work folder; gives the reason when it cannot be taken."""
    if file.size_bytes > MAX_FILE_BYTES:
        return Reason.TOO_LARGE
    try:
        if file.container:
            path.write_bytes(read_member(file))
            return ""
        digest = storage.fetch_quarantined(file, path)
    except Refused as refusal:
        return refusal.reason
    except FileNotFoundError:
        return UploadReason.NOT_ARRIVED
    is_whole = not file.sha256 or digest == file.sha256
    return "" if is_whole else UploadReason.DAMAGED_ON_THE_WAY


# --- What becomes of a file -------------------------------------------------------


def _interrupted(file: UploadedFile, outcome: Outcome) -> Iterable[Result]:
    if file.attempts >= settings.UPLOAD_FILE_ATTEMPTS:
        yield Result(file, _Outcome.HELD, outcome.reason or Reason.PROCESSING_FAILED)
    else:
        yield Result(file, _Outcome.WAITING)


def _result(file: UploadedFile, outcome: Outcome) -> Result:
    status = {
        Status.ACCEPTED: _Outcome.ACCEPTED,
        Status.HELD: _Outcome.HELD,
        Status.REFUSED: _Outcome.REFUSED,
    }[outcome.status]
    return Result(file, status, outcome.reason or "", outcome)


def _send(upload: Upload, folder: Path, result: Result) -> Result:
    """Store the objects of one result. One whose key holds another image waits for a person."""
    outcome = result.outcome
    if outcome is None:
        return result
    for frame in outcome.picture.shown if outcome.picture else ():
        content = batch.preview_path(folder, outcome.id, frame).read_bytes()
        storage.write_preview(result.file, frame, content)
    if result.status != _Outcome.ACCEPTED:
        return result
    image = outcome.attributes
    key = storage.instance_key(upload.pk, image.series_instance_uid, image.sop_instance_uid)
    try:
        storage.write_study(key, batch.output_path(folder, outcome.id).read_bytes())
    except storage.AnotherObjectExists:
        return replace(result, status=_Outcome.HELD, reason=UploadReason.ANOTHER_IMAGE_STORED)
    return result
