"""The answers of an upload in two columns: before it is sent, and as its receipt."""

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from uploads.lifecycle import UploadStatus
from uploads.models import ClinicalRecord, Upload

_MISSING = "Missing"


def summary(upload: Upload) -> list[dict[str, Any]]:
    """What is about to be sent, each row with the page where it can be changed."""
    files = upload.files.filter(container=None)
    size = filesizeformat(sum(files.values_list("size_bytes", flat=True)))
    count = files.count()
    rows = [
        _row("Images", f"{count:,} file{'s' * (count != 1)}, {size}" if count else _MISSING),
        _row("Trust", upload.organisation.name),
    ]
    rows[0] |= {"url": reverse("uploads:detail", args=[upload.pk])}
    clinical = clinical_rows(upload.clinical_records.first())
    for row in clinical:
        row["url"] = reverse("uploads:clinical", args=[upload.pk])
    declared = _declared_rows(upload)
    for row in declared:
        row["url"] = reverse("uploads:declaration", args=[upload.pk])
    rows += [*clinical, *declared]
    for row in rows:
        if row["value"] == _MISSING:
            row["action"] = "Add"
    return rows


def clinical_rows(record: ClinicalRecord | None) -> list[dict[str, Any]]:
    if record is None:
        return [_row("Clinical context", _MISSING)]
    words = dict(ClinicalRecord.SYMPTOMS)
    rows = [
        _row("Age", _number(record.age_years, "years" if record.age_years != 90 else "or over")),
        _row("Sex", record.get_sex_display()),
        _row("Symptoms", ", ".join(words.get(symptom, symptom) for symptom in record.symptoms)),
        _row("First symptom to first images", _number(record.days_from_onset, "days")),
        _row("SARS-CoV-2 RT-PCR", record.get_rt_pcr_display()),
    ]
    if record.rt_pcr in (ClinicalRecord.RtPcr.POSITIVE, ClinicalRecord.RtPcr.NEGATIVE):
        rows.append(_row("First symptom to swab", _number(record.days_from_onset_to_swab, "days")))
    for name in _CHOSEN:
        label = ClinicalRecord._meta.get_field(name).verbose_name.capitalize()
        rows.append(_row(label, getattr(record, f"get_{name}_display")()))
    rows.append(_row("Clinical history", record.clinical_history or "None given"))
    return rows


_CHOSEN = (
    "hypertension",
    "cardiovascular_disease",
    "chronic_lung_disease",
    "diabetes",
    "chronic_kidney_disease",
    "immunosuppressed",
    "smoking",
    "oxygen_support",
    "outcome",
)


def _declared_rows(upload: Upload) -> list[dict[str, Any]]:
    if not upload.declared_at:
        return [_row("Declaration", _MISSING)]
    credit = "May be named" if upload.may_credit_organisation else "Is not named"
    return [
        _row("Caldicott approval", f"{upload.caldicott_reference}, {upload.caldicott_role}"),
        _row("Licence", upload.get_licence_display()),
        _row("Name of the trust", credit),
    ]


def receipt(upload: Upload) -> list[dict[str, Any]]:
    """What a submitter keeps: reference, times, numbers, approval."""
    files = upload.files.filter(container=None)
    size = filesizeformat(sum(files.values_list("size_bytes", flat=True)))
    stored = upload.files.filter(outcome="accepted").count()
    is_refused = upload.status == UploadStatus.REFUSED
    rows = [
        _row("Reference", upload.reference),
        _row("Trust", upload.organisation.name),
        _row("Files sent", f"{files.count():,}, {size}"),
        _row("Submitted", _time(upload.submitted_at)),
        _row("Checked", _time(upload.settled_at)),
        _row("Images stored", "" if is_refused else f"{stored:,}"),
        _row("Withdrawn", _time(upload.withdrawn_at)),
        _row("Deleted", _time(upload.erased_at)),
        *_declared_rows(upload),
    ]
    return [row for row in rows if row["value"]]


def _row(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": value}


def _number(value: int | None, unit: str) -> str:
    return "Not known" if value is None else f"{value} {unit}"


def _time(at: Any) -> str:
    return date_format(localtime(at), "j F Y, H:i") if at else ""
