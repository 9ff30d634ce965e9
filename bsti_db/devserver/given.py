"""Services that the environment names: they are used as they are, the others are started."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bsti_db.devserver import postgresql, seaweedfs
from bsti_db.devserver.credentials import IDENTITIES
from bsti_db.devserver.folder import CannotStart


@dataclass(frozen=True)
class Given:
    """What need not be started."""

    database: postgresql.Elsewhere | None = None
    broker: str | None = None
    store: seaweedfs.Elsewhere | None = None


def given_services(environment: Mapping[str, str], made: Mapping[str, Any]) -> Given:
    """The services behind DATABASE_URL, BROKER_URL and S3_ENDPOINT_URL, as far as they are set.

    DATABASE_URL is an administrator's: the three roles and the database are made with it.
    """
    database = environment.get("DATABASE_URL")
    if database and not urlsplit(database).scheme.startswith("postgres"):
        raise CannotStart("DATABASE_URL is no address of PostgreSQL: postgres://USER:PASSWORD@HOST")
    return Given(
        postgresql.Elsewhere(database, made["database_passwords"]) if database else None,
        environment.get("BROKER_URL") or None,
        _store(environment),
    )


def _store(environment: Mapping[str, str]) -> seaweedfs.Elsewhere | None:
    endpoint_url = environment.get("S3_ENDPOINT_URL")
    if not endpoint_url:
        return None
    names = {
        identity: (f"S3_{identity.upper()}_KEY", f"S3_{identity.upper()}_SECRET")
        for identity in ("administrator", *IDENTITIES)
    }
    missing = [name for pair in names.values() for name in pair if not environment.get(name)]
    if missing:
        raise CannotStart(f"S3_ENDPOINT_URL is set, so these must be too: {', '.join(missing)}.")
    return seaweedfs.Elsewhere(
        endpoint_url,
        {
            identity: {"access_key": environment[key], "secret_key": environment[secret]}
            for identity, (key, secret) in names.items()
        },
    )
