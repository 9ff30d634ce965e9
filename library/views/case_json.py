"""A published edition as JSON, and the schema that says what it holds."""

import json
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from library import citing, showing
from library.facts import newest_verdict
from library.lifecycle import EditionStatus
from library.models import Edition, PublishedImage, TeachingPoint
from library.references import Reference, references
from library.views.images import public, readable_edition
from library.views.public import credits_of
from review.models import Verdict

SCHEMA = Path(__file__).resolve().parent.parent / "case.schema.json"


@public
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_schema(), content_type="application/schema+json")


@cache
def _schema() -> bytes:
    written = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return _written({"$id": _absolute(reverse("library:case-schema")), **written})


@public
def case_json(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    """What the page of an edition says, for programs."""
    row = readable_edition(number, slug, edition)
    return HttpResponse(_written(_of(row)), content_type="application/json")


def _written(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _absolute(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def _of(edition: Edition) -> dict[str, Any]:
    images = list(edition.images.order_by("study_position", "series_position", "position"))
    case = edition.teaching_case
    source = showing.source(edition)
    return {
        "$schema": _absolute(reverse("library:case-schema")),
        "number": case.number,
        "edition": edition.number,
        "is_newest": edition.status == EditionStatus.PUBLISHED,
        "url": source.url,
        "title": edition.title,
        "summary": edition.summary,
        "key_points": edition.key_points,
        "differential": edition.differential,
        "discussion": edition.discussion,
        "references": [_reference(each) for each in references(edition.references)],
        "published_on": timezone.localdate(edition.published_at).isoformat(),
        "licence": {"name": source.licence, "url": source.licence_url},
        "citation": citing.in_words(source),
        "credits": credits_of(edition),
        "panel": _panel(newest_verdict(case.case)),
        "context": [
            {"name": each["key"], "value": each["value"]}
            for each in showing.context_rows(case.case)
        ],
        "dicomweb": _absolute(showing.dicom_web_root(edition)),
        "studies": [_study(list(group)) for _, group in groupby(images, _study_uid)],
        "teaching_points": _points(edition, images),
        "drawings": [_drawing(row, image) for row, image in showing.public_annotations(edition)],
        "documents": _documents(edition, images),
    }


def _reference(reference: Reference) -> dict[str, Any]:
    return {"text": reference.words, "urls": [link.url for link in reference.links]}


def _panel(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None or verdict.category is None:
        return None
    return {
        "scheme": verdict.category.scheme.name,
        "scheme_version": verdict.category.scheme.version,
        "category": verdict.category.label,
        "severity": verdict.get_severity_display() if verdict.severity else None,
    }


def _study_uid(image: PublishedImage) -> str:
    return image.study_instance_uid


def _study(images: list[PublishedImage]) -> dict[str, Any]:
    series = groupby(images, lambda image: image.series_instance_uid)
    return {
        "study_instance_uid": images[0].study_instance_uid,
        "days_from_onset": images[0].days_from_onset,
        "series": [_series(uid, list(group)) for uid, group in series],
    }


def _series(uid: str, images: list[PublishedImage]) -> dict[str, Any]:
    return {
        "series_instance_uid": uid,
        "modality": images[0].modality,
        "label": images[0].series_label,
        "images": len(images),
        "frames": sum(image.number_of_frames for image in images),
    }


def _points(edition: Edition, images: Iterable[PublishedImage]) -> list[dict[str, Any]]:
    uids = {image.instance_id: image.sop_instance_uid for image in images}
    points: list[TeachingPoint] = list(edition.teaching_points.select_related("annotation"))
    figures = showing.figures(edition, points)
    return [
        {
            "text": point.text,
            "alt_text": point.alt_text,
            "sop_instance_uid": uids[point.instance_id],
            "frame": point.frame,
            "window": point.window,
            "drawing": showing.annotation_key(point) or None,
            "figure": _absolute(figure["url"]),
        }
        for point, figure in zip(points, figures, strict=True)
    ]


def _drawing(row: Any, image: PublishedImage) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "sop_instance_uid": image.sop_instance_uid,
        "frame": row.frame,
        "tool": row.tool,
        "graphic_type": row.graphic_type,
        "graphic_data": row.graphic_data,
        "text": row.text,
    }


def _documents(edition: Edition, images: list[PublishedImage]) -> list[dict[str, Any]]:
    studies = {image.study_position: image.study_instance_uid for image in images}
    return [
        {
            "kind": row.kind,
            "study_instance_uid": studies[row.study_position],
            "size_bytes": row.size_bytes,
            "url": _absolute(showing.document_url(row, edition)),
        }
        for row in edition.documents.all()
    ]
