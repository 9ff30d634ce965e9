"""The administrator's lists of coded findings, sites and distributions."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from review.forms.schemes import CodeForm, NewCodeForm
from review.models import FindingCode
from review.services import Refusal
from review.services import codes as services
from review.views.schemes import administrator_required


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@administrator_required
def codes(request: HttpRequest) -> HttpResponse:
    form = NewCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_code(**form.cleaned_data, actor=request.actor)
        except Refusal as problem:
            form.add_error("meaning", str(problem))
        else:
            messages.success(request, "Readers can choose it from now on.")
            return redirect("review:codes")
    rows = FindingCode.objects.all()
    context = {
        "form": form,
        "lists": [
            {"label": label, "rows": [row for row in rows if row.kind == kind and row.is_active]}
            for kind, label in FindingCode.Kind.choices
        ],
        "retired": [row for row in rows if not row.is_active],
    }
    return render(request, "review/codes.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@administrator_required
def code(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(FindingCode, pk=pk, is_active=True)
    initial = {"meaning": row.meaning, "designator": row.designator, "code": row.code}
    form = CodeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_code(row=row, **form.cleaned_data, actor=request.actor)
        except Refusal as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "The new version is offered. Readings keep the old one.")
            return redirect("review:codes")
    status = 422 if form.errors else 200
    return render(request, "review/code.html", {"form": form, "code": row}, status=status)


@require_POST
@administrator_required
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.retire_code, "It is offered no more. Readings keep it.")


@require_POST
@administrator_required
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.restore_code, "It is offered again.")


def _act(request: HttpRequest, pk: int, service: Callable[..., None], done: str) -> HttpResponse:
    row = get_object_or_404(FindingCode, pk=pk)
    try:
        service(row=row, actor=request.actor)
    except Refusal as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
    return redirect("review:codes")
