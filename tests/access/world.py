"""One of everything that has an address, and everybody who may ask for it."""

import gzip
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.test import Client
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.models import FactorReset, Member
from bsti_db.accounts.roles import Role
from library import concerns
from library import services as editing
from library.models import Concern, Edition
from review import services as reviewing
from review.models import Assignment, Case, CaseQuestion, Remark, Seat
from review.services import discussing
from tests import factories
from tests.library import making as library
from tests.review import making as review
from tests.signing_in import sign_in
from tests.stored_images import store_image
from tests.uploads.entering import come_in, submitter
from tests.uploads.sending import add_file
from uploads import storage
from uploads.lifecycle import UploadStatus
from uploads.models import Study, Submitter, Upload, UploadedFile

# not this machine: some addresses answer it more than others
ELSEWHERE = "192.0.2.7"


@dataclass(frozen=True)
class World:
    """The objects; `visitors` holds everybody's browser by name."""

    visitors: dict[str, Client]
    members: dict[str, Member]
    draft: Upload
    draft_file: UploadedFile
    held: Upload
    held_file: UploadedFile
    asked: Upload
    question: CaseQuestion
    unopened: Upload
    case_open: Case
    case_discordant: Case
    case_accepted: Case
    case_declined: Case
    case_set_aside: Case
    remark: Remark
    edition: Edition
    proposed: Edition
    published: Edition
    suspended: Edition
    to_write: Case
    drawing: Any
    concern: Concern
    plain_member: Member

    def study(self, case: Case) -> Study:
        return case.case_studies.get().study

    def instance(self, case: Case) -> str:
        """The address of a case's first instance below a DICOMweb root."""
        study = self.study(case)
        series = study.series.first()
        instance = series.instances.first()
        return (
            f"studies/{study.study_instance_uid}/series/{series.series_instance_uid}"
            f"/instances/{instance.sop_instance_uid}"
        )


def make_world() -> World:
    trust = factories.organisation()
    sender = submitter(organisation=trust)
    members = _members(trust)
    uploads = _uploads(sender)
    cases = _cases(members, sender)
    editions = _editions(members)
    plain = factories.member(("panellist",))
    FactorReset.objects.create(
        member=plain, asked_by=factories.member(("administrator",)), asked_at=timezone.now()
    )
    return World(
        visitors=_visitors(members, sender),
        members=members,
        plain_member=plain,
        **uploads,
        **cases,
        **editions,
    )


# --- People -----------------------------------------------------------------------------


def _members(trust: Any) -> dict[str, Member]:
    everything = list(Role)
    year_ago = timezone.now() - timedelta(days=settings.PASSWORD_MAX_AGE_DAYS + 1)
    return {
        # whoever lacks one thing has everything else
        "password only": factories.member(everything),
        "expired password": factories.member(everything, password_changed_at=year_ago),
        "deactivated": factories.member(everything),
        "panellist": factories.member(("panellist",)),
        "reader": factories.member(("panellist",)),
        "adjudicator": factories.member(("panellist",)),
        "own trust": factories.member(("panellist",), organisation=trust),
        **{
            role: factories.member((role,))
            for role in ("chair", "editor", "publisher", "curator", "auditor", "administrator")
        },
    }


def _visitors(members: dict[str, Member], sender: Submitter) -> dict[str, Client]:
    visitors = {
        "anonymous": _browser(),
        "submitter": come_in(_browser(), sender),
        # of the same trust, which makes nobody an owner
        "colleague": come_in(_browser(), submitter(organisation=sender.organisation)),
        "other submitter": come_in(_browser(), submitter()),
    }
    for name, member in members.items():
        visitors[name] = sign_in(_browser(), member)
    session = visitors["password only"].session
    del session["otp_device_id"]
    session.save()
    gone = members["deactivated"]
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    return visitors


def _browser() -> Client:
    return Client(REMOTE_ADDR=ELSEWHERE, raise_request_exception=False)


# --- What they ask for --------------------------------------------------------------------


