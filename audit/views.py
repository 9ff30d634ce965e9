"""The trail, for information governance."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from audit import tasks
from audit.cells import csv_lines
from audit.forms import TrailFilterForm
from audit.models import Anchor, Seal, TrailQuerySet, Verification, no_rows
from audit.services import record

PAGE_ROWS = 50
_VERIFICATIONS_SHOWN = 30
COLUMNS = ["when", "act", "actor kind", "actor", "about", "id", "facts", "address"]


@require_GET
@never_cache
@permission_required("accounts.audit_read", raise_exception=True)
def trail(request: HttpRequest) -> HttpResponse:
    form = TrailFilterForm(request.GET)
    rows = form.rows(request.actor) if form.is_valid() else no_rows()
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    # listed before the page is drawn: the auditor's own look is in the trail, one row a look
    record(
        "trail.viewed",
        actor=request.actor,
        subject=None,
        filters=sorted(name for name, value in request.GET.items() if value and name != "page"),
        page=page.number,
    )
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "rows": [shown(entry) for entry in page],
        "query": query.urlencode(),
    }
    return render(request, "audit/trail.html", context)


@require_GET
@never_cache
@permission_required("accounts.audit_read", raise_exception=True)
def export(request: HttpRequest) -> HttpResponse:
    """The rows of a filter as CSV, streamed."""
    form = TrailFilterForm(request.GET)
    if not form.is_valid():
        return render(request, "audit/trail.html", {"form": form}, status=422)
    rows = form.rows(request.actor)
    record("trail.exported", actor=request.actor, subject=None, rows=rows.count())
    response = StreamingHttpResponse(
        csv_lines(_table(rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
    return response


@require_safe
@never_cache
@permission_required("accounts.audit_read", raise_exception=True)
def seal(request: HttpRequest) -> HttpResponse:
    """When the trail was last verified, and what was found."""
    verifications = list(Verification.objects.all()[:_VERIFICATIONS_SHOWN])
    newest = verifications[0] if verifications else None
    record("seal.viewed", actor=request.actor, subject=None)
    context = {
        "newest": newest,
        "broken": f"The trail is not whole. {newest.problem}" if newest else "",
        "verifications": verifications,
        "facts": _seal_facts(),
    }
    return render(request, "audit/seal.html", context)


@require_POST
@permission_required("accounts.audit_read", raise_exception=True)
def verify(request: HttpRequest) -> HttpResponse:
    """Have it verified now: by a worker, the only one who may say that it was."""
    record("trail.verification_asked", actor=request.actor, subject=None)
    ring = partial(tasks.verify_trail.delay)
    ring.__qualname__ = "verify_trail.delay"
    transaction.on_commit(ring, robust=True)
    messages.success(request, "The trail is being verified. Load this page again in a minute.")
    return redirect("audit:seal")


def shown(entry: Any) -> dict[str, Any]:
    """One row of the trail as people read it."""
    known = entry.additional_data or {}
    facts = known.get("facts") or {}
    return {
        "at": entry.timestamp,
        "verb": known.get("verb", ""),
        "actor_kind": known.get("actor_kind", ""),
        "actor_key": known.get("actor_key", ""),
        "actor_name": entry.actor.name if entry.actor else "",
        "subject": entry.object_repr,
        "subject_kind": entry.content_type.model if entry.content_type else "",
        "subject_key": entry.object_pk,
        "facts": [(name, _words(value)) for name, value in facts.items()],
        "address": entry.remote_addr or "",
    }


def _words(value: Any) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _table(rows: TrailQuerySet) -> Iterator[list[str]]:
    yield COLUMNS
    for entry in rows.iterator(chunk_size=2_000):
        row = shown(entry)
        facts = "; ".join(f"{name}={value}" for name, value in row["facts"])
        yield [
            row["at"].isoformat(), row["verb"], row["actor_kind"], row["actor_key"],
            row["subject_kind"], row["subject_key"], facts, row["address"],
        ]  # fmt: skip


def _seal_facts() -> list[dict[str, Any]]:
    sealed = Seal.objects.order_by("-sequence").first()
    anchor = Anchor.objects.order_by("-last").first()
    rows = [{"key": "Rows sealed", "value": f"{sealed.sequence if sealed else 0:,}"}]
    if sealed:
        rows.append({"key": "Newest seal", "value": sealed.hash})
    if anchor is None:
        return [*rows, {"key": "Newest anchor", "value": "None yet; the first is made on the hour"}]
    made_at = date_format(localtime(anchor.made_at), "j F Y, H:i")
    return [
        *rows,
        {"key": "Newest anchor", "value": f"{made_at}: {anchor.object_key}"},
        {"key": "Anchored up to row", "value": f"{anchor.last:,}"},
        {"key": "Signed with key", "value": anchor.key_id},
    ]
