"""What a killed supervisor may leave running, noted down and ended at the next start."""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from bsti_db.devserver.folder import read_json, write_private
from bsti_db.devserver.supervisor import Child


def remember(path: Path, children: Sequence[Child]) -> None:
    """Note who runs, with times of creation: a pid alone may be another's by tomorrow."""
    known: dict[str, float] = {}
    for child in children:
        with suppress(psutil.NoSuchProcess):
            known[str(child.process.pid)] = psutil.Process(child.process.pid).create_time()
    write_private(path, known)


def stop_left_overs(path: Path) -> None:
    """End what a killed supervisor left running, where the kernel did not do it."""
    known = read_json(path)
    for pid, created in known.items():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if abs(psutil.Process(int(pid)).create_time() - created) < 1:
                os.killpg(int(pid), signal.SIGKILL)
