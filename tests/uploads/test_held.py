"""What information governance sees of held uploads, and decides."""

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.signing_in import sign_in
from tests.uploads.entering import come_in
from tests.uploads.sending import add_file, describe, draft
from uploads import storage
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadedFile

pytestmark = pytest.mark.django_db


def url(name: str, upload: Upload, *more) -> str:
    return reverse(f"uploads:{name}", args=[upload.pk, *more])


def set_status(upload: Upload, status: str, **fields) -> None:
    now = timezone.now()
    times = {"declared_at": now, "submitted_at": now, "settled_at": now}
    Upload.objects.filter(pk=upload.pk).update(status=status, **times | fields)
    upload.refresh_from_db()


@pytest.fixture
def curator(client):
    return sign_in(client, factories.member(roles=("curator",)))


@pytest.fixture
def held() -> UploadedFile:
    upload = draft()
    file = add_file(upload, b"DICM", outcome="held", reason="burned_in_annotation")
    describe(upload, days_from_onset=3)
    set_status(upload, UploadStatus.HELD, reason="files_held")
    return file


def test_held_uploads_are_listed_with_their_files(curator, held):
    listed = curator.get(reverse("uploads:held")).content.decode()
    page = curator.get(url("held-upload", held.upload)).content.decode()

    assert held.upload.reference in listed
    assert "claimed" in listed
    assert "The file says that text is part of the picture." in page
    assert held.name not in page


def test_a_curator_looks_at_the_picture_and_the_look_is_in_the_trail(curator, held):
    held.picture = {"rows": 96, "columns": 64, "frames": 1, "shown": [1]}
    held.save(update_fields=["picture"])
    storage.write_preview(held, 1, b"\x89PNG")

    response = curator.get(url("preview", held.upload, held.pk))

    assert response.content == b"\x89PNG"
    assert response["Content-Type"] == "image/png"
    assert LogEntry.objects.latest("pk").additional_data["verb"] == "file.viewed"


def test_a_released_file_waits_for_the_workers_again(curator, held):
    curator.post(url("release", held.upload, held.pk))

    held.refresh_from_db()
    assert held.outcome == UploadedFile.Outcome.WAITING
    assert curator.post(url("release", held.upload, held.pk)).status_code == 404


def test_a_held_upload_is_refused_with_a_reason(curator, held):
    missing = curator.post(url("refuse", held.upload))
    given = curator.post(url("refuse", held.upload), {"reason": "identity_visible"})

    assert missing.status_code == 422
    assert given.url == reverse("uploads:held")
    held.upload.refresh_from_db()
    assert (held.upload.status, held.upload.reason) == (UploadStatus.REFUSED, "identity_visible")


@pytest.mark.parametrize("role", ["panellist", "editor", "auditor", "administrator"])
def test_only_curators_see_what_is_held(client, held, role):
    sign_in(client, factories.member(roles=(role,)))
    upload = held.upload

    assert client.get(reverse("uploads:held")).status_code == 403
    assert client.get(url("preview", upload, held.pk)).status_code == 403
    assert client.post(url("release", upload, held.pk)).status_code == 403


def test_a_submitter_does_not_reach_the_held_page(client, held):
    come_in(client, held.upload.submitter)

    assert client.get(reverse("uploads:held")).status_code == 302


def test_an_upload_that_is_not_held_is_not_on_the_page(curator, held):
    set_status(held.upload, UploadStatus.ACCEPTED)

    assert curator.get(url("held-upload", held.upload)).status_code == 404
    assert curator.get(url("preview", held.upload, held.pk)).status_code == 404
