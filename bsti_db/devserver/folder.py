"""The data folder: where it is, who holds it, and whether it can be used."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

_LONG_LOG_BYTES = 10_000_000

PROJECT = Path(__file__).resolve().parent.parent.parent


class CannotStart(Exception):
    """Something outside the program must change first; the text tells a person what."""


def data_folder() -> Path:
    """The folder of `BSTI_DATA_DIR`, or `var/` in the project."""
    return Path(os.environ.get("BSTI_DATA_DIR") or PROJECT / "var").absolute()


def prepare(folder: Path, *, free_bytes: int) -> None:
    """Make `folder` and see that it can be written to and has room.

    Raises CannotStart with a sentence that says what to do.
    """
    try:
        for name in ("", "logs", "mail"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 65_536)
            probe.flush()
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        raise CannotStart(
            f"The data folder {folder} cannot be written to ({problem.strerror}). "
            "Set BSTI_DATA_DIR to a folder that can."
        ) from None
    if free < free_bytes:
        raise CannotStart(
            f"Only {free / 1e9:.1f} GB are free in {folder}, and {free_bytes / 1e9:.1f} GB are "
            "needed. Free some space, or set BSTI_DATA_DIR to a folder on another disk."
        )


def shorten_logs(folder: Path) -> None:
    """Put long logs aside, one of each kept: they grow for as long as the data folder lives."""
    for log in (folder / "logs").glob("*.log"):
        if log.stat().st_size > _LONG_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process alone; the kernel lets go even after a kill.

    Raises CannotStart while another process holds it.
    """
    with open(folder / "lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"The site is already running on the data folder {folder}. "
                "Stop it first, or set BSTI_DATA_DIR and PORT to run a second one."
            ) from None
        yield


def socket_folder(folder: Path) -> Path:
    """A short folder for the sockets of `folder`: a socket's path has 107 bytes at most."""
    name = sha256(os.fsencode(folder)).hexdigest()[:12]
    sockets = Path(tempfile.gettempdir()) / f"bsti-{name}"
    sockets.mkdir(mode=0o755, exist_ok=True)
    owner = sockets.lstat().st_uid
    if sockets.is_symlink() or owner != os.getuid():
        raise CannotStart(f"The folder {sockets} belongs to somebody else. Remove it.")
    return sockets


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that only this user may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    unfinished.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The content of `path`; empty when there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
