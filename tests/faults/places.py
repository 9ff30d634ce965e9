"""Every place of a running site where a value could lie: read whole, so that it can be searched."""

import base64
import gzip
import json
import os
import re
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from bsti_db.devserver import seaweedfs
from tests.services import store_of_tests
from tests.sites import Site
from tests.uploads.dicom.adversarial import forms_of

_LAST_WORD = "nothing more is listened to"


def found(places: dict[str, bytes], words: Iterable[bytes]) -> list[str]:
    """Which words stand in which places, in any of the forms a word may be written in."""
    hits = []
    for word in words:
        # a number of digits alone may be met by chance when its bytes are shuffled
        forms = [form for form in forms_of(word) if len(form) > 5] if not word.isdigit() else [word]
        for place, content in places.items():
            hits += [f"{word!r} in {place} as {form!r}" for form in forms if form in content]
    return hits


def database(site: Site, *, but: tuple[str, str] = ("", "")) -> bytes:
    """Every value of every column of every table, without the column `but` (table, column)."""
    values: list[bytes] = []
    with site.database() as connection:
        connection.execute("SET default_transaction_read_only = on")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — our own tables
            names = [column.name for column in rows.description or ()]
            for row in rows:
                values += [
                    _as_bytes(value)
                    for name, value in zip(names, row, strict=True)
                    if (table, name) != but
                ]
                if table == "accounts_session":
                    values.append(_session(dict(zip(names, row, strict=True))["session_data"]))
    return b"\n".join(values)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value, default=str)).encode()


def _session(signed: str) -> bytes:
    """What a session holds: a signed one is readable, but compressed."""
    payload = signed.split(":")[0].encode()
    is_compressed = payload.startswith(b".")
    packed = base64.urlsafe_b64decode(payload.lstrip(b".") + b"===")
    return zlib.decompress(packed) if is_compressed else packed


class LogsOfServices:
    """What the database, the broker and the store log from now on."""

    def __init__(self) -> None:
        folder = Path(os.environ["BSTI_SERVICES"]).with_name("logs")
        self._begins = {log: log.stat().st_size for log in folder.glob("*.log")}

    def read(self) -> bytes:
        return b"\n".join(log.read_bytes()[start:] for log, start in self._begins.items())


def store(site: Site) -> tuple[dict[str, bytes], bytes]:
    """The bodies of every bucket, unpacked, by bucket and key; and all keys with their metadata."""
    known, (address, keys) = site.services["s3"], store_of_tests()
    client = seaweedfs.connect(address, *keys)
    bodies, heads = {}, []
    for name, bucket in known["buckets"].items():
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for listed in (each for page in pages for each in page.get("Contents", ())):
            answer = client.get_object(Bucket=bucket, Key=listed["Key"])
            body = answer.pop("Body").read()
            is_packed = body.startswith(b"\x1f\x8b")
            bodies[f"{name}/{listed['Key']}"] = gzip.decompress(body) if is_packed else body
            heads.append(json.dumps([listed["Key"], answer], default=str))
    return bodies, "\n".join(heads).encode()


@contextmanager
def overheard(site: Site) -> Iterator[list[bytes]]:
    """Every command that reaches the broker meanwhile, with the bodies of messages unpacked."""
    heard: list[bytes] = []
    number = int(site.services["broker"].rpartition("/")[2])
    with (
        redis.Redis.from_url(site.services["broker"]) as client,
        redis.Redis.from_url(site.services["broker"]).monitor() as monitor,
    ):

        def listen() -> None:
            for each in monitor.listen():
                command = each["command"]
                if each["db"] != number:
                    continue
                if _LAST_WORD in command:
                    break
                heard.append(command.encode())
                for body in re.findall(r'body\\*": \\*"([\w+/=]+)', command):
                    heard.append(base64.b64decode(body))

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        try:
            yield heard
        finally:
            client.echo(_LAST_WORD)
            listening.join(10)


@contextmanager
def no_new_rows(site: Site, table: str) -> Iterator[None]:
    """The database refuses every new row of one table, with the row in its complaint."""
    with site.database() as connection:
        connection.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT none CHECK (false) NOT VALID')
    try:
        yield
    finally:
        with site.database() as connection:
            connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT none')
