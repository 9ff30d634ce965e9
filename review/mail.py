"""The panel's mails. None holds a question, an answer, or anything of a patient's."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from review.models import CaseQuestion


def send_about_question(question: CaseQuestion, *, at: datetime) -> None:
    """Tell the submitter that they are asked, or the asker that there is an answer; each once.

    A mail that could not be sent raises, and is due still.
    """
    with transaction.atomic():
        due = CaseQuestion.objects.awaiting_mail().select_for_update(of=("self",))
        row = due.select_related("upload__submitter", "asked_by", "case").filter(pk=question.pk)
        if not (found := row.first()):
            return
        if found.answer:
            _send_answered(found)
            found.told_at = at
        else:
            _send_asked(found, "asked")
            found.mailed_at = at
        found.save(update_fields=["told_at", "mailed_at"])


def send_reminder(question: CaseQuestion, *, at: datetime) -> None:
    """Remind the submitter of a question that waits, once."""
    with transaction.atomic():
        waiting = CaseQuestion.objects.waiting().select_for_update(of=("self",))
        row = waiting.select_related("upload__submitter").filter(pk=question.pk, reminded_at=None)
        if not (found := row.first()):
            return
        _send_asked(found, "reminded")
        found.reminded_at = at
        found.save(update_fields=["reminded_at"])


_SUBJECTS = {
    "asked": "needs an answer to the expert panel from you",
    "reminded": "still needs an answer to the expert panel from you",
}


def _send_asked(question: CaseQuestion, word: str) -> None:
    upload = question.upload
    page = reverse("uploads:detail", args=[upload.pk])
    context = {"upload": upload, "is_reminder": word == "reminded", "address": _address(page)}
    text = render_to_string("review/mail/question.txt", context)
    subject = f"Upload {upload.reference} {_SUBJECTS[word]}"
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [upload.submitter.email])


def _send_answered(question: CaseQuestion) -> None:
    case = question.case
    context = {"case": case, "address": _address(reverse("review:case", args=[case.number]))}
    text = render_to_string("review/mail/answered.txt", context)
    subject = f"Case {case.number}: the submitter has answered"
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [question.asked_by.email])


def _address(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path
