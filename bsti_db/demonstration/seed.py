"""The demonstration: invented people and patients, through the real services and workers."""

import base64
import hashlib
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import tasks as audit_tasks
from audit.actors import Actor
from bsti_db.accounts.models import Member, Organisation
from bsti_db.accounts.seeds import new_seed
from bsti_db.accounts.services import enrol
from bsti_db.demonstration.patients import PATIENTS, DemoArrow, DemoPatient, DemoPoint
from bsti_db.demonstration.phantoms import chest_volume, ct_series, invented_patient, radiograph
from bsti_db.demonstration.phantoms.files import derived_uid
from library import annotating
from library import services as library_services
from library import tasks as library_tasks
from library.models import Annotation, Edition, IntruderCheck
from review import services as review_services
from review.models import Case, Category, FindingCode, ReportingScheme
from uploads import services as upload_services
from uploads import tasks as upload_tasks
from uploads.addresses import short_uid
from uploads.dicom.graphics import Pair
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Study, Submitter, Upload
from uploads.services.intake import FileToSend

SLICES = 110
WAIT_SECONDS = 240
ROLES = {
    "administrator": "Ada Marsh",
    "panellist": "Ben Okoro",
    "second panellist": "Cara Lindqvist",
    "third panellist": "Ines Moreau",
    "chair": "Dev Raman",
    "editor": "Elin Price",
    "publisher": "Farid Haddad",
    "curator": "Grace Boyd",
    "auditor": "Hugh Teller",
}
# the domain .example belongs to nobody (RFC 2606)
DOMAIN = "bsti.example"


class DemonstrationFailed(Exception):
    """A step of the demonstration did not come to its end in time."""


def seed(data_dir: Path, say: Callable[[str], None]) -> None:
    """Make everything once; run again, it goes on where it stopped."""
    members = seed_members(data_dir)
    sent = []
    for number, patient in enumerate(PATIENTS, start=1):
        say(f"Demonstration: patient {number} of {len(PATIENTS)}")
        sent.append((patient, send(patient)))
    for patient, upload in sent:
        wait_until(partial(_is_settled, upload), "an upload to be processed")
        if patient.ends == "published":
            read_and_write(patient, upload, members)
        elif patient.ends == "discordant":
            read_only(patient, upload, members)
    wait_until(_everything_is_published, "the cases to be published")
    # what the hour and the night do on a server
    (audit_tasks.anchor_trail.si() | audit_tasks.verify_trail.si()).delay()


def seed_members(data_dir: Path) -> dict[str, Member]:
    """One member a role; their sign-ins go to demo.json, which only this user may read."""
    page = data_dir / "demo.json"
    known: dict[str, dict[str, str]] = json.loads(page.read_text()) if page.exists() else {}
    members = {}
    for role, name in ROLES.items():
        email = f"{role.replace(' ', '-')}@{DOMAIN}"
        member = Member.objects.filter(email=email).first()
        if member is None or role not in known:
            password, totp_secret = secrets.token_urlsafe(18), base64.b32encode(new_seed()).decode()
            member = enrol(
                email=email,
                name=name,
                roles=[role.rpartition(" ")[2]],
                password=password,
                totp_secret=totp_secret,
                actor=Actor.of_task("seed_demo"),
                at=timezone.now(),
            )
            known[role] = {"email": email, "password": password, "totp_secret": totp_secret}
            _write_privately(page, known)
        members[role] = member
    return members


