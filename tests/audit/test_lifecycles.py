import pytest
from auditlog.models import LogEntry

from audit.actors import Actor
from audit.lifecycles import IllegalMove, Lifecycle, drawing
from tests import factories
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import Submitter, Upload
from uploads.services import start_upload

pytestmark = pytest.mark.django_db
TASK = Actor.of_task("tests")


def draft_upload() -> Upload:
    submitter = Submitter.objects.create(
        email="a@nhs.net", name="A", role="R", organisation=factories.organisation()
    )
    return start_upload(submitter=submitter, actor=Actor.of_submitter(submitter))


def test_a_move_changes_the_status_and_writes_one_row():
    upload = draft_upload()

    UPLOAD_LIFECYCLE.advance(upload, UploadStatus.WITHDRAWN, actor=TASK, reason="asked")

    row = LogEntry.objects.get(additional_data__verb="upload.withdrawn")
    assert Upload.objects.get().status == UploadStatus.WITHDRAWN
    assert row.additional_data["facts"] == {"from": "draft", "to": "withdrawn", "reason": "asked"}


def test_a_move_the_table_does_not_have_is_illegal():
    upload = draft_upload()

    with pytest.raises(IllegalMove, match="draft cannot become accepted"):
        UPLOAD_LIFECYCLE.advance(upload, UploadStatus.ACCEPTED, actor=TASK)


def test_of_two_racing_moves_one_wins_and_leaves_one_row():
    upload = draft_upload()
    same = Upload.objects.get(pk=upload.pk)

    UPLOAD_LIFECYCLE.advance(upload, UploadStatus.WITHDRAWN, actor=TASK)
    with pytest.raises(IllegalMove, match="has changed"):
        UPLOAD_LIFECYCLE.advance(same, UploadStatus.EXPIRED, actor=TASK)

    assert LogEntry.objects.filter(additional_data__verb="upload.withdrawn").count() == 1
    assert not LogEntry.objects.filter(additional_data__verb="upload.expired").exists()


def test_a_drawing_names_every_move():
    page = drawing([Lifecycle("door", {("open", "shut"): "door.shut"})])

    assert "open --> shut" in page
    assert "| open | shut | `door.shut` |" in page
