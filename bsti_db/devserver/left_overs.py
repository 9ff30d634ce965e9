"""What a killed supervisor may leave running, noted down and ended at the next start."""

import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from bsti_db.devserver.supervisor import Child


def remember(path: Path, children: Sequence[Child]) -> None:
    """Note who runs, with times of creation: a pid alone may be another's by tomorrow."""
    known = {}
    for child in children:
        with suppress(psutil.NoSuchProcess):
            known[child.process.pid] = psutil.Process(child.process.pid).create_time()
    path.write_text(json.dumps(known))


def stop_left_overs(path: Path) -> None:
    """End what a killed supervisor left running, where the kernel did not do it."""
    known = json.loads(path.read_text()) if path.exists() else {}
    for pid, created in known.items():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if abs(psutil.Process(int(pid)).create_time() - created) < 1:
                os.killpg(int(pid), signal.SIGKILL)
