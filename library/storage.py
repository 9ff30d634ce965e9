"""The public bucket: the only builder of its keys.

Objects are written once and never changed; a key holds only public identifiers.
"""

import gzip
import hashlib
import json
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from library.models import Edition, PublishedDocument, PublishedImage


def public_bucket() -> Storage:
    return storages["public"]


def prefix(edition: Edition) -> str:
    """Everything an edition shows lies under this, and nothing else does."""
    return f"{edition.teaching_case.number}/{edition.number}/"


def prefix_of(key: str) -> str:
    """The prefix of the edition that owns a key; a key of another form is nobody's, and its own."""
    number, edition, rest = [*key.split("/", 2), "", ""][:3]
    return f"{number}/{edition}/" if rest else key


def frame_key(edition: Edition, image: PublishedImage, frame: int) -> str:
    series = f"{prefix(edition)}{image.series_instance_uid}"
    return f"{series}/frames/{image.sop_instance_uid}/{frame}.jls"


def metadata_key(edition: Edition, series_instance_uid: str) -> str:
    return f"{prefix(edition)}{series_instance_uid}/metadata.json.gz"


def thumbnail_key(edition: Edition, series_instance_uid: str) -> str:
    return f"{prefix(edition)}{series_instance_uid}/thumbnail.png"


def preview_key(edition: Edition, series_instance_uid: str) -> str:
    # an edition whose copying failed may come back with another title, which the picture shows
    title = hashlib.sha256(edition.title.encode()).hexdigest()[:16]
    return f"{prefix(edition)}{series_instance_uid}/preview-{title}.png"


def document_key(edition: Edition, document: PublishedDocument) -> str:
    # its UID follows from its content, so one key never holds other bytes
    return f"{prefix(edition)}documents/{document.sop_instance_uid}.dcm"


def write(key: str, content: bytes) -> None:
    """Store once; the same bytes again are no error, so a task may run twice."""
    public_bucket().save(key, ContentFile(content))


def read(key: str) -> bytes:
    with public_bucket().open(key) as stored:
        return stored.read()


def write_metadata(key: str, headers: list[dict[str, Any]]) -> None:
    # mtime=0: the same headers are the same bytes
    write(key, gzip.compress(json.dumps(headers, sort_keys=True).encode(), mtime=0))


def read_metadata(key: str) -> list[dict[str, Any]]:
    return json.loads(gzip.decompress(read(key)))
