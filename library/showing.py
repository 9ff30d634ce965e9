"""What a page of an edition shows, as plain values for its template."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from library import citing
from library.facts import Spread, age_band, newest_record
from library.models import (
    LICENCE_URLS,
    Annotation,
    DocumentKind,
    Edition,
    PublishedDocument,
    PublishedImage,
    TeachingPoint,
    Window,
)
from library.references import references
from library.text import to_html
from review.models import Case
from uploads.addresses import short_uid
from uploads.dicom.graphics import pairs_of
from uploads.models import ClinicalRecord


def stack_series(edition: Edition, images: Iterable[PublishedImage]) -> list[dict[str, Any]]:
    """The series list of components/stack.html, from a published edition's images."""
    series = []
    for uid, group in groupby(images, key=lambda image: image.series_instance_uid):
        rows = list(group)
        first = rows[0]
        series.append(
            {
                "uid": short_uid(uid),
                "label": first.series_label,
                "modality": first.modality,
                "study": day_words(first.days_from_onset, first.study_position),
                "thumbnail_url": f"{_series_root(edition, first)}/thumbnail",
                "is_first": first.series_position == 1,
                "images": [
                    {
                        "uid": short_uid(image.sop_instance_uid),
                        "frame": frame,
                        "url": rendered_url(edition, image, frame),
                    }
                    for image in rows
                    for frame in range(1, image.number_of_frames + 1)
                ],
            }
        )
    return series


def day_words(days_from_onset: int | None, study_position: int) -> str:
    if days_from_onset is None:
        return f"Study {study_position}"
    return f"Day {days_from_onset} from onset"


def dicom_web_root(edition: Edition) -> str:
    case = edition.teaching_case
    return reverse("library:dicom-web", args=[case.number, case.slug, edition.number])


def annotations_root(edition: Edition) -> str:
    case = edition.teaching_case
    return reverse("library:public-annotations", args=[case.number, case.slug, edition.number])


def _series_root(edition: Edition, image: PublishedImage) -> str:
    study = f"{dicom_web_root(edition)}studies/{image.study_instance_uid}"
    return f"{study}/series/{image.series_instance_uid}"


def rendered_url(edition: Edition, image: PublishedImage, frame: int) -> str:
    root = f"{_series_root(edition, image)}/instances/{image.sop_instance_uid}"
    return f"{root}/frames/{frame}/rendered" if image.number_of_frames > 1 else f"{root}/rendered"


def teaching_points(
    points: Iterable[TeachingPoint], images: Iterable[PublishedImage]
) -> list[dict[str, Any]]:
    """Each point's HTML and the public slice it is bound to."""
    by_instance = {image.instance_id: image for image in images}
    has_several_studies = len({image.study_position for image in by_instance.values()}) > 1
    shown = []
    for point in points:
        image = by_instance[point.instance_id]
        label = image.series_label
        if has_several_studies:
            label = f"{day_words(image.days_from_onset, image.study_position)}, {label}"
        shown.append(
            {
                "html": to_html(point.text),
                "image": f"{short_uid(image.sop_instance_uid)}-{point.frame}",
                "window": "" if point.window == Window.OWN else point.window,
                "place": place_words(point, image.position, label),
                "annotation": annotation_key(point),
                "alt_text": point.alt_text,
            }
        )
    return shown


def prose(edition: Edition) -> dict[str, Any]:
    """What an edition says beside its points: HTML of each part, and its references."""
    parts = {"key_points": edition.key_points, "differential": edition.differential}
    parts["discussion"] = edition.discussion
    shown: dict[str, Any] = {name: to_html(text) for name, text in parts.items() if text}
    return shown | {"references": references(edition.references)}


def place_words(point: TeachingPoint, position: int, label: str) -> str:
    window = "" if point.window == Window.OWN else f", {point.get_window_display().lower()} window"
    frame = f", frame {point.frame}" if point.frame > 1 else ""
    return f"Show image {position}{frame} of {label}{window}"


def annotation_key(point: TeachingPoint) -> str:
    """What a point's link names, so that pressing it brings up what was drawn; "" for nothing."""
    row = point.annotation
    is_there = row is not None and row.rubbed_out_at is None
    return str(row.pk) if is_there and row.instance_id == point.instance_id else ""


def annotation(row: Annotation, uid: str) -> dict[str, Any]:
    """One annotation as docs/annotations.md says; `uid` is its image's, private or public."""
    return {
        "id": str(row.pk),
        "image": f"{short_uid(uid)}-{row.frame}",
        "tool": row.tool,
        "graphic_type": row.graphic_type,
        "graphic_data": pairs_of(row.graphic_data),
        "text": row.text,
        "version": row.version,
    }


