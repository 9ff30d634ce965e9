"""Readings for research: the chair saves tables and reports under pseudonyms."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.cells import csv_lines
from audit.services import record
from review.exports import (
    Purpose,
    dictionary_table,
    exportable,
    findings_table,
    readings_table,
    reports,
    rows_of,
)
from review.exports.rows import Row
from review.forms import ExportForm
from review.models import MAY_CHAIR
from uploads.dicom.zipping import zipped

CSV = "text/csv; charset=utf-8"
Rows = Callable[[], Iterator[Row]]


@require_safe
@never_cache
@permission_required(MAY_CHAIR, raise_exception=True)
def exports(request: HttpRequest) -> HttpResponse:
    """What can be exported, and the form that says what for."""
    return _page(request, ExportForm(request.GET or None))


def _page(request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
    readings = exportable()
    context = {
        "form": form,
        "readings": readings.count(),
        "cases": readings.values("case").distinct().count(),
    }
    return render(request, "review/exports.html", context, status=status)


def exporting(kind: str) -> Callable[..., Callable[..., HttpResponse]]:
    """A download of the rows that are asked for, of settled cases alone, and in the trail."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            form = ExportForm(request.GET)
            if not form.is_valid():
                return _page(request, form, status=422)
            number = form.cleaned_data["case"]
            readings, purpose = exportable(number), Purpose(form.cleaned_data["purpose"])
            count = readings.count()
            if number and not count:
                raise Http404
            record(
                "readings.exported", actor=request.actor, subject=None,
                kind=kind, readings=count, case=number,
            )  # fmt: skip
            return view(lambda: rows_of(readings, purpose), purpose)

        permitted = permission_required(MAY_CHAIR, raise_exception=True)(answer)
        return require_safe(never_cache(permitted))

    return decorate


@exporting("readings")
def readings_csv(rows: Rows, purpose: Purpose) -> HttpResponse:
    return _table(readings_table(rows()), "readings.csv")


@exporting("findings")
def findings_csv(rows: Rows, purpose: Purpose) -> HttpResponse:
    return _table(findings_table(rows()), "findings.csv")


@require_safe
@permission_required(MAY_CHAIR, raise_exception=True)
def dictionary_csv(request: HttpRequest) -> HttpResponse:
    """What every column of the tables means."""
    return _table(dictionary_table(), "dictionary.csv")


@exporting("whole")
def whole(rows: Rows, purpose: Purpose) -> HttpResponse:
    """The tables, their dictionary, and a DICOM SR of every reading of every study."""
    response = StreamingHttpResponse(zipped(_files(rows, purpose)), content_type="application/zip")
    return _as_file(response, "readings.zip")


def _files(rows: Rows, purpose: Purpose) -> Iterator[tuple[str, bytes]]:
    for name, table in (
        ("readings.csv", readings_table(rows())),
        ("findings.csv", findings_table(rows())),
        ("dictionary.csv", dictionary_table()),
    ):
        yield name, "".join(csv_lines(table)).encode()
    yield from reports(rows(), purpose)


def _table(rows: Iterable[list[Any]], name: str) -> HttpResponse:
    return _as_file(StreamingHttpResponse(csv_lines(rows), content_type=CSV), name)


def _as_file(response: StreamingHttpResponse, name: str) -> StreamingHttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
