"""The file protocol and the form without script, on a real S3 server."""

import hashlib
import io
import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bsti_db.accounts.models import Session
from tests import datasets
from tests.uploads.entering import come_in
from tests.uploads.sending import draft
from uploads import storage
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile

pytestmark = pytest.mark.django_db

MIB = 1024**2


@pytest.fixture
def upload() -> Upload:
    return draft()


@pytest.fixture
def sender(client, upload) -> Client:
    return come_in(client, upload.submitter)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files_url(upload: Upload) -> str:
    return reverse("uploads:files", args=[upload.pk])


def announce(client, upload, contents: dict[str, bytes]):
    entries = [
        {"name": name, "size_bytes": len(content), "sha256": sha256(content)}
        for name, content in contents.items()
    ]
    return client.post(
        files_url(upload), json.dumps({"files": entries}), content_type="application/json"
    )


def send(client, upload, file_id, number: int, body: bytes, **headers):
    return client.put(
        reverse("uploads:part", args=[upload.pk, file_id, number]),
        body,
        content_type="application/octet-stream",
        headers={"X-Content-SHA256": sha256(body)} | headers,
    )


def test_a_small_file_arrives_in_one_part(sender, upload):
    content = b"DICM" * 100
    entry = announce(sender, upload, {"a/IM1": content}).json()["files"][0]
    assert entry["received_parts"] == []
    assert not entry["is_received"]

    answer = send(sender, upload, entry["id"], 1, content)

    assert answer.json() == {"is_received": True}
    file = upload.files.get()
    assert file.outcome == UploadedFile.Outcome.WAITING
    assert storage.read_quarantine(file) == content


def test_whether_a_small_file_is_a_zip_is_seen_when_it_arrives(sender, upload):
    contents = {"IM1": datasets.ct_slice(), "IM2": datasets.zip_of({"IM3": b"DICM"})}
    for entry in announce(sender, upload, contents).json()["files"]:
        send(sender, upload, entry["id"], 1, contents[entry["name"]])

    assert dict(upload.files.values_list("name", "is_zip")) == {"IM1": False, "IM2": True}


def test_a_file_of_three_parts_goes_on_where_it_was(sender, upload):
    content = bytes(range(256)) * (17 * MIB // 256)
    parts = [content[start : start + 8 * MIB] for start in range(0, len(content), 8 * MIB)]
    entry = announce(sender, upload, {"big.zip": content}).json()["files"][0]
    assert send(sender, upload, entry["id"], 3, parts[2]).json() == {"is_received": False}
    assert send(sender, upload, entry["id"], 1, parts[0]).json() == {"is_received": False}

    # the page is loaded again: the same file has the same id and its parts
    again = announce(sender, upload, {"big.zip": content}).json()["files"][0]
    assert again["id"] == entry["id"]
    assert again["received_parts"] == [1, 3]
    assert send(sender, upload, entry["id"], 1, parts[0]).json() == {"is_received": False}
    assert send(sender, upload, entry["id"], 2, parts[1]).json() == {"is_received": True}
    assert send(sender, upload, entry["id"], 2, parts[1]).json() == {"is_received": True}

    assert storage.read_quarantine(upload.files.get()) == content


def test_parts_the_store_forgot_are_asked_for_again(sender, upload):
    content = b"x" * (9 * MIB)
    entry = announce(sender, upload, {"big.zip": content}).json()["files"][0]
    send(sender, upload, entry["id"], 1, content[: 8 * MIB])
    storage.abort_multipart(upload.files.get())

    answer = send(sender, upload, entry["id"], 2, content[8 * MIB :])

    assert answer.status_code == 409
    assert announce(sender, upload, {"big.zip": content}).json()["files"][0]["received_parts"] == []
    send(sender, upload, entry["id"], 1, content[: 8 * MIB])
    assert send(sender, upload, entry["id"], 2, content[8 * MIB :]).json() == {"is_received": True}


def test_of_a_body_that_stops_half_way_nothing_is_stored(sender, upload):
    content = b"y" * 1000
    entry = announce(sender, upload, {"IM1": content}).json()["files"][0]
    half = {"wsgi.input": io.BytesIO(content[:500]), "CONTENT_LENGTH": "1000"}

    answer = sender.put(
        reverse("uploads:part", args=[upload.pk, entry["id"], 1]),
        headers={"X-Content-SHA256": sha256(content)},
        **half,
    )

    assert answer.status_code == 400
    assert "The line broke" in answer.json()["message"]
    file = upload.files.get()
    assert file.received_at is None
    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_a_part_without_a_length_is_refused(sender, upload):
    entry = announce(sender, upload, {"IM1": b"abc"}).json()["files"][0]

    answer = send(sender, upload, entry["id"], 1, b"abc", **{"Content-Length": ""})

    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("body", "number", "digest", "status"),
    [
        (b"abcd", 1, None, 413),
        (b"ab", 1, None, 400),
        (b"abx", 1, None, 400),
        (b"abc", 1, "f" * 64, 400),
        (b"abc", 1, "not hex", 400),
        (b"abc", 2, None, 400),
    ],
)
def test_a_part_that_is_not_what_was_announced_is_not_stored(
    sender, upload, body, number, digest, status
):
    entry = announce(sender, upload, {"IM1": b"abc"}).json()["files"][0]
    headers = {"X-Content-SHA256": digest} if digest else {}

    answer = send(sender, upload, entry["id"], number, body, **headers)

    assert answer.status_code == status
    assert answer.json()["message"]
    assert upload.files.get().received_at is None


