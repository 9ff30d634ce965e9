"""What each process cannot start without: a missing secret ends it, with its name."""

import os
import sys
from typing import NoReturn
from urllib.parse import urlsplit

_STORE = ("S3_ENDPOINT_URL",)
_SERVICES = ("DATABASE_URL", "BROKER_URL")

# `manage` runs commands that need no service, so each of those asks for what it needs
REQUIRED = {
    "web": (*_SERVICES, *_STORE, "OTP_SEED_KEY", "S3_WEB_KEY", "S3_WEB_SECRET"),
    "dicom": (
        *_SERVICES,
        *_STORE,
        *("PSEUDONYM_KEYS", "PSEUDONYM_KEY_ID", "S3_DICOM_KEY", "S3_DICOM_SECRET"),
    ),
    "default": (
        *_SERVICES,
        *_STORE,
        *("PUBLIC_UID_KEY", "S3_PUBLISHER_KEY", "S3_PUBLISHER_SECRET"),
        *("S3_JANITOR_KEY", "S3_JANITOR_SECRET"),
        *("AUDIT_KEYS", "S3_SEALER_KEY", "S3_SEALER_SECRET"),
    ),
    "beat": _SERVICES,
    "migrate": ("DATABASE_OWNER_URL",),
}


def secret(name: str) -> str:
    """The setting `name` from the environment; a missing one ends the process with its name."""
    value = os.environ.get(name, "")
    if not value:
        _end(f"The setting {name} is missing. Set it and start again.")
    return value


def check(process: str) -> None:
    """End the process unless everything its class needs is set, and its broker is guarded."""
    for name in REQUIRED.get(process, ()):
        secret(name)
    if "BROKER_URL" in REQUIRED.get(process, ()):
        check_broker(os.environ["BROKER_URL"])


def check_broker(address: str) -> None:
    """Whoever reaches an open broker gives our workers orders, so it is refused."""
    broker = urlsplit(address)
    if not broker.password:
        _end("BROKER_URL holds no password. Give the broker one and start again.")
    is_private = os.environ.get("BROKER_NETWORK_IS_PRIVATE") == "yes"
    if broker.scheme != "rediss" and not is_private:
        _end(
            "BROKER_URL is not encrypted. Begin it with rediss://, or set "
            "BROKER_NETWORK_IS_PRIVATE=yes where only our own containers reach the broker."
        )


def _end(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)
