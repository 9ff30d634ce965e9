"""Make what the site needs before it can migrate: database roles, database, buckets.

It may run again: passwords are set as given, and what exists is left alone. It uses the code of
development, so both worlds have the same roles, rights and buckets.
"""

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from botocore.exceptions import BotoCoreError, ClientError
from settings_given import required

from bsti_db.devserver import postgresql, seaweedfs

_ATTEMPTS, _PAUSE_SECONDS = 30, 2


def main() -> None:
    prepare_database(required("DATABASE_HOST"), required("DATABASE_SUPERUSER_PASSWORD"))
    s3 = seaweedfs.connect(
        required("S3_ENDPOINT_URL"),
        required("S3_ADMINISTRATOR_KEY"),
        required("S3_ADMINISTRATOR_SECRET"),
    )
    make_buckets(s3)


def make_buckets(s3: Any) -> None:
    """Make the buckets as soon as the store can: it answers seconds before it can."""
    for attempt in range(_ATTEMPTS):
        try:
            seaweedfs.make_buckets(s3)
            return
        except (BotoCoreError, ClientError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_SECONDS)


def prepare_database(host: str, superuser_password: str) -> None:
    """Make or update the three roles, as their addresses in the environment say."""
    addresses = {
        "owner": required("DATABASE_OWNER_URL"),
        "web": required("DATABASE_WEB_URL"),
        "worker": required("DATABASE_WORKER_URL"),
    }
    passwords = {role: urlsplit(address).password or "" for role, address in addresses.items()}
    if not all(passwords.values()):
        print("Every address of the database needs a password.", file=sys.stderr)
        raise SystemExit(2)
    cluster = postgresql.Cluster(
        binaries=Path(),
        data=Path(),
        # for psycopg a host or a folder of sockets is the same parameter
        sockets=Path(host),
        user=None,
        passwords={**passwords, "superuser": superuser_password},
    )
    postgresql.prepare(cluster, for_tests=False)


if __name__ == "__main__":
    main()
