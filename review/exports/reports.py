"""A reading of one study as a DICOM SR measurement report (TID 1500)."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.timezone import localdate

from review.exports.purposes import Purpose
from review.exports.rows import Row
from review.models import Finding, FindingCode, Severity
from uploads.dicom.documents.composing import Frame, Making
from uploads.dicom.documents.content import PRIVATE_SCHEME, Code
from uploads.dicom.documents.measuring import Measurement, area_of, length_of
from uploads.dicom.documents.report import Group, Region, Report, report
from uploads.dicom.headers import instance_facts
from uploads.models import Instance, Study

_YES, _NO = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")
_NO_UNITS = Code("1", "UCUM", "no units")
_SEVERITY = Code("246112005", "SCT", "Severity")
_SEVERITIES = {
    Severity.MILD: Code("255604002", "SCT", "Mild"),
    Severity.MODERATE: Code("6736007", "SCT", "Moderate"),
    Severity.SEVERE: Code("24484000", "SCT", "Severe"),
}
_CONFIDENCE = Code("confidence", PRIVATE_SCHEME, "Confidence in the category")
_DISTRIBUTION = Code("distribution", PRIVATE_SCHEME, "Distribution of the finding")
_INCLUDE = Code("include", PRIVATE_SCHEME, "Include the case in the database")
_TEACHING_VALUE = Code("teaching-value", PRIVATE_SCHEME, "Teaching value, 1 to 5")
_MODALITY = "00080060"


def reports(rows: Iterable[Row], purpose: Purpose) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each row's report."""
    for row in rows:
        written = report(_report(row, purpose), _making(row, purpose))
        name = f"case-{row.case.number:05}/study-{row.study_position}-{row.reader}.dcm"
        yield name, written.content


def _making(row: Row, purpose: Purpose) -> Making:
    # not the day of the reading, which the rota would turn into a name
    return Making(on=localdate(row.case.settled_at), uid=purpose.uid)


def _report(row: Row, purpose: Purpose) -> Report:
    # the study is shown by one image of each series, and by those that something is drawn on
    drawn = [_frame(each.instance, row.study, each.frame) for each in row.findings if each.instance]
    shown = [_frame(image, row.study) for image in _first_images(row.study)]
    findings = [
        _finding(each, row.study, number, purpose)
        for number, each in enumerate(row.findings, start=1)
    ]
    return Report(
        images=[*drawn, *shown],
        groups=[_assessment(row, purpose), _decision(row, purpose), *findings],
        reader=f"Reader^{row.reader}",
    )


def _first_images(study: Study) -> QuerySet[Instance]:
    images = Instance.objects.filter(series__study=study).select_related("series")
    by_series = ("series__series_number", "series_id")
    place = ("slice_position_mm", "instance_number", "pk")
    return images.order_by(*by_series, *place).distinct(*by_series)


def _frame(instance: Instance, study: Study, number: int = 1) -> Frame:
    facts = instance_facts(
        study_instance_uid=study.study_instance_uid,
        series_instance_uid=instance.series.series_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        instance_number=instance.instance_number,
        rows=instance.rows,
        columns=instance.columns,
        bits_allocated=16,
        number_of_frames=instance.number_of_frames,
        retrieve_url="",
    )
    modality = {_MODALITY: {"vr": "CS", "Value": [study.modality]}}
    return Frame({**instance.header, **facts, **modality}, number)


# --- What was said -----------------------------------------------------------------


def _assessment(row: Row, purpose: Purpose) -> Group:
    """The category, how severe, how sure, and the score by regions."""
    scheme, category = row.assessment.scheme, row.category
    name = Code(scheme.code, PRIVATE_SCHEME, f"{scheme.name}, version {scheme.version}")
    said = [(name, Code(f"{scheme.code}-{category.order}", PRIVATE_SCHEME, category.label))]
    if row.assessment.severity:
        said.append((_SEVERITY, _SEVERITIES[row.assessment.severity]))
    if row.assessment.confidence:
        sure = row.assessment.get_confidence_display()
        code = Code(f"confidence-{row.assessment.confidence}", PRIVATE_SCHEME, sure)
        said.append((_CONFIDENCE, code))
    return Group(
        "Assessment",
        purpose.uid(f"assessment|{row.assessment.pk}"),
        measurements=_scores(row),
        evaluations=said,
    )


def _scores(row: Row) -> list[Measurement]:
    """The total, then each region's grade."""
    if not row.scores:
        return []
    scheme = row.scores[0].scheme
    total = sum(each.grade.order - 1 for each in row.scores)
    return [
        Measurement(Code(scheme.code, PRIVATE_SCHEME, scheme.name), total, _NO_UNITS),
        *(
            Measurement(
                Code(f"{scheme.code}-{each.region.code}", PRIVATE_SCHEME, each.region.label),
                each.grade.order - 1,
                _NO_UNITS,
            )
            for each in row.scores
        ),
    ]


def _decision(row: Row, purpose: Purpose) -> Group:
    """What the reader said of the whole case; the same in the report of each of its studies."""
    value = row.reading.teaching_value
    return Group(
        "Decision about the case",
        purpose.uid(f"decision|{row.reading.pk}"),
        evaluations=[(_INCLUDE, _YES if row.reading.include else _NO)],
        measurements=[Measurement(_TEACHING_VALUE, value, _NO_UNITS)] if value else [],
    )


def _finding(finding: Finding, study: Study, number: int, purpose: Purpose) -> Group:
    where, measured = _place(finding, study)
    return Group(
        f"Finding {number}",
        purpose.uid(f"finding|{finding.pk}"),
        # a length is taken along a path
        path=where if finding.tool == "length" else None,
        region=where if finding.tool != "length" else None,
        finding=_code(finding.finding),
        site=_code(finding.site) if finding.site else None,
        measurements=[measured] if measured else [],
        evaluations=[(_DISTRIBUTION, _code(finding.distribution))] if finding.distribution else [],
    )


def _place(finding: Finding, study: Study) -> tuple[Region | None, Measurement | None]:
    """What is drawn, and how long or large it is; neither of a finding that lies on no image."""
    if finding.instance is None:
        return None, None
    frame = _frame(finding.instance, study, finding.frame)
    where = Region(frame, finding.graphic_type, tuple(finding.graphic_data))
    if finding.tool == "length":
        return where, length_of(finding.graphic_data, frame)
    return where, area_of(finding.graphic_type, finding.graphic_data, frame)


def _code(code: FindingCode) -> Code:
    if code.code:
        return Code(code.code, code.designator, code.meaning)
    return Code(slugify(code.meaning), PRIVATE_SCHEME, code.meaning)
