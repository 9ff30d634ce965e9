"""The panel's questions on the page of an upload: which cases it is read in, only review knows."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from review.models import CaseQuestion
from review.services import Refusal, asking, fill_seats_left
from review.views.asking import ring_mail
from uploads.entrance import submitter_required
from uploads.forms import AnswerForm
from uploads.models import Upload
from uploads.views.intake import own_upload
from uploads.views.progress import status_page


def asked_about(upload: Upload) -> dict[str, list[CaseQuestion]]:
    """What waits for the submitter's answer, and what they answered before."""
    questions = CaseQuestion.objects.filter(upload=upload)
    return {
        "waiting": list(questions.waiting()),
        "answered": list(questions.exclude(answer="")),
    }


@require_POST
@submitter_required
def answer(request: HttpRequest, upload_id: Any, question_id: int) -> HttpResponse:
    upload = own_upload(request, upload_id)
    question = get_object_or_404(CaseQuestion, pk=question_id, upload=upload)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return status_page(request, upload, form=form, status=422)
    try:
        asking.answer_question(
            question=question,
            text=form.cleaned_data["text"],
            actor=request.actor,
            at=timezone.now(),
        )
    except Refusal as problem:
        messages.error(request, str(problem))
    else:
        fill_seats_left(case=question.case, at=timezone.now())
        ring_mail(question)
        messages.success(request, "Your answer has reached the expert panel.")
    return redirect("uploads:detail", upload.pk)
