"""Folders where a worker keeps source files while it works on them, and never longer."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

_PREFIX = "bsti-work-"
_SPARE_BYTES = 256 * 1024**2


class NotEnoughSpace(OSError):
    """The disk has no room for this batch now. Waiting may cure it."""


@contextmanager
def work_folder(*, needed_bytes: int) -> Iterator[Path]:
    """A private folder (0700) that goes with the block; those of killed workers go first."""
    remove_abandoned()
    root = _root()
    if shutil.disk_usage(root).free < needed_bytes + _SPARE_BYTES:
        raise NotEnoughSpace("The disk has no room to work on these files.")
    with _locked_folder(root) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked_folder(root: Path) -> Iterator[Path]:
    """A new folder whose lock the kernel lets go of however the process ends."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # another worker may have taken it for abandoned before it was locked
            if os.fstat(lock.fileno()).st_nlink:
                yield folder
                return


def remove_abandoned() -> int:
    """Delete the folders that killed workers left: they hold files as they were sent."""
    removed = 0
    for folder in _root().glob(f"{_PREFIX}*"):
        try:
            with open(folder / "lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        except OSError:
            continue
    return removed


def _root() -> Path:
    return Path(settings.WORK_DIR or tempfile.gettempdir())
