"""The clinical context beside the images, in words and intervals, never dates."""

from collections.abc import Sequence

from django.conf import settings

from audit.actors import Actor
from review.blinding import may_see_progress
from review.models import Case
from uploads.models import ClinicalRecord

Row = dict[str, str]

COMORBIDITIES = (
    "hypertension",
    "cardiovascular_disease",
    "chronic_lung_disease",
    "diabetes",
    "chronic_kidney_disease",
    "immunosuppressed",
)


HIDDEN = "Shown when your reading is locked"


def contexts_of(case: Case, actor: Actor) -> list[list[Row]]:
    """The newest clinical record of each upload of the case, as rows of words.

    Who has still to read the case sees no answer that the settings hide from readers.
    """
    hides = () if may_see_progress(case, actor) else settings.READING_HIDES
    uploads = case.case_studies.shown().values("study__upload")
    records = (
        ClinicalRecord.objects.filter(upload__in=uploads)
        .select_related("upload")
        .order_by("upload__submitted_at", "upload_id", "-version")
        .distinct("upload__submitted_at", "upload_id")
    )
    return [_rows(record, hides) for record in records]


def age_band(years: int | None) -> str:
    """Ten years wide; from 90 on there is one band."""
    if years is None:
        return "Not known"
    if years >= 90:
        return "90 or over"
    return f"{years // 10 * 10} to {years // 10 * 10 + 9}"


def _rows(record: ClinicalRecord, hides: Sequence[str]) -> list[Row]:
    rows = [
        ("Age", age_band(record.age_years)),
        ("Sex", record.get_sex_display()),
        ("SARS-CoV-2 RT-PCR", HIDDEN if "rt_pcr" in hides else _rt_pcr(record)),
        ("First imaging", _days(record.days_from_onset, "after onset")),
        ("Symptoms", _symptoms(record)),
        ("Other illness", _comorbidities(record)),
        ("Smoking", record.get_smoking_display()),
        ("Oxygen at imaging", record.get_oxygen_support_display()),
        ("Outcome", HIDDEN if "outcome" in hides else record.get_outcome_display()),
    ]
    if record.upload.returning:
        rows.append(("Earlier images", record.upload.get_returning_display()))
    if record.clinical_history:
        rows.append(("History", record.clinical_history))
    return [{"key": key, "value": value} for key, value in rows]


def _days(days: int | None, after: str) -> str:
    if days is None:
        return "Onset not known"
    return f"{days} {'day' if abs(days) == 1 else 'days'} {after}"


def _rt_pcr(record: ClinicalRecord) -> str:
    result = record.get_rt_pcr_display()
    if record.days_from_onset_to_swab is None:
        return result
    return f"{result}, swab {_days(record.days_from_onset_to_swab, 'after onset')}"


def _symptoms(record: ClinicalRecord) -> str:
    words = dict(ClinicalRecord.SYMPTOMS)
    return ", ".join(words.get(code, code) for code in record.symptoms) or "Not known"


def _comorbidities(record: ClinicalRecord) -> str:
    answers = {name: getattr(record, name) for name in COMORBIDITIES}
    present = [_words(name) for name, answer in answers.items() if answer == "yes"]
    unknown = [_words(name) for name, answer in answers.items() if answer == "not_known"]
    parts = [", ".join(present) or "None reported"]
    if unknown:
        parts.append(f"not known: {', '.join(unknown)}")
    return "; ".join(parts)


def _words(field: str) -> str:
    return str(ClinicalRecord._meta.get_field(field).verbose_name)
