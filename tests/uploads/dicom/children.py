"""The guarded children of a process, as the system sees them."""

import os
from contextlib import suppress

import psutil

NURSERY = "uploads.dicom.nursery"


def nurseries_of(pid: int) -> list[psutil.Process]:
    return [child for child in _children(psutil.Process(pid)) if _is_of_nursery(child)]


def children_at_work(pid: int | None = None) -> list[psutil.Process]:
    """The forks of a process's nurseries, those that have ended left out."""
    forks = [fork for nursery in nurseries_of(pid or os.getpid()) for fork in _children(nursery)]
    return [fork for fork in forks if _is_of_nursery(fork)]


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children()
    return []


def _is_of_nursery(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        # what has ended and was not waited for has no command
        return NURSERY in process.cmdline()
    return False
