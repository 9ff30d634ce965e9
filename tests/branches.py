"""Every branch of de-identification is run by its own tests: a plugin that watches, and the check.

`pytest -p tests.branches` notes in the folder that WATCHED_BRANCHES names what the tests in
tests/uploads/dicom run, and `python -m tests.branches FOLDER` fails when they left anything out.
Other tests are not watched: that would cost time, and what they happen to run they do not prove.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

VARIABLE = "WATCHED_BRANCHES"
_TESTS = "tests/uploads/dicom/"
_SOURCE = "uploads/dicom/deid"


def _watch(folder: str) -> coverage.Coverage:
    return coverage.Coverage(
        # each process notes into a file of its own
        data_file=str(Path(folder) / "branches"),
        data_suffix=True,
        branch=True,
        source=[_SOURCE],
        config_file=False,
        messages=False,
    )


class _Watching:
    """Modules are read while tests are collected, so that is watched as well."""

    def __init__(self) -> None:
        self.watch = _watch(os.environ[VARIABLE])
        # the process that only hands out the tests runs none
        self.watch.set_option("run:disable_warnings", ["no-data-collected"])
        self.watch.start()

    def pytest_collection_finish(self) -> None:
        self.watch.stop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not item.nodeid.startswith(_TESTS):
            return (yield)
        self.watch.start()
        try:
            return (yield)
        finally:
            self.watch.stop()

    def pytest_unconfigure(self) -> None:
        self.watch.stop()
        self.watch.save()


if VARIABLE in os.environ and __name__ != "__main__":
    # now, before the settings import the modules
    _watching = _Watching()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_watching, "watched-branches")


def main(folder: str) -> int:
    """0 when every line and branch was run; what was not is printed."""
    together = _watch(folder)
    together.combine([folder])
    covered = together.report(show_missing=True, skip_covered=True)
    return 0 if covered == 100 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
