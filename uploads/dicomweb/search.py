"""QIDO-RS: which studies, series and instances there are (PS3.18 10.6)."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse

from uploads.dicom import headers
from uploads.dicomweb.question import BadRequest, Question, as_json, found, series_of
from uploads.models import Instance, Series, Study

MAX_RESULTS = 1000


def find_studies(question: Question) -> HttpResponse:
    rows = question.studies.filter(series__settled_at__isnull=False)
    rows = _matched(
        question,
        rows,
        {
            ("StudyInstanceUID", "0020000D"): "study_instance_uid",
            ("PatientID", "00100020"): "patient__pseudonym",
            ("ModalitiesInStudy", "00080061"): "series__modality",
        },
    )
    page = _page(question, rows.distinct().order_by("study_date", "pk").select_related("patient"))
    return as_json([_study(question, study) for study in page])


def find_series(question: Question, study: str) -> HttpResponse:
    rows = _matched(
        question,
        series_of(question, study),
        {
            ("SeriesInstanceUID", "0020000E"): "series_instance_uid",
            ("Modality", "00080060"): "modality",
        },
    )
    page = _page(question, rows.annotate(images=Count("instances")))
    return as_json([_series(question, series) for series in page])


def find_instances(question: Question, study: str, series: str = "") -> HttpResponse:
    rows = question.instances(series__study__study_instance_uid=study)
    if series:
        rows = rows.filter(series__series_instance_uid=series)
    found(rows)
    rows = _matched(question, rows, {("SOPInstanceUID", "00080018"): "sop_instance_uid"})
    return as_json([_instance(question, instance) for instance in _page(question, rows)])


def _matched(question: Question, rows: QuerySet, keys: dict[tuple[str, str], str]) -> QuerySet:
    """The rows that match the keys of the query, by keyword or tag; others are ignored."""
    for names, column in keys.items():
        for name in names:
            asked = question.request.GET.get(name, "")
            if asked:
                rows = rows.filter(**{f"{column}__in": re.split(r"[,\\]", asked)})
    return rows


def _page(question: Question, rows: QuerySet) -> Iterable[Any]:
    try:
        limit = int(question.request.GET.get("limit", MAX_RESULTS))
        offset = int(question.request.GET.get("offset", 0))
    except ValueError:
        raise BadRequest("limit and offset are whole numbers.") from None
    if limit < 0 or offset < 0:
        raise BadRequest("limit and offset are not negative.")
    return rows[offset : offset + min(limit, MAX_RESULTS)]


def _study(question: Question, study: Study) -> headers.Header:
    series = list(question.series(study=study).annotate(images=Count("instances")))
    image = Instance.objects.filter(series__in=series).first()
    header = image.header if image else {}
    return headers.study_facts(
        study_instance_uid=study.study_instance_uid,
        patient_id=study.patient.pseudonym,
        patient_sex=headers.first(header, "PatientSex", ""),
        study_date=study.study_date,
        study_time=headers.first(header, "StudyTime", ""),
        study_description=headers.first(header, "StudyDescription", ""),
        modalities=[row.modality for row in series],
        number_of_series=len(series),
        number_of_instances=sum(row.images for row in series),
        retrieve_url=_address(question, study),
    )


def _series(question: Question, series: Series) -> headers.Header:
    return headers.series_facts(
        study_instance_uid=series.study.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        modality=series.modality,
        series_number=series.series_number,
        series_description=series.series_description,
        body_part_examined=series.body_part_examined,
        number_of_instances=series.images,
        retrieve_url=f"{_address(question, series.study)}/series/{series.series_instance_uid}",
    )


def _instance(question: Question, instance: Instance) -> headers.Header:
    series = instance.series
    address = f"{_address(question, series.study)}/series/{series.series_instance_uid}"
    return headers.instance_facts(
        study_instance_uid=series.study.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        instance_number=instance.instance_number,
        rows=instance.rows,
        columns=instance.columns,
        bits_allocated=headers.first(instance.header, "BitsAllocated", 16),
        number_of_frames=instance.number_of_frames,
        retrieve_url=f"{address}/instances/{instance.sop_instance_uid}",
    )


def _address(question: Question, study: Study) -> str:
    return f"{question.root}/studies/{study.study_instance_uid}"
