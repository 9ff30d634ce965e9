"""What information governance sees of held uploads, and decides."""

from datetime import timedelta

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
    picture = {"rows": 96, "columns": 64, "frames": 1, "shown": [1]}
    reason = "burned_in_annotation"
    file = add_file(upload, b"DICM", outcome="held", reason=reason, picture=picture)
    describe(upload, days_from_onset=3)
    set_status(upload, UploadStatus.HELD, reason="files_held")
    return file


def test_held_uploads_are_listed_with_their_files(curator, held):
    listed = curator.get(reverse("held-uploads")).content.decode()
    page = curator.get(url("held-upload", held.upload)).content.decode()

    assert held.upload.reference in listed
    assert "claimed" in listed
    assert "The file says that text is part of the picture." in page
    assert held.name not in page


def test_a_curator_looks_at_the_picture_and_the_look_is_in_the_trail(curator, held):
    storage.write_preview(held, 1, b"\x89PNG")

    response = curator.get(url("preview", held.upload, held.pk, 1))

    assert response.content == b"\x89PNG"
    assert response["Content-Type"] == "image/png"
    assert LogEntry.objects.latest("pk").additional_data["verb"] == "file.viewed"


def test_a_released_file_waits_for_the_workers_again(curator, held):
    looked = {"has_looked": "on", "revision": 0}
    curator.post(url("release", held.upload, held.pk), looked)

    held.refresh_from_db()
    assert held.outcome == UploadedFile.Outcome.WAITING
    assert held.released_by
    assert curator.post(url("release", held.upload, held.pk), looked).status_code == 404


def test_nothing_is_released_before_somebody_says_they_looked(curator, held):
    asked = curator.get(url("release", held.upload, held.pk)).content.decode()
    refused = curator.post(url("release", held.upload, held.pk), {"revision": 0})

    assert reverse("uploads:preview", args=[held.upload.pk, held.pk, 1]) in asked
    assert "goes to the panel" in asked
    assert refused.status_code == 422
    held.refresh_from_db()
    assert held.outcome == UploadedFile.Outcome.HELD


@pytest.mark.parametrize(
    "changes",
    [
        {"picture": None},
        {"picture": {"rows": 96, "columns": 64, "frames": 1, "shown": []}},
        {"reason": "verification_failed"},
        {"reason": "another_image_with_this_uid"},
    ],
)
def test_what_no_look_can_settle_is_not_released(curator, held, changes):
    UploadedFile.objects.filter(pk=held.pk).update(**changes)

    page = curator.get(url("held-file", held.upload, held.pk)).content.decode()
    curator.post(url("release", held.upload, held.pk), {"has_looked": "on", "revision": 0})

    assert "Try again" in page
    assert url("release", held.upload, held.pk) not in page
    held.refresh_from_db()
    assert (held.outcome, held.released_at) == ("held", None)


def test_a_file_that_is_tried_again_is_not_cleared(curator, held):
    UploadedFile.objects.filter(pk=held.pk).update(reason="processing_failed")

    curator.post(url("try-again", held.upload, held.pk))

    held.refresh_from_db()
    assert (held.outcome, held.released_at) == ("waiting", None)


def test_a_file_is_refused_with_a_reason_after_a_warning(curator, held):
    asked = curator.get(url("refuse-file", held.upload, held.pk)).content.decode()
    missing = curator.post(url("refuse-file", held.upload, held.pk))
    curator.post(url("refuse-file", held.upload, held.pk), {"reason": "identity_visible"})

    assert "cannot be undone" in asked
    assert missing.status_code == 422
    held.refresh_from_db()
    assert (held.outcome, held.reason) == ("refused", "identity_visible")


def test_only_frames_that_were_drawn_are_shown(curator, held):
    storage.write_preview(held, 2, b"\x89PNG")

    assert curator.get(url("preview", held.upload, held.pk, 2)).status_code == 404


def test_a_picture_is_kept_by_no_cache(curator, held):
    storage.write_preview(held, 1, b"\x89PNG")

    assert "no-store" in curator.get(url("preview", held.upload, held.pk, 1))["Cache-Control"]


def test_suspected_text_is_drawn_on_the_picture_and_offered_as_masks(curator, held):
    box = {"frame": 1, "x": 2, "y": 6, "width": 40, "height": 9}
    UploadedFile.objects.filter(pk=held.pk).update(text_boxes=[box])

    page = curator.get(url("held-file", held.upload, held.pk)).content.decode()
    offered = curator.get(url("held-file", held.upload, held.pk) + "?suspected").content.decode()

    assert '<rect class="app-held__suspect" x="2" y="6" width="40" height="9" />' in page
    assert 'name="masks-0-x" value="0"' in offered
    assert 'name="masks-0-height" value="17"' in offered


def test_a_file_with_the_workers_says_so_until_it_is_back(curator, held):
    UploadedFile.objects.filter(pk=held.pk).update(outcome="waiting")
    waiting = curator.get(url("held-file", held.upload, held.pk)).content.decode()
    UploadedFile.objects.filter(pk=held.pk).update(outcome="held")
    back = curator.get(url("held-file", held.upload, held.pk), headers={"HX-Request": "true"})

    assert "The workers have this file" in waiting
    assert back["HX-Refresh"] == "true"


def test_the_list_says_who_why_and_how_long(curator, held):
    when = timezone.now() - timedelta(days=25, hours=1)
    Upload.objects.filter(pk=held.upload_id).update(settled_at=when)

    listed = curator.get(reverse("held-uploads")).content.decode()

    assert held.upload.submitter.name in listed
    assert "The file says that text is part of the picture." in listed
    assert "5 days" in listed


def test_an_empty_list_says_what_will_be_there(curator):
    assert "Nothing is held" in curator.get(reverse("held-uploads")).content.decode()


def test_a_held_upload_is_refused_with_a_reason(curator, held):
    missing = curator.post(url("refuse", held.upload))
    given = curator.post(url("refuse", held.upload), {"reason": "identity_visible"})

    assert missing.status_code == 422
    assert given.url == reverse("held-uploads")
    held.upload.refresh_from_db()
    assert (held.upload.status, held.upload.reason) == (UploadStatus.REFUSED, "identity_visible")


@pytest.mark.parametrize("role", ["panellist", "editor", "auditor", "administrator"])
def test_only_curators_see_what_is_held(client, held, role):
    sign_in(client, factories.member(roles=(role,)))
    upload = held.upload

    assert client.get(reverse("held-uploads")).status_code == 403
    assert client.get(url("preview", upload, held.pk, 1)).status_code == 403
    for name in ("held-file", "release", "refuse-file"):
        assert client.get(url(name, upload, held.pk)).status_code == 403
    for name in ("release", "refuse-file", "mask", "try-again"):
        assert client.post(url(name, upload, held.pk)).status_code == 403
    for name in ("ask", "go-on", "refuse"):
        assert client.post(url(name, upload)).status_code == 403


def test_a_submitter_does_not_reach_the_held_page(client, held):
    come_in(client, held.upload.submitter)

    assert client.get(reverse("held-uploads")).status_code == 302


def test_an_upload_that_is_not_held_is_not_on_the_page(curator, held):
    set_status(held.upload, UploadStatus.ACCEPTED)

    assert curator.get(url("held-upload", held.upload)).status_code == 404
    assert curator.get(url("held-file", held.upload, held.pk)).status_code == 404
    assert curator.get(url("preview", held.upload, held.pk, 1)).status_code == 404
