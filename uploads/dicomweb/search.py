"""QIDO-RS over the study store: which studies, series and instances there are (PS3.18 10.6)."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse

from uploads.dicom import headers
from uploads.dicomweb import matching, media, paging
from uploads.dicomweb.question import Question, found, series_of
from uploads.models import Instance, Series, Study

# keyword → column, from the study's row on. Attributes that are always empty have none.
_STUDY = {
    "StudyInstanceUID": "study_instance_uid",
    "StudyDate": "study_date",
    "PatientID": "patient__pseudonym",
    "PatientName": "patient__pseudonym",
    "AccessionNumber": "",
    "StudyID": "",
    "ReferringPhysicianName": "",
    "PatientBirthDate": "",
}
_SERIES = {
    "SeriesInstanceUID": "series_instance_uid",
    "Modality": "modality",
    "SeriesNumber": "series_number",
    "SeriesDescription": "series_description",
    "BodyPartExamined": "body_part_examined",
}
_INSTANCE = {
    "SOPInstanceUID": "sop_instance_uid",
    "SOPClassUID": "sop_class_uid",
    "InstanceNumber": "instance_number",
}


def find_studies(question: Question) -> HttpResponse:
    rows = question.studies.filter(series__settled_at__isnull=False)
    columns = _STUDY | {"ModalitiesInStudy": "series__modality"}
    # distinct: a study stands once for each of its series
    ordered = rows.distinct().order_by("study_date", "pk").select_related("patient")
    return _answered(question, ordered, columns, _study)


def find_series(question: Question, study: str = "") -> HttpResponse:
    rows = series_of(question, study) if study else question.series()
    columns = _SERIES | _below(_STUDY, "study__")
    return _answered(question, rows.annotate(images=Count("instances")), columns, _series)


def find_instances(question: Question, study: str = "", series: str = "") -> HttpResponse:
    rows = question.instances()
    if study:
        rows = rows.filter(series__study__study_instance_uid=study)
        if series:
            rows = rows.filter(series__series_instance_uid=series)
        found(rows)
    columns = _INSTANCE | _below(_SERIES, "series__") | _below(_STUDY, "series__study__")
    return _answered(question, rows, columns, _instance)


def _below(columns: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {keyword: column and prefix + column for keyword, column in columns.items()}


def _answered(
    question: Question,
    rows: QuerySet,
    columns: Mapping[str, str],
    told: Callable[[Question, Any], headers.Header],
) -> HttpResponse:
    """The page of `rows` that match the query, each as `told`."""
    conditions, others = matching.asked(question.request, columns)
    for keyword, condition in conditions.items():
        if columns[keyword]:
            rows = rows.filter(condition.on(columns[keyword]))
        elif not condition.holds_for(()):
            rows = rows.none()
    offset, limit = paging.window(question.request)
    page = list(rows[offset : offset + limit])
    response = media.as_json(question.request, [told(question, row) for row in page])
    is_full = len(page) == limit
    left = rows.count() - offset - len(page) if is_full else 0
    paging.warn(response, question.request, left=left, others=others)
    return response


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
    facts = headers.instance_facts(
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
    wanted = matching.included(question.request)
    return {tag: part for tag, part in instance.header.items() if wanted(tag)} | facts


def _address(question: Question, study: Study) -> str:
    return f"{question.root}/studies/{study.study_instance_uid}"
