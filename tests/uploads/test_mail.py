import pytest
from django.core import mail as sent
from django.utils import timezone

from tests.uploads.sending import add_file, draft
from uploads import mail
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db


def settled(status: str, **fields) -> Upload:
    upload = draft()
    add_file(upload, b"one", name="QUILLFEATHER.dcm", outcome="held", reason="screen_save")
    now = timezone.now()
    times = {"declared_at": now, "submitted_at": now, "settled_at": now}
    Upload.objects.filter(pk=upload.pk).update(status=status, **times | fields)
    upload.refresh_from_db()
    return upload


def test_receipt_and_outcome_are_each_mailed_once():
    upload = settled(UploadStatus.SUBMITTED)

    assert mail.send_outcome(upload)
    assert not mail.send_outcome(upload)
    Upload.objects.filter(pk=upload.pk).update(status=UploadStatus.ACCEPTED)
    assert mail.send_outcome(upload)
    assert not mail.send_outcome(upload)

    assert [message.subject for message in sent.outbox] == [
        f"Upload {upload.reference} has been received",
        f"Upload {upload.reference} has been accepted",
    ]


def test_an_upload_settled_before_its_receipt_went_out_gets_both():
    upload = settled(UploadStatus.ACCEPTED)

    mail.send_outcome(upload)

    assert [message.subject.rpartition(" ")[2] for message in sent.outbox] == [
        "received",
        "accepted",
    ]


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (UploadStatus.HELD, "files_held", "a person must look at 1 file first"),
        (UploadStatus.REFUSED, "several_patients", "Send one upload for each patient."),
        (UploadStatus.ACCEPTED, "", "expert panel"),
    ],
)
def test_a_mail_says_what_happened_and_names_no_file(status, reason, words):
    upload = settled(status, reason=reason, mailed_status=UploadStatus.SUBMITTED)

    mail.send_outcome(upload)

    message = sent.outbox[0]
    assert words in message.body
    assert upload.reference in message.body
    assert f"/uploads/{upload.pk}/" in message.body
    assert "QUILLFEATHER" not in message.body + message.subject
    assert message.to == [upload.submitter.email]
    assert "&" not in message.body


@pytest.mark.parametrize("status", [UploadStatus.DRAFT, UploadStatus.WITHDRAWN])
def test_nobody_is_mailed_about_a_draft_or_a_withdrawal(status):
    assert not mail.send_outcome(settled(status))
    assert sent.outbox == []


def test_a_mail_that_could_not_be_sent_stays_due(settings):
    upload = settled(UploadStatus.SUBMITTED)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(OSError, match="refused"):
        mail.send_outcome(upload)

    assert upload in Upload.objects.awaiting_mail()


def test_the_mail_of_an_accepted_upload_sums_up_what_was_done_to_the_headers():
    upload = settled(UploadStatus.ACCEPTED, mailed_status=UploadStatus.SUBMITTED)
    report = {"00100010": {"replaced": 1}, "00100020": {"replaced": 1}, "00080060": {"kept": 1}}
    add_file(upload, b"two", outcome="accepted", report=report)

    mail.send_outcome(upload)

    assert "2 replaced, 1 kept" in sent.outbox[0].body
