"""What runs inside the guarded child: see `batch`. It writes ids and nothing else to its output."""

import contextlib
import ctypes
import hashlib
import io
import json
import logging
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from uploads.dicom import batch, stored_file
from uploads.dicom.batch import Item, Outcome, Status
from uploads.dicom.deid import (
    Deidentified,
    Pseudonyms,
    deidentify_source,
    opened,
    patient_key,
)
from uploads.dicom.headers import dicom_json
from uploads.dicom.losses import lossy_history, with_losses_told
from uploads.dicom.masking import masked
from uploads.dicom.masks import Mask, Picture
from uploads.dicom.previewing import pictures
from uploads.dicom.reading import MAX_FILE_BYTES, Source, read
from uploads.dicom.reasons import SIGNS_IN_HEADER, Held, Reason, Refused
from uploads.dicom.rendering import thumbnail
from uploads.dicom.transcoding import frames, listening

_SERIES_INSTANCE_UID = 0x0020000E
_FRAMES_A_WORD = 16
_SECONDS_A_WORD = 5
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def main(folder: Path) -> int:
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    _confine(batch.Limits(**job["limits"]))
    # a warning may quote a value
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    secret = json.loads(sys.stdin.read())
    pseudonyms = Pseudonyms(**{**secret, "secret": bytes.fromhex(secret["secret"])})
    for fields in job["items"]:
        item = _item(fields)
        _whole(folder / "working.json", json.dumps({"id": item.id}).encode("ascii"))
        _say("started", item)
        try:
            with listening(_telling(item)):
                outcome = _worked_on(folder, item, pseudonyms)
        except MemoryError:
            _say("memory", item)
            return 1
        _whole(batch.outcome_path(folder, item.id), json.dumps(outcome.to_json()).encode("utf-8"))
        _say("finished", item)
    (folder / "working.json").unlink(missing_ok=True)
    return 0


def _item(fields: dict[str, Any]) -> Item:
    masks = tuple(Mask.from_json(mask) for mask in fields["masks"])
    return Item(**{**fields, "path": Path(fields["path"]), "masks": masks})


def _worked_on(folder: Path, item: Item, pseudonyms: Pseudonyms) -> Outcome:
    source = None
    facts: dict[str, Any] = {"id": item.id}
    try:
        if item.path.stat().st_size > MAX_FILE_BYTES:
            raise Refused(Reason.TOO_LARGE)
        data = item.path.read_bytes()
        facts["source_sha256"] = hashlib.sha256(data).hexdigest()
        source, preamble = _opened(item, data), data[:128]
        del data
        facts["patient_key"] = patient_key(source, pseudonyms)
        facts["series_key"] = pseudonyms.uid(source.text(_SERIES_INSTANCE_UID))
        source = masked(source, item.masks)
        result = deidentify_source(
            source,
            preamble=preamble,
            pseudonyms=pseudonyms,
            is_cleared=item.is_cleared,
            reads_text=item.reads_text,
        )
        if item.masks and not item.is_cleared:
            raise Held(Reason.MASKED)
        return _accepted(folder, item, source, result, facts)
    except Refused as refused:
        return Outcome(**facts, status=Status.REFUSED, reason=refused.reason)
    except Held as held:
        # the header still says what the masks have met: the picture itself is looked at again
        is_met = item.masks and held.reason in SIGNS_IN_HEADER
        seen = Reason.TEXT_IN_PICTURE if held.text_boxes else Reason.MASKED
        reason = seen if is_met else held.reason
        facts["text_boxes"] = held.text_boxes
    except MemoryError:
        raise
    except Exception:
        # nothing is known of the error that could not hold a value, so nothing of it is told
        reason = Reason.PROCESSING_FAILED
    if source is not None and item.wants_stored:
        facts["picture"] = _previewed(folder, item, source, facts.get("text_boxes", []))
    return Outcome(**facts, status=Status.HELD, reason=reason)


def _opened(item: Item, data: bytes) -> Source:
    """The file as it is worked on: changed, it is not what was walked over, and is read."""
    source = read(data) if item.masks else opened(data)
    # stored without loss, it no longer shows that it had been compressed with loss
    if item.wants_stored and lossy_history(source):
        return with_losses_told(read(data))
    return source


def _accepted(
    folder: Path, item: Item, source: Source, result: Deidentified, facts: dict[str, Any]
) -> Outcome:
    header = dicom_json(result.reread.dataset)
    if item.wants_thumbnail:
        middle = (source.image.number_of_frames + 1) // 2
        pixels = next(islice(frames(source), middle - 1, None))
        _whole(batch.thumbnail_path(folder, item.id), thumbnail(pixels, header, frame=middle))
    ranges: list[tuple[int, int]] = []
    with _whole_stream(batch.output_path(folder, item.id)) as stream:
        if item.wants_stored:
            ranges = stored_file.write(stream, result, _with_words(frames(source), item))
        else:
            stream.write(result.data)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Outcome(
        **facts,
        status=Status.ACCEPTED,
        attributes=result.attributes,
        header=header,
        report=result.report.to_json(),
        output_sha256=digest,
        output_bytes=size,
        pixel_digest=result.pixel_digest,
        frame_ranges=ranges,
        has_thumbnail=item.wants_thumbnail,
    )


def _previewed(
    folder: Path, item: Item, source: Source, text_boxes: list[dict[str, int]]
) -> Picture:
    """The pictures for the curator, as many as could be made: nothing of the header."""
    image = source.image
    shown = []
    with contextlib.suppress(Exception):
        for frame, picture in pictures(source, text_boxes=text_boxes):
            _whole(batch.preview_path(folder, item.id, frame), picture)
            shown.append(frame)
            if image.number_of_frames > 1:
                _say("working", item)
    return Picture(image.rows, image.columns, image.number_of_frames, tuple(shown))


def _confine(limits: batch.Limits) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # no core dump: it would hold the file
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.output_bytes),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(name, (value, value))


def _with_words(pixels: Iterator[np.ndarray], item: Item) -> Iterator[np.ndarray]:
    """The same frames: hundreds of them take their time; each of them may not."""
    for number, frame in enumerate(pixels, start=1):
        if number % _FRAMES_A_WORD == 0:
            _say("working", item)
        yield frame


def _whole(path: Path, content: bytes) -> None:
    with _whole_stream(path) as stream:
        stream.write(content)


@contextlib.contextmanager
def _whole_stream(path: Path) -> Iterator[io.BufferedRandom]:
    """Write a file that is there whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "w+b") as stream:
        yield stream
    os.replace(temporary, path)


def _telling(item: Item) -> Callable[[], None]:
    """Say now and then that the item is worked on, however many frames it has."""
    said = time.monotonic()

    def tell() -> None:
        nonlocal said
        if time.monotonic() - said > _SECONDS_A_WORD:
            said = time.monotonic()
            _say("working", item)

    return tell


def _say(word: str, item: Item) -> None:
    sys.stdout.write(f"{word} {item.id}\n")
    sys.stdout.flush()
