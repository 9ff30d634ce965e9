"""The desk: editors draft and propose, a second person checks and publishes."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required, user_passes_test
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit.lifecycles import IllegalMove
from audit.services import record
from library import listing, schedule, services, showing, tasks
from library.forms import (
    ChecklistForm,
    DayForm,
    ReturnForm,
    pictures_before,
)
from library.lifecycle import EditionStatus
from library.models import Concern, Edition, RetirementReason, TeachingCase
from library.text import to_html
from library.views.desk_images import dicom_web_root, stack_series
from review.models import Case
from uploads.addresses import short_uid

REFUSALS = (
    IllegalMove,
    services.NotReady,
    services.NotForTeaching,
    services.OwnWriting,
    services.ChecklistNotComplete,
)


def may_use_desk(user: Any) -> bool:
    if not user.is_authenticated:
        return False
    if user.has_perm("accounts.library_edit") or user.has_perm("accounts.library_publish"):
        return True
    raise PermissionDenied


desk_required = user_passes_test(may_use_desk)
editor_required = permission_required("accounts.library_edit", raise_exception=True)
publisher_required = permission_required("accounts.library_publish", raise_exception=True)
suspender_required = permission_required("accounts.library_suspend", raise_exception=True)


@desk_required
@never_cache
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What waits: cases to write up, drafts, proposals, and what is public."""
    written = TeachingCase.objects.values("case")
    editions = Edition.objects.select_related("teaching_case", "author")
    context = {
        "to_write": Case.objects.of_teaching_value().exclude(pk__in=written).order_by("number"),
        "drafts": editions.on_show().filter(status=EditionStatus.DRAFT),
        "proposed": editions.on_show().filter(status=EditionStatus.PROPOSED),
        "public": editions.filter(status=EditionStatus.PUBLISHED),
        "concerns": Concern.objects.open().select_related("teaching_case"),
        "suspended": editions.filter(status=EditionStatus.SUSPENDED),
        "retirement_reasons": RetirementReason.choices,
        "due": editions.due_for_review().order_by("review_by"),
        "may_edit": request.user.has_perm("accounts.library_edit"),
        "may_publish": request.user.has_perm("accounts.library_publish"),
    }
    return render(request, "library/desk.html", context)


@editor_required
@require_POST
def start(request: HttpRequest, case_number: int) -> HttpResponse:
    case = get_object_or_404(Case.objects.of_teaching_value(), number=case_number)
    try:
        edition = services.start_edition(case=case, actor=request.actor, at=timezone.now())
    except REFUSALS as problem:
        messages.error(request, str(problem))
        return redirect("library:desk")
    return redirect("library:edit", edition.pk)


def annotations_of(edition: Edition, *, may_write: bool) -> dict[str, Any]:
    return {
        "root": reverse("library:annotations", args=[edition.pk]),
        "may_write": may_write,
    }


def note_opened(request: HttpRequest, edition: Edition) -> None:
    record("edition.opened", actor=request.actor, subject=edition)


@desk_required
@never_cache
@require_safe
def check(request: HttpRequest, edition_id: int) -> HttpResponse:
    """An edition as the public will see it, with the checklist for the second person."""
    edition = get_object_or_404(
        Edition.objects.on_show().select_related("teaching_case__case"), pk=edition_id
    )
    note_opened(request, edition)
    context = _check_context(request, edition, ChecklistForm(), DayForm())
    return render(request, "library/check.html", context)


def _check_context(
    request: HttpRequest, edition: Edition, form: ChecklistForm, day: DayForm
) -> dict[str, Any]:
    case = edition.teaching_case.case
    shown = edition.shown_series.values_list("series__series_instance_uid", flat=True)
    return {
        "edition": edition,
        "form": form,
        "day": day,
        "prose": showing.prose(edition),
        "return_form": ReturnForm(),
        "series": stack_series(case, set(shown)),
        "dicomweb_root": dicom_web_root(),
        "annotations": annotations_of(edition, may_write=False),
        "points": _private_points(edition),
        **listing.panel_context(edition),
        "context_rows": showing.context_rows(case),
        "may_check": services.may_check(edition, request.user)
        and edition.status == EditionStatus.PROPOSED
        and not edition.publication_asked_at,
        "is_own": edition.author_id == request.user.pk,
        "is_publishing": edition.publication_asked_at is not None,
        "waits_until": edition.publish_on
        if edition.publish_on and edition.publish_on > timezone.localdate()
        else None,
        "may_publish": request.user.has_perm("accounts.library_publish"),
    }


def _private_points(edition: Edition) -> list[dict[str, Any]]:
    points = list(edition.teaching_points.select_related("instance__series", "annotation"))
    before = pictures_before({point.instance.series_id for point in points})
    return [
        {
            "html": to_html(point.text),
            "image": f"{short_uid(point.instance.sop_instance_uid)}-{point.frame}",
            "window": "" if point.window == "own" else point.window,
            "place": showing.place_words(
                point,
                before[point.instance_id] + point.frame,
                point.instance.series.series_description or "the series",
            ),
            "annotation": showing.annotation_key(point),
            "alt_text": point.alt_text,
        }
        for point in points
    ]


