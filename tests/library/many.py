"""Many public cases, each different, made as rows; what they show lies in the bucket if asked."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
from django.utils import timezone

from bsti_db.accounts.models import Member, Organisation
from library import storage
from library.lifecycle import EditionStatus
from library.models import (
    Edition,
    EditionSeries,
    PublishedImage,
    TeachingCase,
    TeachingPoint,
)
from library.search.indexing import index_edition
from review.lifecycle import CaseStatus
from review.models import (
    Assessment,
    Case,
    CaseStudy,
    Category,
    Finding,
    FindingCode,
    Reading,
    ReportingScheme,
    Verdict,
)
from tests.factories import member, organisation
from tests.library.making import header_of
from tests.review.making import accepted_upload, record_of
from uploads.dicom import rendering
from uploads.dicom.transcoding import encode_frame
from uploads.models import ClinicalRecord, Upload

_numbers = count(9_000)
_TITLES = ("Patches under the pleura", "Dense lower lobes", "A fine network", "Clear lungs")


@dataclass(frozen=True)
class Plan:
    """What one generated case is."""

    modality: str = "CT"
    days: Sequence[int | None] = (5,)
    category: str = "Classic COVID-19"
    other_category: str = ""  # what the second reader chose, when they differed
    severity: int | None = 2
    severities: tuple[int | None, int | None] = (2, 2)
    basis: str = "agreement"
    value: int = 4
    findings: Sequence[str] = ()
    distributions: Sequence[str] = ()
    title: str = "A case of the tests"
    summary: str = "Something to see."
    point: str = "Look here."
    record: dict[str, Any] = field(default_factory=dict)


def varied(number: int) -> Plan:
    """The plan of the n-th of many: no two neighbours alike."""
    is_ct = number % 3 != 0
    categories = (
        ("Classic COVID-19", "Probable COVID-19", "Indeterminate", "Non-COVID", "Normal")
        if is_ct
        else ("Classic or probable COVID-19", "Indeterminate", "Non-COVID", "Normal")
    )
    findings = ("Ground-glass opacity", "Crazy-paving", "Consolidation", "Reversed halo")
    return Plan(
        modality="CT" if is_ct else "CR",
        days=(number % 17,) if number % 5 else (number % 17, number % 17 + 6),
        category=categories[number % len(categories)],
        severity=number % 4 or None,
        value=3 + number % 3,
        basis=("agreement", "agreement", "adjudication", "chair")[number % 4],
        findings=findings[: number % 5],
        distributions=("Peripheral", "Central")[: number % 3],
        title=f"{_TITLES[number % len(_TITLES)]} ({number})",
        record={"age_years": 20 + number % 70, "rt_pcr": ("positive", "negative")[number % 2]},
    )


def published(plan: Plan | None = None, **changes: Any) -> Edition:
    """One public case after a plan, and found by the search."""
    plan = replace(plan or Plan(), **changes)
    number = next(_numbers)
    at = timezone.now() - timedelta(days=1) + timedelta(seconds=number)
    upload = accepted_upload(
        sent_by=_trust(), days=tuple(plan.days), modalities=(plan.modality,) * len(plan.days)
    )
    if plan.record:
        ClinicalRecord.objects.filter(upload=upload).delete()
        record_of(upload, **plan.record)
    case = _settled(plan, upload, at)
    teaching_case = TeachingCase.objects.create(
        number=number, slug="chest-ct", case=case, created_at=at
    )
    edition = Edition.objects.create(
        teaching_case=teaching_case,
        number=1,
        status=EditionStatus.PUBLISHED,
        title=plan.title,
        summary=plan.summary,
        licence="CC-BY-4.0",
        author=_people()[0],
        publisher=_people()[1],
        saved_at=at,
        published_at=at,
    )
    _shown(plan, edition, upload)
    index_edition(edition, at=timezone.now())
    return edition


def _settled(plan: Plan, upload: Upload, at: datetime) -> Case:
    scheme = ReportingScheme.objects.default_for(plan.modality).first()
    category = Category.objects.get(scheme=scheme, label=plan.category)
    case = Case.objects.create(
        patient=upload.patient, status=CaseStatus.ACCEPTED, opened_at=at, settled_at=at
    )
    studies = list(upload.studies.all())
    for study in studies:
        CaseStudy.objects.create(case=case, study=study, scheme=scheme)
    chosen = (
        category,
        Category.objects.get(scheme=scheme, label=plan.other_category or plan.category),
    )
    for reader, severity, said in zip(_people()[2:], plan.severities, chosen, strict=True):
        reading = Reading.objects.create(
            case=case, reader=reader, include=True, teaching_value=plan.value, saved_at=at
        )
        for study in studies:
            Assessment.objects.create(
                reading=reading, study=study, scheme=scheme, category=said, severity=severity
            )
        _name(plan, reading, studies[0], at)
        Reading.objects.filter(pk=reading.pk).update(submitted_at=at)
    decided = {} if plan.basis == "agreement" else {"decided_by": _people()[0], "reason": "Said."}
    Verdict.objects.create(
        case=case, basis=plan.basis, outcome="accepted", category=category, decided_at=at,
        severity=plan.severity, teaching_value=plan.value, **decided,
    )  # fmt: skip
    return case


def _name(plan: Plan, reading: Reading, study: Any, at: datetime) -> None:
    distributions = list(plan.distributions) or [None]
    for place, meaning in enumerate(plan.findings):
        where = distributions[place % len(distributions)]
        Finding.objects.create(
            reading=reading,
            study=study,
            finding=FindingCode.objects.get(kind="finding", meaning=meaning),
            distribution=where and FindingCode.objects.get(kind="distribution", meaning=where),
            found_at=at,
        )


def _shown(plan: Plan, edition: Edition, upload: Upload) -> None:
    for place, study in enumerate(upload.studies.order_by("days_from_onset", "pk"), start=1):
        series = study.series.get()
        instance = series.instances.get()
        EditionSeries.objects.create(edition=edition, series=series, position=place)
        PublishedImage.objects.create(
            edition=edition, instance=instance, study_instance_uid=_uid(),
            series_instance_uid=_uid(), sop_instance_uid=_uid(), study_position=place,
            series_position=place, position=1, modality=plan.modality, series_label="Lung",
            days_from_onset=study.days_from_onset,
        )  # fmt: skip
        if place == 1:
            TeachingPoint.objects.create(
                edition=edition, position=1, text=plan.point, instance=instance
            )


def store(edition: Edition) -> None:
    """What lies in the public bucket for an edition's images: one grey frame, again and again."""
    for image in edition.images.select_related("instance__series__study"):
        header = header_of(image.instance.series, image.instance)
        uids = {
            "00080018": image.sop_instance_uid,
            "0020000D": image.study_instance_uid,
            "0020000E": image.series_instance_uid,
        }
        for tag, uid in uids.items():
            header[tag]["Value"] = [uid]
        storage.write(storage.frame_key(edition, image, 1), encode_frame(_GREY))
        storage.write_metadata(storage.metadata_key(edition, image.series_instance_uid), [header])
        picture = rendering.thumbnail(_GREY, header)
        storage.write(storage.thumbnail_key(edition, image.series_instance_uid), picture)


_GREY = np.full((4, 4), 3, dtype=np.uint16)


def _people() -> list[Member]:
    """An author, a publisher and two readers; the same for every case of a test."""
    emails = [f"many{number}@example.test" for number in range(4)]
    known = {each.email: each for each in Member.objects.filter(email__in=emails)}
    return [known.get(email) or member(("panellist",), email=email) for email in emails]


def _trust() -> Organisation:
    return Organisation.objects.filter(ods_code="MANY").first() or organisation(ods_code="MANY")


def _uid() -> str:
    return f"2.25.{uuid.uuid4().int}"
