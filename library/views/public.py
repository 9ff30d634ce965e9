"""The library for everybody: no sign-in, no cookie."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bsti_db.accounts.models import Organisation
from library import citing, differences, listing, showing, timeline
from library.lifecycle import EditionStatus
from library.linked_data import as_script, of_edition
from library.models import Edition, SearchEntry, TeachingCase
from library.search.finding import alike
from library.views.images import public, readable_edition
from uploads import stacks

SIMILAR_CASES = 3


@public
def case(request: HttpRequest, number: int, slug: str, edition: int | None = None) -> HttpResponse:
    """A case's published edition, or an older one at its own address."""
    teaching_case = get_object_or_404(TeachingCase, number=number)
    if slug != teaching_case.slug:
        return redirect("library:case", number, teaching_case.slug, permanent=True)
    shown = Edition.objects.readable().filter(teaching_case=teaching_case)
    row = (
        shown.filter(number=edition).first()
        if edition
        else shown.filter(status=EditionStatus.PUBLISHED).first()
    )
    if row is None:
        return _not_shown(request, teaching_case)
    return render(request, "library/case.html", _case_context(request, row))


def _case_context(request: HttpRequest, edition: Edition) -> dict[str, object]:
    images = list(edition.images.all())
    series = showing.stack_series(edition, images)
    case = edition.teaching_case.case
    points = edition.teaching_points.select_related("annotation")
    others = Edition.objects.readable().filter(teaching_case=edition.teaching_case)
    return {
        "is_public_page": True,
        "edition": edition,
        "is_old": edition.status == EditionStatus.SUPERSEDED,
        "series": series,
        "dicomweb_root": showing.dicom_web_root(edition),
        "annotations": {"root": showing.annotations_root(edition)},
        "fallback": stacks.fallback(
            series, asked=request.GET.get("image", ""), window=request.GET.get("window", "")
        ),
        "points": showing.teaching_points(points, images),
        "prose": showing.prose(edition),
        "timeline": timeline.timeline(images),
        **listing.panel_context(edition),
        "context_rows": showing.context_rows(case),
        "credits": credits_of(edition),
        "figures": showing.figures(edition, points),
        **showing.documents(edition, images),
        "citation": citing.in_words(showing.source(edition)),
        "citation_forms": CITATION_FORMS,
        "editions": others.exclude(pk=edition.pk),
        "linked_data": as_script(of_edition(edition, series)),
        "site_url": settings.SITE_URL.rstrip("/"),
        "studies": len({image.study_instance_uid for image in images}),
        "similar": _similar(edition),
    }


def _similar(edition: Edition) -> list[dict[str, Any]]:
    entry = SearchEntry.objects.filter(edition=edition).first()
    return [listing.card(other) for other in alike(entry, SIMILAR_CASES)] if entry else []


@public
def history(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    """Every edition of a public case, and what each changed."""
    teaching_case = get_object_or_404(TeachingCase.objects.public(), number=number)
    if slug != teaching_case.slug:
        return redirect("library:history", number, teaching_case.slug, permanent=True)
    editions = Edition.objects.readable().filter(teaching_case=teaching_case)
    shown = editions.prefetch_related("teaching_points", "images", "shown_series")
    context = {
        "is_public_page": True,
        "teaching_case": teaching_case,
        "steps": differences.history(shown),
    }
    return render(request, "library/history.html", context)


CITATION_FORMS = {
    "bib": ("BibTeX", citing.bibtex, "application/x-bibtex"),
    "ris": ("RIS", citing.ris, "application/x-research-info-systems"),
    "json": ("CSL-JSON", citing.csl_json, "application/vnd.citationstyles.csl+json"),
    "txt": ("Plain text", citing.in_words, "text/plain"),
}


@public
def citation(request: HttpRequest, number: int, slug: str, edition: int, form: str) -> HttpResponse:
    """How to cite an edition, as a file for a reference manager."""
    row = readable_edition(number, slug, edition)
    if form not in CITATION_FORMS:
        raise Http404
    _, write, kind = CITATION_FORMS[form]
    found = showing.source(row)
    response = HttpResponse(write(found), content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.key}.{form}"'
    return response


def credits_of(edition: Edition) -> list[str]:
    """The trusts that asked to be named."""
    given = edition.shown_series.filter(series__study__upload__may_credit_organisation=True)
    rows = Organisation.objects.filter(pk__in=given.values("series__study__upload__organisation"))
    return [row.name for row in rows]


def _not_shown(request: HttpRequest, teaching_case: TeachingCase) -> HttpResponse:
    """A neutral notice for a case taken away, 410 for one retired, 404 for one never public.

    The notice is a page like another, so that links to it do not break, but nobody may keep it.
    """
    statuses = set(teaching_case.editions.values_list("status", flat=True))
    if EditionStatus.RETIRED in statuses:
        context = {"is_public_page": True, "retired": teaching_case}
        return render(request, "library/not_shown.html", context, status=410)
    if teaching_case.editions.exclude(published_at=None).exists():
        response = render(request, "library/not_shown.html", {"is_public_page": True})
        response["X-Robots-Tag"] = "noindex"
        response["Cache-Control"] = "no-store"
        return response
    raise Http404


@login_not_required
@never_cache
@require_safe
def member_actions(request: HttpRequest, number: int) -> HttpResponse:
    """What a signed-in person may do with a public case: a fragment, empty for everybody else."""
    teaching_case = get_object_or_404(TeachingCase.objects.public(), number=number)
    # the actor, not the user: a session that lacks a factor or a new password is nobody's
    member = request.actor.member
    if member is None or not member.has_perm("accounts.library_suspend"):
        return HttpResponse("")
    return render(request, "library/_member_actions.html", {"teaching_case": teaching_case})
