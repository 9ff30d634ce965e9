"""The editor's page: images left, text right, saved as it is written."""

from dataclasses import fields
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.lifecycles import IllegalMove
from library import completeness, services
from library.forms import EditionForm, PointForm, point_forms
from library.lifecycle import EditionStatus
from library.models import Edition
from library.views.desk import (
    REFUSALS,
    annotations_of,
    desk_required,
    editor_required,
    note_opened,
)
from library.views.desk_images import dicom_web_root, stack_series
from uploads.addresses import short_uid

PROSE = [field.name for field in fields(services.Prose)]


@desk_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Images left, text right. Saving keeps a version; a stale one is told and loses nothing."""
    edition = get_object_or_404(
        Edition.objects.on_show().select_related("teaching_case__case"), pk=edition_id
    )
    if edition.status != EditionStatus.DRAFT or not request.user.has_perm("accounts.library_edit"):
        return redirect("library:check", edition.pk)
    available = services.series_of(edition.teaching_case.case)
    posted = request.POST if request.method == "POST" else None
    form = EditionForm(posted, initial=_initial(edition), available=available)
    points = point_forms(edition, available, posted)
    # every form is asked, so that every error is shown at once
    if posted is not None and all([form.is_valid(), *(point.is_valid() for point in points)]):
        answer = _save(request, edition, form, points)
        if answer is not None:
            return answer
    else:
        note_opened(request, edition)
    context = {
        "edition": edition,
        "form": form,
        "points": points,
        "series": stack_series(edition.teaching_case.case),
        "dicomweb_root": dicom_web_root(),
        "annotations": annotations_of(edition, may_write=True),
        "series_keys": _series_keys(available),
        "lacking": completeness.missing(edition),
        **_meter(edition),
    }
    return render(request, "library/edit.html", context, status=422 if posted is not None else 200)


def _meter(edition: Edition) -> dict[str, Any]:
    parts = completeness.parts(edition)
    return {"parts": parts, "parts_there": sum(part.is_there for part in parts)}


def _initial(edition: Edition) -> dict[str, Any]:
    shown = edition.shown_series.values_list("series_id", flat=True)
    return {
        **{name: getattr(edition, name) for name in services.WRITTEN},
        "series": list(shown),
        "version": edition.version,
    }


def _series_keys(available: list[Any]) -> dict[str, int]:
    return {short_uid(row.series_instance_uid): row.pk for row in available}


@editor_required
@require_POST
def save(request: HttpRequest, edition_id: int) -> JsonResponse:
    """Keep the form as it is; says the time and the new version, or what stands in the way."""
    edition = get_object_or_404(
        Edition.objects.on_show().select_related("teaching_case__case"), pk=edition_id
    )
    available = services.series_of(edition.teaching_case.case)
    form = EditionForm(request.POST, available=available)
    points = point_forms(edition, available, request.POST)
    if not all([form.is_valid(), *(point.is_valid() for point in points)]):
        lists = [errors for each in (form, *points) for errors in each.errors.values()]
        problems = " ".join(str(problem) for errors in lists for problem in errors)
        return JsonResponse({"message": f"Not saved: {problems}"}, status=400)
    try:
        _keep(request, edition, form, points)
    except services.StaleEdition as problem:
        answer = {"message": str(problem), "version": edition.version, "is_stale": True}
        return JsonResponse(answer, status=409)
    except IllegalMove as problem:
        return JsonResponse({"message": str(problem)}, status=409)
    saved_at = timezone.localtime(edition.saved_at)
    return JsonResponse({"message": f"Saved at {saved_at:%H:%M:%S}.", "version": edition.version})


def _keep(
    request: HttpRequest, edition: Edition, form: EditionForm, points: list[PointForm]
) -> None:
    cleaned = form.cleaned_data
    services.save_draft(
        edition=edition,
        version=cleaned["version"],
        title=cleaned["title"],
        summary=cleaned["summary"],
        series=list(cleaned["series"]),
        points=[draft for draft in (point.draft() for point in points) if draft],
        prose=services.Prose(**{name: cleaned[name] for name in PROSE}),
        actor=request.actor,
        at=timezone.now(),
    )


def _save(
    request: HttpRequest, edition: Edition, form: EditionForm, points: list[PointForm]
) -> HttpResponse | None:
    try:
        with transaction.atomic():
            _keep(request, edition, form, points)
            if "propose" in request.POST:
                services.propose_edition(edition=edition, actor=request.actor, at=timezone.now())
    except services.StaleEdition as problem:
        form.add_error(None, str(problem))
        form.data = {**form.data.dict(), "version": str(edition.version)}
        return None
    except REFUSALS as problem:
        form.add_error(None, str(problem))
        edition.refresh_from_db()
        return None
    if "propose" in request.POST:
        messages.success(request, "The edition is proposed. A second person will check it.")
        return redirect("library:desk")
    messages.success(request, "Saved.")
    return redirect("library:edit", edition.pk)