@publisher_required
@require_POST
def publish(request: HttpRequest, edition_id: int) -> HttpResponse:
    edition = get_object_or_404(
        Edition.objects.on_show().select_related("teaching_case__case"), pk=edition_id
    )
    form, day = ChecklistForm(request.POST), DayForm(request.POST)
    form.is_valid()
    if not day.is_valid() or not _is_approved(request, edition, form, day):
        context = _check_context(request, edition, form, day)
        return render(request, "library/check.html", context, status=422)
    if publish_on := day.cleaned_data["publish_on"]:
        messages.success(request, f"It becomes public on {date_format(publish_on)}.")
    else:
        _ring(edition)
        messages.success(request, "The images are being copied. The case is public in a minute.")
    return redirect("library:check", edition.pk)


def _is_approved(request: HttpRequest, edition: Edition, form: ChecklistForm, day: DayForm) -> bool:
    try:
        services.approve_edition(
            edition=edition,
            answers=form.answers(),
            publish_on=day.cleaned_data["publish_on"],
            actor=request.actor,
            at=timezone.now(),
        )
    except REFUSALS as problem:
        form.add_error(None, str(problem))
        return False
    return True


@publisher_required
@require_POST
def stop_publication(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A publication that waits for its day is taken back; the check has to be made again."""
    edition = get_object_or_404(Edition, pk=edition_id)
    try:
        schedule.stop_publication(edition=edition, actor=request.actor)
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Stopped. The edition waits for a check again.")
    return redirect("library:check", edition.pk)


@editor_required
@require_POST
def confirm(request: HttpRequest, edition_id: int) -> HttpResponse:
    """An editor has read a public edition again and stands by it."""
    edition = get_object_or_404(Edition, pk=edition_id)
    try:
        schedule.confirm_edition(edition=edition, actor=request.actor, at=timezone.now())
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Confirmed. The desk is asked again in two years.")
    return redirect("library:desk")


def _ring(edition: Edition) -> None:
    ring = partial(tasks.publish_edition.delay, edition.pk)
    ring.__qualname__ = "publish_edition.delay"
    transaction.on_commit(ring, robust=True)


@publisher_required
@require_POST
def return_to_editor(request: HttpRequest, edition_id: int) -> HttpResponse:
    edition = get_object_or_404(Edition, pk=edition_id)
    form = ReturnForm(request.POST)
    try:
        comment = form.cleaned_data["comment"] if form.is_valid() else ""
        services.return_edition(
            edition=edition, comment=comment, actor=request.actor, at=timezone.now()
        )
    except REFUSALS as problem:
        messages.error(request, str(problem))
        return redirect("library:check", edition.pk)
    messages.success(request, "The edition is back with its editor, with your comment.")
    return redirect("library:desk")


@suspender_required
@require_POST
def suspend(request: HttpRequest, number: int) -> HttpResponse:
    """At once, by any panellist: every edition leaves the public pages with this answer."""
    teaching_case = get_object_or_404(TeachingCase, number=number)
    try:
        services.suspend_teaching_case(
            teaching_case=teaching_case, actor=request.actor, at=timezone.now()
        )
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Suspended. The public sees a neutral notice.")
    return redirect("library:case", number, teaching_case.slug)


@publisher_required
@require_POST
def reinstate(request: HttpRequest, number: int) -> HttpResponse:
    teaching_case = get_object_or_404(TeachingCase, number=number)
    try:
        edition = services.ask_reinstatement(
            teaching_case=teaching_case, actor=request.actor, at=timezone.now()
        )
    except REFUSALS as problem:
        messages.error(request, str(problem))
    else:
        _ring(edition)
        messages.success(request, "The public copies are being rebuilt.")
    return redirect("library:desk")


@publisher_required
@require_POST
def retire(request: HttpRequest, number: int) -> HttpResponse:
    teaching_case = get_object_or_404(TeachingCase, number=number)
    reason = request.POST.get("reason", "")
    if reason not in RetirementReason.values:
        messages.error(request, "Choose the reason, which the case's address will give.")
        return redirect("library:desk")
    try:
        services.retire_teaching_case(
            teaching_case=teaching_case, reason=reason, actor=request.actor, at=timezone.now()
        )
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Retired. Its address says so for good.")
    return redirect("library:desk")


@editor_required
@require_POST
def revise(request: HttpRequest, number: int) -> HttpResponse:
    """A new edition of a public case: the old one stays live until it is published."""
    teaching_case = get_object_or_404(TeachingCase.objects.select_related("case"), number=number)
    return start(request, teaching_case.case.number)
