"""The private images of cases that editors and publishers work on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from library.showing import day_words
from review.models import Case
from uploads.addresses import short_uid
from uploads.models import Series, Study


def studies_of_the_desk() -> Any:
    """Studies of accepted cases: what editors and publishers may see (decision 4)."""
    cases = Case.objects.accepted()
    return Study.objects.filter(
        pk__in=cases.values("case_studies__study"), upload__status="accepted"
    )


def stack_series(case: Case, available: list[Series]) -> list[dict[str, Any]]:
    """The series list of components/stack.html, from private instances."""
    root = reverse("library:desk-dicom-web")
    order: dict[int, int] = {}
    series = []
    for row in available:
        position = order.setdefault(row.study_id, len(order) + 1)
        study = row.study.study_instance_uid
        address = f"{root}studies/{study}/series/{row.series_instance_uid}"
        series.append(
            {
                "uid": short_uid(row.series_instance_uid),
                "label": row.series_description or f"Series {row.series_number or position}",
                "modality": row.modality,
                "study": day_words(row.study.days_from_onset, position),
                "thumbnail_url": f"{address}/thumbnail",
                "is_first": not series,
                "images": _images(address, row),
            }
        )
    return series


def _images(address: str, series: Series) -> list[dict[str, Any]]:
    return [
        {
            "uid": short_uid(instance.sop_instance_uid),
            "frame": frame,
            "url": f"{address}/instances/{instance.sop_instance_uid}/frames/{frame}/rendered",
        }
        for instance in series.instances.all()
        for frame in range(1, instance.number_of_frames + 1)
    ]


def root(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=404)


def dicom_web(request: HttpRequest, resource: str) -> HttpResponse:
    return HttpResponse(status=404)
