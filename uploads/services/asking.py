"""A curator's question about a held upload, and its answer. Meanwhile the clock stands still."""

from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from uploads.lifecycle import UPLOAD_LIFECYCLE, UploadStatus
from uploads.models import Upload, UploadedFile, UploadQuestion


class FilesAtWork(Exception):
    """Workers have files of the upload in hand."""


class NothingAsked(Exception):
    """No question is open: it was answered, or the curator went on."""


@transaction.atomic
def ask_submitter(*, upload: Upload, text: str, actor: Actor, at: datetime) -> UploadQuestion:
    """Ask the submitter about a held upload. Nothing is decided until there is an answer.

    Raises FilesAtWork while workers have files in hand, IllegalMove when it is not held.
    """
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    if locked.files.filter(outcome=UploadedFile.Outcome.WAITING).exists():
        raise FilesAtWork("Some files are with the workers. Ask when they are back.")
    UPLOAD_LIFECYCLE.advance(locked, UploadStatus.QUERIED, actor=actor)
    return UploadQuestion.objects.create(
        upload=locked, text=text, asked_by=actor.member, asked_at=at
    )


@transaction.atomic
def answer_question(*, upload: Upload, text: str, actor: Actor, at: datetime) -> None:
    """Give the submitter's answer to the open question; the upload is held again."""
    _close(upload, answer=text, actor=actor, at=at)


@transaction.atomic
def go_on_without_answer(*, upload: Upload, actor: Actor, at: datetime) -> None:
    """Close the open question without an answer; the upload is held again."""
    _close(upload, answer="", actor=actor, at=at)


def _close(upload: Upload, *, answer: str, actor: Actor, at: datetime) -> None:
    locked = Upload.objects.select_for_update().get(pk=upload.pk)
    question = locked.questions.filter(closed_at=None).first()
    if question is None:
        raise NothingAsked("This question is closed already.")
    question.answer, question.closed_at = answer, at
    question.save(update_fields=["answer", "closed_at"])
    locked.paused += at - question.asked_at
    # the submitter knows already that it is held
    locked.mailed_status = UploadStatus.HELD
    locked.save(update_fields=["paused", "mailed_status"])
    UPLOAD_LIFECYCLE.advance(locked, UploadStatus.HELD, actor=actor, is_answered=bool(answer))
