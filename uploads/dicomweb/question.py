"""What is asked, of which studies: the ground that searching and retrieving share."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from uploads.models import Instance, Series, Study

DICOM_JSON = "application/dicom+json"


class BadRequest(Exception):
    """The question cannot be answered as it was asked."""


@dataclass(frozen=True)
class Question:
    request: HttpRequest
    studies: QuerySet[Study]
    root: str  # the absolute address under which `studies` is mounted

    def series(self, **wanted: str) -> QuerySet[Series]:
        """The settled series: those whose objects are all stored."""
        return (
            Series.objects.filter(study__in=self.studies, settled_at__isnull=False, **wanted)
            .select_related("study__patient")
            .order_by("study__study_date", "study_id", "series_number", "pk")
        )

    def instances(self, **wanted: str) -> QuerySet[Instance]:
        return (
            Instance.objects.filter(series__in=self.series(), **wanted)
            .select_related("series__study")
            .order_by("series__series_number", "series_id", "slice_position_mm", "instance_number")
        )


def series_of(question: Question, study: str, series: str = "") -> QuerySet[Series]:
    rows = question.series(study__study_instance_uid=study)
    if series:
        rows = rows.filter(series_instance_uid=series)
    found(rows)
    return rows


def one(question: Question, study: str, series: str, instance: str) -> Instance:
    return found(
        question.instances(
            series__study__study_instance_uid=study,
            series__series_instance_uid=series,
            sop_instance_uid=instance,
        )
    )


def found(rows: QuerySet) -> Any:
    row = rows.first()
    if row is None:
        raise Http404
    return row
