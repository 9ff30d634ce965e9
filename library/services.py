"""The desk: drafting, proposing, returning, publishing, suspending and retiring."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from audit.services import record
from bsti_db.accounts.models import Member
from library.completeness import missing
from library.lifecycle import EDITION_LIFECYCLE, EditionStatus
from library.models import (
    Annotation,
    Edition,
    EditionSeries,
    IntruderCheck,
    RetirementReason,
    TeachingCase,
    TeachingPoint,
)
from library.schedule import next_review
from library.search.indexing import index_edition, remove_teaching_case
from review.models import Case
from uploads.models import Instance, Series, Upload

# what a new edition takes over from the one before
WRITTEN = ("title", "summary", "key_points", "differential", "discussion", "references")


ONE_GO = timedelta(minutes=10)


class NotForTeaching(Exception):
    """The case is not accepted with teaching value, or its images may no longer be shown."""


class StaleEdition(Exception):
    """Somebody saved this edition after it was opened."""


class NotReady(Exception):
    """The edition lacks something a reader or the law would miss."""


class OwnWriting(Exception):
    """Nobody publishes what they wrote."""


class ChecklistNotComplete(Exception):
    """The motivated-intruder checklist has a question without a yes."""


@dataclass(frozen=True)
class PointDraft:
    """One teaching point as the form hands it over."""

    text: str
    instance: Instance
    frame: int
    window: str
    annotation: Annotation | None = None
    alt_text: str = ""


@dataclass(frozen=True)
class Prose:
    """What an edition says beside its teaching points; all but the references are Markdown."""

    key_points: str = ""
    differential: str = ""
    discussion: str = ""
    references: str = ""


@transaction.atomic
def start_edition(*, case: Case, actor: Actor, at: datetime) -> Edition:
    """A draft for a case of teaching value: its first, or a new edition of its last text.

    Raises NotForTeaching; IllegalMove when an edition is already on the desk.
    """
    if not Case.objects.of_teaching_value().filter(pk=case.pk).exists():
        raise NotForTeaching("Only an accepted case of teaching value can be written up.")
    Case.objects.select_for_update().get(pk=case.pk)
    teaching_case = TeachingCase.objects.filter(case=case).first()
    if teaching_case is None:
        last = TeachingCase.objects.aggregate(last=Max("number"))["last"] or 0
        teaching_case = TeachingCase.objects.create(
            number=last + 1, slug=_slug(case), case=case, created_at=at
        )
    if teaching_case.editions.on_the_desk().exists():
        raise IllegalMove("An edition of this case is already being written.")
    previous = teaching_case.editions.first()
    kept = {name: getattr(previous, name) for name in WRITTEN} if previous else {}
    edition = Edition.objects.create(
        **kept,
        teaching_case=teaching_case,
        number=previous.number + 1 if previous else 1,
        licence=_licence(case),
        author=actor.member,
        saved_at=at,
    )
    _copy_content(previous, edition, case)
    record("edition.started", actor=actor, subject=edition, case=case.number)
    return edition


def _slug(case: Case) -> str:
    # slugs never carry category or diagnosis
    modalities = set(_series_of(case).values_list("modality", flat=True))
    return "chest-ct" if "CT" in modalities else "chest-radiograph"


def _licence(case: Case) -> str:
    """The narrowest licence that any upload of the case was given under."""
    asked = set(_series_of(case).values_list("study__upload__licence", flat=True))
    return "CC-BY-NC-SA-4.0" if "CC-BY-NC-SA-4.0" in asked else "CC-BY-4.0"


def _series_of(case: Case) -> Any:
    """Every series of a case that may be shown, studies in order of time, lung kernel first."""
    studies = case.case_studies.shown().in_order().values_list("study_id", flat=True)
    return Series.objects.filter(study_id__in=list(studies)).order_by(
        F("study__days_from_onset").asc(nulls_last=True),
        F("study__study_date").asc(nulls_last=True),
        "series_number",
        "pk",
    )


def series_of(case: Case) -> list[Series]:
    """Every series of a case that may be shown, in the order of the page."""
    return list(_series_of(case).select_related("study"))


def _copy_content(previous: Edition | None, edition: Edition, case: Case) -> None:
    if previous is None:
        shown = series_of(case)
    else:
        shown = [row.series for row in previous.shown_series.select_related("series")]
        copies = {row.pk: _copy_annotation(row, edition) for row in previous.annotations.drawn()}
        for point in previous.teaching_points.all():
            point.pk, point.edition = None, edition
            point.annotation = copies.get(point.annotation_id)
            point.save(force_insert=True)
    for position, series in enumerate(shown, start=1):
        EditionSeries.objects.create(edition=edition, series=series, position=position)


def _copy_annotation(row: Annotation, edition: Edition) -> Annotation:
    row.pk, row.edition, row.version = uuid.uuid4(), edition, 1
    row.save(force_insert=True)
    return row


@transaction.atomic
def save_draft(
    *,
    edition: Edition,
    version: int,
    title: str,
    summary: str,
    series: Sequence[Series],
    points: Sequence[PointDraft],
    prose: Prose | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Save what the editor wrote.

    Raises StaleEdition when another version was saved since this one was opened, IllegalMove
    when it is no longer a draft.
    """
    before = edition.saved_at
    saved = Edition.objects.filter(
        pk=edition.pk, version=version, status=EditionStatus.DRAFT
    ).update(
        title=title,
        summary=summary,
        **asdict(prose or Prose()),
        version=version + 1,
        saved_at=at,
    )
    if not saved:
        edition.refresh_from_db()
        if edition.status != EditionStatus.DRAFT:
            raise IllegalMove("This edition is no longer a draft, so it was not changed.")
        raise StaleEdition(
            "Somebody saved this edition after you opened it. Your text is below: compare, "
            "then save again."
        )
    edition.refresh_from_db()
    edition.shown_series.all().delete()
    for position, row in enumerate(series, start=1):
        EditionSeries.objects.create(edition=edition, series=row, position=position)
    edition.teaching_points.all().delete()
    for position, point in enumerate(points, start=1):
        TeachingPoint.objects.create(
            edition=edition,
            position=position,
            text=point.text,
            instance=point.instance,
            frame=point.frame,
            window=point.window,
            annotation=point.annotation,
            alt_text=point.alt_text,
        )
    # a form saves itself every few seconds: one row for what is written in one go
    if edition.version == 2 or at - before > ONE_GO:
        record("edition.saved", actor=actor, subject=edition, version=edition.version)


