"""The files of a draft: announced, sent part by part, listed and removed."""

import json
import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from uploads import receiving, services, storage
from uploads.entrance import submitter_required
from uploads.models import FilePart, Upload, UploadedFile
from uploads.services import arrival, intake
from uploads.views.intake import files_page, own_upload

FILES_A_REQUEST = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotUnderstood(Exception):
    """The request's JSON is not what the protocol says."""


# The token of an ordinary form is inside the body, so reading it sends the files on their way.
# The check follows in `_checked`, with the upload handler set; JSON carries it in a header.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@submitter_required
def files(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    if request.method != "POST":
        return JsonResponse(_state(upload))
    if request.content_type == "multipart/form-data":
        return _take_form(request, upload)
    return _checked_announcement(request, upload)


@csrf_protect
def _checked_announcement(request: HttpRequest, upload: Any) -> HttpResponse:
    try:
        rows, problems = services.add_files(
            upload=upload, files=_announced(request), actor=request.actor
        )
    except NotUnderstood as problem:
        return _message(str(problem), 400)
    except intake.UploadIsClosed as problem:
        return _message(str(problem), 409)
    parts: dict[Any, list[int]] = {}
    for file_id, number in _parts_that_arrived(rows):
        parts.setdefault(file_id, []).append(number)
    return JsonResponse(
        {
            "files": [
                {
                    "id": str(row.pk),
                    "name": row.name,
                    "part_size_bytes": settings.UPLOAD_PART_BYTES,
                    "received_parts": parts.get(row.pk, []),
                    "is_received": row.received_at is not None,
                }
                for row in rows
            ],
            "problems": [
                {"name": problem.name, "message": problem.message} for problem in problems
            ],
        }
    )


def _parts_that_arrived(rows: list[UploadedFile]) -> Any:
    parts = FilePart.objects.filter(file__in=rows).order_by("number")
    return parts.values_list("file_id", "number")


def _announced(request: HttpRequest) -> list[intake.FileToSend]:
    try:
        entries = json.loads(request.body)["files"]
        entries = [(entry["name"], entry["size_bytes"], entry["sha256"]) for entry in entries]
    except (ValueError, KeyError, TypeError, RecursionError, RequestDataTooBig, OSError):
        raise NotUnderstood("The list of files was not understood. Load the page again.") from None
    if len(entries) > FILES_A_REQUEST:
        raise NotUnderstood(f"At most {FILES_A_REQUEST} files can be announced at once.")
    announced = []
    for name, size_bytes, sha256 in entries:
        is_well_formed = (
            isinstance(name, str)
            and type(size_bytes) is int
            and 0 <= size_bytes < 2**53
            and isinstance(sha256, str)
            and _SHA256.fullmatch(sha256)
        )
        if not is_well_formed:
            raise NotUnderstood("The list of files was not understood. Load the page again.")
        # PostgreSQL's text holds neither a null character nor half of a surrogate pair
        stored = name.replace("\x00", "").encode(errors="replace").decode()
        announced.append(intake.FileToSend(stored, size_bytes, sha256))
    return announced


def _state(upload: Any) -> dict[str, Any]:
    rows = upload.files.filter(container=None).prefetch_related("parts")
    return {
        "files": [
            {
                "id": str(row.pk),
                "name": row.name,
                "size_bytes": row.size_bytes,
                "received_bytes": row.size_bytes
                if row.received_at
                else sum(part.size_bytes for part in row.parts.all()),
                "is_received": row.received_at is not None,
            }
            for row in rows
        ],
        "limits": {"files": settings.UPLOAD_MAX_FILES, "bytes": settings.UPLOAD_MAX_BYTES},
    }


def _take_form(request: HttpRequest, upload: Any) -> HttpResponse:
    """Files of an ordinary form go to quarantine while Django reads the body."""
    handler = receiving.QuarantineUploadHandler(request, upload=upload, actor=request.actor)
    request.upload_handlers = [handler]
    request.was_checked = False
    try:
        answer = _checked_form(request)
    except TooManyFilesSent:
        handler.discard()
        messages.error(request, _too_many())
    except (receiving.BodyTooLarge, intake.UploadIsClosed) as problem:
        handler.discard()
        messages.error(request, str(problem))
    except (UnreadablePostError, MultiPartParserError, OSError, arrival.PartsLost):
        handler.discard()
        messages.error(request, "The files did not arrive whole. None was kept; send them again.")
    else:
        if not request.was_checked:
            # the form was not ours: what it brought is taken back
            handler.discard()
            return answer
        _report(request, handler)
    if handler.problems:
        # shown at once: on its way to a next page a file's name would lie in the session
        return files_page(request, upload)
    return redirect("uploads:detail", upload.pk)


@csrf_protect
def _checked_form(request: HttpRequest) -> HttpResponse:
    request.was_checked = True
    len(request.FILES)  # read here when no check has read the body yet
    return HttpResponse()


def _too_many() -> str:
    return (
        f"You chose more than {settings.UPLOAD_MAX_FILES:,} files. None was kept. "
        "Choose fewer, and start another upload for the rest."
    )


def _report(request: HttpRequest, handler: receiving.QuarantineUploadHandler) -> None:
    received = len(handler.received)
    if received:
        intake.note_streamed_files(upload=handler.upload, files=received, actor=request.actor)
        messages.success(request, f"{received:,} file{'s' * (received != 1)} arrived.")
    elif not handler.problems:
        messages.error(request, "Choose at least one file.")
    for problem in handler.problems[:20]:
        messages.error(request, f"{problem.name}: {problem.message}")
    if len(handler.problems) > 20:
        messages.error(request, f"{len(handler.problems) - 20:,} more files were not taken.")


@require_http_methods(["DELETE"])
@submitter_required
def file(request: HttpRequest, upload_id: Any, file_id: Any) -> HttpResponse:
    row = _own_file(request, upload_id, file_id)
    try:
        services.remove_file(file=row, actor=request.actor)
    except intake.UploadIsClosed as problem:
        return _message(str(problem), 409)
    return HttpResponse(status=204)


@require_http_methods(["PUT"])
@submitter_required
def part(request: HttpRequest, upload_id: Any, file_id: Any, number: int) -> HttpResponse:
    row = _own_file(request, upload_id, file_id)
    sha256 = request.headers.get("X-Content-SHA256", "")
    if not _SHA256.fullmatch(sha256):
        return _message("The part came without its SHA-256.", 400)
    try:
        body = receiving.read_body(request, at_most=arrival.size_of_part(row, number))
        is_received = services.receive_part(
            file=row, number=number, body=body, sha256=sha256, at=timezone.now()
        )
    except receiving.LengthNotGiven as problem:
        return _message(str(problem), 411)
    except receiving.BodyTooLarge as problem:
        return _message(str(problem), 413)
    except (arrival.PartNotAsAnnounced, receiving.BodyStopped) as problem:
        return _message(str(problem), 400)
    except (intake.UploadIsClosed, arrival.PartsLost) as problem:
        return _message(str(problem), 409)
    except storage.StoreUnavailable:
        return _message("The store did not answer. The file will be sent again.", 503)
    return JsonResponse({"is_received": is_received})


@require_POST
@submitter_required
def remove_unfinished(request: HttpRequest, upload_id: Any) -> HttpResponse:
    upload = own_upload(request, upload_id)
    try:
        count = services.remove_unfinished_files(upload=upload, actor=request.actor)
    except (intake.UploadIsClosed, intake.NothingToRemove) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{count:,} unfinished file{'s' * (count != 1)} removed.")
    return redirect("uploads:detail", upload.pk)


def _own_file(request: HttpRequest, upload_id: Any, file_id: Any) -> UploadedFile:
    # one query: a part is sent thousands of times
    return get_object_or_404(
        UploadedFile.objects.filter(
            container=None, upload=upload_id, upload__in=Upload.objects.visible_to(request.actor)
        ).select_related("upload"),
        pk=file_id,
    )


def _message(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)
