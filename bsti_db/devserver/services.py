"""The three services together: started unless given, prepared, their addresses written down."""

import secrets
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bsti_db.devserver import postgresql, seaweedfs, valkey
from bsti_db.devserver.credentials import DATABASE_ROLES, IDENTITIES, development_secrets
from bsti_db.devserver.environment import BUCKETS
from bsti_db.devserver.folder import CannotStart, shorten_logs, socket_folder, write_private
from bsti_db.devserver.given import given_services
from bsti_db.devserver.left_overs import remember, stop_left_overs
from bsti_db.devserver.supervisor import (
    Child,
    check,
    start,
    stop,
    wait_until,
)

# below the range from which Linux takes ports for outgoing connections
_FIRST_PORT, _LAST_PORT = 20_000, 32_000


@contextmanager
def running_services(
    folder: Path,
    *,
    site: str,
    for_tests: bool = False,
    given: Mapping[str, str] = MappingProxyType({}),
    database_ready: Callable[[], None] = lambda: None,
) -> Iterator[tuple[dict[str, Any], list[Child]]]:
    """Run the services on `folder` while the block runs.

    Those that `given`, an environment, names are not started. Gives the content of services.json,
    and the running children. `database_ready` is called as
    soon as the database can be used, some seconds before the store.
    """
    made = development_secrets(folder)
    elsewhere = given_services(given, made)
    sockets = socket_folder(folder)
    processes = folder / "processes.json"
    stop_left_overs(processes)
    shorten_logs(folder)
    (folder / "services.json").unlink(missing_ok=True)
    children: list[Child] = []
    with ExitStack() as cleaning:
        cleaning.callback(processes.unlink, missing_ok=True)
        cleaning.callback((folder / "services.json").unlink, missing_ok=True)
        cleaning.callback(shutil.rmtree, sockets, ignore_errors=True)
        cleaning.callback(lambda: stop(children))
        # the slowest first: the others are ready while it starts
        store = elsewhere.store or _start_store(folder, sockets, made, children, for_tests)
        cleaning.callback(lambda: (stop(children), seaweedfs.remove_sockets(store)))
        broker = elsewhere.broker or _start_broker(folder, made["broker_password"], children)
        database = elsewhere.database or _start_database(folder, sockets, made, children, for_tests)
        remember(processes, children)
        wait_until("PostgreSQL", lambda: postgresql.answers(database), children, 60)
        postgresql.prepare(database, for_tests=for_tests)
        services = _addresses(database, broker, store, site)
        write_private(folder / "services.json", services)
        database_ready()
        wait_until("Valkey", lambda: valkey.answers(broker), children, 30)
        if isinstance(store, seaweedfs.Store):
            wait_until("SeaweedFS's master", lambda: seaweedfs.leads(store), children, 60)
            volumes = seaweedfs.volume_program(store, log=folder / "logs" / "seaweedfs-volume.log")
            children.append(start(volumes))
            remember(processes, children)
        wait_until("SeaweedFS", lambda: seaweedfs.answers(store), children, 90)
        seaweedfs.make_buckets(seaweedfs.client(store, "administrator"))
        check(children)
        yield services, children


def _addresses(
    database: postgresql.Cluster | postgresql.Elsewhere,
    broker: str,
    store: seaweedfs.Store | seaweedfs.Elsewhere,
    site: str,
) -> dict[str, Any]:
    """The content of services.json."""
    return {
        "database": {role: postgresql.url(database, role) for role in sorted(DATABASE_ROLES)},
        "broker": broker,
        "s3": {
            "endpoint_url": store.endpoint_url,
            "buckets": {bucket: bucket for bucket in BUCKETS},
            "identities": {name: store.identities[name] for name in IDENTITIES},
        },
        "site": site,
    }


def _start_store(
    folder: Path, sockets: Path, made: dict[str, Any], children: list[Child], for_tests: bool
) -> seaweedfs.Store:
    ports = free_ports(len(seaweedfs.PORT_NAMES))
    store = seaweedfs.Store(
        folder=folder / "seaweedfs",
        sockets=sockets / "seaweedfs",
        ports=dict(zip(seaweedfs.PORT_NAMES, ports, strict=True)),
        identities=made["identities"],
        for_tests=for_tests,
    )
    children.append(start(seaweedfs.program(store, log=folder / "logs" / "seaweedfs.log")))
    return store


def _start_broker(folder: Path, password: str, children: list[Child]) -> str:
    (port,) = free_ports(1)
    log = folder / "logs" / "valkey.log"
    program = valkey.program(folder=folder / "valkey", port=port, password=password, log=log)
    children.append(start(program))
    return valkey.url(port, password)


def _start_database(
    folder: Path, sockets: Path, made: dict[str, Any], children: list[Child], for_tests: bool
) -> postgresql.Cluster:
    cluster = postgresql.cluster(folder, sockets, made)
    log = folder / "logs" / "postgresql.log"
    children.append(start(postgresql.program(cluster, log=log, durable=not for_tests)))
    return cluster


def free_ports(number: int) -> list[int]:
    """`number` neighbouring ports of the loopback that nobody listens on."""
    for _ in range(200):
        first = _FIRST_PORT + secrets.randbelow(_LAST_PORT - _FIRST_PORT - number)
        ports = list(range(first, first + number))
        if all(is_free(port) for port in ports):
            return ports
    raise CannotStart(f"No {number} neighbouring ports are free on this machine.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # as servers do: a port in TIME_WAIT is free, one that is listened on is not
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
