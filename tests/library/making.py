"""Editions on accepted cases whose images really lie in the study store."""

import gzip
import json
import uuid
from typing import Any

import numpy as np
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.models import Member
from library import annotating, publication, services
from library.models import Annotation, Edition, IntruderCheck
from library.services import PointDraft
from review.models import Case
from tests.factories import member
from tests.review.making import accepted_upload, decided_case
from tests.stored_images import store_image
from uploads import storage
from uploads.models import Series

ALL_TRUE = {code: True for code, _ in IntruderCheck.QUESTIONS}


def editor() -> Member:
    return member(("editor",))


def publisher() -> Member:
    return member(("publisher",))


def case_with_images(*, slices: int = 3, days: tuple[int, ...] = (3,)) -> Case:
    """An accepted case of teaching value; slice n of a series is all n."""
    upload = accepted_upload(slices=slices, days=days, modalities=("CT",) * len(days))
    case = decided_case(upload=upload)
    for series in services.series_of(case):
        _store(series)
    return case


def _store(series: Series) -> None:
    upload_id, headers = series.study.upload_id, []
    for number, instance in enumerate(series.instances.all(), start=1):
        pixels = np.full((instance.rows, instance.columns), number, dtype=np.uint16)
        instance.series = series
        store_image(instance, pixels)
        headers.append(header_of(series, instance))
    content = gzip.compress(json.dumps(headers).encode(), mtime=0)
    storage.write_study(storage.metadata_key(upload_id, series.series_instance_uid), content)


def header_of(series: Series, instance: Any) -> dict[str, Any]:
    values = {
        "00080016": ("UI", instance.sop_class_uid),
        "00080018": ("UI", instance.sop_instance_uid),
        "00080020": ("DA", "20200301"),
        "00080060": ("CS", series.modality),
        "00100020": ("LO", "PSEUDONYM1"),
        "00101010": ("AS", "063Y"),
        "0020000D": ("UI", series.study.study_instance_uid),
        "0020000E": ("UI", series.series_instance_uid),
        "00280002": ("US", 1),
        "00280004": ("CS", "MONOCHROME2"),
        "00280010": ("US", instance.rows),
        "00280011": ("US", instance.columns),
        "00280030": ("DS", 0.5, 0.5),
        "00280100": ("US", 16),
        "00280101": ("US", 16),
        "00280102": ("US", 15),
        "00280103": ("US", 0),
        "00281050": ("DS", 2),
        "00281051": ("DS", 4),
    }
    return {tag: {"vr": vr, "Value": list(value)} for tag, (vr, *value) in values.items()}


def draft(case: Case | None = None, *, by: Member | None = None) -> Edition:
    """A draft with everything a proposal needs; its one point is on the second slice."""
    case = case or case_with_images()
    actor = Actor.of_member(by or editor())
    edition = services.start_edition(case=case, actor=actor, at=timezone.now())
    series = services.series_of(case)
    point = PointDraft("Look **here**.", series[0].instances.all()[1], 1, "lung")
    services.save_draft(
        edition=edition,
        version=edition.version,
        title="Ground-glass opacity",
        summary="Patches under the pleura.",
        series=series,
        points=[point],
        actor=actor,
        at=timezone.now(),
    )
    return edition


def drawn(
    edition: Edition,
    *,
    tool: str = "arrow",
    pairs: tuple[tuple[float, float], ...] = ((0.5, 0.75), (2.25, 3.0)),
    text: str = "",
    slice_number: int = 2,
    series_number: int = 1,
) -> Annotation:
    """Something drawn on one image, of the first series and an arrow unless told otherwise."""
    series = services.series_of(edition.teaching_case.case)[series_number - 1]
    return annotating.draw(
        edition=edition,
        key=uuid.uuid4(),
        instance=series.instances.all()[slice_number - 1],
        frame=1,
        drawing=annotating.Drawing(tool, pairs, text),
        actor=Actor.of_member(edition.author),
        at=timezone.now(),
    )


def proposed(case: Case | None = None) -> Edition:
    return _propose(draft(case))


def approved(case: Case | None = None) -> Edition:
    return _approve(proposed(case))


def published(case: Case | None = None) -> Edition:
    return _complete(approved(case))


def publish(edition: Edition) -> Edition:
    """A draft, as it is, for the public."""
    return _complete(_approve(_propose(edition)))


def _propose(edition: Edition) -> Edition:
    services.propose_edition(
        edition=edition, actor=Actor.of_member(edition.author), at=timezone.now()
    )
    return edition


def _approve(edition: Edition) -> Edition:
    services.approve_edition(
        edition=edition,
        answers=ALL_TRUE,
        actor=Actor.of_member(publisher()),
        at=timezone.now(),
    )
    edition.refresh_from_db()
    return edition


def _complete(edition: Edition) -> Edition:
    publication.copy_edition(edition)
    services.complete_publication(
        edition=edition, at=timezone.now(), actor=Actor.of_task("publish_edition")
    )
    edition.refresh_from_db()
    return edition
