"""What each S3 identity may do on the real store: decision 23's table, verb by verb.

The store has no right to add that is not also one to overwrite, so that table's "add" is kept by
the writers: they say `If-None-Match: *`, and the store answers 412.
"""

import urllib.error
import urllib.request
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from django.conf import settings

from bsti_db.devserver import seaweedfs
from tests.services import store_of_tests

TABLE = {
    "web": {
        "quarantine": {"add"},
        "previews": {"read"},
        "studies": {"read"},
        "public": {"read"},
    },
    "dicom": {
        "quarantine": {"read", "delete"},
        "previews": {"add", "delete"},
        "studies": {"add", "delete"},
    },
    "publisher": {"studies": {"read"}, "public": {"add", "delete"}},
    "janitor": {
        "quarantine": {"list", "delete"},
        "previews": {"list", "delete"},
        "studies": {"list", "delete"},
        "public": {"list", "delete"},
    },
    "sealer": {"audit": {"add", "read", "list"}},
}
BUCKETS = ("quarantine", "previews", "studies", "public", "audit")


@pytest.fixture(scope="module")
def administrator():
    endpoint_url, keys = store_of_tests()
    return seaweedfs.connect(endpoint_url, *keys)


@pytest.fixture
def key(administrator):
    """The key of an object that is in every bucket."""
    key = f"rights/{uuid4()}"
    for name in BUCKETS:
        administrator.put_object(Bucket=settings.S3_BUCKETS[name], Key=key, Body=b"there")
    yield key
    # tests of other files share the buckets; what is sealed stays
    for name in set(BUCKETS) - {"audit"}:
        for made in (key, f"{key}-new"):
            administrator.delete_object(Bucket=settings.S3_BUCKETS[name], Key=made)


def may(act) -> bool:
    try:
        act()
    except ClientError as refusal:
        if refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            return False
        raise
    return True


@pytest.mark.parametrize("name", BUCKETS)
@pytest.mark.parametrize("identity", TABLE)
def test_an_identity_may_do_what_the_table_says_and_nothing_else(s3, key, identity, name):
    client, bucket = s3(identity), settings.S3_BUCKETS[name]
    acts = {
        "add": lambda: client.put_object(Bucket=bucket, Key=f"{key}-new", Body=b"1"),
        "read": lambda: client.get_object(Bucket=bucket, Key=key),
        "list": lambda: client.list_objects_v2(Bucket=bucket),
        "delete": lambda: client.delete_object(Bucket=bucket, Key=key),
    }

    allowed = {verb for verb, act in acts.items() if may(act)}

    assert allowed == TABLE[identity].get(name, set())


@pytest.mark.parametrize("name", BUCKETS)
@pytest.mark.parametrize("identity", TABLE)
def test_only_who_may_delete_one_object_may_delete_many(s3, administrator, key, identity, name):
    bucket = settings.S3_BUCKETS[name]

    answer = s3(identity).delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})

    may_delete = "delete" in TABLE[identity].get(name, set())
    assert bool(answer.get("Errors")) is not may_delete
    listed = administrator.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    assert bool(listed) is not may_delete


@pytest.mark.parametrize("identity", TABLE)
def test_no_identity_may_make_remove_or_open_a_bucket(s3, identity):
    client, bucket = s3(identity), settings.S3_BUCKETS["public"]

    assert not may(lambda: client.create_bucket(Bucket=f"public-{uuid4()}"))
    assert not may(lambda: client.delete_bucket(Bucket=bucket))
    assert not may(lambda: client.put_bucket_policy(Bucket=bucket, Policy="{}"))
    assert not may(
        lambda: client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        )
    )


def test_an_object_written_with_if_none_match_is_never_replaced(s3, administrator, key):
    bucket = settings.S3_BUCKETS["quarantine"]

    with pytest.raises(ClientError) as refusal:
        s3("web").put_object(Bucket=bucket, Key=key, Body=b"other", IfNoneMatch="*")

    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert administrator.get_object(Bucket=bucket, Key=key)["Body"].read() == b"there"


def test_web_sends_a_large_file_in_parts_and_may_give_up(s3, administrator):
    web, bucket, key = s3("web"), settings.S3_BUCKETS["quarantine"], f"rights/{uuid4()}"
    upload = web.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = web.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"part")
    web.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        IfNoneMatch="*",
    )
    abandoned = web.create_multipart_upload(Bucket=bucket, Key=f"{key}-2")["UploadId"]
    web.abort_multipart_upload(Bucket=bucket, Key=f"{key}-2", UploadId=abandoned)

    assert administrator.get_object(Bucket=bucket, Key=key)["Body"].read() == b"part"


def test_the_janitor_finds_and_ends_an_upload_that_was_left_open(s3):
    web, janitor = s3("web"), s3("janitor")
    bucket, key = settings.S3_BUCKETS["quarantine"], f"rights/{uuid4()}"
    upload = web.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]

    found = janitor.list_multipart_uploads(Bucket=bucket)["Uploads"]
    janitor.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)

    assert upload in [each["UploadId"] for each in found]
    left = janitor.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert upload not in [each["UploadId"] for each in left]


def test_a_sealed_anchor_cannot_be_removed_even_by_the_administrator(s3, administrator):
    bucket, key = settings.S3_BUCKETS["audit"], f"2020/03/{uuid4()}.jsonl"
    version = s3("sealer").put_object(Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*")[
        "VersionId"
    ]

    assert not may(
        lambda: administrator.delete_object(
            Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True
        )
    )

    held = administrator.get_object_retention(Bucket=bucket, Key=key, VersionId=version)
    assert held["Retention"]["Mode"] == "COMPLIANCE"


def anonymous(path: str, method: str = "GET") -> int:
    endpoint_url, _ = store_of_tests()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{endpoint_url}/{path}", method=method)  # noqa: S310 — http, and ours
    try:
        with direct.open(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


@pytest.mark.parametrize("name", BUCKETS)
def test_anybody_reads_a_public_object_and_nothing_else(key, name):
    bucket = settings.S3_BUCKETS[name]

    assert anonymous(f"{bucket}/{key}") == (200 if name == "public" else 403)
    assert anonymous(bucket) == 403
    assert anonymous(f"{bucket}?versions") == 403
    assert anonymous(f"{bucket}/{key}", "DELETE") == 403
    assert anonymous(f"{bucket}/{key}-new", "PUT") == 403
