"""How well the panel agrees: a page of figures, and the same as a table to save."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.dateformat import format as formatted
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.cells import csv_lines
from audit.services import record
from bsti_db.accounts.models import Member
from review.measuring import Figures, Measure, charts, figures_for, ratings_of_the_settled
from review.models import MAY_CHAIR, MAY_READ

PAIRS_A_PAGE = 50
KEPT_SECONDS = 3600
CSV = "text/csv; charset=utf-8"
COLUMNS = [
    "part", "of", "coefficient", "value", "interval_low", "interval_high", "band",
    "agreement", "studies_rated_twice",
]  # fmt: skip


@require_safe
@never_cache
@permission_required(MAY_READ, raise_exception=True)
def agreement(request: HttpRequest) -> HttpResponse:
    found = _figures(request, most_pairs=PAIRS_A_PAGE)
    record(
        "agreement.viewed", actor=request.actor, subject=None,
        cases=found.cases, readings=found.readings,
    )  # fmt: skip
    context = {
        "figures": found,
        "sections": [_drawn(section) for section in _sections(found, request)],
        "matrices": [
            {
                "matrix": each,
                "chart": charts.heat_chart(each),
                "rows": list(zip(each.categories, each.counts, strict=True)),
            }
            for each in found.matrices
        ],
        "is_chair": request.user.has_perm(MAY_CHAIR),
        "more_pairs": found.pairs_in_all - len(found.pairs),
    }
    return render(request, "review/agreement.html", context)


@require_safe
@never_cache
@permission_required(MAY_READ, raise_exception=True)
def agreement_csv(request: HttpRequest) -> HttpResponse:
    """Every figure of the page in one table; a chair's names the readers."""
    found = _figures(request)
    rows = list(_table(found, request))
    record("agreement.exported", actor=request.actor, subject=None, rows=len(rows))
    response = StreamingHttpResponse(csv_lines([COLUMNS, *rows]), content_type=CSV)
    response["Content-Disposition"] = 'attachment; filename="agreement.csv"'
    return response


def _figures(request: HttpRequest, *, most_pairs: int | None = None) -> Figures:
    """Everybody's readers for a chair, oneself for everybody else."""
    ratings = ratings_of_the_settled()
    readers = ratings.members if request.user.has_perm(MAY_CHAIR) else (request.user.pk,)
    asked = f"{ratings.digest()}-{readers}-{most_pairs}"
    key = f"agreement-{hashlib.sha256(asked.encode()).hexdigest()}"
    # kept by what they are made of, so that a case settled now is counted now
    return cache.get_or_set(
        key, lambda: figures_for(ratings, readers=readers, most_pairs=most_pairs), KEPT_SECONDS
    )


Section = dict[str, Any]
ALPHA, KAPPA = "Krippendorff’s alpha", "Cohen’s kappa"


def _sections(found: Figures, request: HttpRequest) -> list[Section]:
    """The tables of the page, in order; `rows` are measures with the label they are shown by."""
    parts = [
        ("overall", "Overall", "What was asked", ALPHA, found.overall),
        ("modality", "By modality", "Studies", ALPHA, found.modalities),
        ("scheme", "By reporting scheme", "Scheme", ALPHA, found.schemes),
        *(
            (f"category-{place}", f"By category: {scheme}", "Category", ALPHA,
             [row for row in found.categories if row.what == scheme])
            for place, scheme in enumerate(dict.fromkeys(row.what for row in found.categories), 1)
        ),
        ("month", "By month of settling", "Month", ALPHA, found.months),
    ]  # fmt: skip
    sections = [
        {"id": key, "heading": heading, "first": first, "coefficient": coefficient, "rows": rows,
         "is_months": key == "month", "is_category": key.startswith("category")}
        for key, heading, first, coefficient, rows in parts
    ]  # fmt: skip
    for section in sections:
        if section["is_months"]:
            section["rows"] = [_relabelled(row, _month(row.label)) for row in section["rows"]]
    return [*sections, *_of_readers(found, request)]


def _of_readers(found: Figures, request: HttpRequest) -> list[Section]:
    """A chair sees every reader and pair by name; a reader sees themselves, and nobody's name."""
    shared = {"coefficient": KAPPA}
    if not request.user.has_perm(MAY_CHAIR):
        own = [_relabelled(row, "You and the others") for row in found.readers.values() if row.n]
        return [
            {"id": "own", "heading": "Your readings", "first": "Readings", "rows": own,
             "is_own": True, **shared}
        ]  # fmt: skip
    names = dict(Member.objects.filter(pk__in=list(found.readers)).values_list("pk", "name"))
    readers = sorted(
        (_relabelled(row, names[pk]) for pk, row in found.readers.items() if row.n),
        key=lambda row: row.label,
    )
    pairs = [
        _relabelled(pair.measure, " and ".join(sorted((names[pair.first], names[pair.second]))))
        for pair in found.pairs
    ]
    return [
        {"id": "readers", "heading": "Each reader and all others", "first": "Reader",
         "rows": readers, **shared},
        {"id": "pairs", "heading": "Pairs of readers", "first": "Pair", "rows": pairs,
         "is_pairs": True, **shared},
    ]  # fmt: skip


def _drawn(section: Section) -> Section:
    draw = charts.months_chart if section.get("is_months") else charts.rows_chart
    return section | {"chart": draw(section["rows"])}


def _relabelled(measure: Measure, label: str) -> Measure:
    return Measure(**(vars(measure) | {"label": label}))


def _month(key: str) -> str:
    """For example "March 2020"."""
    return formatted(parse_date(f"{key}-01"), "M Y")


def _table(found: Figures, request: HttpRequest) -> Iterator[Sequence[Any]]:
    for section in _sections(found, request):
        for row in section["rows"]:
            yield [
                section["heading"], row.label, section["coefficient"],
                *(_number(value) for value in (row.coefficient, row.low, row.high)),
                row.band, _number(row.agreement), row.n,
            ]  # fmt: skip
    for matrix in found.matrices:
        for one, counts in zip(matrix.categories, matrix.counts, strict=True):
            for other, count in zip(matrix.categories, counts, strict=True):
                yield [
                    f"Pairs of readings: {matrix.scheme}", f"{one} and {other}", "count", count,
                    None, None, "", None, None,
                ]  # fmt: skip


def _number(value: float) -> float | None:
    return None if value != value else round(value, 4)
