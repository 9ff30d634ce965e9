"""One command with the services alone, in a temporary folder that goes with it."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bsti_db.devserver.environment import development_environment
from bsti_db.devserver.folder import held, prepare, socket_folder
from bsti_db.devserver.services import running_services
from bsti_db.devserver.supervisor import StopRequested, dies_with_us, signals_stop

_PREFIX = "bsti-services-"
_FREE_BYTES = 1_000_000_000


def execute(command: Sequence[str]) -> int:
    """Run `command` with the services' addresses in its environment; gives its exit code."""
    process = None
    try:
        with signals_stop(), temporary_services() as environment:
            process = subprocess.Popen(
                command,
                env=os.environ | environment,
                preexec_fn=dies_with_us(signal.SIGTERM),
            )
            return process.wait()
    except StopRequested:
        return 128 + signal.SIGTERM
    finally:
        if process and process.poll() is None:
            process.terminate()


@contextmanager
def temporary_services() -> Iterator[dict[str, str]]:
    """Services of their own for tests; gives the variables of the settings.

    `BSTI_SERVICES` among them names the file of addresses, and says that services run.
    """
    with (
        temporary_folder() as folder,
        running_services(folder, site="http://127.0.0.1:8000", for_tests=True) as (services, _),
    ):
        yield development_environment("manage", folder) | {
            "DATABASE_OWNER_URL": services["database"]["owner"],
            "BSTI_SERVICES": str(folder / "services.json"),
        }


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A short data folder in the temporary directory; those of killed runs are removed."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # ours, and PostgreSQL's user must pass through it
    folder.chmod(0o755)
    try:
        prepare(folder, free_bytes=_FREE_BYTES)
        with held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with open(folder / "lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(socket_folder(folder), ignore_errors=True)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
