"""Where guarded children are born: forks of a process that has loaded all and opened nothing.

To load pydicom, NumPy and the codecs costs as much as twenty slices, so it is done once a worker.
The nursery sees no file, no secret and no store; each child is confined after its fork. It ends
with the process that started it, and its children with it.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_TERMINATION_SECONDS = 5
# it has first to be loaded, on a machine that may have much to do
_ANSWER_SECONDS = 60
_LONGEST_FOLDER_BYTES = 4096
# beyond its standard input, output and errors a child inherits nothing
_FIRST_INHERITED, _LAST_INHERITED = 3, 1024


class NoChild(OSError):
    """No guarded child can be started now. Waiting may cure it."""


@dataclass(frozen=True)
class Child:
    """A guarded child: where it writes, and a handle that never means another process."""

    output: int
    handle: int


# --- The caller's side --------------------------------------------------------------

_channels: dict[int, socket.socket] = {}
_asking = threading.Lock()


def prepare() -> None:
    """Start this process's nursery unless it has one: it loads while there is nothing to do."""
    with _asking:
        _channel()


def born(folder: Path, secret: bytes) -> Child:
    """A new child that works in `folder` and reads `secret`. Raises NoChild."""
    reads_secret, secret_end = os.pipe()
    output, writes_words = os.pipe()
    try:
        handle = _asked_for(folder, reads_secret, writes_words)
    except BaseException:
        os.close(output)
        raise
    else:
        # when it died at once, the caller sees the end of its output
        with contextlib.suppress(BrokenPipeError):
            os.write(secret_end, secret)
        return Child(output, handle)
    finally:
        for end in (reads_secret, secret_end, writes_words):
            os.close(end)


def stop(child: Child, *, patience: float) -> None:
    """Wait `patience` seconds for a child's end, then kill it."""
    try:
        if not _has_ended(child, patience):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(child.handle, signal.SIGKILL)
            if not _has_ended(child, _TERMINATION_SECONDS):
                raise TimeoutError("A guarded child could not be killed.")
    finally:
        os.close(child.handle)
        os.close(child.output)


def _has_ended(child: Child, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(child.handle, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _asked_for(folder: Path, reads_secret: int, writes_words: int) -> int:
    message = os.fsencode(folder.resolve())
    # a nursery that was killed is followed by another, once
    for _ in range(2):
        with _asking, contextlib.suppress(OSError):
            channel = _channel()
            socket.send_fds(channel, [message], [reads_secret, writes_words])
            _, handles, _, _ = socket.recv_fds(channel, 1, 1)
            if handles:
                return handles[0]
        forget()
    raise NoChild("No guarded child could be started.")


def forget() -> None:
    """Let go of this process's nursery, which ends; the next child has a new one."""
    with _asking:
        channel = _channels.pop(os.getpid(), None)
    if channel is not None:
        channel.close()


def _channel() -> socket.socket:
    # a fork of this process must not speak with its nursery
    if os.getpid() not in _channels:
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_SECONDS)
        with theirs:
            started(theirs)
        _channels[os.getpid()] = ours
    return _channels[os.getpid()]


def started(channel: socket.socket) -> None:
    """Start a nursery at the other end of `channel`."""
    # no variable of ours goes along: a child that is taken over finds no credentials
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    nursery = subprocess.Popen(
        [sys.executable, "-m", "uploads.dicom.nursery", str(channel.fileno())],
        cwd=_ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(channel.fileno(),),
        start_new_session=True,
    )
    threading.Thread(target=nursery.wait, daemon=True).start()


# --- The nursery itself -------------------------------------------------------------


def main() -> int:
    # here, and not above: whoever asks for children does without
    import numpy.ma  # noqa: F401 — NumPy loads it for its first percentile
    from PIL import Image

    from uploads.dicom import batch_child

    Image.preinit()
    # no child goes through all that for garbage, which would copy its pages too
    gc.freeze()
    channel = socket.socket(fileno=int(sys.argv[1]))
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    os.waitid(os.P_PIDFD, key.fd, os.WEXITED)
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    continue
                try:
                    folder, ends, _, _ = socket.recv_fds(channel, _LONGEST_FOLDER_BYTES, 2)
                except ConnectionResetError:
                    return 0
                if not folder:
                    return 0  # whoever started it is gone
                handle = _forked(batch_child.main, Path(os.fsdecode(folder)), *ends)
                socket.send_fds(channel, [b"."], [handle])
                selector.register(handle, selectors.EVENT_READ)


def _forked(work: Callable[[Path], int], folder: Path, reads_secret: int, writes_words: int) -> int:
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.setsid()
            os.dup2(reads_secret, 0)
            os.dup2(writes_words, 1)
            os.closerange(_FIRST_INHERITED, _LAST_INHERITED)
            os.chdir(folder)
            status = work(folder)
        finally:
            os._exit(status)
    os.close(reads_secret)
    os.close(writes_words)
    return os.pidfd_open(pid)


if __name__ == "__main__":
    sys.exit(main())
