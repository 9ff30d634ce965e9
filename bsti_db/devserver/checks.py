"""`make test`: every check in order, one line each, and then the tests on real services."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bsti_db.devserver.execute import temporary_services
from bsti_db.devserver.folder import PROJECT, CannotStart
from bsti_db.devserver.setup import VIEWER, node_and_npm
from bsti_db.devserver.supervisor import ChildFailed, StopRequested, signals_stop

# Debian's packages that tests use, and the programs that stand for them
BROWSERS = {
    "chromium": ("chromium", "chromium-browser"),
    "firefox-esr": ("firefox-esr", "firefox"),
    "webkit2gtk-driver": ("WebKitWebDriver",),
    "xvfb": ("Xvfb",),
}
DEBIAN = BROWSERS | {"dicom3tools": ("dciodvfy",)}
# real processes are timed and killed there, so nothing else runs beside them
SERIAL = ("tests/journeys", "tests/faults", "tests/devserver")


class CheckFailed(Exception):
    pass


def main(arguments: Sequence[str]) -> int:
    """Run everything, or only the checks that need no services for `lint`."""
    try:
        with signals_stop():
            for name, command, folder in _static_checks():
                _check(name, command, folder)
            if list(arguments) != ["lint"]:
                _tests()
    except CheckFailed:
        return 1
    except (CannotStart, ChildFailed) as problem:
        print(problem, file=sys.stderr)
        return 2
    except StopRequested:
        return 130
    return 0


def _static_checks() -> Iterator[tuple[str, list[str], Path]]:
    python = sys.executable
    yield "ruff check", [python, "-m", "ruff", "check", "--quiet", "."], PROJECT
    yield "ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."], PROJECT
    yield "djlint", [python, "-m", "djlint", "--quiet", "--lint", "templates"], PROJECT
    yield "djlint format", [python, "-m", "djlint", "--quiet", "--check", "templates"], PROJECT
    yield "import contracts", [str(Path(python).with_name("lint-imports"))], PROJECT
    yield "mypy", [python, "-m", "mypy"], PROJECT
    yield "migrations", _manage("makemigrations", "--check", "--dry-run"), PROJECT
    yield "lifecycles", _manage("draw_lifecycles", "--check"), PROJECT
    yield "de-identification profile", _manage("draw_deid_profile", "--check"), PROJECT
    npm = [str(part) for part in node_and_npm()[1]]
    yield "front end lint", [*npm, "run", "--silent", "lint"], VIEWER
    yield "front end tests", [*npm, "test", "--silent"], VIEWER


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def _check(name: str, command: Sequence[str], folder: Path = PROJECT) -> None:
    """Run one check; what it prints is shown only when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    if not passed:
        print(done.stdout)
    _line(name, passed, time.monotonic() - began)


def _tests() -> None:
    """The quick tests on two workers, then those that need the machine for themselves."""
    _install_from_debian()
    began = time.monotonic()
    with temporary_services() as services:
        _line("services started", True, time.monotonic() - began)
        ignored = [f"--ignore={folder}" for folder in SERIAL]
        _pytest("quick tests", ["-n", "2", "--dist", "loadfile", "tests", *ignored], services)
        _pytest("journeys, faults and services", list(SERIAL), services)


def _pytest(name: str, arguments: Sequence[str], services: dict[str, str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=PROJECT,
        env=_environment() | services,
        check=False,
    )
    _line(name, done.returncode == 0, time.monotonic() - began)


def _environment() -> dict[str, str]:
    # the node of the Python packages is not on the path by itself
    node = node_and_npm()[0].parent
    return os.environ | {"PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}


def _install_from_debian() -> None:
    """Install the browsers and dciodvfy where we may.

    A browser is never skipped silently; without dciodvfy its tests say that they were skipped.
    """
    missing = _missing(DEBIAN)
    if not missing:
        return
    install = ["apt-get", "install", "-qy", "--no-install-recommends"]
    if os.getuid() == 0 and shutil.which("apt-get"):
        # a machine without network still runs what needs neither
        with contextlib.suppress(CheckFailed):
            _check("package lists", ["apt-get", "update", "-q"])
            for name in missing:
                _check(f"{name} installed", [*install, name])
    if browsers := _missing(BROWSERS):
        names = " ".join(browsers)
        raise CannotStart(f"The tests need {names}. Run: sudo {' '.join(install)} {names}")


def _missing(packages: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for name, programs in packages.items() if not any(map(shutil.which, programs))]


def _line(name: str, passed: bool, seconds: float) -> None:
    print(f"{'ok    ' if passed else 'FAILED'}  {name:<32}{seconds:7.1f} s", flush=True)
    if not passed:
        raise CheckFailed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
