"""The write-once bucket of the trail: the only builder of its keys."""

import base64
import hashlib
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages

# one writing of a key: its version, and whether it is a mark of deletion
Version = tuple[str, bool]


class StoreFailed(Exception):
    """The store did not answer, or refused."""


def key_of(first: int, at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y/%m/%dT%H}-{first}.jsonl"


def write(key: str, content: bytes) -> None:
    """Write an anchor once. What lies there already stays, and is a StoreFailed."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    _ask("put_object", Key=key, Body=content, ChecksumSHA256=digest, IfNoneMatch="*")


def writings() -> dict[str, list[Version]]:
    """Every key with all that was ever written under it, oldest first."""
    found: dict[str, list[tuple[Any, Version]]] = defaultdict(list)
    more: dict[str, str] = {}
    while True:
        page = _ask("list_object_versions", **more)
        for name, is_deletion in (("Versions", False), ("DeleteMarkers", True)):
            for each in page.get(name, []):
                written = (each["LastModified"], not is_deletion, each["VersionId"])
                found[each["Key"]].append((written, (each["VersionId"], is_deletion)))
        if not page.get("IsTruncated"):
            break
        more = {"KeyMarker": page["NextKeyMarker"]}
        if page.get("NextVersionIdMarker"):
            more["VersionIdMarker"] = page["NextVersionIdMarker"]
    return {key: [version for _, version in sorted(found[key])] for key in sorted(found)}


def read(key: str, version: str) -> bytes:
    return _ask("get_object", Key=key, VersionId=version)["Body"].read()


def _ask(verb: str, **more: Any) -> Any:
    storage = storages["audit"]
    try:
        return getattr(storage.client, verb)(Bucket=storage.bucket_name, **more)
    except ClientError as problem:
        raise StoreFailed(problem.response.get("Error", {}).get("Code", "")) from None
    except BotoCoreError as problem:
        raise StoreFailed(type(problem).__name__) from None
