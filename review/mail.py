"""The panel's mails. None holds a question, an answer, or anything of a patient's."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.models import Member
from review.eligibility import curators
from review.models import Assignment, Case, CaseQuestion, RemarkNotice, Seat
from review.services.discussing import notices_due
from review.services.reminding import due_for_reminder


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


def send_reading_reminder(member: Member, *, at: datetime) -> None:
    """Tell a reader in one mail what is due soon or overdue; of each case once before and after.

    A mail that could not be sent raises, and is due still.
    """
    today = timezone.localdate(at)
    with transaction.atomic():
        due = due_for_reminder(at=at).filter(member=member).select_related("case")
        # of two at once the second waits here, and finds all told
        rows = list(due.select_for_update(of=("self",)))
        if not rows:
            return
        context = {
            "name": member.name,
            "rows": [_reminder_row(row, is_overdue=row.due_on < today) for row in rows],
            "address": _address(reverse("review:worklist")),
            "profile_address": _address(reverse("review:profile")),
        }
        text = render_to_string("review/mail/reminder.txt", context)
        send_mail(_REMINDER_SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [member.email])
        for row in rows:
            if row.due_on < today:
                row.overdue_reminded_at = at
            else:
                row.reminded_at = at
        Assignment.objects.bulk_update(rows, ["reminded_at", "overdue_reminded_at"])


def send_discussion_digest(member: Member, *, at: datetime) -> None:
    """Tell a member in one mail in which cases something was said since the last; each once.

    A mail that could not be sent raises, and is due still. What they may no longer see stays due.
    """
    visible = Case.objects.visible_to(Actor.of_member(member))
    with transaction.atomic():
        due = notices_due(at=at).filter(member=member, remark__case__in=visible)
        # of two at once the second waits here, and finds all told
        rows = list(due.select_for_update(of=("self",)).select_related("remark__case"))
        if not rows:
            return
        cases = {row.remark.case.number: False for row in rows}
        for row in rows:
            cases[row.remark.case.number] |= row.is_mention
        context = {
            "name": member.name,
            "rows": [
                {
                    "number": number,
                    "is_mention": is_mention,
                    "address": _address(reverse("review:case", args=[number])) + "#discussion",
                }
                for number, is_mention in sorted(cases.items())
            ],
        }
        text = render_to_string("review/mail/discussions.txt", context)
        send_mail(_DISCUSSION_SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [member.email])
        RemarkNotice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=at)


def _reminder_row(row: Assignment, *, is_overdue: bool) -> dict[str, object]:
    return {
        "number": row.case.number,
        "act": "to decide" if row.seat == Seat.ADJUDICATOR else "to read",
        "due_on": row.due_on,
        "is_overdue": is_overdue,
    }


_DISCUSSION_SUBJECT = "New in the discussions of the panel"
_REMINDER_SUBJECT = "Cases of the panel that wait for you"


def send_set_aside(case: Case, *, at: datetime) -> None:
    """Tell every curator, once, that the panel saw whom a case shows. Nothing of what it saw."""
    with transaction.atomic():
        due = Case.objects.awaiting_curators().select_for_update(of=("self",))
        addresses = list(curators().values_list("email", flat=True))
        # with nobody to tell, it stays due
        if not addresses or not (found := due.filter(pk=case.pk).first()):
            return
        context = {"case": found, "address": _address(reverse("held-uploads"))}
        text = render_to_string("review/mail/set_aside.txt", context)
        subject = f"Case {found.number} was set aside: its images identify somebody"
        for address in addresses:
            send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
        found.curators_told_at = at
        found.save(update_fields=["curators_told_at"])


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
