"""What is drawn on the images, as JSON: editors draw, everybody sees (docs/annotations.md)."""

import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.lifecycles import IllegalMove
from library import annotating, services, showing
from library.lifecycle import EditionStatus
from library.models import Annotation, Edition
from library.views.desk_images import DESK
from library.views.images import public, readable_edition
from uploads.addresses import short_uid
from uploads.dicom.graphics import NotAGraphic, read_pairs
from uploads.models import Instance

EDIT = "accounts.library_edit"


class Malformed(Exception):
    """The body is not what docs/annotations.md says."""


def answered(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Every refusal as JSON with a sentence; a stale version with what stands now."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            return view(request, *args, **kwargs)
        except Malformed as problem:
            return _message(str(problem), 400)
        except PermissionDenied:
            return _message("Only editors may draw here.", 403)
        except Http404:
            return _message("There is no such drawing.", 404)
        except annotating.StaleAnnotation as problem:
            return JsonResponse(
                {"message": str(problem), "annotation": _standing(problem.annotation)}, status=409
            )
        except (IllegalMove, annotating.TooMany) as problem:
            return _message(str(problem), 409)
        except NotAGraphic as problem:
            return _message(str(problem), 422)

    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@answered
def desk_list(request: HttpRequest, edition_id: int) -> JsonResponse:
    """All of an edition; POST draws one more under the key the browser chose."""
    edition = _edition(request, edition_id)
    if request.method != "POST":
        return JsonResponse({"annotations": [_shown(row) for row in _rows(edition)]})
    _may_edit(request)
    body = _body(request)
    instance, frame = _image(edition, _text(body, "image"))
    row = annotating.draw(
        edition=edition,
        key=_key(body),
        instance=instance,
        frame=frame,
        drawing=annotating.Drawing(
            _text(body, "tool"), read_pairs(body.get("graphic_data")), _text(body, "text")
        ),
        actor=request.actor,
        at=timezone.now(),
    )
    return JsonResponse(_shown(row), status=201)


@never_cache
@require_http_methods(["PUT", "DELETE"])
@answered
def desk_one(request: HttpRequest, edition_id: int, key: uuid.UUID) -> JsonResponse:
    """PUT changes one, DELETE rubs it out; each with the version it was read in."""
    row = _row(request, edition_id, key)
    body = _body(request)
    acting = {"annotation": row, "actor": request.actor, "at": timezone.now()}
    if request.method == "DELETE":
        return JsonResponse(_shown(annotating.rub_out(version=_version(body), **acting)))
    return JsonResponse(
        _shown(
            annotating.redraw(
                version=_version(body),
                pairs=read_pairs(body.get("graphic_data")),
                text=_text(body, "text"),
                **acting,
            )
        )
    )


@never_cache
@require_POST
@answered
def desk_restore(request: HttpRequest, edition_id: int, key: uuid.UUID) -> JsonResponse:
    """Undo of a deletion."""
    row = _row(request, edition_id, key)
    restored = annotating.restore(
        annotation=row,
        version=_version(_body(request)),
        actor=request.actor,
        at=timezone.now(),
    )
    return JsonResponse(_shown(restored))


@public
def public_list(request: HttpRequest, number: int, slug: str, edition: int) -> JsonResponse:
    """What was drawn on a published edition, under public UIDs."""
    row = readable_edition(number, slug, edition)
    shown = showing.public_annotations(row)
    return JsonResponse(
        {"annotations": [showing.annotation(each, image.sop_instance_uid) for each, image in shown]}
    )


def may_draw(request: HttpRequest, edition: Edition) -> bool:
    return edition.status == EditionStatus.DRAFT and request.user.has_perm(EDIT)


def _edition(request: HttpRequest, edition_id: int) -> Edition:
    if not any(request.user.has_perm(permission) for permission in DESK):
        raise PermissionDenied
    editions = Edition.objects.on_show().select_related("teaching_case__case")
    return get_object_or_404(editions, pk=edition_id)


def _may_edit(request: HttpRequest) -> None:
    if not request.user.has_perm(EDIT):
        raise PermissionDenied


def _row(request: HttpRequest, edition_id: int, key: uuid.UUID) -> Annotation:
    edition = _edition(request, edition_id)
    _may_edit(request)
    return get_object_or_404(edition.annotations.select_related("edition"), pk=key)


def _rows(edition: Edition) -> list[Annotation]:
    drawn = edition.annotations.drawn().select_related("changed_by", "instance")
    return list(drawn.defer("instance__header"))


def _shown(row: Annotation) -> dict[str, Any]:
    shown = showing.annotation(row, row.instance.sop_instance_uid)
    changed_at = timezone.localtime(row.changed_at)
    return {**shown, "changed_by": row.changed_by.name, "changed_at": changed_at.isoformat()}


def _standing(row: Annotation) -> dict[str, Any] | None:
    """What stands in place of a stale version; None when it was rubbed out."""
    return None if row.rubbed_out_at else _shown(row)


def _image(edition: Edition, name: str) -> tuple[Instance, int]:
    """The instance and frame that `k3f9…-1` names among the images of the edition's case."""
    uid, _, frame = name.rpartition("-")
    series = services.series_of(edition.teaching_case.case)
    instances = Instance.objects.filter(series__in=series).values_list("pk", "sop_instance_uid")
    found = [pk for pk, sop_instance_uid in instances if short_uid(sop_instance_uid) == uid]
    if not found or not frame.isdecimal() or len(frame) > 6:
        raise NotAGraphic("The case has no such image.")
    return Instance.objects.get(pk=found[0]), int(frame)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise Malformed("The body is not JSON.") from problem
    if not isinstance(body, dict):
        raise Malformed("The body is not a JSON object.")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is not a text.")
    return " ".join(value.split())


def _version(body: dict[str, Any]) -> int:
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise Malformed("version is not a whole number.")
    return version


def _key(body: dict[str, Any]) -> uuid.UUID:
    try:
        return uuid.UUID(_text(body, "id"))
    except ValueError as problem:
        raise Malformed("id is not a UUID.") from problem


def _message(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
