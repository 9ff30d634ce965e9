"""`make run` from its start to its end, with the site's real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bsti_db.devserver.application import is_ready
from bsti_db.devserver.environment import variable_names
from bsti_db.devserver.execute import temporary_folder
from bsti_db.devserver.folder import PROJECT, read_json
from bsti_db.devserver.services import free_ports


@pytest.fixture
def folder():
    """A data folder whose demonstration has been made, so that a start is quick."""
    with temporary_folder() as held:
        folder = held / "site"
        folder.mkdir()
        (folder / "demonstration-made").touch()
        yield folder


@contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`make run`, given when it has said that it is ready."""
    ours = variable_names() | {"BSTI_SERVICES", "DJANGO_SETTINGS_MODULE"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    run = subprocess.Popen(
        [sys.executable, "-m", "bsti_db.devserver", "run"],
        cwd=PROJECT,
        env=inherited | {"BSTI_DATA_DIR": str(folder), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in run.stdout:
            if line.startswith("Ready:"):
                break
        else:
            pytest.fail(f"It never was ready: exit {run.wait()}")
        yield run
    finally:
        run.kill()
        run.wait()


def role_of_another_shell(folder: Path) -> str:
    """The database role of a command of manage.py that is given nothing but the data folder."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", ROLE],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "BSTI_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def family(run: subprocess.Popen[str]) -> dict[psutil.Process, str]:
    """Every process it has started, with its command."""
    children = psutil.Process(run.pid).children(recursive=True)
    return {child: " ".join(child.cmdline()) for child in children}


def still_running(processes: dict[psutil.Process, str], seconds: float) -> list[str]:
    """What has not ended by itself within so many seconds."""
    return [processes[each] for each in psutil.wait_procs(processes, timeout=seconds)[1]]


def test_it_is_ready_is_found_by_manage_py_and_ends_within_twenty_seconds_of_ctrl_c(folder):
    port = free_ports(1)[0]
    with running(folder, port) as run:
        site = read_json(folder / "services.json")["site"]
        assert site == f"http://127.0.0.1:{port}"
        assert is_ready(site)
        assert role_of_another_shell(folder) == "bsti_web"
        started = family(run)

        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        assert run.wait(20) == 0
        assert time.monotonic() - began < 20

        assert still_running(started, 1) == []
        assert not (folder / "services.json").exists()


def test_one_dead_process_stops_everything_with_a_sentence(folder):
    with running(folder, free_ports(1)[0]) as run:
        started = family(run)
        worker = next(
            child
            for child in psutil.Process(run.pid).children()
            if "--queues=dicom" in child.cmdline()
        )

        worker.kill()

        said = run.stdout.read()
        assert run.wait(20) == 1
        assert "The dicom worker ended unexpectedly (signal 9), so everything is stopped." in said
        assert still_running(started, 1) == []


def test_after_a_kill_nothing_runs_and_a_second_start_works(folder):
    port = free_ports(1)[0]
    with running(folder, port) as run:
        started = family(run)
        run.kill()
        assert still_running(started, 30) == []

    with running(folder, port):
        assert is_ready(f"http://127.0.0.1:{port}")


ROLE = (
    "from django.db import connection; cursor = connection.cursor();"
    "cursor.execute('SELECT session_user'); print(cursor.fetchone()[0])"
)
