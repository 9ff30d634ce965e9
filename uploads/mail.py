"""Mails to submitters. None holds a patient's, a file's or a study's name."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from uploads.explanations import sentence
from uploads.lifecycle import UploadStatus
from uploads.models import EntryCode, Upload
from uploads.wording import header_report, header_summary, next_steps

_SUBJECTS = {
    UploadStatus.SUBMITTED: "received",
    UploadStatus.HELD: "held",
    UploadStatus.QUERIED: "queried",
    UploadStatus.ACCEPTED: "accepted",
    UploadStatus.REFUSED: "refused",
}


def send_code(row: EntryCode, code: str) -> None:
    """Mail a typed code. It stands in the text, never in an address: mail scanners open those."""
    shown = f"{code[:4]}-{code[4:]}"
    text = render_to_string("uploads/mail/code.txt", {"code": shown, "site": settings.SITE_URL})
    send_mail(f"Your code is {shown}", text, settings.DEFAULT_FROM_EMAIL, [row.email])


def send_outcome(upload: Upload) -> bool:
    """Mail the submitter the status the upload is in, once; True when a mail was sent.

    Called after submission and after settling, and again by the sweep: a mail that could not be
    sent raises and is due still.
    """
    with transaction.atomic():
        due = Upload.objects.awaiting_mail().select_for_update(of=("self",)).filter(pk=upload.pk)
        row = due.select_related("submitter").first()
        if row is None:
            return False
        word = _SUBJECTS[UploadStatus(row.status)]
        if word != "received" and not row.mailed_status:
            # settled before the first mail went out: the submitter still gets both
            _send(row, "received")
        _send(row, word)
        row.mailed_status = row.status
        row.save(update_fields=["mailed_status"])
    return True


def _send(upload: Upload, word: str) -> None:
    context = {
        "upload": upload,
        "files": upload.files.filter(container=None).count(),
        "held": upload.files.filter(outcome="held").count(),
        "refused": upload.files.filter(outcome="refused").count(),
        "returning": bool(upload.returning),
        "headers": header_summary(header_report(upload)) if word == "accepted" else "",
        "reason": sentence(upload.reason),
        "next_steps": next_steps(upload) if word != "received" else [],
        "address": settings.SITE_URL.rstrip("/") + reverse("uploads:detail", args=[upload.pk]),
    }
    text = render_to_string(f"uploads/mail/{word}.txt", context)
    send_mail(
        f"Upload {upload.reference} {_ENDINGS[word]}",
        text,
        settings.DEFAULT_FROM_EMAIL,
        [upload.submitter.email],
    )


_ENDINGS = {
    "received": "has been received",
    "held": "is held for a person's check",
    "queried": "needs an answer from you",
    "accepted": "has been accepted",
    "refused": "could not be taken",
}
