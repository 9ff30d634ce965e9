"""The smallest rows of the panel: people, accepted uploads, cases on their way."""

import uuid
from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.models import Member, Organisation
from review import services, vocabulary
from review.models import Case, Category, ReportingScheme
from review.services import Answers, StudyAnswer
from tests.factories import member, organisation
from uploads.lifecycle import UploadStatus
from uploads.models import ClinicalRecord, Instance, Patient, Series, Study, Submitter, Upload

_numbers = count(1)


def panellist(organisation: Organisation | None = None) -> Member:
    return member(("panellist",), organisation=organisation)


def chair(organisation: Organisation | None = None) -> Member:
    return member(("chair",), organisation=organisation)


def actor(acting: Member) -> Actor:
    return Actor.of_member(acting)


def accepted_upload(
    patient: Patient | None = None,
    *,
    modalities: tuple[str, ...] = ("CT",),
    days: tuple[int | None, ...] = (3,),
    sent_by: Organisation | None = None,
    slices: int = 1,
    submitter_email: str = "",
) -> Upload:
    """An accepted upload with one study a modality; `days` from onset by study."""
    number = next(_numbers)
    trust = sent_by or (patient.organisation if patient else organisation())
    patient = patient or Patient.objects.create(pseudonym=f"P{number:06}", organisation=trust)
    submitter = Submitter.objects.create(
        email=submitter_email or f"submitter{number}@nhs.net",
        name="Submitter",
        role="Radiographer",
        organisation=trust,
    )
    now = timezone.now()
    upload = Upload.objects.create(
        reference=f"U-{number:04}",
        submitter=submitter,
        organisation=trust,
        patient=patient,
        status=UploadStatus.ACCEPTED,
        submitted_at=now,
        declared_at=now,
        settled_at=now,
    )
    record_of(upload)
    for place, modality in enumerate(modalities):
        study(upload, modality, days=days[place % len(days)], slices=slices)
    return upload


def record_of(upload: Upload, **answers: Any) -> ClinicalRecord:
    known = dict.fromkeys(
        [
            "hypertension",
            "cardiovascular_disease",
            "chronic_lung_disease",
            "diabetes",
            "chronic_kidney_disease",
            "immunosuppressed",
        ],
        "no",
    )
    fields = {
        "age_years": 63,
        "sex": "F",
        "rt_pcr": "positive",
        "days_from_onset": 3,
        "symptoms": ["cough"],
        "smoking": "never",
        "oxygen_support": "room_air",
        "outcome": "discharged",
    }
    return ClinicalRecord.objects.create(upload=upload, **known | fields | answers)


def study(upload: Upload, modality: str, *, days: int | None = 3, slices: int = 1) -> Study:
    made = Study.objects.create(
        upload=upload,
        patient=upload.patient,
        study_instance_uid=_uid(),
        modality=modality,
        days_from_onset=days,
        study_date=date(2020, 3, 1) + timedelta(days=days or 0),
    )
    series = Series.objects.create(
        study=made,
        series_instance_uid=_uid(),
        modality=modality,
        series_number=1,
        settled_at=timezone.now(),
    )
    Instance.objects.bulk_create(
        Instance(
            series=series,
            sop_instance_uid=_uid(),
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            instance_number=position + 1,
            slice_position_mm=float(position),
            rows=4,
            columns=4,
            size_bytes=1,
            sha256="0" * 64,
            pixel_digest="0" * 64,
        )
        for position in range(slices)
    )
    return made


def open_case(upload: Upload | None = None, *, by: Member | None = None) -> Case:
    upload = upload or accepted_upload()
    return services.open_case(patient=upload.patient, actor=actor(by or chair()), at=timezone.now())


def category(case: Case, label: str = "Classic COVID-19") -> Category:
    vocabulary.seed(ReportingScheme, Category)
    modality = case.case_studies.first().study.modality
    scheme = ReportingScheme.objects.default_for(modality).first()
    return scheme.categories.get(label=label)


def answers(case: Case, **changes: Any) -> Answers:
    """A whole reading of every study of the case, fit to be submitted."""
    vocabulary.seed(ReportingScheme, Category)
    studies = {}
    for row in case.case_studies.shown().select_related("study"):
        scheme = ReportingScheme.objects.default_for(row.study.modality).first()
        studies[row.study_id] = StudyAnswer(scheme.categories.first(), 2)
    return Answers(**{"include": True, "teaching_value": 4, "studies": studies} | changes)


def assigned(case: Case, to: Member) -> Case:
    """The case, given to a reader by a chair unless they have it: its next free seat."""
    if not case.assignments.filter(member=to).exists():
        services.assign(case=case, member=to, actor=actor(chair()), at=timezone.now())
    return case


def given_case(to: Member, upload: Upload | None = None) -> Case:
    """An open case that a member is to read."""
    return assigned(open_case(upload), to)


def submitted_reading(case: Case, by: Member, **changes: Any):
    """A locked reading; the case is given to its reader first, unless it was."""
    assigned(case, by)
    return services.submit_reading(
        case=case, actor=actor(by), version=0, answers=answers(case, **changes), at=timezone.now()
    )


def discordant_case(upload: Upload | None = None) -> Case:
    """A case whose two readers part over including it."""
    case = open_case(upload)
    submitted_reading(case, panellist())
    submitted_reading(case, panellist(), include=False, teaching_value=None)
    case.refresh_from_db()
    return case


def decided_case(
    outcome: str = "accepted", *, upload: Upload | None = None, teaching_value: int | None = 4
) -> Case:
    """A case settled by two readings that agree."""
    case = open_case(upload)
    include = outcome == "accepted"
    for _ in range(2):
        submitted_reading(
            case,
            panellist(),
            include=include,
            teaching_value=teaching_value if include else None,
        )
    case.refresh_from_db()
    return case


def _uid() -> str:
    return f"2.25.{uuid.uuid4().int}"