def _uploads(sender: Submitter) -> dict[str, Any]:
    now = timezone.now()
    number = uuid.uuid4().hex[:6]

    def upload(name: str, status: str = UploadStatus.DRAFT) -> Upload:
        times = {} if status == UploadStatus.DRAFT else dict.fromkeys(_TIMES, now)
        return Upload.objects.create(
            reference=f"U-{name}{number}",
            submitter=sender,
            organisation=sender.organisation,
            status=status,
            **times,
        )

    draft, held = upload("A"), upload("B", UploadStatus.HELD)
    picture = {"rows": 96, "columns": 64, "frames": 1, "shown": [1]}
    held_file = add_file(
        held, b"DICM", outcome="held", reason="burned_in_annotation", picture=picture
    )
    storage.write_preview(held_file, 1, b"\x89PNG")
    asked = review.accepted_upload()
    Upload.objects.filter(pk=asked.pk).update(withdrawal_asked_at=now)
    return {
        "draft": draft,
        "draft_file": add_file(draft, b"DICM"),
        "held": held,
        "held_file": held_file,
        "asked": asked,
        "unopened": review.accepted_upload(),
    }


_TIMES = ("declared_at", "submitted_at", "settled_at")


def _cases(members: dict[str, Member], sender: Submitter) -> dict[str, Any]:
    upload = _with_images(review.accepted_upload(sent_by=sender.organisation))
    Upload.objects.filter(pk=upload.pk).update(submitter=sender)
    case_open = review.given_case(members["reader"], upload)
    # nobody gives it to them; a row that is wrong must not open the case either
    Assignment.objects.create(
        case=case_open, member=members["own trust"], seat=Seat.READER_B, assigned_at=timezone.now()
    )
    question = CaseQuestion.objects.create(
        case=case_open,
        upload=upload,
        text="Which day?",
        asked_by=members["reader"],
        asked_at=timezone.now(),
    )
    discordant = review.discordant_case(_with_images(review.accepted_upload()))
    reviewing.assign(
        case=discordant,
        member=members["adjudicator"],
        actor=Actor.of_member(members["chair"]),
        at=timezone.now(),
    )
    accepted = review.decided_case(upload=_with_images(review.accepted_upload()))
    writer = Actor.of_member(members["panellist"])
    return {
        "question": question,
        "remark": discussing.write_remark(
            case=accepted, actor=writer, text="Typical.", at=timezone.now()
        ),
        "case_open": case_open,
        "case_discordant": discordant,
        "case_accepted": accepted,
        "case_declined": review.decided_case(
            "declined", upload=_with_images(review.accepted_upload())
        ),
        "case_set_aside": _set_aside(members),
    }


def _set_aside(members: dict[str, Member]) -> Case:
    case = review.given_case(members["reader"], _with_images(review.accepted_upload()))
    reviewing.set_aside(
        case=case,
        actor=Actor.of_member(members["chair"]),
        reason="face",
        where="",
        at=timezone.now(),
    )
    return case


def _with_images(upload: Upload) -> Upload:
    for study in upload.studies.all():
        for series in study.series.all():
            for instance in series.instances.all():
                instance.header = _HEADER
                instance.save(update_fields=["header"])
                store_image(instance, np.ones((4, 4), dtype=np.uint16))
            key = storage.metadata_key(upload.pk, series.series_instance_uid)
            storage.write_study(key, gzip.compress(json.dumps([_HEADER]).encode()))
    return upload


_HEADER = {
    "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
    "00280103": {"vr": "US", "Value": [0]},
}


def _editions(members: dict[str, Member]) -> dict[str, Any]:
    editor = members["editor"]
    edition = library.draft(by=editor)
    published, suspended = library.published(), library.published()
    editing.suspend_teaching_case(
        teaching_case=suspended.teaching_case,
        actor=Actor.of_member(members["chair"]),
        at=timezone.now(),
    )
    return {
        "edition": edition,
        "drawing": library.drawn(edition),
        "proposed": library.proposed(),
        "published": published,
        "concern": _concern(published),
        "suspended": suspended,
        "to_write": library.case_with_images(),
    }


def _concern(edition: Edition) -> Concern:
    return concerns.report_concern(
        edition=edition,
        kind="other",
        text="Letters at the edge.",
        client=ELSEWHERE,
        actor=Actor.nobody(),
        at=timezone.now(),
    )