@transaction.atomic
def propose_edition(*, edition: Edition, actor: Actor, at: datetime) -> None:
    """Hand a draft to a second person.

    Raises NotReady with the first thing that is missing, IllegalMove when it is not a draft.
    """
    lacking = missing(edition)
    if lacking:
        raise NotReady(" ".join(lacking))
    edition.proposed_at, edition.returned_comment = at, ""
    edition.save(update_fields=["proposed_at", "returned_comment"])
    EDITION_LIFECYCLE.advance(
        edition, EditionStatus.PROPOSED, actor=actor, points=edition.teaching_points.count()
    )


@transaction.atomic
def return_edition(*, edition: Edition, comment: str, actor: Actor, at: datetime) -> None:
    """Give a proposed edition back to its author with a comment."""
    if not comment.strip():
        raise NotReady("Say what should change, so that the editor can change it.")
    if edition.publication_asked_at:
        raise IllegalMove("This edition is being published.")
    edition.returned_comment, edition.saved_at = comment, at
    edition.save(update_fields=["returned_comment", "saved_at"])
    EDITION_LIFECYCLE.advance(edition, EditionStatus.DRAFT, actor=actor)


@transaction.atomic
def approve_edition(
    *,
    edition: Edition,
    answers: dict[str, bool],
    publish_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """Record the motivated-intruder check and ask for publication; a task copies the images.

    With `publish_on` that waits for the day; until then it can be stopped.

    Raises OwnWriting, ChecklistNotComplete, NotForTeaching, NotReady, IllegalMove.
    """
    edition = Edition.objects.select_for_update().get(pk=edition.pk)
    if actor.member is None or actor.member.pk == edition.author_id:
        raise OwnWriting("You wrote this edition. Another publisher must check and publish it.")
    if edition.status != EditionStatus.PROPOSED or edition.publication_asked_at:
        raise IllegalMove("This edition is not waiting for a check.")
    if not all(answers.get(code) for code, _ in IntruderCheck.QUESTIONS):
        raise ChecklistNotComplete(
            "Every line of the checklist must be true before the case is public. "
            "Return it to the editor if one is not."
        )
    lacking = missing(edition)
    if lacking:
        raise NotReady(" ".join(lacking))
    _check_for_teaching(edition)
    IntruderCheck.objects.update_or_create(
        edition=edition,
        defaults={
            "checked_by": actor.member,
            "checked_at": at,
            "answers": {code: True for code, _ in IntruderCheck.QUESTIONS},
        },
    )
    edition.publisher, edition.publication_asked_at, edition.problem = actor.member, at, ""
    edition.publish_on = publish_on
    edition.save(update_fields=["publisher", "publication_asked_at", "publish_on", "problem"])
    day = publish_on.isoformat() if publish_on else None
    record("edition.approved", actor=actor, subject=edition, publish_on=day)


def _check_for_teaching(edition: Edition) -> None:
    allowed = set(_series_of(edition.teaching_case.case).values_list("pk", flat=True))
    shown = {row.series_id for row in edition.shown_series.all()}
    case = edition.teaching_case.case
    if not shown <= allowed or not Case.objects.accepted().filter(pk=case.pk).exists():
        raise NotForTeaching(
            "The case or one of its uploads is no longer accepted, so it cannot be public."
        )


@transaction.atomic
def complete_publication(*, edition: Edition, at: datetime, actor: Actor) -> bool:
    """Make a copied edition the public one; False when another run has done it.

    Locks the case and its uploads and checks again, so that a withdrawal wins.
    """
    edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition.pk)
    if edition.publication_asked_at is None:
        return False
    case = Case.objects.select_for_update().get(pk=edition.teaching_case.case_id)
    uploads = Upload.objects.filter(studies__series__in=edition.shown_series.values("series"))
    list(Upload.objects.select_for_update().filter(pk__in=uploads.values("pk")))
    _check_for_teaching(edition)
    for older in edition.teaching_case.editions.filter(status=EditionStatus.PUBLISHED):
        EDITION_LIFECYCLE.advance(older, EditionStatus.SUPERSEDED, actor=actor)
    edition.published_at = edition.published_at or at
    edition.review_by = edition.review_by or next_review(at)
    edition.suspended_at = None
    edition.publication_asked_at = None
    edition.save(
        update_fields=["published_at", "suspended_at", "publication_asked_at", "review_by"]
    )
    EDITION_LIFECYCLE.advance(
        edition, EditionStatus.PUBLISHED, actor=actor, case=case.number,
        images=edition.images.count(),
    )  # fmt: skip
    index_edition(edition, at=at)
    return True


