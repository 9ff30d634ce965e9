"""Which variables each process of a laptop is given, after decision 23's table.

The settings import this when `.env` marks development: it reads two small files of the data
folder and starts nothing.
"""

from pathlib import Path
from typing import Any

from bsti_db.devserver.credentials import IDENTITIES, development_secrets
from bsti_db.devserver.folder import data_folder, read_json

BUCKETS = ("quarantine", "previews", "studies", "public", "audit")

_ROLES = {"web": "web", "manage": "web", "dicom": "worker", "default": "worker", "beat": "worker"}
_IDENTITIES = {
    "web": ("web",),
    "dicom": ("dicom",),
    "default": ("publisher", "janitor", "sealer"),
    "manage": IDENTITIES,
}
_SECRETS = {
    "web": ("OTP_SEED_KEY",),
    "dicom": ("PSEUDONYM_KEYS",),
    "default": ("PUBLIC_UID_KEY", "AUDIT_KEYS"),
    "manage": ("OTP_SEED_KEY", "PSEUDONYM_KEYS", "PUBLIC_UID_KEY", "AUDIT_KEYS"),
}


def development_environment(process: str, folder: Path | None = None) -> dict[str, str]:
    """The variables of one process class: web, dicom, default, beat, migrate or manage.

    Secrets are made when there are none yet. Without a running `make run` on the data folder
    there are no addresses of services among the variables.
    """
    folder = folder or data_folder()
    try:
        secrets = development_secrets(folder)
    except OSError:
        return {}
    services = read_json(folder / "services.json")
    variables = {
        "BSTI_PROCESS": process,
        "BSTI_DATA_DIR": str(folder),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        **{name: secrets[name] for name in ("SECRET_KEY", "PSEUDONYM_KEY_ID")},
        **{name: secrets[name] for name in _SECRETS.get(process, ())},
    }
    if services:
        variables |= service_variables(process, services)
    return variables


def service_variables(process: str, services: dict[str, Any]) -> dict[str, str]:
    """The addresses and credentials for one process, from the content of services.json."""
    variables = {
        "BROKER_URL": services["broker"],
        "S3_ENDPOINT_URL": services["s3"]["endpoint_url"],
        "SITE_URL": services["site"],
    }
    for name, bucket in services["s3"]["buckets"].items():
        variables[f"S3_BUCKET_{name.upper()}"] = bucket
    for name in _IDENTITIES.get(process, ()):
        identity = services["s3"]["identities"][name]
        variables[f"S3_{name.upper()}_KEY"] = identity["access_key"]
        variables[f"S3_{name.upper()}_SECRET"] = identity["secret_key"]
    if process == "migrate":
        variables["DATABASE_OWNER_URL"] = services["database"]["owner"]
    else:
        variables["DATABASE_URL"] = services["database"][_ROLES[process]]
    return variables


def variable_names() -> set[str]:
    """Every name that some process may be given: a child inherits none of them by accident."""
    names = {"DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "S3_ENDPOINT_URL", "SITE_URL"}
    names |= {"BSTI_PROCESS", "ALLOWED_HOSTS", "SECRET_KEY", "PSEUDONYM_KEY_ID"}
    names |= {name for group in _SECRETS.values() for name in group}
    names |= {f"S3_BUCKET_{bucket.upper()}" for bucket in BUCKETS}
    names |= {f"S3_{name.upper()}_{part}" for name in IDENTITIES for part in ("KEY", "SECRET")}
    return names
