"""A question of the panel's to the trust, and its answer. Meanwhile nobody's time runs."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from audit.actors import Actor
from review.blinding import locked_readings, may_see_progress
from review.lifecycle import CASE_LIFECYCLE, CaseStatus
from review.models import MAY_CHAIR, Case, CaseQuestion, is_recused
from review.services.assigning import NotAssigned
from review.services.refusals import NotOfThisCase, OwnTrust, Refusal, case_in_turn, own_trust
from review.services.settling import settle_when_read
from uploads.models import Upload


class NothingAsked(Refusal):
    """No question of the case is open: it was answered, or the panel went on."""


def uploads_of(case: Case) -> QuerySet[Upload]:
    """The uploads whose studies the case still shows, in the order they were sent."""
    shown = case.case_studies.shown().values("study__upload")
    return Upload.objects.filter(pk__in=shown).order_by("submitted_at", "pk")


def may_ask(case: Case, actor: Actor) -> bool:
    """Whether the case can wait for an answer now, and the actor has to do with it."""
    if not CASE_LIFECYCLE.may(case, CaseStatus.QUERIED) or is_recused(case, actor.member):
        return False
    return _has_to_do_with(case, actor) and uploads_of(case).exists()


@transaction.atomic
def ask_submitter(
    *, case: Case, upload: Upload, text: str, actor: Actor, at: datetime
) -> CaseQuestion:
    """Ask the submitter of one of the case's uploads. Nobody reads or decides until the answer.

    Raises OwnTrust, NotAssigned, NotOfThisCase; IllegalMove when the case is not being read.
    """
    case = case_in_turn(case)
    if is_recused(case, actor.member):
        raise OwnTrust(own_trust(case, "Somebody else asks."))
    if not _has_to_do_with(case, actor):
        raise NotAssigned(f"Case {case.number} is not given to you, so you do not ask about it.")
    if not uploads_of(case).filter(pk=upload.pk).exists():
        raise NotOfThisCase("This upload is no longer part of the case. Open the case again.")
    CASE_LIFECYCLE.advance(case, CaseStatus.QUERIED, actor=actor)
    return CaseQuestion.objects.create(
        case=case, upload=upload, text=text, asked_by=actor.member, asked_at=at
    )


@transaction.atomic
def answer_question(*, question: CaseQuestion, text: str, actor: Actor, at: datetime) -> None:
    """Give the submitter's answer; the case is read on, and due dates move by the wait.

    Raises NothingAsked when the question is closed or its images were withdrawn.
    """
    _close(question.case, question.pk, answer=text, actor=actor, at=at)


@transaction.atomic
def go_on_without_answer(*, case: Case, actor: Actor, at: datetime) -> None:
    """Close the open question without an answer: its asker may, and a chair.

    Raises NothingAsked, NotAssigned.
    """
    question = CaseQuestion.objects.filter(case=case, closed_at=None).first()
    if question is None:
        raise NothingAsked("This question is closed already.")
    if not may_close(question, actor):
        raise NotAssigned("Who asked the question, or a chair, goes on without its answer.")
    _close(case, question.pk, answer="", actor=actor, at=at)


def may_close(question: CaseQuestion, actor: Actor) -> bool:
    """A chair who has still to read the case sees no question of another's, and closes none."""
    if question.asked_by_id == actor.member.pk:
        return True
    return actor.member.has_perm(MAY_CHAIR) and may_see_progress(question.case, actor)


def due_for_reminder(*, at: datetime) -> QuerySet[CaseQuestion]:
    """Questions that wait so long that their submitter is reminded, once."""
    asked_before = at - settings.QUESTION_REMINDED_AFTER
    return CaseQuestion.objects.waiting().filter(
        reminded_at=None, mailed_at__isnull=False, asked_at__lte=asked_before
    )


def _close(case: Case, pk: int, *, answer: str, actor: Actor, at: datetime) -> None:
    case = case_in_turn(case)
    question = case.questions.filter(pk=pk, closed_at=None).first()
    is_answerable = not answer or case.questions.waiting().filter(pk=pk).exists()
    if question is None or not is_answerable or case.status != CaseStatus.QUERIED:
        raise NothingAsked("This question is closed already.")
    question.answer, question.closed_at = answer, at
    question.save(update_fields=["answer", "closed_at"])
    waited = timezone.localdate(at) - timezone.localdate(question.asked_at)
    _move_due_dates(case, waited)
    CASE_LIFECYCLE.advance(case, CaseStatus.OPEN, actor=actor, is_answered=bool(answer))
    # with both readings locked it is where it was before: discordant, or left to the chair
    if not _was_set_aside_after_reading(case):
        settle_when_read(case=case, at=at)


def _was_set_aside_after_reading(case: Case) -> bool:
    """Whether the case was opened again with all its readings: the chair decides what stands."""
    if case.set_aside_at is None:
        return False
    return not locked_readings(case).filter(submitted_at__gt=case.set_aside_at).exists()


def _move_due_dates(case: Case, waited: timedelta) -> None:
    rows = case.assignments.to_do().filter(due_on__isnull=False)
    rows.update(due_on=F("due_on") + waited, reminded_at=None, overdue_reminded_at=None)


def _has_to_do_with(case: Case, actor: Actor) -> bool:
    given = case.assignments.standing().filter(member=actor.member)
    return given.exists() or actor.member.has_perm(MAY_CHAIR)
