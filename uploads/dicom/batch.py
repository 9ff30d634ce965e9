"""The guarded child: files nobody trusts are opened in a process of its own, with limits.

The parent asks its `nursery` for a child, gives it the secret through standard input and reads
`started ID`, `working ID` and `finished ID`. Whatever the child does or dies of, the items it
finished are finished, and the one it had in hand is known.

Work folder: `job.json` (items and options, written by the parent), and for each item, written
whole or not at all: `{id}.dcm`, `{id}.thumb.png`, `{id}.preview.{n}.png` for a held file, and last
`{id}.json`, the outcome. `working.json` names the item in hand.
"""

import json
import os
import re
import selectors
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from uploads.dicom import nursery
from uploads.dicom.attributes import Attributes
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.deid.report import Report
from uploads.dicom.masks import Mask, Picture
from uploads.dicom.nursery import Child
from uploads.dicom.reasons import Reason

_PATIENCE_SECONDS = 0.2
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class Limits:
    """What one child may use. `seconds` are of the wall clock, without a word from it."""

    memory_bytes: int = 1536 * 1024**2
    cpu_seconds: int = 280
    seconds: float = 60
    output_bytes: int = 2 * 1024**3


@dataclass(frozen=True)
class Item:
    """One file to work on. `path` is the parent's own name for it, `id` names what is written.

    The file is written as the study store keeps it (`stored_file`), and a held one is previewed;
    without `wants_stored` it is written in its own transfer syntax, and nothing is previewed.
    Without `reads_text` pictures are searched for drawn letters, but nothing in them is read.
    What lies under `masks` is blacked out first; until it is cleared, such a file is held so that a
    person sees it again.
    """

    id: str
    path: Path
    is_cleared: bool = False
    wants_thumbnail: bool = False
    wants_stored: bool = True
    reads_text: bool = True
    masks: tuple[Mask, ...] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("An item's id has letters, digits and hyphens.")


class Status(StrEnum):
    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"
    # the child died or was stopped with this item in hand: the caller counts attempts
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Outcome:
    """What became of one item; everything in it is free of source values.

    `header` is the DICOM JSON without PixelData, `report` a `Report` as JSON, `patient_key` equal
    for two files of one patient and `series_key` for two of one series. `frame_ranges` say
    where in a file written for the store each frame begins, and how long it is. `picture` and
    `text_boxes` (frame, x, y, width, height) are of a file that could be read.
    """

    id: str
    status: Status
    reason: Reason | None = None
    attributes: Attributes | None = None
    header: dict[str, Any] | None = None
    report: dict[str, dict[str, int]] = field(default_factory=dict)
    patient_key: str = ""
    series_key: str = ""
    source_sha256: str = ""
    output_sha256: str = ""
    output_bytes: int = 0
    pixel_digest: str = ""
    frame_ranges: list[tuple[int, int]] = field(default_factory=list)
    has_thumbnail: bool = False
    picture: Picture | None = None
    text_boxes: list[dict[str, int]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        # not `asdict`: it copies the header, value by value
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.attributes is not None:
            data["attributes"] = self.attributes.to_json()
        if self.picture is not None:
            data["picture"] = asdict(self.picture)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Outcome":
        reason, attributes = data["reason"], data["attributes"]
        changed = {
            "status": Status(data["status"]),
            "reason": Reason(reason) if reason else None,
            "attributes": Attributes.from_json(attributes) if attributes else None,
            "report": Report.from_json(data["report"]).to_json(),
            "picture": Picture.from_json(data["picture"]) if data["picture"] else None,
            "frame_ranges": [(offset, length) for offset, length in data["frame_ranges"]],
        }
        return cls(**{**data, **changed})


def output_path(folder: Path, item_id: str) -> Path:
    return folder / f"{item_id}.dcm"


def thumbnail_path(folder: Path, item_id: str) -> Path:
    return folder / f"{item_id}.thumb.png"


def preview_path(folder: Path, item_id: str, frame: int) -> Path:
    """Where the picture of a held file's frame lies; see `previewing.Picture` for the numbers."""
    return folder / f"{item_id}.preview.{frame}.png"


def outcome_path(folder: Path, item_id: str) -> Path:
    return folder / f"{item_id}.json"


def run_batch(
    folder: Path,
    items: Sequence[Item],
    *,
    pseudonyms: Pseudonyms,
    limits: Limits | None = None,
) -> Generator[Outcome, None, None]:
    """Work on all items in guarded children; yields one outcome an item, as each is finished.

    A child that dies costs the item it had in hand (INTERRUPTED); another takes the rest. An item
    whose outcome lies in the folder already is not worked on again.

    Parameters
    ----------
    folder
        An empty folder, or that of an earlier run; what is written stays there for the caller.

    Raises
    ------
    NoChild
        When none can be started: that is no file's fault.
    """
    limits = limits or Limits()
    waiting = []
    for item in items:
        path = outcome_path(folder, item.id)
        if path.exists():
            yield _read_outcome(path)
        else:
            waiting.append(item)
    while waiting:
        yield from _run_child(folder, waiting, pseudonyms, limits)


def _run_child(
    folder: Path, waiting: list[Item], pseudonyms: Pseudonyms, limits: Limits
) -> Iterator[Outcome]:
    """One child's life; takes what it finished, and the item it died with, from `waiting`."""
    _write_job(folder, waiting, limits)
    by_id = {item.id: item for item in waiting}
    # a child that dies before its first item costs that item, or it would start for ever
    in_hand: Item | None = waiting[0]
    reason = Reason.PROCESSING_FAILED
    child = _born(folder, pseudonyms)
    try:
        for word, item_id in _lines(child, limits.seconds):
            if word == "late":
                reason = Reason.TOOK_TOO_LONG
                break
            if word == "memory":
                reason = Reason.NEEDED_TOO_MUCH_MEMORY
                break
            in_hand = None if word == "finished" else by_id[item_id]
            if word == "finished":
                waiting.remove(by_id[item_id])
                yield _read_outcome(outcome_path(folder, item_id))
    finally:
        # one that has closed its output ends by itself
        nursery.stop(child, patience=_PATIENCE_SECONDS)
    if in_hand is not None:
        waiting.remove(in_hand)
        yield Outcome(in_hand.id, Status.INTERRUPTED, reason)


def _born(folder: Path, pseudonyms: Pseudonyms) -> Child:
    secret = {
        "secret": pseudonyms.secret.hex(),
        "key_id": pseudonyms.key_id,
        "organisation_key": pseudonyms.organisation_key,
        "upload_key": pseudonyms.upload_key,
    }
    return nursery.born(folder, json.dumps(secret).encode("ascii"))


def _lines(child: Child, seconds: float) -> Iterator[tuple[str, str]]:
    """The child's lines as (word, item id); `late` when it says nothing for so long."""
    stream = child.output
    os.set_blocking(stream, False)
    buffered = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        # the clock runs while we wait, not while the caller stores what was finished
        while True:
            if not selector.select(seconds):
                yield "late", ""
                return
            received = os.read(stream, 65536)
            if not received:
                return
            *lines, buffered = (buffered + received).split(b"\n")
            for line in lines:
                word, _, item_id = line.decode("ascii", "replace").partition(" ")
                yield word, item_id


def _write_job(folder: Path, items: Sequence[Item], limits: Limits) -> None:
    job = {
        "limits": asdict(limits),
        "items": [{**asdict(item), "path": str(item.path.resolve())} for item in items],
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def _read_outcome(path: Path) -> Outcome:
    return Outcome.from_json(json.loads(path.read_text(encoding="utf-8")))
