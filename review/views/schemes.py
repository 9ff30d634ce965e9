"""The administrator's pages of schemes and scores: a used version stays, a change is a new one."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from review.forms.schemes import CopySchemeForm, SchemeNameForm, line_formsets
from review.models import ReportingScheme
from review.services import Refusal, schemes

administrator_required = permission_required("accounts.accounts_administer", raise_exception=True)


@require_safe
@never_cache
@administrator_required
def all_schemes(request: HttpRequest) -> HttpResponse:
    rows = ReportingScheme.objects.order_by("kind", "modality", "-is_default", "code", "-version")
    shown = [{"scheme": scheme, **_state(scheme)} for scheme in rows]
    return render(request, "review/schemes.html", {"rows": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@administrator_required
def scheme(request: HttpRequest, pk: int) -> HttpResponse:
    """A version: as it is when cases are read by it, else to change."""
    found = get_object_or_404(ReportingScheme, pk=pk)
    data = request.POST if request.method == "POST" else None
    name, lines = SchemeNameForm(data, initial={"name": found.name}), line_formsets(found, data)
    if data is None or not all([name.is_valid(), *(each.is_valid() for each in lines.values())]):
        return _page(request, found, name=name, lines=lines, status=200 if data is None else 422)
    entered = {part: formset.lines() for part, formset in lines.items()}
    try:
        schemes.change_scheme(
            scheme=found,
            **name.cleaned_data,
            categories=entered["categories"],
            regions=entered.get("regions", []),
            actor=request.actor,
        )
    except Refusal as problem:
        name.add_error(None, str(problem))
        found.refresh_from_db()
        return _page(request, found, name=name, lines=lines, status=422)
    messages.success(request, "The version is saved.")
    return redirect("review:scheme", pk)


@require_POST
@administrator_required
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ReportingScheme, pk=pk)
    form = CopySchemeForm(request.POST, prefix="copy")
    if form.is_valid():
        try:
            made = schemes.copy_scheme(scheme=found, **form.cleaned_data, actor=request.actor)
        except Refusal as problem:
            form.add_error("version", str(problem))
        else:
            messages.success(request, "This is the new version. Nobody reads by it yet.")
            return redirect("review:scheme", made.pk)
    return _page(request, found, copy_form=form, status=422)


@require_POST
@administrator_required
def use(request: HttpRequest, pk: int) -> HttpResponse:
    done = "Cases opened from now on are read by this version."
    return _act(request, pk, schemes.use_scheme, done, to=("review:scheme", pk))


@require_POST
@administrator_required
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    done = "The version is discarded."
    return _act(request, pk, schemes.discard_scheme, done, to=("review:schemes",))


def _act(
    request: HttpRequest, pk: int, service: Callable[..., None], done: str, *, to: tuple[Any, ...]
) -> HttpResponse:
    found = get_object_or_404(ReportingScheme, pk=pk)
    try:
        service(scheme=found, actor=request.actor)
    except Refusal as problem:
        messages.error(request, str(problem))
        return redirect("review:scheme", pk)
    messages.success(request, done)
    return redirect(*to)


def _page(
    request: HttpRequest,
    found: ReportingScheme,
    *,
    name: SchemeNameForm | None = None,
    lines: dict[str, Any] | None = None,
    copy_form: CopySchemeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    initial = {"name": found.name, "code": found.code}
    name = name or SchemeNameForm(initial=initial)
    lines = lines or line_formsets(found)
    context = {
        "scheme": found,
        **_state(found),
        "categories": found.categories.all(),
        "regions": found.regions.all(),
        "is_score": found.kind == ReportingScheme.Kind.SCORE,
        "name_form": name,
        "lines": list(lines.values()),
        "problems": _problems(name, lines) if copy_form is None else [],
        "copy_form": copy_form or CopySchemeForm(initial=initial, prefix="copy"),
        "is_copying": copy_form is not None,
        "may_discard": not found.is_frozen and not found.is_default,
    }
    return render(request, "review/scheme.html", context, status=status)


def _problems(name: SchemeNameForm, lines: dict[str, Any]) -> list[str]:
    """What is wrong with a version as it was entered, in the order of the page."""
    found = [problem for problems in name.errors.values() for problem in problems]
    for formset in lines.values():
        if not formset.is_bound:
            continue
        found += formset.non_form_errors()
        for number, errors in enumerate(formset.errors, start=1):
            found += [f"{formset.noun} {number}: {each}" for row in errors.values() for each in row]
    return found


def _state(found: ReportingScheme) -> dict[str, str]:
    if found.is_default:
        return {"status": "accepted", "label": "In use"}
    if found.is_frozen:
        return {"status": "retired", "label": "Earlier cases"}
    return {"status": "draft", "label": "Not used"}
