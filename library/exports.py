"""What is drawn on an edition's images, as files that other software reads: DICOM SR and GSPS."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.utils import timezone

from library.models import Annotation, DocumentKind, Edition, TeachingPoint, Tool, Window
from uploads.dicom.documents.composing import Document, Frame, Making, UidOf
from uploads.dicom.documents.measuring import area_of, length_of
from uploads.dicom.documents.presentation import Mark, View, presentation_state, states
from uploads.dicom.documents.report import Group, Region, Report, report
from uploads.dicom.headers import Header, first
from uploads.dicom.rendering import PRESETS, Preset
from uploads.dicom.rendering import Window as GreyWindow


@dataclass(frozen=True)
class Source:
    """An image to which documents refer: its header, private or public, and its study's place."""

    header: Header
    study_position: int


@dataclass(frozen=True)
class Export:
    """One document of an edition, and where it stands among them."""

    kind: DocumentKind
    study_position: int
    number: int  # from 1, among those of its kind and study
    document: Document


def instances_of(edition: Edition) -> set[int]:
    """The images that something is drawn on, or that a teaching point shows."""
    drawn = edition.annotations.drawn().values_list("instance_id", flat=True)
    return {*drawn, *edition.teaching_points.values_list("instance_id", flat=True)}


def exports(
    edition: Edition, sources: Mapping[int, Source], *, uid: UidOf, is_final: bool
) -> list[Export]:
    """Every document of an edition about these images, by the primary key of their instance.

    A study on which nothing is drawn has no report, only how its teaching points show it.
    """
    annotations = _of_these(edition.annotations.drawn(), sources)
    points = _of_these(edition.teaching_points.all(), sources)
    making = Making(on=_last_change(edition, annotations), uid=uid)
    positions = {sources[row.instance_id].study_position for row in [*annotations, *points]}
    found = []
    for position in sorted(positions):
        study = {pk: each for pk, each in sources.items() if each.study_position == position}
        drawn = _of_these(annotations, study)
        views = _views(drawn, _of_these(points, study), study, uid)
        if drawn:
            written = report(_report(drawn, study, uid, is_final=is_final), making)
            found.append(Export(DocumentKind.REPORT, position, 1, written))
        title = f"Teaching case {edition.teaching_case.number}, edition {edition.number}"
        for number, state in enumerate(states(views), start=1):
            written = presentation_state(state, title, making)
            found.append(Export(DocumentKind.PRESENTATION, position, number, written))
    return found


def _of_these(rows: Iterable[models.Model], sources: Mapping[int, Source]) -> list[Any]:
    return [row for row in rows if row.instance_id in sources]


def _last_change(edition: Edition, annotations: Sequence[Annotation]) -> date:
    # not today: the same edition must give the same file tomorrow
    return timezone.localdate(max([edition.saved_at, *(row.changed_at for row in annotations)]))


def _frame(row: Annotation | TeachingPoint, sources: Mapping[int, Source]) -> Frame:
    return Frame(sources[row.instance_id].header, row.frame)


def _named(rows: Sequence[Annotation], uid: UidOf) -> list[tuple[Annotation, str, str]]:
    """Each with what it is called among those of its tool, and the UID that it is tracked by."""
    count: Counter[str] = Counter()
    named = []
    for row in rows:
        count[row.tool] += 1
        named.append((row, f"{row.get_tool_display()} {count[row.tool]}", uid(f"drawing|{row.pk}")))
    return named


# --- The report ------------------------------------------------------------------


def _report(
    rows: Sequence[Annotation], sources: Mapping[int, Source], uid: UidOf, *, is_final: bool
) -> Report:
    return Report(
        images=[_frame(row, sources) for row in rows],
        groups=[
            _group(row, _frame(row, sources), name, tracking_uid)
            for row, name, tracking_uid in _named(rows, uid)
        ],
        is_final=is_final,
    )


def _group(row: Annotation, frame: Frame, name: str, tracking_uid: str) -> Group:
    region = Region(frame, row.graphic_type, tuple(row.graphic_data))
    if row.tool == Tool.LENGTH:
        measured = length_of(row.graphic_data, frame)
        return Group(name, tracking_uid, path=region, measurements=[measured], comment=row.text)
    area = area_of(row.graphic_type, row.graphic_data, frame)
    return Group(
        name,
        tracking_uid,
        region=region,
        measurements=[area] if area else [],
        comment=row.text,
    )


# --- The presentation states -------------------------------------------------------


def _views(
    rows: Sequence[Annotation],
    points: Sequence[TeachingPoint],
    sources: Mapping[int, Source],
    uid: UidOf,
) -> list[View]:
    """Each teaching point's frame in its window, then what is drawn elsewhere, with all marks."""
    marks: dict[tuple[int, int], list[Mark]] = {}
    for row, name, tracking_uid in _named(rows, uid):
        mark = _mark(row, _frame(row, sources), name, tracking_uid)
        marks.setdefault((row.instance_id, row.frame), []).append(mark)
    wanted: dict[tuple[int, int, GreyWindow | None], Frame] = {}
    for point in points:
        frame = _frame(point, sources)
        wanted.setdefault((point.instance_id, point.frame, _window(point, frame)), frame)
    taught = {(point.instance_id, point.frame) for point in points}
    for row in rows:
        if (row.instance_id, row.frame) not in taught:
            wanted.setdefault((row.instance_id, row.frame, None), _frame(row, sources))
    return [
        View(frame, window, tuple(marks.get((instance, number), ())))
        for (instance, number, window), frame in wanted.items()
    ]


def view_of(point: TeachingPoint, drawn: Iterable[Annotation], header: Header) -> View:
    """What a teaching point shows: its frame in its window, and what is drawn on that frame."""
    frame = Frame(header, point.frame)
    place = (point.instance_id, point.frame)
    marks = [_mark(row, frame) for row in drawn if (row.instance_id, row.frame) == place]
    return View(frame, _window(point, frame), tuple(marks))


def _window(point: TeachingPoint, frame: Frame) -> GreyWindow | None:
    # the named windows are in Hounsfield units
    if point.window == Window.OWN or first(frame.header, "Modality") != "CT":
        return None
    return PRESETS[Preset(point.window)]


def _mark(row: Annotation, frame: Frame, name: str = "", tracking_uid: str = "") -> Mark:
    words = [row.text]
    if row.tool == Tool.LENGTH:
        _, value, unit = length_of(row.graphic_data, frame)
        words.append(f"{value:.1f} {unit.meaning}")
    return Mark(
        row.graphic_type,
        tuple(row.graphic_data),
        text=", ".join(word for word in words if word),
        is_arrow=row.tool == Tool.ARROW,
        is_text=row.tool == Tool.TEXT,
        tracking_identifier=name,
        tracking_uid=tracking_uid,
    )
