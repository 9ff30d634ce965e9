"""The trail, for information governance."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from audit.cells import csv_lines
from audit.forms import TrailFilterForm
from audit.models import TrailQuerySet, no_rows
from audit.services import record

PAGE_ROWS = 50
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
