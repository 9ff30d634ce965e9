"""A whole folder, of any layout and any file names, de-identified into another.

What is written is named by us, and is there whole or not at all, even when the run is killed.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from uploads.dicom import batch
from uploads.dicom.batch import Item, Limits, Outcome, Status
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.reasons import Reason

# a child costs its start: it is given many files, but few enough to keep every core busy
_MOST_FILES_OF_A_CHILD = 100
_ATTEMPTS = 2
_LIMITS = Limits(cpu_seconds=3600, seconds=300)
# Linux alone has files without a name; elsewhere a file is renamed when it is whole
_NAMELESS = getattr(os, "O_TMPFILE", 0)


class FolderFailed(Exception):
    """The work could not be done. The text is a sentence for whoever started it."""


@dataclass(frozen=True)
class Result:
    """What became of one file: `path` in the source, `output` in the destination or None."""

    path: str
    output: str | None
    status: Status
    reason: Reason | None = None
    report: dict[str, dict[str, int]] = field(default_factory=dict)


def files_in(source: Path) -> list[str]:
    """Every file below a folder as a relative path with slashes, sorted. Raises FolderFailed.

    Symbolic links are named too, those to folders as well, but never followed: what they lead to
    may be outside of what was asked for, or be met twice.
    """

    def cannot(problem: OSError) -> None:
        # a folder left out without a word would be a study lost
        raise FolderFailed(f"The folder {problem.filename} cannot be read.")

    found = []
    for folder, folders, names in os.walk(source, onerror=cannot):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        found += [(Path(folder) / name).relative_to(source).as_posix() for name in (*names, *links)]
    return sorted(found)


def check_folders(source: Path, destination: Path) -> None:
    """Raise FolderFailed unless the source is a folder and the destination can be written to."""
    if not source.is_dir():
        raise FolderFailed(f"There is no folder {source}.")
    if destination.resolve().is_relative_to(source.resolve()):
        raise FolderFailed("The destination must not be the source or lie in it.")
    check_writable(destination)


def check_writable(folder: Path) -> None:
    """Make a folder unless it is there; raise FolderFailed when nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        raise FolderFailed(f"The folder {folder} cannot be written to.") from None


def deidentify_folder(
    source: Path,
    destination: Path,
    paths: Sequence[str],
    *,
    pseudonyms: Pseudonyms,
    jobs: int,
    reads_text: bool = True,
) -> Generator[Result, None, None]:
    """De-identify files of a folder; yields a result for each, as it is finished.

    Parameters
    ----------
    paths
        Relative paths, as `files_in` gives them.
    jobs
        How many guarded children work at once.
    reads_text
        Without it pictures are searched for drawn letters, but nothing in them is read.

    Raises
    ------
    FolderFailed
        When an output cannot be written. What was yielded before is written whole.
    """
    results: SimpleQueue[Result | Exception] = SimpleQueue()
    stopping = threading.Event()
    size = max(1, min(_MOST_FILES_OF_A_CHILD, -(-len(paths) // (2 * jobs))))
    portions = [paths[start : start + size] for start in range(0, len(paths), size)]

    def work(portion: Sequence[str]) -> None:
        try:
            results_of = _portion(source, destination, portion, pseudonyms, reads_text)
            with contextlib.closing(results_of) as done:
                for result in done:
                    results.put(result)
                    if stopping.is_set():
                        return
        except Exception as problem:
            results.put(problem)

    with ThreadPoolExecutor(jobs) as workers:
        try:
            for portion in portions:
                workers.submit(work, portion)
            for _ in paths:
                result = results.get()
                if isinstance(result, OSError):
                    said = result.strerror or "unknown error"
                    raise FolderFailed(f"{destination} cannot be written to: {said}.") from None
                if isinstance(result, Exception):
                    raise result
                yield result
        finally:
            stopping.set()
            workers.shutdown(wait=False, cancel_futures=True)


def _portion(
    source: Path,
    destination: Path,
    paths: Sequence[str],
    pseudonyms: Pseudonyms,
    reads_text: bool,
) -> Generator[Result, None, None]:
    by_id = {str(place): path for place, path in enumerate(paths)}
    items = []
    item_of = partial(Item, wants_stored=False, reads_text=reads_text)
    for item_id, path in by_id.items():
        reason = _obstacle(source / path)
        if reason is None:
            items.append(item_of(item_id, source / path))
        else:
            yield Result(path, None, Status.REFUSED, reason)
    with tempfile.TemporaryDirectory(prefix="deidentify-") as name:
        folder = Path(name)
        for attempt in range(1, _ATTEMPTS + 1):
            again = []
            outcomes = batch.run_batch(folder, items, pseudonyms=pseudonyms, limits=_LIMITS)
            with contextlib.closing(outcomes):
                for outcome in outcomes:
                    path = by_id[outcome.id]
                    if outcome.status is Status.INTERRUPTED and attempt < _ATTEMPTS:
                        again.append(item_of(outcome.id, source / path))
                    else:
                        yield _result(folder, destination, path, outcome)
            items = again


def _obstacle(path: Path) -> Reason | None:
    """Why a file is not even opened."""
    if path.is_symlink():
        return Reason.SYMBOLIC_LINK
    can_be_read = path.is_file() and os.access(path, os.R_OK)
    return None if can_be_read else Reason.CANNOT_BE_OPENED


def _result(folder: Path, destination: Path, path: str, outcome: Outcome) -> Result:
    if outcome.status is not Status.ACCEPTED or outcome.attributes is None:
        # what ends its child twice is a file that a person must look at
        is_refused = outcome.status is Status.REFUSED
        status = Status.REFUSED if is_refused else Status.HELD
        return Result(path, None, status, outcome.reason)
    written = batch.output_path(folder, outcome.id)
    images = outcome.attributes
    # by content: files that share a SOP Instance UID but differ all have their place
    output = Path(images.patient_id, images.study_instance_uid, images.series_instance_uid)
    output /= f"{outcome.output_sha256[:32]}.dcm"
    place_whole(destination / output, written.read_bytes())
    written.unlink()
    return Result(path, output.as_posix(), Status.ACCEPTED, report=outcome.report)


def place_whole(path: Path, content: bytes) -> None:
    """Write a file so that no moment and no kill leaves a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _holds(path, content):
        return
    if path.exists() or not _linked(path, content):
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_bytes(content)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def _holds(path: Path, content: bytes) -> bool:
    if not path.is_file() or path.stat().st_size != len(content):
        return False
    return hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()


def _linked(path: Path, content: bytes) -> bool:
    """Write a file without a name, then name it; False where the file system cannot."""
    if not _NAMELESS:
        return False
    try:
        descriptor = os.open(path.parent, _NAMELESS | os.O_WRONLY, 0o666)
    except OSError:
        return False
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # with a directory descriptor it is linkat, which follows the link in /proc
            os.link(
                f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True
            )
        except FileExistsError:
            # two copies of one image: the other thread was first
            return True
        except OSError:
            return False
        finally:
            os.close(folder)
    return True