def public_annotations(edition: Edition) -> list[tuple[Annotation, PublishedImage]]:
    """What was drawn on the images an edition shows, each with its public image."""
    by_instance = {image.instance_id: image for image in edition.images.all()}
    return [
        (row, by_instance[row.instance_id])
        for row in edition.annotations.drawn()
        if row.instance_id in by_instance
    ]


def source(edition: Edition) -> citing.Source:
    """A published edition as something to cite, by its own address, which lasts."""
    case = edition.teaching_case
    address = reverse("library:edition", args=[case.number, case.slug, edition.number])
    return citing.Source(
        number=case.number,
        edition=edition.number,
        title=edition.title,
        published_on=timezone.localdate(edition.published_at),
        url=settings.SITE_URL.rstrip("/") + address,
        licence=edition.get_licence_display(),
        licence_url=LICENCE_URLS[edition.licence],
    )


def figures(edition: Edition, points: Iterable[TeachingPoint]) -> list[dict[str, str]]:
    """The figure of each teaching point, with its address and words."""
    case = edition.teaching_case
    return [
        {
            "url": reverse(
                "library:figure", args=[case.number, case.slug, edition.number, point.position]
            ),
            "text": f"Figure of teaching point {place} (PNG)",
        }
        for place, point in enumerate(points, start=1)
    ]


def documents(edition: Edition, images: Iterable[PublishedImage]) -> dict[str, Any]:
    """The files about a published edition's images, as library/_documents.html shows them."""
    days = {image.study_position: image.days_from_onset for image in images}
    studies = {position: day_words(day, position) for position, day in days.items()}
    rows = list(edition.documents.all())
    return document_list(
        [(row, document_url(row, edition), row.size_bytes) for row in rows], studies
    )


def document_list(rows: Sequence[tuple[Any, str, int]], studies: dict[int, str]) -> dict[str, Any]:
    """Each document with its address, words and size; `studies` names studies by their place."""
    known = [row for row, _, _ in rows]
    return {
        "documents": [
            {
                "url": url,
                "text": document_words(row, known, studies[row.study_position]),
                "size_bytes": size_bytes,
            }
            for row, url, size_bytes in rows
        ],
        "document_kinds": {str(row.kind) for row in known},
    }


def document_url(row: PublishedDocument, edition: Edition) -> str:
    case = edition.teaching_case
    address = [case.number, case.slug, edition.number, *document_place(row)]
    return reverse("library:document", args=address)


def document_place(row: Any) -> tuple[int, str, int]:
    """The last parts of a document's address."""
    return row.study_position, str(row.kind), row.number


def document_words(row: Any, rows: Collection[Any], study: str) -> str:
    """What a document is, of which study when there are several, and which of its kind."""
    words = str(DocumentKind(row.kind).label)
    if len({each.study_position for each in rows}) > 1:
        words = f"{words}, {study}"
    of_its_kind = [each for each in rows if document_place(each)[:2] == document_place(row)[:2]]
    return f"{words}, {row.number} of {len(of_its_kind)}" if len(of_its_kind) > 1 else words


def panel_rows(spread: Sequence[Spread]) -> list[dict[str, str]]:
    """ "2 Classic COVID-19, 1 Indeterminate" for each study that readers assessed."""
    return [
        {
            "study": day_words(each.days_from_onset, each.study_position)
            if len(spread) > 1
            else "",
            "categories": ", ".join(f"{n} {label}" for label, n in each.categories),
            "severities": ", ".join(f"{n} {label}" for label, n in each.severities),
        }
        for each in spread
    ]


def context_rows(case: Case) -> list[dict[str, str]]:
    """The clinical context in intervals: never a date, the age as its band."""
    record = newest_record(case)
    if record is None:
        return []
    rows = [
        ("Age", age_band(record.age_years)),
        ("Sex", record.get_sex_display()),
        ("SARS-CoV-2 RT-PCR", record.get_rt_pcr_display()),
        ("Days from onset to first imaging", _or_not_known(record.days_from_onset)),
        ("Symptoms", _symptoms(record)),
        ("Oxygen support at imaging", record.get_oxygen_support_display()),
    ]
    return [{"key": key, "value": value} for key, value in rows]


def _or_not_known(value: int | None) -> str:
    return "Not known" if value is None else str(value)


def _symptoms(record: ClinicalRecord) -> str:
    words = dict(ClinicalRecord.SYMPTOMS)
    named = [words[code] for code in record.symptoms if code in words]
    return ", ".join(named) if named else "Not known"


def edition_url(edition: Edition) -> str:
    """The address of a teaching case: its newest edition."""
    return reverse("library:case", args=[edition.teaching_case.number, edition.teaching_case.slug])
