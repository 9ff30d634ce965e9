"""Start programs, watch them, and see that all of them end."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """A command and how it is stopped: each signal is followed by so many seconds of waiting."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    folder: Path
    user: str | None = None
    stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 8),)
    # what the kernel sends when the supervisor itself is killed
    orphaned: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, eq=False)
class Child:
    program: Program
    process: subprocess.Popen[bytes]


class StopRequested(Exception):
    """Ctrl-C or a signal to end."""


class ChildFailed(Exception):
    """A program ended that should run, or failed; the text names it and its log."""

    @classmethod
    def of(cls, child: Child) -> "ChildFailed":
        status, log = child.process.returncode, child.program.log
        how = f"exit {status}" if status >= 0 else f"signal {-status}"
        last = log.read_text(errors="replace").strip().splitlines()[-8:]
        return cls(
            f"{child.program.name} ended unexpectedly ({how}), so everything is stopped. "
            f"Its log is {log}:\n" + "\n".join(f"    {line}" for line in last)
        )


@contextmanager
def signals_stop() -> Iterator[None]:
    """Turn the first Ctrl-C, TERM or HUP into StopRequested, and ignore those that follow."""
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def request(number: int, frame: object) -> None:
        for each in watched:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    before = {each: signal.signal(each, request) for each in watched}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def start(program: Program) -> Child:
    """Start `program` in a session of its own, so that a terminal's Ctrl-C reaches only us."""
    identity = {"user": program.user, "group": _group(program.user), "extra_groups": []}
    with open(program.log, "ab") as log:
        process = subprocess.Popen(
            program.command,
            env=program.environment,
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_us(program.orphaned),
            **(identity if program.user else {}),
        )
    return Child(program, process)


def dies_with_us(number: signal.Signals) -> Callable[[], None]:
    """For a child's start: the kernel sends it `number` when we are gone, however we went."""
    parent = os.getpid()

    def ask_the_kernel() -> None:
        # a shell lets what it starts in the background ignore some signals, and so would the child
        for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_DFL)
        if _LIBC:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return ask_the_kernel


def _group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def check(children: Sequence[Child]) -> None:
    """Raise ChildFailed when one of `children` has ended."""
    for child in children:
        if child.process.poll() is not None:
            raise ChildFailed.of(child)


def wait_until(what: str, probe: Callable[[], bool], children: Sequence[Child], seconds: float):
    """Wait until `probe` says so; a child that ends, or `seconds`, end the waiting."""
    deadline = time.monotonic() + seconds
    while not probe():
        check(children)
        if time.monotonic() > deadline:
            raise ChildFailed(f"{what} did not answer within {seconds:.0f} seconds.")
        time.sleep(0.05)


def stop(children: Sequence[Child]) -> None:
    """End `children` together, each by its own signals, at last by KILL, with all they started."""
    due = {child: time.monotonic() for child in children}
    signals = {child: [*child.program.stop, (signal.SIGKILL, 5.0)] for child in children}
    while running := [child for child in due if child.process.poll() is None]:
        for child in running:
            if time.monotonic() >= due[child] and signals[child]:
                number, seconds = signals[child].pop(0)
                due[child] = time.monotonic() + seconds
                child.process.send_signal(number)
        time.sleep(0.02)
    for child in children:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
