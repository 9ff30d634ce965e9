"""The submitter's answers: to a curator's question, and about earlier images of the patient."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from audit.lifecycles import IllegalMove
from uploads.entrance import submitter_required
from uploads.forms import AnswerForm, ReturningForm
from uploads.services import asking, returning
from uploads.views.intake import own_upload
from uploads.views.progress import status_page


@require_POST
@submitter_required
def answer(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return status_page(request, upload, form=form, status=422)
    try:
        asking.answer_question(
            upload=upload,
            text=form.cleaned_data["text"],
            actor=request.actor,
            at=timezone.now(),
        )
    except (asking.NothingAsked, IllegalMove) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Your answer has reached information governance.")
    return redirect("uploads:detail", upload.pk)


@require_POST
@submitter_required
def returning_patient(request: HttpRequest, upload_id: Any) -> HttpResponse:
    """Whether this is the patient whose images the trust sent before."""
    upload = own_upload(request, upload_id)
    form = ReturningForm(request.POST)
    if not form.is_valid():
        return status_page(request, upload, returning_form=form, status=422)
    try:
        returning.answer(upload=upload, said=form.cleaned_data["said"], actor=request.actor)
    except returning.NothingToSay as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Thank you. The expert panel is shown your answer.")
    return redirect("uploads:detail", upload.pk)
