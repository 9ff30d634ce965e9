"""`make test`: every check, one line each, and then the tests on real services."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
DEBIAN = BROWSERS | {
    "dicom3tools": ("dciodvfy",),
    "default-jre-headless": ("java",),
    "nginx-light": ("nginx",),
}
AT_ONCE = 2
# one more than the cores of the smallest machine: browsers and workers are often waited for
TEST_PROCESSES = max(3, min(os.cpu_count() or 1, 8))


class CheckFailed(Exception):
    pass


@dataclass
class Check:
    """A command that is right when it ends with 0; what it prints is shown only when it fails."""

    name: str
    command: Sequence[str]
    folder: Path = PROJECT
    began: float = 0
    process: subprocess.Popen[bytes] | None = None
    output: IO[str] | None = None

    def start(self) -> None:
        # a pipe that nobody reads would fill
        self.output = tempfile.TemporaryFile("w+")  # noqa: SIM115 — read at the process's end
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=_environment(),
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def report(self) -> None:
        """Print its line; raises CheckFailed."""
        passed = self.process.returncode == 0
        if not passed:
            self.output.seek(0)
            print(self.output.read())
        _line(self.name, passed, time.monotonic() - self.began)


def main(arguments: Sequence[str]) -> int:
    """Run everything, or only the checks that need no services for `lint`."""
    try:
        with signals_stop():
            if list(arguments) == ["lint"]:
                _run(_static_checks())
            else:
                _everything()
    except CheckFailed:
        return 1
    except (CannotStart, ChildFailed) as problem:
        print(problem, file=sys.stderr)
        return 2
    except StopRequested:
        return 130
    return 0


def _static_checks() -> Iterator[Check]:
    """The longest first."""
    python = sys.executable
    npm = [str(part) for part in node_and_npm()[1]]
    yield Check("mypy", [python, "-m", "mypy"])
    yield Check("front end lint", [*npm, "run", "--silent", "lint"], VIEWER)
    yield Check("front end tests", [*npm, "test", "--silent"], VIEWER)
    yield Check("djlint", [python, "-m", "djlint", "--quiet", "--lint", "templates"])
    yield Check("djlint format", [python, "-m", "djlint", "--quiet", "--check", "templates"])
    yield Check("migrations", _manage("makemigrations", "--check", "--dry-run"))
    yield Check("lifecycles", _manage("draw_lifecycles", "--check"))
    yield Check("de-identification profile", _manage("draw_deid_profile", "--check"))
    yield Check("import contracts", [str(Path(python).with_name("lint-imports"))])
    yield Check("ruff check", [python, "-m", "ruff", "check", "--quiet", "."])
    yield Check("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."])


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def _run(checks: Iterable[Check]) -> None:
    with _under_way(checks) as finish:
        finish()


@contextmanager
def _under_way(checks: Iterable[Check]) -> Iterator[Callable[[], None]]:
    """Start the first of `checks`; gives what goes on to the last, or to the first that fails."""
    waiting, running = deque(checks), []

    def start_some() -> None:
        while waiting and len(running) < AT_ONCE:
            running.append(waiting.popleft())
            running[-1].start()

    def finish() -> None:
        while running:
            for ended in [check for check in running if check.process.poll() is not None]:
                running.remove(ended)
                ended.report()
            start_some()
            time.sleep(0.05)

    start_some()
    try:
        yield finish
    finally:
        for check in running:
            check.process.kill()
            check.process.wait()


def _everything() -> None:
    """The checks while the services start, then the tests: those that wait beside those that work.

    A file of tests is one process's, and every site, database and bucket is one file's, so that
    what is killed or timed there is met by nobody else.
    """
    with ExitStack() as until_the_end:
        with _under_way(_static_checks()) as finish:
            _install_from_debian()
            began = time.monotonic()
            services = until_the_end.enter_context(temporary_services())
            _line("services started", True, time.monotonic() - began)
            finish()
        watched = until_the_end.enter_context(tempfile.TemporaryDirectory())
        distributed = ["--dist", "loadfile", "--no-loadscope-reorder", "-p", "tests.branches"]
        _pytest(
            "tests",
            ["-n", str(TEST_PROCESSES), *distributed, "tests"],
            services | {"WATCHED_BRANCHES": watched},
        )
        command = [sys.executable, "-m", "tests.branches", watched]
        _run([Check("branches of de-identification", command)])


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

    A browser is never skipped silently; without dciodvfy or Java their tests say that they were
    skipped.
    """
    missing = _missing(DEBIAN)
    if not missing:
        return
    install = ["apt-get", "install", "-qy", "--no-install-recommends"]
    if os.getuid() == 0 and shutil.which("apt-get"):
        # a machine without network still runs what needs neither
        with contextlib.suppress(CheckFailed):
            _run([Check("package lists", ["apt-get", "update", "-q"])])
            # apt-get locks its lists
            for name in missing:
                _run([Check(f"{name} installed", [*install, name])])
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
