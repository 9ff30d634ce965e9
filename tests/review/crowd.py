"""A whole panel with years of readings, in a few statements: for pages that must stay fast."""

import random
from datetime import timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from bsti_db.accounts.models import Member, Organisation
from review.lifecycle import CaseStatus
from review.models import (
    Assessment,
    Assignment,
    Case,
    CaseStudy,
    Reading,
    ReportingScheme,
    Seat,
    Verdict,
)
from tests.factories import organisation
from tests.review import making
from uploads.lifecycle import UploadStatus
from uploads.models import Patient, Study, Submitter, Upload


def readings(*, cases: int, readers: int, a_case: int = 3, seed: int = 7) -> list[Member]:
    """Settled cases of one study each, read `a_case` times; gives the readers.

    A reader says what is so in seven of ten, and else anything. Every third study is a radiograph.
    """
    draw, now = random.Random(seed), timezone.now()
    trust = organisation()
    members = Member.objects.bulk_create(
        Member(email=f"reader{number}@example.test", name=f"Reader Number {number}")
        for number in range(readers)
    )
    schemes = {kind: ReportingScheme.objects.default_for(kind).first() for kind in ("CT", "CR")}
    categories = {kind: list(each.categories.all()) for kind, each in schemes.items()}
    studies = _studies(trust, cases)
    settled = [now - timedelta(days=draw.randrange(700)) for _ in studies]
    made = Case.objects.bulk_create(
        Case(patient=study.patient, status=draw.choice([CaseStatus.ACCEPTED] * 4 + ["declined"]),
             opened_at=at - timedelta(days=draw.randrange(40)), settled_at=at)
        for study, at in zip(studies, settled, strict=True)
    )  # fmt: skip
    CaseStudy.objects.bulk_create(
        CaseStudy(case=case, study=study, scheme=schemes[study.modality])
        for case, study in zip(made, studies, strict=True)
    )
    who = [draw.sample(members, a_case) for _ in made]
    rows = Reading.objects.bulk_create(
        Reading(case=case, reader=reader, include=draw.random() < 0.8, teaching_value=3,
                saved_at=case.settled_at - timedelta(days=1))
        for case, readers_of_it in zip(made, who, strict=True) for reader in readers_of_it
    )  # fmt: skip
    truth = {case.pk: draw.choice(categories[study.modality])
             for case, study in zip(made, studies, strict=True)}  # fmt: skip
    study_of = {case.pk: study for case, study in zip(made, studies, strict=True)}
    Assessment.objects.bulk_create(
        Assessment(
            reading=row,
            study=(study := study_of[row.case_id]),
            scheme=schemes[study.modality],
            category=truth[row.case_id]
            if draw.random() < 0.7
            else draw.choice(categories[study.modality]),
            severity=draw.choice([None, 1, 2, 3]),
        )
        for row in rows
    )
    Reading.objects.filter(pk__in=[row.pk for row in rows]).update(submitted_at=F("saved_at"))
    Assignment.objects.bulk_create(
        Assignment(case=case, member=reader, seat=seat, assigned_at=case.opened_at,
                   due_on=case.settled_at.date())
        for case, readers_of_it in zip(made, who, strict=True)
        for reader, seat in zip(readers_of_it, Seat, strict=False)
    )  # fmt: skip
    Verdict.objects.bulk_create(
        Verdict(case=case, basis="agreement", decided_at=case.settled_at, outcome=case.status,
                category=truth[case.pk], teaching_value=3)
        for case in made
    )  # fmt: skip
    analyse()
    return members


def analyse() -> None:
    """Count the rows for the planner, as the server does by itself some time after they came."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def to_read(reader: Member, *, cases: int) -> list[Case]:
    """Open cases of one CT each that are given to a reader, the first due first."""
    now = timezone.now()
    studies = _studies(organisation(), cases, modality="CT")
    scheme = ReportingScheme.objects.default_for("CT").first()
    made = Case.objects.bulk_create(
        Case(patient=study.patient, status=CaseStatus.OPEN, opened_at=now - timedelta(days=place))
        for place, study in enumerate(studies)
    )
    CaseStudy.objects.bulk_create(
        CaseStudy(case=case, study=study, scheme=scheme)
        for case, study in zip(made, studies, strict=True)
    )
    Assignment.objects.bulk_create(
        Assignment(case=case, member=reader, seat=Seat.READER_A, assigned_at=now,
                   due_on=(now + timedelta(days=place)).date())
        for place, case in enumerate(made)
    )  # fmt: skip
    analyse()
    return made


def _studies(trust: Organisation, number: int, modality: str = "") -> list[Study]:
    now = timezone.now()
    first = Patient.objects.count()
    submitter = Submitter.objects.create(
        email=f"crowd{first}@nhs.net", name="Submitter", role="Radiographer", organisation=trust
    )
    patients = Patient.objects.bulk_create(
        Patient(pseudonym=f"Q{first + place:06}", organisation=trust) for place in range(number)
    )
    uploads = Upload.objects.bulk_create(
        Upload(reference=f"Q-{first + place:05}", submitter=submitter, organisation=trust,
               patient=patient, status=UploadStatus.ACCEPTED, submitted_at=now, declared_at=now,
               settled_at=now)
        for place, patient in enumerate(patients)
    )  # fmt: skip
    return Study.objects.bulk_create(
        Study(upload=upload, patient=upload.patient, study_instance_uid=making._uid(),
              modality=modality or ("CR" if place % 3 == 0 else "CT"), days_from_onset=3)
        for place, upload in enumerate(uploads)
    )  # fmt: skip
