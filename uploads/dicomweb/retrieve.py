"""WADO-RS: metadata, frames, pictures and files of stored instances (PS3.18 10.4)."""

import gzip
import json
from collections.abc import Callable, Iterator
from functools import partial
from math import isfinite
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from uploads import storage
from uploads.dicom import headers, rendering, transcoding
from uploads.dicom.rendering import Function, Window
from uploads.dicomweb.question import (
    DICOM_JSON,
    BadRequest,
    Question,
    as_json,
    found,
    one,
    series_of,
)
from uploads.models import Instance

JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_STORED_FRAME = f"image/jls; transfer-syntax={JPEG_LS_LOSSLESS}"
_Part = tuple[str, Callable[[], bytes]]
_NATIVE_FRAME = f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE_ENDIAN}"


def metadata(question: Question, study: str, series: str = "", instance: str = "") -> HttpResponse:
    if instance:
        return as_json([one(question, study, series, instance).header])
    rows = list(series_of(question, study, series))
    if len(rows) == 1 and "gzip" in question.request.headers.get("Accept-Encoding", ""):
        # as it lies in the store
        response = HttpResponse(storage.read_metadata(rows[0]), content_type=DICOM_JSON)
        response["Content-Encoding"] = "gzip"
        response["Vary"] = "Accept-Encoding"
        return response
    return as_json(
        [
            header
            for row in rows
            for header in json.loads(gzip.decompress(storage.read_metadata(row)))
        ]
    )


def files(question: Question, study: str, series: str = "", instance: str = "") -> HttpResponse:
    """De-identified DICOM files, one part each; one alone when it is asked for as such."""
    rows = question.instances(series__study__study_instance_uid=study)
    if series:
        rows = rows.filter(series__series_instance_uid=series)
    if instance:
        rows = rows.filter(sop_instance_uid=instance)
    found(rows)
    accepted = _accepted(question.request)
    wants_one = any(kind == "application/dicom" for kind, _ in accepted)
    if instance and wants_one:
        response = HttpResponse(storage.read_instance(rows[0]), content_type="application/dicom")
        response["Content-Disposition"] = f'attachment; filename="{instance}.dcm"'
        return response
    parts = (("application/dicom", partial(storage.read_instance, row)) for row in rows.iterator())
    return _multipart("application/dicom", parts)


def frames(question: Question, study: str, series: str, instance: str, frames: str) -> HttpResponse:
    row = one(question, study, series, instance)
    numbers = [_frame_number(row, number) for number in frames.split(",")]
    content_type, is_multipart = _frame_type(question.request)
    read = storage.read_frame if content_type == _STORED_FRAME else _native_frame
    if not is_multipart:
        if len(numbers) != 1:
            raise BadRequest("Several frames need multipart/related.")
        return HttpResponse(read(row, numbers[0]), content_type=content_type)
    if not content_type:
        return HttpResponse("Ask for image/jls or application/octet-stream.", status=406)
    parts = ((content_type, partial(read, row, number)) for number in numbers)
    # a frame cut short on its way must be seen to be short
    return _multipart(content_type.partition(";")[0], parts, is_whole=len(numbers) == 1)


def _frame_type(request: HttpRequest) -> tuple[str, bool]:
    """The media type of frames and whether they come as multipart; empty when none will do."""
    accepted = _accepted(request)
    for kind, parameters in accepted:
        syntax = parameters.get("transfer-syntax", "")
        inner = parameters.get("type", "*/*") if kind == "multipart/related" else kind
        is_multipart = kind in ("multipart/related", "*/*")
        if inner == "image/jls" and syntax in ("", "*", JPEG_LS_LOSSLESS):
            return _STORED_FRAME, is_multipart
        # every viewer asks for octet streams of any syntax and takes what is stored
        if inner == "*/*" or (inner == "application/octet-stream" and syntax == "*"):
            return _STORED_FRAME, is_multipart
        if inner == "application/octet-stream" and syntax in ("", EXPLICIT_LITTLE_ENDIAN):
            return _NATIVE_FRAME, is_multipart
    return ("", True) if accepted else (_STORED_FRAME, True)


def _native_frame(instance: Instance, frame: int) -> bytes:
    pixels = transcoding.decode_frame(storage.read_frame(instance, frame))
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()


def rendered(
    question: Question, study: str, series: str, instance: str, frames: str = "1"
) -> HttpResponse:
    row = one(question, study, series, instance)
    number = _frame_number(row, frames)
    is_signed = headers.first(row.header, "PixelRepresentation", 0) == 1
    pixels = transcoding.decode_frame(storage.read_frame(row, number), is_signed=is_signed)
    query = question.request.GET
    try:
        picture = rendering.render(
            pixels,
            row.header,
            window=_window(query.get("window", "")),
            viewport=_viewport(query.get("viewport", "")),
            frame=number,
        )
    except (ValueError, OverflowError):
        raise BadRequest("Ask as window=centre,width,linear and viewport=columns,rows.") from None
    return HttpResponse(picture, content_type="image/png")


def _window(asked: str) -> Window | None:
    if not asked:
        return None
    center, width, *rest = asked.split(",")
    if not (isfinite(float(center)) and isfinite(float(width))):
        raise ValueError("A window has finite numbers.")
    name = (rest[0] if rest else "linear").upper().replace("-", "_")
    return Window(float(center), float(width), Function(name))


def _viewport(asked: str) -> tuple[int, int] | None:
    if not asked:
        return None
    columns, rows = asked.split(",")[:2]
    return int(columns), int(rows)


def thumbnail(question: Question, study: str, series: str) -> HttpResponse:
    row = found(series_of(question, study, series))
    try:
        return HttpResponse(storage.read_thumbnail(row), content_type="image/png")
    except FileNotFoundError:
        raise Http404 from None


def _frame_number(instance: Instance, asked: str) -> int:
    number = int(asked)
    if not 1 <= number <= instance.number_of_frames:
        raise Http404
    return number


def _accepted(request: HttpRequest) -> list[tuple[str, dict[str, str]]]:
    """The media types of the Accept header in their order, with their parameters."""
    kinds = []
    for item in request.headers.get("Accept", "").split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        pairs = (part.partition("=") for part in parameters)
        kinds.append((kind, {name.lower(): value.strip('"') for name, _, value in pairs}))
    return [(kind, parameters) for kind, parameters in kinds if kind]


def _multipart(kind: str, parts: Iterator[_Part], *, is_whole: bool = False) -> HttpResponse:
    """Parts in one body; `is_whole` for what is small enough to have its length told."""
    boundary = uuid4().hex
    content_type = f'multipart/related; type="{kind}"; boundary={boundary}'

    def body() -> Iterator[bytes]:
        for part_type, read in parts:
            yield f"--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode()
            yield read()
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    if is_whole:
        return HttpResponse(b"".join(body()), content_type=content_type)
    return StreamingHttpResponse(body(), content_type=content_type)
