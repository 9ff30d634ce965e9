"""Development's secrets: made once into the data folder, never in production."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from bsti_db.devserver.folder import read_json, write_private

DATABASE_ROLES = ("superuser", "owner", "web", "worker")
IDENTITIES = ("web", "dicom", "publisher", "janitor", "sealer")


def development_secrets(folder: Path) -> dict[str, Any]:
    """The secrets of `folder`, made on the first call.

    Keys in capitals are variables of the settings; the others belong to the embedded services.
    """
    path = folder / "secrets.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f".secrets.{os.getpid()}"
        write_private(made, _new_secrets())
        try:
            # a link never replaces: of two processes that start together, both use the first's
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    known = read_json(path)
    # not in the file: a folder made before there was this key gets it too, the same each time
    seed = hashlib.sha256(f"audit {known['SECRET_KEY']}".encode()).hexdigest()
    return known | {"AUDIT_KEYS": f"dev1:{seed}"}


def _new_secrets() -> dict[str, Any]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "OTP_SEED_KEY": secrets.token_hex(32),
        "PSEUDONYM_KEYS": f"dev1:{secrets.token_hex(32)}",
        "PSEUDONYM_KEY_ID": "dev1",
        "PUBLIC_UID_KEY": secrets.token_hex(32),
        "installation": secrets.token_hex(6),
        "broker_password": secrets.token_hex(16),
        "database_passwords": {role: secrets.token_hex(16) for role in DATABASE_ROLES},
        "identities": {
            name: {"access_key": f"{name}-{secrets.token_hex(6)}", "secret_key": _token()}
            for name in ("administrator", *IDENTITIES)
        },
    }


def _token() -> str:
    return secrets.token_hex(20)
