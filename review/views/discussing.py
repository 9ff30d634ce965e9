"""A remark in the discussion of a settled case: written, changed, withdrawn."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from review import services
from review.blinding import remarks_visible_to
from review.forms import RemarkForm
from review.models import MAY_READ, Case, Remark
from review.services import discussing
from review.views.case import page_with
from review.views.refusing import note_refusal, refuse


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def write(request: HttpRequest, number: int) -> HttpResponse:
    found = _case_or_404(request, number)
    return _said(request, found, RemarkForm(request.POST, prefix="remark"), None)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def change(request: HttpRequest, number: int, remark: int) -> HttpResponse:
    found = _case_or_404(request, number)
    row = get_object_or_404(remarks_visible_to(found, request.actor), pk=remark)
    return _said(request, found, RemarkForm(request.POST, prefix=f"remark-{remark}"), row)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def withdraw(request: HttpRequest, number: int, remark: int) -> HttpResponse:
    found = _case_or_404(request, number)
    row = get_object_or_404(remarks_visible_to(found, request.actor), pk=remark)
    try:
        discussing.withdraw_remark(remark=row, actor=request.actor, at=timezone.now())
    except services.Refusal as problem:
        refuse(request, found, problem)
    else:
        messages.success(request, "The remark is withdrawn. Its text is gone.")
    return _back_to(found)


def _said(request: HttpRequest, found: Case, form: RemarkForm, row: Remark | None) -> HttpResponse:
    """Keep a new remark, or other words for `row`; what cannot be kept is in the form again."""
    if form.is_valid():
        said = {"actor": request.actor, "text": form.cleaned_data["text"], "at": timezone.now()}
        try:
            if row is None:
                discussing.write_remark(case=found, **said)
            else:
                discussing.change_remark(remark=row, **said)
        except discussing.NobodyCalled as problem:
            form.add_error("text", str(problem))
        except services.Refusal as problem:
            form.add_error(None, str(problem))
            note_refusal(request, found, problem)
        else:
            messages.success(request, "Your remark is in the discussion.")
            return _back_to(found)
    key = f"remark_form_{row.pk}" if row else "remark_form"
    return page_with(request, found, **{key: form})


def _case_or_404(request: HttpRequest, number: int) -> Case:
    return get_object_or_404(Case.objects.visible_to(request.actor), number=number)


def _back_to(found: Case) -> HttpResponse:
    return HttpResponseRedirect(reverse("review:case", args=[found.number]) + "#discussion")