def _write_privately(page: Path, known: dict[str, Any]) -> None:
    draft = page.with_suffix(".tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(known, file, indent=2)
    draft.replace(page)


def send(patient: DemoPatient) -> Upload:
    """Upload one patient's files as their trust would, and hand them to the workers."""
    organisation = Organisation.objects.get(ods_code=patient.ods_code)
    submitter, _ = Submitter.objects.get_or_create(
        email=f"radiology-{patient.seed}@nhs.net",
        organisation=organisation,
        defaults={"name": "Demonstration submitter", "role": "Radiographer"},
    )
    sent = Upload.objects.filter(submitter=submitter).exclude(status=UploadStatus.DRAFT).first()
    if sent:
        return sent
    actor = Actor.of_submitter(submitter)
    Upload.objects.filter(submitter=submitter, status=UploadStatus.DRAFT).delete()
    upload = upload_services.start_upload(submitter=submitter, actor=actor)
    _receive(upload, list(files_of(patient)), actor)
    upload_services.save_clinical_record(upload=upload, answers=clinical(patient), actor=actor)
    upload_services.declare(
        upload=upload,
        caldicott_reference=f"DEMO-{patient.seed}",
        caldicott_role="Caldicott Guardian",
        licence="CC-BY-4.0" if patient.seed % 2 else "CC-BY-NC-SA-4.0",
        may_credit_organisation=False,
        actor=actor,
        at=timezone.now(),
    )
    upload_services.submit_upload(upload=upload, actor=actor, at=timezone.now())
    upload_tasks.process_upload.delay(str(upload.pk))
    return upload


def files_of(patient: DemoPatient) -> Iterator[bytes]:
    """The DICOM files of a patient, with an invented identity in their headers."""
    for number, study in enumerate(patient.studies, start=1):
        is_ct = study.kind == "CT"
        # a radiograph paints the body anew, so a coarse volume will do
        grid = {"slices": SLICES} if is_ct else {"slices": 12, "matrix": 64}
        volume = chest_volume(patient.seed, study.disease, **grid)
        identity = invented_patient(volume, study_date=patient.study_date(study), visit=number)
        uid = derived_uid("demonstration", patient.seed, number)
        if is_ct:
            yield from ct_series(volume, patient=identity, study_uid=uid)
        else:
            yield radiograph(
                volume,
                patient=identity,
                study_uid=uid,
                view=study.kind,
                printed_name=patient.ends == "held",
            )


def _receive(upload: Upload, contents: list[bytes], actor: Actor) -> None:
    announced = [
        FileToSend(
            name=f"IM{number:04}",
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for number, content in enumerate(contents, start=1)
    ]
    rows, _ = upload_services.add_files(upload=upload, files=announced, actor=actor)
    part = settings.UPLOAD_PART_BYTES
    for row, content in zip(rows, contents, strict=True):
        for number, start in enumerate(range(0, len(content), part), start=1):
            body = bytearray(content[start : start + part])
            upload_services.receive_part(
                file=row,
                number=number,
                body=body,
                sha256=hashlib.sha256(body).hexdigest(),
                at=timezone.now(),
            )


def clinical(patient: DemoPatient) -> dict[str, Any]:
    """The clinical context of a patient, as the form would give it."""
    return {
        "age_years": min(90, 38 + patient.seed % 45),
        "sex": "F" if patient.seed % 2 else "M",
        "rt_pcr": patient.rt_pcr,
        "days_from_onset_to_swab": patient.studies[0].day if patient.rt_pcr == "positive" else None,
        "days_from_onset": patient.studies[0].day,
        "symptoms": list(patient.symptoms),
        "hypertension": "yes" if patient.seed % 3 == 0 else "no",
        "cardiovascular_disease": "no",
        "chronic_lung_disease": "no",
        "diabetes": "yes" if patient.seed % 4 == 0 else "no",
        "chronic_kidney_disease": "no",
        "immunosuppressed": "not_known",
        "smoking": "never",
        "oxygen_support": patient.oxygen_support,
        "outcome": "discharged",
        "clinical_history": "",
    }


def read_and_write(patient: DemoPatient, upload: Upload, members: dict[str, Member]) -> None:
    """The panel reads and accepts the case; the desk writes and publishes it."""
    case = read_only(patient, upload, members)
    if not Edition.objects.filter(teaching_case__case=case).exists():
        _write(patient, case, members)


def read_only(patient: DemoPatient, upload: Upload, members: dict[str, Member]) -> Case:
    """Two members of the panel read the case; the second one of a discordant case differs."""
    upload.refresh_from_db()
    opener = Actor.of_member(members["panellist"])
    case = Case.objects.filter(patient=upload.patient).first() or review_services.open_case(
        patient=upload.patient, actor=opener, at=timezone.now()
    )
    for role in ("panellist", "second panellist"):
        case.refresh_from_db()
        if case.status == Case.Status.OPEN:
            _read(patient, case, members, role)
    case.refresh_from_db()
    if case.status == Case.Status.DISCORDANT and not case.assignments.filter(seat="adjudicator"):
        _give(case, members["third panellist"], members)
    return case


def _read(patient: DemoPatient, case: Case, members: dict[str, Member], role: str) -> None:
    reader = members[role]
    if case.readings.filter(reader=reader, submitted_at__isnull=False).exists():
        return
    if not case.assignments.filter(member=reader).exists():
        _give(case, reader, members)
    differs = patient.ends == "discordant" and role == "second panellist"
    answers = {}
    for place, row in enumerate(case.case_studies.in_order().select_related("study", "scheme")):
        chosen = _category(row.scheme_read_by(), "indeterminate" if differs else patient.category)
        answers[row.study_id] = review_services.StudyAnswer(
            chosen, patient.severity, findings=_findings(patient, row.study, place)
        )
    review_services.submit_reading(
        case=case,
        actor=Actor.of_member(reader),
        version=0,
        answers=review_services.Answers(True, patient.teaching_value, "", answers),
        at=timezone.now(),
    )


def _findings(
    patient: DemoPatient, study: Study, place: int
) -> tuple[review_services.CodedFinding, ...]:
    where = FindingCode.objects.offered("distribution").get(meaning="Peripheral")
    offered = FindingCode.objects.offered("finding")
    return tuple(
        review_services.CodedFinding(
            offered.get(meaning=meaning), None, where, _placement(patient, meaning, study, place)
        )
        for meaning in patient.findings
    )


def _placement(
    patient: DemoPatient, meaning: str, study: Study, place: int
) -> review_services.Placement | None:
    """Where the desk's arrow points at what is called so."""
    for point in patient.points:
        if point.study == place and point.arrow and point.arrow.text == meaning:
            shown = _image_of(point, study.series.first())
            name = f"{short_uid(shown.sop_instance_uid)}-1"
            return review_services.Placement(name, "arrow", _pairs(point.arrow, shown))
    return None


def _give(case: Case, to: Member, members: dict[str, Member]) -> None:
    review_services.assign(
        case=case, member=to, actor=Actor.of_member(members["chair"]), at=timezone.now()
    )


def _category(scheme: ReportingScheme, word: str) -> Category:
    return scheme.categories.filter(label__istartswith=word).first()


def _write(patient: DemoPatient, case: Case, members: dict[str, Member]) -> None:
    case.refresh_from_db()
    editor, publisher = Actor.of_member(members["editor"]), Actor.of_member(members["publisher"])
    edition = library_services.start_edition(case=case, actor=editor, at=timezone.now())
    series = library_services.series_of(case)
    library_services.save_draft(
        edition=edition,
        version=edition.version,
        title=patient.title,
        summary=patient.summary,
        series=series,
        points=[_point(point, series, edition, editor) for point in patient.points],
        prose=patient.prose,
        actor=editor,
        at=timezone.now(),
    )
    library_services.propose_edition(edition=edition, actor=editor, at=timezone.now())
    library_services.approve_edition(
        edition=edition,
        answers={code: True for code, _ in IntruderCheck.QUESTIONS},
        actor=publisher,
        at=timezone.now(),
    )
    transaction.on_commit(partial(library_tasks.publish_edition.delay, edition.pk))


def _point(
    point: DemoPoint, series: list[Any], edition: Edition, editor: Actor
) -> library_services.PointDraft:
    shown = _image_of(point, series[point.study])
    drawn = _drawn(point.arrow, shown, edition, editor) if point.arrow else None
    return library_services.PointDraft(point.text, shown, 1, point.window, drawn)


def _image_of(point: DemoPoint, series: Any) -> Instance:
    instances = list(series.instances.all())
    return instances[point.place_in(len(instances))]


def _pairs(arrow: DemoArrow, shown: Instance) -> tuple[Pair, ...]:
    return tuple(
        (round(share_across * shown.columns, 2), round(share_down * shown.rows, 2))
        for share_across, share_down in (arrow.tail, arrow.head)
    )


def _drawn(arrow: DemoArrow, shown: Instance, edition: Edition, editor: Actor) -> Annotation:
    return annotating.draw(
        edition=edition,
        key=uuid.uuid4(),
        instance=shown,
        frame=1,
        drawing=annotating.Drawing("arrow", _pairs(arrow, shown), arrow.text),
        actor=editor,
        at=timezone.now(),
    )


def _is_settled(upload: Upload) -> bool:
    upload.refresh_from_db()
    return upload.status != UploadStatus.SUBMITTED


def _everything_is_published() -> bool:
    return not Edition.objects.to_publish().exists()


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    """Wait for the workers. Raises DemonstrationFailed after some minutes."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise DemonstrationFailed(f"Waited {WAIT_SECONDS} seconds for {what}.")
        time.sleep(0.5)