@transaction.atomic
def abandon_publication(*, edition: Edition, problem: str, actor: Actor) -> None:
    """Take back a publication that cannot be: the reason stands on the desk."""
    Edition.objects.filter(pk=edition.pk).update(publication_asked_at=None, problem=problem)
    record("edition.publication_failed", actor=actor, subject=edition)


@transaction.atomic
def suspend_teaching_case(*, teaching_case: TeachingCase, actor: Actor, at: datetime) -> None:
    """Take every edition of a teaching case from the public, at once.

    Raises IllegalMove when nothing of it is public.
    """
    live = list(
        teaching_case.editions.select_for_update().filter(
            status__in=[EditionStatus.PUBLISHED, EditionStatus.SUPERSEDED]
        )
    )
    if not live:
        raise IllegalMove("This case is not public.")
    for edition in live:
        edition.suspended_at = at
        edition.save(update_fields=["suspended_at"])
        EDITION_LIFECYCLE.advance(edition, EditionStatus.SUSPENDED, actor=actor)
    remove_teaching_case(teaching_case.pk)


@transaction.atomic
def ask_reinstatement(*, teaching_case: TeachingCase, actor: Actor, at: datetime) -> Edition:
    """Ask for the newest suspended edition to be public again; a task rebuilds its copies first."""
    edition = teaching_case.editions.select_for_update().filter(
        status=EditionStatus.SUSPENDED
    ).first()  # fmt: skip
    if edition is None:
        raise IllegalMove("No edition of this case is suspended.")
    if actor.member is None or actor.member.pk == edition.author_id:
        raise OwnWriting("You wrote this edition. Another publisher must make it public again.")
    _check_for_teaching(edition)
    edition.publication_asked_at, edition.publisher = at, actor.member
    edition.save(update_fields=["publication_asked_at", "publisher"])
    record("edition.reinstatement_asked", actor=actor, subject=edition)
    return edition


@transaction.atomic
def retire_teaching_case(
    *, teaching_case: TeachingCase, reason: str, actor: Actor, at: datetime
) -> None:
    """Take every edition from the public for good; the address answers 410 with day and reason."""
    editions = list(
        teaching_case.editions.select_for_update().filter(
            status__in=[
                EditionStatus.PUBLISHED,
                EditionStatus.SUPERSEDED,
                EditionStatus.SUSPENDED,
            ]
        )
    )
    if not editions:
        raise IllegalMove("Nothing of this case was ever public.")
    teaching_case.retired_at, teaching_case.retirement_reason = at, RetirementReason(reason)
    teaching_case.save(update_fields=["retired_at", "retirement_reason"])
    for edition in editions:
        EDITION_LIFECYCLE.advance(edition, EditionStatus.RETIRED, actor=actor, reason=reason)
    remove_teaching_case(teaching_case.pk)


def may_check(edition: Edition, member: Member) -> bool:
    """Whether this member may be the second person of an edition."""
    return edition.author_id != member.pk and member.has_perm("accounts.library_publish")
