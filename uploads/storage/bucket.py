"""One S3 bucket as one identity sees it: objects of bytes, each written once."""

import base64
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

_CONTENT_TYPES = {
    ".dcm": "application/dicom",
    ".jls": "image/jls",
    ".png": "image/png",
    ".gz": "application/gzip",
}
_FETCHED_AT_ONCE_BYTES = 1024**2
_DELETED_AT_ONCE = 1000  # the most keys one request may name


class AnotherObjectExists(Exception):
    """The key holds other bytes already. Nothing was written."""


class ChecksumMismatch(Exception):
    """What arrived in the store is not what its SHA-256 says. Nothing was written."""


class StoreUnavailable(OSError):
    """The store did not answer, or not as it should. Waiting may cure it."""


class TransferGone(Exception):
    """The store knows no such unfinished transfer: the file's parts must be sent again."""


class BucketStorage(S3Storage):
    """One bucket as one identity sees it: objects of bytes, each written once."""

    @property
    def client(self) -> Any:
        return _client(self)

    def _save(self, name: str, content: File) -> str:
        content.seek(0)
        self.put(name, content.read())
        return name

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(io.BytesIO(self.get(name)), name=name)

    def put(self, key: str, body: bytes | bytearray, *, sha256_hex: str = "") -> None:
        """Write `key` once. The same bytes again are success; other bytes raise.

        Raises
        ------
        AnotherObjectExists
            If the key holds other bytes.
        ChecksumMismatch
            If `sha256_hex` is not the digest of what arrived.
        """
        digest = bytes.fromhex(sha256_hex) if sha256_hex else hashlib.sha256(body).digest()
        request = {
            **self.get_object_parameters(key),
            "Bucket": self.bucket_name,
            "Key": key,
            "Body": body,
            "ContentType": _CONTENT_TYPES.get(os.path.splitext(key)[1], self.default_content_type),
            "ChecksumSHA256": base64.b64encode(digest).decode(),
        }
        try:
            with store_answers():
                self.client.put_object(**request, IfNoneMatch="*")
        except AnotherObjectExists:
            # an identity that may not read can still ask whether the bytes are the same ones
            same = hashlib.md5(body, usedforsecurity=False).hexdigest()
            with store_answers():
                self.client.put_object(**request, IfMatch=f'"{same}"')

    def rewrite(self, key: str, body: bytes) -> None:
        """Write `key` whatever lies there; only for what nobody has been shown."""
        try:
            self.put(key, body)
        except AnotherObjectExists:
            self.delete(key)
            self.put(key, body)

    def get(self, key: str) -> bytes:
        with store_answers():
            return self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read()

    def fetch(self, key: str, path: Path) -> str:
        """Copy an object to a file, a piece at a time; gives the SHA-256 of what came."""
        digest = hashlib.sha256()
        with store_answers(), open(path, "wb") as file:
            body = self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"]
            for piece in body.iter_chunks(_FETCHED_AT_ONCE_BYTES):
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        if not length:
            return b""
        span = f"bytes={offset}-{offset + length - 1}"
        with store_answers():
            answer = self.client.get_object(Bucket=self.bucket_name, Key=key, Range=span)
            return answer["Body"].read()

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        with store_answers():
            return self.client.head_object(Bucket=self.bucket_name, Key=name)["ContentLength"]

    def delete(self, name: str) -> None:
        with store_answers():
            self.client.delete_object(Bucket=self.bucket_name, Key=name)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with `prefix`. Needs the right to list."""
        pages = self.client.get_paginator("list_objects_v2")
        with store_answers():
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
                yield from (known["Key"] for known in page.get("Contents", []))

    def folders(self, prefix: str) -> Iterator[str]:
        """The names right below `prefix`, as a slash ends them. Needs the right to list."""
        pages = self.client.get_paginator("list_objects_v2")
        with store_answers():
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix, Delimiter="/"):
                for known in page.get("CommonPrefixes", []):
                    yield known["Prefix"].removeprefix(prefix).rstrip("/")

    def delete_keys(self, keys: Iterable[str]) -> int:
        """Delete many objects; gives how many were named. One that is not there is no error."""
        named = list(keys)
        for start in range(0, len(named), _DELETED_AT_ONCE):
            objects = [{"Key": key} for key in named[start : start + _DELETED_AT_ONCE]]
            with store_answers():
                answer = self.client.delete_objects(
                    Bucket=self.bucket_name, Delete={"Objects": objects, "Quiet": True}
                )
            if answer.get("Errors"):
                raise StoreUnavailable(f"{len(answer['Errors'])} objects were not deleted")
        return len(named)


_clients: dict[tuple[Any, ...], Any] = {}
_making_clients = Lock()


def _client(storage: BucketStorage) -> Any:
    """The client of one identity: its session costs 10 MB, so threads and buckets share it."""
    identity = (
        os.getpid(),  # connections must not be shared across a fork
        storage.access_key,
        storage.endpoint_url,
        storage.region_name,
    )
    with _making_clients:
        if identity not in _clients:
            session = boto3.session.Session(
                aws_access_key_id=storage.access_key,
                aws_secret_access_key=storage.secret_key,
                region_name=storage.region_name,
            )
            _clients[identity] = session.client(
                "s3", endpoint_url=storage.endpoint_url, config=storage.client_config
            )
        return _clients[identity]


@contextmanager
def store_answers() -> Iterator[None]:
    """Turn the store's errors into ours; those that waiting may cure are StoreUnavailable."""
    try:
        yield
    except ClientError as problem:
        raise _ERRORS.get(error_code(problem), StoreUnavailable)(error_code(problem)) from None
    except BotoCoreError as problem:
        raise StoreUnavailable(type(problem).__name__) from None


def error_code(problem: ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


_ERRORS: dict[str, type[Exception]] = {
    "BadDigest": ChecksumMismatch,
    "InvalidDigest": ChecksumMismatch,
    "XAmzContentChecksumMismatch": ChecksumMismatch,
    "PreconditionFailed": AnotherObjectExists,
    "NoSuchUpload": TransferGone,
    "NoSuchKey": FileNotFoundError,
    "404": FileNotFoundError,
}