def test_the_state_lists_files_and_limits(sender, upload):
    entry = announce(sender, upload, {"IM1": b"abc", "IM2": b"defg"}).json()["files"][0]
    send(sender, upload, entry["id"], 1, b"abc")

    state = sender.get(files_url(upload)).json()

    assert [
        (file["name"], file["received_bytes"], file["is_received"]) for file in state["files"]
    ] == [
        ("IM1", 3, True),
        ("IM2", 0, False),
    ]
    assert state["limits"] == {"files": 2000, "bytes": 2 * 1024**3}


def test_any_name_a_browser_gives_is_taken(sender, upload):
    entries = [{"name": "a\x00b\ud800.dcm", "size_bytes": 3, "sha256": sha256(b"abc")}]

    answer = sender.post(
        files_url(upload), json.dumps({"files": entries}), content_type="application/json"
    )

    assert answer.json()["files"][0]["name"] == "ab?.dcm"


def test_a_file_is_taken_out_of_a_draft(sender, upload):
    entry = announce(sender, upload, {"IM1": b"abc"}).json()["files"][0]

    answer = sender.delete(reverse("uploads:file", args=[upload.pk, entry["id"]]))

    assert answer.status_code == 204
    assert not upload.files.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"files": 3}',
        '{"files": [{"name": "a"}]}',
        '{"files": [{"name": "a", "size_bytes": "3", "sha256": "%s"}]}' % ("a" * 64),
        '{"files": [{"name": "a", "size_bytes": -3, "sha256": "%s"}]}' % ("a" * 64),
        '{"files": [{"name": "a", "size_bytes": 3, "sha256": "../etc"}]}',
        json.dumps({"files": [{"name": "a", "size_bytes": 3, "sha256": "a" * 64}] * 201}),
    ],
)
def test_a_list_that_is_not_understood_is_refused(sender, upload, body):
    answer = sender.post(files_url(upload), body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_another_submitters_upload_is_not_there(client, upload):
    other = draft()
    come_in(client, other.submitter)
    file = upload.files.create(number=1, size_bytes=3, sha256=sha256(b"abc"))

    answers = [
        client.get(files_url(upload)),
        announce(client, upload, {"IM1": b"abc"}),
        send(client, upload, file.pk, 1, b"abc"),
        client.delete(reverse("uploads:file", args=[upload.pk, file.pk])),
        # of an own upload, with another's file
        send(client, other, file.pk, 1, b"abc"),
        send(client, other, uuid.uuid4(), 1, b"abc"),
        client.post(files_url(upload), {"files": SimpleUploadedFile("IM1", b"abc")}),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_without_a_session_a_program_is_told_and_a_person_led(client, upload):
    file = upload.files.create(number=1, size_bytes=3, sha256=sha256(b"abc"))

    part = send(client, upload, file.pk, 1, b"abc")
    page = client.get(reverse("uploads:detail", args=[upload.pk]))

    assert part.status_code == 401
    assert "Ask for a new code" in part.json()["message"]
    assert page.url == reverse("uploads:start")


def test_every_change_asks_for_the_token(upload):
    client = come_in(Client(enforce_csrf_checks=True), upload.submitter)
    file = upload.files.create(number=1, size_bytes=3, sha256=sha256(b"abc"))

    answers = [
        announce(client, upload, {"IM1": b"abc"}),
        send(client, upload, file.pk, 1, b"abc"),
        client.delete(reverse("uploads:file", args=[upload.pk, file.pk])),
        client.post(files_url(upload), {"files": SimpleUploadedFile("IM1", b"abc")}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert list(upload.files.all()) == [file]


# --- Without script -----------------------------------------------------------


def post_form(client, upload, *files, **fields):
    return client.post(files_url(upload), {"files": list(files), **fields}, follow=True)


def test_the_form_without_script_sends_files_whole_and_in_parts(sender, upload):
    small = b"DICM" * 10
    big = bytes(range(256)) * (20 * MIB // 256)

    answer = post_form(
        sender, upload, SimpleUploadedFile("IM1", small), SimpleUploadedFile("all.zip", big)
    )

    assert "2 files arrived." in answer.content.decode()
    first, second = upload.files.all()
    assert (first.sha256, second.sha256) == (sha256(small), sha256(big))
    assert storage.read_quarantine(first) == small
    assert storage.read_quarantine(second) == big
    assert {first.outcome, second.outcome} == {"waiting"}
    assert (first.is_zip, second.is_zip) == (False, None)


def test_a_file_that_is_not_taken_is_named_at_once_and_in_no_session(sender, upload):
    name = "GRIMSBYTHORPE.dcm"

    answer = sender.post(files_url(upload), {"files": [SimpleUploadedFile(name, b"")]})

    assert f"{name}: " in answer.content.decode()
    assert name not in str(Session.objects.get().get_decoded())
    assert name not in sender.get(reverse("uploads:detail", args=[upload.pk])).content.decode()


def test_the_form_checks_its_token_after_the_files(upload):
    client = come_in(Client(enforce_csrf_checks=True), upload.submitter)
    client.get(reverse("uploads:detail", args=[upload.pk]))
    token = client.cookies["csrf"].value

    wrong = client.post(
        files_url(upload),
        {"csrfmiddlewaretoken": "x" * 64, "files": SimpleUploadedFile("IM1", b"abc")},
    )
    kept_of_wrong = upload.files.count()
    right = client.post(
        files_url(upload),
        {"csrfmiddlewaretoken": token, "files": SimpleUploadedFile("IM1", b"abc")},
    )

    assert (wrong.status_code, kept_of_wrong) == (403, 0)
    assert right.status_code == 302
    assert upload.files.count() == 1


def test_the_form_tells_of_empty_and_repeated_files_and_keeps_the_rest(sender, upload):
    answer = post_form(
        sender,
        upload,
        SimpleUploadedFile("IM1", b"abc"),
        SimpleUploadedFile("IM2", b""),
        SimpleUploadedFile("IM1", b"abc"),
    )

    page = answer.content.decode()
    assert "1 file arrived." in page
    assert "IM2: The file is empty." in page
    assert "not added twice" in page
    assert upload.files.get().name == "IM1"


def test_the_form_tells_when_no_file_was_chosen(sender, upload):
    answer = sender.post(files_url(upload), multipart(), content_type=MULTIPART, follow=True)

    assert "Choose at least one file." in answer.content.decode()


MULTIPART = "multipart/form-data; boundary=frontier"


def multipart(*files: tuple[str, bytes], is_whole: bool = True) -> bytes:
    body = b""
    for name, content in files or [("", b"")]:
        head = f'Content-Disposition: form-data; name="files"; filename="{name}"'
        body += f"--frontier\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
    return body + b"--frontier--\r\n" if is_whole else body[:-50]


def test_of_a_form_that_stops_inside_a_file_the_whole_files_stay(sender, upload):
    body = multipart(("IM1", b"abc"), ("IM2", b"d" * 1000), is_whole=False)

    answer = sender.post(files_url(upload), body, content_type=MULTIPART, follow=True)

    page = answer.content.decode()
    assert "1 file arrived." in page
    assert "IM2: The line broke" in page
    assert [file.name for file in upload.files.all()] == ["IM1"]


def test_the_form_with_one_file_too_many_is_told_and_keeps_none(sender, upload, settings):
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES == settings.UPLOAD_MAX_FILES == 2000
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 50
    body = multipart(*[(f"IM{number}", b"x") for number in range(51)])

    answer = sender.post(files_url(upload), body, content_type=MULTIPART, follow=True)

    assert "more than 2,000 files" in answer.content.decode()
    assert not upload.files.exists()


def test_a_form_longer_than_an_upload_is_refused_before_it_is_read(sender, upload, settings):
    settings.UPLOAD_MAX_BYTES = MIB
    body = io.BytesIO(multipart(("IM1", b"d" * 12 * MIB)))

    answer = sender.post(files_url(upload), body.getvalue(), content_type=MULTIPART, follow=True)

    assert "at most" in answer.content.decode()
    assert not upload.files.exists()


def test_a_file_that_makes_the_upload_too_large_is_left_out(sender, upload, settings):
    settings.UPLOAD_MAX_BYTES = 2 * MIB

    answer = post_form(
        sender,
        upload,
        SimpleUploadedFile("IM1", b"d" * MIB),
        SimpleUploadedFile("IM2", b"e" * 2 * MIB),
        SimpleUploadedFile("IM3", b"f" * 1000),
    )

    assert "2 files arrived." in answer.content.decode()
    assert [file.name for file in upload.files.all()] == ["IM1", "IM3"]


def test_a_submitted_upload_takes_no_form(sender, upload):
    Upload.objects.filter(pk=upload.pk).update(
        status=UploadStatus.SUBMITTED, declared_at=timezone.now(), submitted_at=timezone.now()
    )

    answer = post_form(sender, upload, SimpleUploadedFile("IM1", b"abc"))

    assert "cannot be changed" in answer.content.decode()
    assert not upload.files.exists()
