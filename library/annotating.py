"""Drawing on the images of a draft: arrows, outlines and words, each with a version."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from audit.services import record
from library.lifecycle import EditionStatus
from library.models import Annotation, Edition
from uploads.dicom import drawing as drawings
from uploads.dicom.graphics import NotAGraphic, Pair, flat, pairs_of
from uploads.models import Instance

MOST = 300  # annotations of an edition
MOST_TEXT = 200  # characters


class StaleAnnotation(Exception):
    """Somebody changed it after it was read; `annotation` is what stands now."""

    def __init__(self, annotation: Annotation) -> None:
        super().__init__("Somebody else changed this after you opened it. Yours is not saved.")
        self.annotation = annotation


class TooMany(Exception):
    """One edition holds only so much."""


@dataclass(frozen=True)
class Drawing:
    """What was drawn, as an editor's browser hands it over."""

    tool: str
    pairs: Sequence[Pair]
    text: str = ""


def check_drawing(drawing: Drawing, *, instance: Instance, frame: int) -> None:
    """Raises NotAGraphic, with a sentence, for what cannot be drawn there."""
    drawings.check_drawing(
        drawing.tool,
        drawing.pairs,
        columns=instance.columns,
        rows=instance.rows,
        frame=frame,
        number_of_frames=instance.number_of_frames,
    )
    if len(drawing.text) > MOST_TEXT or not (drawing.text.isprintable()):
        raise NotAGraphic(f"The label is one line of at most {MOST_TEXT} characters.")


@transaction.atomic
def draw(
    *,
    edition: Edition,
    key: uuid.UUID,
    instance: Instance,
    frame: int,
    drawing: Drawing,
    actor: Actor,
    at: datetime,
) -> Annotation:
    """Draw something new; the same again under the same key changes nothing.

    Raises NotAGraphic, IllegalMove when the edition is no draft, TooMany, StaleAnnotation when
    the key stands for something else.
    """
    _lock_draft(edition)
    check_drawing(drawing, instance=instance, frame=frame)
    known = Annotation.objects.filter(pk=key).select_related("changed_by").first()
    if known is not None:
        return _again(known, edition, instance, frame, drawing)
    if edition.annotations.drawn().count() >= MOST:
        raise TooMany(f"An edition holds at most {MOST} drawings.")
    annotation = Annotation.objects.create(
        pk=key,
        edition=edition,
        instance=instance,
        frame=frame,
        tool=drawing.tool,
        graphic_type=drawings.TOOLS[drawing.tool].graphic_type,
        graphic_data=flat(drawing.pairs),
        text=drawing.text,
        drawn_by=actor.member,
        drawn_at=at,
        changed_by=actor.member,
        changed_at=at,
    )
    record(
        "annotation.drawn",
        actor=actor,
        subject=annotation,
        edition=edition.pk,
        tool=drawing.tool,
    )
    return annotation


def _again(
    known: Annotation, edition: Edition, instance: Instance, frame: int, drawing: Drawing
) -> Annotation:
    # an answer was lost on its way and the browser asked again
    is_same = (known.edition_id, known.instance_id, known.frame, known.tool, known.text) == (
        edition.pk, instance.pk, frame, drawing.tool, drawing.text
    )  # fmt: skip
    if is_same and known.rubbed_out_at is None and known.graphic_data == flat(drawing.pairs):
        return known
    if known.edition_id != edition.pk:
        raise NotAGraphic("This key belongs to another drawing.")
    raise StaleAnnotation(known)


@transaction.atomic
def redraw(
    *,
    annotation: Annotation,
    version: int,
    pairs: Sequence[Pair],
    text: str,
    actor: Actor,
    at: datetime,
) -> Annotation:
    """Change where it lies or what it says.

    Raises NotAGraphic, IllegalMove when the edition is no draft, StaleAnnotation.
    """
    row = _locked(annotation, version)
    if row.rubbed_out_at is not None:
        raise StaleAnnotation(row)
    check_drawing(Drawing(row.tool, pairs, text), instance=row.instance, frame=row.frame)
    changed = [
        name
        for name, is_changed in (
            ("graphic_data", pairs_of(row.graphic_data) != list(pairs)),
            ("text", row.text != text),
        )
        if is_changed
    ]
    row.graphic_data, row.text = flat(pairs), text
    _save(row, actor, at)
    record("annotation.redrawn", actor=actor, subject=row, changed=changed, version=row.version)
    return row


@transaction.atomic
def rub_out(*, annotation: Annotation, version: int, actor: Actor, at: datetime) -> Annotation:
    """Take it away; `restore` brings it back as it was.

    Raises IllegalMove when the edition is no draft, StaleAnnotation.
    """
    row = _locked(annotation, version)
    if row.rubbed_out_at is not None:
        raise StaleAnnotation(row)
    row.rubbed_out_at = at
    _save(row, actor, at)
    record("annotation.rubbed_out", actor=actor, subject=row, version=row.version)
    return row


@transaction.atomic
def restore(*, annotation: Annotation, version: int, actor: Actor, at: datetime) -> Annotation:
    """Bring back what was rubbed out.

    Raises IllegalMove when the edition is no draft, StaleAnnotation, TooMany.
    """
    row = _locked(annotation, version)
    if row.rubbed_out_at is None:
        raise StaleAnnotation(row)
    if row.edition.annotations.drawn().count() >= MOST:
        raise TooMany(f"An edition holds at most {MOST} drawings.")
    row.rubbed_out_at = None
    _save(row, actor, at)
    record("annotation.restored", actor=actor, subject=row, version=row.version)
    return row


def _lock_draft(edition: Edition) -> None:
    status = Edition.objects.select_for_update().values_list("status", flat=True)
    if status.get(pk=edition.pk) != EditionStatus.DRAFT:
        raise IllegalMove("This edition is no longer a draft, so nothing can be drawn on it.")


def _locked(annotation: Annotation, version: int) -> Annotation:
    _lock_draft(annotation.edition)
    row = (
        Annotation.objects.select_for_update(of=("self",))
        .select_related("instance", "edition", "changed_by")
        .get(pk=annotation.pk)
    )
    if row.version != version:
        raise StaleAnnotation(row)
    return row


def _save(row: Annotation, actor: Actor, at: datetime) -> None:
    row.version += 1
    row.changed_by, row.changed_at = actor.member, at
    row.save()
