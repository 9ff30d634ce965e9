"""Reporting a concern about a public case, without account or cookie; the desk closes it."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from bsti_db.accounts.addresses import client_address
from library import concerns
from library.forms import ConcernForm
from library.models import Concern
from library.views.desk import desk_required
from library.views.images import readable_edition


# no cookie, so no token: where the form was sent from is what is checked
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    row = readable_edition(number, slug, edition)
    form, problem, status = ConcernForm(), "", 200
    if request.method == "POST":
        if not is_sent_from_here(request):
            raise PermissionDenied
        form, status = ConcernForm(request.POST), 422
        if form.is_valid():
            try:
                concerns.report_concern(
                    edition=row,
                    kind=form.cleaned_data["kind"],
                    text=form.cleaned_data["text"],
                    client=client_address(request),
                    actor=Actor.nobody(),
                    at=timezone.now(),
                )
                return redirect(f"{request.path}?received")
            except concerns.TooManyConcerns as refusal:
                problem, status = str(refusal), 429
    context = {
        "is_public_page": True,
        "edition": row,
        "form": form,
        "problem": problem,
        "is_received": "received" in request.GET and request.method != "POST",
    }
    return render(request, "library/concern.html", context, status=status)


def is_sent_from_here(request: HttpRequest) -> bool:
    """Whether a browser says that a page of this site sent the form."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    origin = urlsplit(request.headers.get("Origin", ""))
    return bool(origin.netloc) and origin.netloc == request.get_host()


@desk_required
@require_POST
def close(request: HttpRequest, concern_id: int) -> HttpResponse:
    concern = get_object_or_404(Concern, pk=concern_id)
    try:
        concerns.close_concern(concern=concern, actor=request.actor, at=timezone.now())
    except IllegalMove as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The concern is closed, and its words are deleted.")
    return redirect("library:desk")
