"""Whole sites for journeys and faults: real web, worker and scheduler processes."""

import fcntl
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import redis

from bsti_db.devserver import application, seaweedfs
from bsti_db.devserver.environment import BUCKETS
from bsti_db.devserver.execute import temporary_folder
from bsti_db.devserver.folder import PROJECT, write_private
from bsti_db.devserver.services import free_ports, running_services
from bsti_db.devserver.supervisor import Child, check, start, stop, wait_until
from tests.services import BROKERS_OF_SITES, broker, services, store_of_tests

MIGRATED = "test_migrated"

_brokers = itertools.cycle(BROKERS_OF_SITES)


@dataclass
class Site:
    """A running site, and the means to break it.

    Processes go by the name of their log: web, dicom, default, beat; and in a site with services
    of its own postgresql, valkey, seaweedfs, seaweedfs-volume.
    """

    url: str
    folder: Path
    services: dict[str, Any]
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start processes that were stopped or killed, as they were."""
        for name in names:
            self.children[name] = start(self.children[name].program)

    def stop(self, *names: str) -> None:
        """Stop processes as `make run` does at its end."""
        stop([self.children[name] for name in names])

    def kill(self, *names: str) -> None:
        """Kill processes with all they started, as a machine that runs out of memory does."""
        for name in names:
            os.killpg(self.children[name].process.pid, signal.SIGKILL)
            self.children[name].process.wait()

    def freeze(self, name: str) -> None:
        os.killpg(self.children[name].process.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.killpg(self.children[name].process.pid, signal.SIGCONT)

    def wait_until_ready(self, seconds: float = 60) -> None:
        running = [child for child in self.children.values() if child.process.poll() is None]
        wait_until("The site", lambda: application.is_ready(self.url), running, seconds)

    def manage(self, *arguments: str) -> str:
        """What one command of manage.py prints on this site."""
        done = subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=application.process_environment(
                "migrate" if arguments[0] == "migrate" else "manage", self.folder
            ),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {arguments[0]} failed:\n{done.stderr}"
        return done.stdout

    def mails(self) -> list[str]:
        """The mails written so far, oldest first."""
        files = sorted((self.folder / "mail").glob("*"), key=lambda file: file.stat().st_mtime)
        return [file.read_text() for file in files]

    def logs(self) -> str:
        """Everything the processes have logged."""
        return "\n".join(
            file.read_text(errors="replace") for file in (self.folder / "logs").glob("*.log")
        )

    def database(self, role: str = "owner") -> psycopg.Connection:
        """A connection of one role; the caller closes it."""
        return psycopg.connect(self.services["database"][role])


@contextmanager
def site_on_shared_services() -> Iterator[Site]:
    """A site with a fresh database, buckets and broker database on the services of the tests."""
    with own_places() as places, _folder() as folder:
        write_private(folder / "services.json", places)
        site = Site(url=places["site"], folder=folder, services=places)
        with _application(site):
            yield site


@contextmanager
def site_on_own_services() -> Iterator[Site]:
    """A site whose services can be killed too."""
    with temporary_folder() as folder, ExitStack() as running:
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        places, children = running.enter_context(running_services(folder, site=url, for_tests=True))
        site = Site(url=url, folder=folder, services=places)
        site.children = {child.program.log.stem: child for child in children}
        # what a test has started anew is ours to stop
        running.callback(lambda: stop(list(site.children.values())))
        site.manage("migrate", "--noinput")
        with _application(site):
            yield site


@contextmanager
def workers_on(places: dict[str, Any]) -> Iterator[Site]:
    """Only the two workers, on a database that exists and is migrated."""
    with _folder() as folder:
        write_private(folder / "services.json", places)
        site = Site(url=places["site"], folder=folder, services=places)
        with _processes(site, ("dicom", "default")):
            yield site


@contextmanager
def own_places() -> Iterator[dict[str, Any]]:
    """A migrated database, new buckets and an empty broker database, as services.json has them."""
    name = f"test_journey_{token_hex(4)}"
    shared = services()
    template = migrated_database()
    with psycopg.connect(shared["database"]["owner"], autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    number = next(_brokers)
    with redis.Redis.from_url(broker(number)) as queue:
        queue.flushdb()
    buckets = {bucket: f"{bucket}-{name.replace('_', '-')}" for bucket in BUCKETS}
    endpoint_url, keys = store_of_tests()
    seaweedfs.make_buckets(seaweedfs.connect(endpoint_url, *keys), list(buckets.values()))
    try:
        yield places_of(
            shared, database=name, buckets=buckets, number=number, port=free_ports(1)[0]
        )
    finally:
        with psycopg.connect(shared["database"]["superuser"], autocommit=True) as superuser:
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrated_database() -> str:
    """The database that others are copied from: who asks first migrates it, once a test run."""
    shared = services()
    folder = Path(os.environ["BSTI_SERVICES"]).parent
    with open(folder / "migrating", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "migrated").exists():
            with psycopg.connect(shared["database"]["superuser"], autocommit=True) as superuser:
                superuser.execute(f"DROP DATABASE IF EXISTS {MIGRATED} WITH (FORCE)")
            with psycopg.connect(shared["database"]["owner"], autocommit=True) as owner:
                owner.execute(f"CREATE DATABASE {MIGRATED}")
            places = places_of(
                shared, database=MIGRATED, buckets=shared["s3"]["buckets"], number=0, port=0
            )
            with _folder() as data:
                write_private(data / "services.json", places)
                Site(url="", folder=data, services=places).manage("migrate", "--noinput")
            (folder / "migrated").touch()
    return MIGRATED


def places_of(
    shared: dict[str, Any], *, database: str, buckets: dict[str, str], number: int, port: int
) -> dict[str, Any]:
    """The services of the tests with another database, other buckets and another queue."""
    return {
        **shared,
        "database": {
            role: url.replace("@/bsti?", f"@/{database}?")
            for role, url in shared["database"].items()
        },
        "broker": broker(number),
        "s3": {**shared["s3"], "buckets": buckets},
        "site": f"http://127.0.0.1:{port}",
    }


@contextmanager
def _application(site: Site) -> Iterator[None]:
    with _processes(site, ("web", "dicom", "default", "beat")):
        site.wait_until_ready()
        yield


@contextmanager
def _processes(site: Site, names: Sequence[str]) -> Iterator[None]:
    port = int(site.url.rpartition(":")[2])
    try:
        for program in application.programs(site.folder, port):
            if program.log.stem in names:
                site.children[program.log.stem] = start(program)
        check(list(site.children.values()))
        yield
    finally:
        stop([site.children[name] for name in names if name in site.children])


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bsti-site-"))
    try:
        for name in ("logs", "mail"):
            (folder / name).mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
