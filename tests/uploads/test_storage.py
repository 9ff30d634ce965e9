"""The study store and quarantine, on a real S3 server with each identity's own keys."""

import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from tests.uploads.sending import draft
from uploads import storage
from uploads.models import FilePart, Upload, UploadedFile
from uploads.storage.bucket import BucketStorage

PART_BYTES = 5 * 1024**2  # the least S3 takes of all parts but the last


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def bucket_of(services, identity: str, name: str) -> BucketStorage:
    """This worker's bucket, with the keys of one identity alone."""
    known = services["s3"]["identities"][identity]
    options = settings.STORAGES[name]["OPTIONS"] | {
        "access_key": known["access_key"],
        "secret_key": known["secret_key"],
    }
    return BucketStorage(**options)


@pytest.fixture
def file() -> UploadedFile:
    return UploadedFile(upload=Upload(), number=1, size_bytes=0)


def key() -> str:
    return f"studies/{uuid.uuid4()}/1.2.3/4.5.6.dcm"


def test_the_same_bytes_written_twice_are_one_object(services):
    bucket, name = bucket_of(services, "dicom", "studies"), key()

    bucket.save(name, ContentFile(b"de-identified"))
    bucket.save(name, ContentFile(b"de-identified"))

    assert bucket_of(services, "web", "studies").get(name) == b"de-identified"


def test_other_bytes_never_replace_a_stored_object(services):
    bucket, name = bucket_of(services, "dicom", "studies"), key()
    bucket.save(name, ContentFile(b"first"))

    with pytest.raises(storage.AnotherObjectExists):
        bucket.save(name, ContentFile(b"second"))

    assert bucket_of(services, "web", "studies").get(name) == b"first"


def test_a_stored_object_says_what_it_is(services, s3):
    name = key()
    bucket_of(services, "dicom", "studies").save(name, ContentFile(b"DICM"))

    answer = s3("web").head_object(Bucket=settings.S3_BUCKETS["studies"], Key=name)

    assert answer["ContentType"] == "application/dicom"


def test_bytes_that_are_not_what_was_said_are_not_stored(file):
    with pytest.raises(storage.ChecksumMismatch):
        storage.put_whole(file, bytearray(b"what arrived"), sha256(b"what was sent"))

    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_a_range_of_a_sent_file_is_read_alone(file):
    storage.put_whole(file, bytearray(b"0123456789"), sha256(b"0123456789"))

    assert storage.read_range(file, 3, 4) == b"3456"
    assert storage.read_range(file, 3, 0) == b""


@pytest.mark.django_db
def test_a_file_of_three_parts_is_joined_in_their_order():
    file = draft().files.create(number=1, size_bytes=0)
    parts = [os.urandom(PART_BYTES), os.urandom(PART_BYTES), b"the rest"]
    file.multipart_id = storage.start_multipart(file)

    for number in (3, 1, 2):
        body = parts[number - 1]
        etag = storage.put_part(file, number, bytearray(body), sha256(body))
        FilePart.objects.create(
            file=file, number=number, size_bytes=len(body), sha256=sha256(body), etag=etag
        )
    storage.complete_multipart(file)
    storage.complete_multipart(file)

    assert storage.read_quarantine(file) == b"".join(parts)


def test_a_part_damaged_on_its_way_is_not_stored(file):
    file.multipart_id = storage.start_multipart(file)

    with pytest.raises(storage.ChecksumMismatch):
        storage.put_part(file, 1, b"what arrived", sha256(b"what was sent"))

    storage.abort_multipart(file)
    storage.abort_multipart(file)


def test_a_part_of_an_abandoned_transfer_is_told_so(file):
    file.multipart_id = storage.start_multipart(file)
    storage.abort_multipart(file)

    with pytest.raises(storage.TransferGone):
        storage.put_part(file, 1, b"late", sha256(b"late"))


def test_transfers_never_finished_are_swept_once_they_are_old(file):
    file.multipart_id = storage.start_multipart(file)

    assert storage.abort_open_transfers(before=datetime.now(UTC) - timedelta(days=1)) == 0
    assert storage.abort_open_transfers(before=datetime.now(UTC) + timedelta(minutes=1)) >= 1

    with pytest.raises(storage.TransferGone):
        storage.put_part(file, 1, b"late", sha256(b"late"))


def test_erasing_an_upload_leaves_other_uploads_alone():
    erased, other = Upload(), Upload()
    for upload in (erased, other):
        storage.write_study(storage.instance_key(upload.pk, "1.2", "3.4"), b"DICM")
        storage.write_study(storage.metadata_key(upload.pk, "1.2"), b"gzip")

    assert storage.erase_studies(erased) == 2
    assert storage.erase_studies(erased) == 0

    assert storages["studies"].exists(storage.instance_key(other.pk, "1.2", "3.4"))


def test_a_worker_may_delete_what_it_has_processed(services, file):
    storage.put_whole(file, b"sent", sha256(b"sent"))

    bucket_of(services, "dicom", "quarantine").delete_keys([storage.quarantine_key(file)])

    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_a_store_that_does_not_answer_is_worth_a_retry(file, monkeypatch):
    bucket = BucketStorage(
        **settings.STORAGES["studies"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
    )

    with pytest.raises(storage.StoreUnavailable):
        bucket.get("any")


def test_threads_and_buckets_of_one_identity_share_their_client():
    assert storages["studies"].client is storages["quarantine"].client
