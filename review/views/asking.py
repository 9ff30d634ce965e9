"""The panel's question to the trust: asked, waited for, or gone on without."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from audit.lifecycles import IllegalMove
from review import tasks
from review.blinding import questions_visible_to
from review.forms import CaseQuestionForm
from review.models import MAY_READ, Case, CaseQuestion
from review.services import Refusal, asking, fill_seats_left
from review.views.refusing import refuse


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def ask(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Case.objects.visible_to(request.actor), number=number)
    form = CaseQuestionForm(request.POST, uploads=asking.uploads_of(found))
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, " ".join(problems))
        return redirect("review:case", number)
    try:
        question = asking.ask_submitter(
            case=found, actor=request.actor, at=timezone.now(), **form.cleaned_data
        )
    except (Refusal, IllegalMove) as problem:
        refuse(request, found, problem)
    else:
        ring_mail(question)
        messages.success(request, "The submitter is asked. The case waits for the answer.")
    return redirect("review:case", number)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def go_on(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Case.objects.visible_to(request.actor), number=number)
    try:
        asking.go_on_without_answer(case=found, actor=request.actor, at=timezone.now())
    except (Refusal, IllegalMove) as problem:
        refuse(request, found, problem)
    else:
        fill_seats_left(case=found, at=timezone.now())
        messages.success(request, "The case is read on without an answer.")
    return redirect("review:case", number)


def ring_mail(question: CaseQuestion) -> None:
    """The mail is due by its row; without a broker the sweep sends it."""
    ring = partial(tasks.send_question_mail.delay, question.pk)
    ring.__qualname__ = "send_question_mail.delay"
    transaction.on_commit(ring, robust=True)


def questions_of(request: HttpRequest, found: Case) -> dict[str, Any]:
    """What the actor may see of the case's questions, and do about them."""
    visible = list(questions_visible_to(found, request.actor).select_related("asked_by", "upload"))
    open_one = next((each for each in visible if each.closed_at is None), None)
    context: dict[str, Any] = {
        "open_question": open_one,
        "may_go_on": open_one is not None and asking.may_close(open_one, request.actor),
        "past_questions": [each for each in visible if each.closed_at is not None],
    }
    if asking.may_ask(found, request.actor):
        context["question_form"] = CaseQuestionForm(uploads=asking.uploads_of(found))
    return context
