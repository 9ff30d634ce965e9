"""Pages that show more than one app, and the answers no app owns: errors, health, figures."""

import hmac
import os
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from bsti_db import health
from bsti_db.accounts.middleware import SHOWS_MEMBER, is_for_programs, open_to
from bsti_db.accounts.models import Invitation, Member
from library.lifecycle import EditionStatus
from library.listing import case_of_the_week, latest_cards
from library.models import Concern, Edition
from review.lifecycle import CaseStatus
from review.models import Case, patients_to_open
from uploads.models import Upload

_LATEST = 4


@require_safe
@login_not_required
@open_to(SHOWS_MEMBER)
def home(request: HttpRequest) -> HttpResponse:
    """What this is, the newest cases, and what waits for the one who is signed in."""
    waiting = _waiting(request) if request.user.is_authenticated else []
    context = {
        "waiting": waiting,
        "cards": latest_cards(_LATEST),
        "case_of_the_week": case_of_the_week(timezone.localtime()),
    }
    return render(request, "home.html", context)


@require_safe
@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("live\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """200 when database, broker and store answer, otherwise 503 with the ones that do not."""
    found = health.readiness()
    status = 200 if all(found.values()) else 503
    return JsonResponse(found, status=status, headers={"Cache-Control": "no-store"})


@require_GET
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: with METRICS_TOKEN, or from this machine itself."""
    if not _may_measure(request):
        return HttpResponse(status=404)
    uploads = Upload.objects.order_by().values_list("status").annotate(Count("pk"))
    cases = Case.objects.order_by().values_list("status").annotate(Count("pk"))
    editions = Edition.objects.order_by().values_list("status").annotate(Count("pk"))
    lines = [
        *_gauge("bsti_uploads", "status", dict(uploads)),
        *_gauge("bsti_cases", "status", dict(cases)),
        *_gauge("bsti_editions", "status", dict(editions)),
        *_gauge("bsti_queue_messages", "queue", health.queue_lengths()),
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    request.is_forged = True
    return _problem(request, 403, "errors/csrf.html")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _problem(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _problem(request, 500)


def _problem(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    if is_for_programs(request):
        # a shared cache may keep a 404 otherwise, and what comes back would stay away
        return JsonResponse(
            {"status": status}, status=status, headers={"Cache-Control": "no-store"}
        )
    # no context of the session's: these pages must appear whatever is wrong
    answer = render(None, template or f"errors/{status}.html", {"is_public_page": True})
    answer.status_code = status
    answer["Cache-Control"] = "no-store"
    return answer


def _waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """What waits for a member, by permission: each with its number, words and address."""
    member, rows = request.user, []
    if member.has_perm("accounts.review_read"):
        rows += _waiting_for_panel(request)
    if member.has_perm("accounts.uploads_handle_held"):
        rows.append(("uploads held for a person's check", Upload.objects.held(), "held-uploads"))
        aside = Case.objects.set_aside()
        rows.append(("cases set aside because they identify somebody", aside, "held-uploads"))
    if member.has_perm("accounts.library_edit"):
        drafts = Edition.objects.filter(status=EditionStatus.DRAFT, author=member)
        rows.append(("teaching cases you are writing", drafts, "library:desk"))
    if member.has_perm("accounts.library_publish"):
        proposed = Edition.objects.filter(status=EditionStatus.PROPOSED).exclude(author=member)
        rows.append(("teaching cases proposed for publication", proposed, "library:desk"))
    if member.has_perm("accounts.library_edit") or member.has_perm("accounts.library_publish"):
        rows.append(("concerns of visitors", Concern.objects.open(), "library:desk"))
    if member.has_perm("accounts.accounts_administer"):
        invited = Member.objects.filter(
            invitations__in=Invitation.objects.open(timezone.now()), is_active=True
        ).distinct()
        rows.append(("members who have not used their invitation", invited, "accounts:members"))
    if member.has_perm("accounts.audit_read"):
        rows.append(("the audit trail", None, "audit:trail"))
    counted = [
        (words, None if found is None else found.count(), name) for words, found, name in rows
    ]
    return [
        {"words": words, "count": count, "url": reverse(name)}
        for words, count, name in counted
        if count != 0
    ]


def _waiting_for_panel(request: HttpRequest) -> list[tuple[str, Any, str]]:
    unopened = patients_to_open(request.actor)
    mine = Case.objects.readable_by(request.user)
    rows = [
        ("cases you can read", mine, "review:worklist"),
        ("patients whose case is not opened yet", unopened, "review:worklist"),
    ]
    if request.user.has_perm("accounts.review_chair"):
        waiting = Case.objects.filter(status__in=[CaseStatus.OPEN, CaseStatus.DISCORDANT])
        rows.append(("cases not settled yet", waiting, "review:worklist"))
    return rows


def _may_measure(request: HttpRequest) -> bool:
    token = os.environ.get("METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(token.encode(), given.encode()):
        return True
    # a proxy on this machine forwards for others
    is_forwarded = "X-Forwarded-For" in request.headers
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not is_forwarded


def _gauge(name: str, label: str, values: dict[str, int]) -> list[str]:
    return [f"# TYPE {name} gauge"] + [
        f'{name}{{{label}="{key}"}} {number}' for key, number in sorted(values.items())
    ]
