"""The site's own processes, each with the credentials of its class and no others."""

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bsti_db.devserver.environment import development_environment, variable_names
from bsti_db.devserver.folder import PROJECT
from bsti_db.devserver.supervisor import Child, ChildFailed, Program, check, stop

_WORKER_STOP = ((signal.SIGTERM, 8), (signal.SIGQUIT, 3))


def programs(folder: Path, port: int) -> list[Program]:
    """Web, the two workers and beat, on the services that `folder` names."""
    return [
        _program(
            folder,
            "web",
            *("gunicorn", "bsti_db.wsgi:application", f"--bind=127.0.0.1:{port}"),
            *("--workers=2", "--worker-class=gthread", "--threads=12", "--graceful-timeout=6"),
            # a part of 8 MiB on a slow line
            *("--timeout=120", "--no-control-socket"),
        ),
        _program(folder, "dicom", *_celery("worker", "dicom"), "--concurrency=2"),
        _program(folder, "default", *_celery("worker", "default"), "--concurrency=2"),
        _program(
            folder,
            "beat",
            *("celery", "--app=bsti_db", "beat", "--pidfile="),
            f"--schedule={folder / 'beat-schedule'}",
        ),
    ]


def manage(folder: Path, *arguments: str) -> Program:
    """One command of manage.py, as the people who look after the site run it."""
    process = "migrate" if arguments[0] == "migrate" else "manage"
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    return Program(
        name=f"manage.py {arguments[0]}",
        command=command,
        environment=process_environment(process, folder),
        log=folder / "logs" / f"{arguments[0]}.log",
        folder=PROJECT,
    )


def wait_for_end(child: Child, children: Sequence[Child], *, shown: bool = False) -> None:
    """Wait until `child` has done its work; `shown` prints what it logs meanwhile.

    Raises ChildFailed when it fails, or when one of `children` dies meanwhile.
    """
    with open(child.program.log, errors="replace") as log:
        log.seek(0, os.SEEK_END)
        try:
            while child.process.poll() is None:
                check(children)
                time.sleep(0.05)
                if shown:
                    print(log.read(), end="", flush=True)
        finally:
            stop([child])
    if child.process.returncode:
        raise ChildFailed.of(child)


def is_ready(site: str) -> bool:
    """Whether the site says that it can work: 200 from /health/ready."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{site}/health/ready", timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def process_environment(process: str, folder: Path) -> dict[str, str]:
    """The environment of one process class: nothing of another class's is inherited."""
    ours = variable_names()
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    # glibc's arenas, one a thread, keep what uploads have used
    own = {"DJANGO_SETTINGS_MODULE": "bsti_db.settings", "MALLOC_ARENA_MAX": "2"}
    return inherited | development_environment(process, folder) | own


def _celery(kind: str, queue: str) -> tuple[str, ...]:
    return (
        *("celery", "--app=bsti_db", kind, f"--queues={queue}", f"--hostname={queue}@%h"),
        *("--loglevel=INFO", "--without-gossip", "--without-mingle"),
        # nobody listens, and without its broker a worker would wait for ever to send the last one
        "--without-heartbeat",
    )


def _program(folder: Path, process: str, *module: str) -> Program:
    is_worker = process in ("dicom", "default")
    return Program(
        name={"web": "The web server", "beat": "The scheduler"}.get(
            process, f"The {process} worker"
        ),
        command=[sys.executable, "-m", *module],
        environment=process_environment(process, folder),
        log=folder / "logs" / f"{process}.log",
        folder=PROJECT,
        stop=_WORKER_STOP if is_worker else ((signal.SIGTERM, 8),),
        # a worker waits for its tasks on TERM; QUIT puts them back
        orphaned=signal.SIGQUIT if is_worker else signal.SIGTERM,
    )
