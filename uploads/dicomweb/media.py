"""Answers made of images: frames, pictures and files, whoever keeps them (PS3.18 10.4).

An asker gets the stored codec when it takes it, since that is what lies in the store, and explicit
little endian when it takes nothing else.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import isfinite
from typing import Any, Protocol

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from uploads.dicom import headers, rendering, stored_file, transcoding
from uploads.dicom.headers import Header
from uploads.dicom.rendering import Function, Window
from uploads.dicomweb.accepting import Accepted, NotAcceptable, accepted, takes
from uploads.dicomweb.question import DICOM_JSON, BadRequest

JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_STORED = f"image/jls; transfer-syntax={JPEG_LS_LOSSLESS}"
_NATIVE = f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE_ENDIAN}"
_STORED_FILE = f"application/dicom; transfer-syntax={JPEG_LS_LOSSLESS}"
_NATIVE_FILE = f"application/dicom; transfer-syntax={EXPLICIT_LITTLE_ENDIAN}"
_Part = tuple[str, Callable[[], Iterable[bytes]]]


class Image(Protocol):
    """One stored image. Frames count from 1; they, and the file, are JPEG-LS."""

    @property
    def header(self) -> Header: ...

    @property
    def number_of_frames(self) -> int: ...

    def frame(self, number: int) -> bytes: ...

    def file(self) -> bytes: ...


# --- Metadata ---------------------------------------------------------------------


def as_json(request: HttpRequest, rows: Iterable[Header]) -> HttpResponse:
    check_json(request)
    return HttpResponse(json.dumps(list(rows)), content_type=DICOM_JSON)


def packed_json(request: HttpRequest, content: bytes) -> HttpResponse:
    """Metadata as it lies in the store, for an asker that takes gzip."""
    check_json(request)
    return HttpResponse(
        content,
        content_type=DICOM_JSON,
        headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
    )


def check_json(request: HttpRequest) -> None:
    if not takes(accepted(request), DICOM_JSON, "application/json"):
        raise NotAcceptable


# --- Frames -----------------------------------------------------------------------


def frames(request: HttpRequest, image: Image, asked: str) -> HttpResponse:
    """The frames of a list like "1,3", in its order."""
    numbers = [_frame_number(image, number) for number in asked.split(",")]
    content_type, is_multipart = _frame_type(accepted(request))
    read = image.frame if content_type == _STORED else partial(_native, image)
    if not is_multipart:
        if len(numbers) != 1:
            raise BadRequest("Several frames need multipart/related.")
        return HttpResponse(read(numbers[0]), content_type=content_type)
    parts = ((content_type, partial(_one, read, number)) for number in numbers)
    # a frame cut short on its way must be seen to be short
    return _multipart(request, content_type.partition(";")[0], parts, is_whole=len(numbers) == 1)


def _frame_type(ranges: list[Accepted]) -> tuple[str, bool]:
    """The media type of frames, and whether they come as multipart."""
    for each in ranges:
        syntax = each.transfer_syntax
        is_multipart = each.is_multipart or each.kind in ("*/*", "multipart/*")
        inner = "*/*" if each.kind == "multipart/*" else each.inner
        if inner in ("image/jls", "image/*") and syntax in ("", "*", JPEG_LS_LOSSLESS):
            return _STORED, is_multipart
        # every viewer asks for octet streams of any syntax and takes what is stored
        if inner in ("*/*", "application/octet-stream") and syntax in ("*", JPEG_LS_LOSSLESS):
            return _STORED, is_multipart
        if inner == "*/*" and not syntax:
            return _STORED, is_multipart
        if inner in ("*/*", "application/octet-stream") and syntax in ("", EXPLICIT_LITTLE_ENDIAN):
            return _NATIVE, is_multipart
    raise NotAcceptable


def _one(read: Callable[[int], bytes], frame: int) -> Iterator[bytes]:
    yield read(frame)


def _native(image: Image, frame: int) -> bytes:
    pixels = transcoding.decode_frame(image.frame(frame))
    return pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()


# --- Pictures ----------------------------------------------------------------------


def rendered(request: HttpRequest, image: Image, asked: str) -> HttpResponse:
    """A frame as PNG or JPEG, with the window and viewport of the query."""
    number = _frame_number(image, asked)
    kind = _picture_type(accepted(request))
    is_signed = headers.first(image.header, "PixelRepresentation", 0) == 1
    pixels = transcoding.decode_frame(image.frame(number), is_signed=is_signed)
    try:
        picture = rendering.render(
            pixels,
            image.header,
            window=_window(request.GET.get("window", "")),
            viewport=_viewport(request.GET.get("viewport", "")),
            frame=number,
            jpeg_quality=_quality(request) if kind == "image/jpeg" else None,
        )
    except (ValueError, OverflowError):
        raise BadRequest(
            "Ask as window=centre,width,linear and viewport=columns,rows and quality=1 to 100."
        ) from None
    return HttpResponse(picture, content_type=kind)


def _picture_type(ranges: list[Accepted]) -> str:
    for each in ranges:
        if each.kind in ("*/*", "image/*", "image/png"):
            return "image/png"
        if each.kind in ("image/jpeg", "image/jpg"):
            return "image/jpeg"
    raise NotAcceptable


def picture(request: HttpRequest, content: bytes) -> HttpResponse:
    """A thumbnail as it lies in the store."""
    if not takes(accepted(request), "image/png"):
        raise NotAcceptable
    return HttpResponse(content, content_type="image/png")


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


def _quality(request: HttpRequest) -> int:
    quality = int(request.GET.get("quality") or "90")
    if not 1 <= quality <= 100:
        raise ValueError("A quality is 1 to 100.")
    return quality


# --- Files -------------------------------------------------------------------------


def files(request: HttpRequest, images: Iterable[Image], *, name: str = "") -> HttpResponse:
    """DICOM files, one part each. With `name` it is one file, alone when asked for as such."""
    content_type, is_multipart = _file_type(accepted(request), may_be_alone=bool(name))
    is_native = content_type == _NATIVE_FILE
    if is_multipart:
        read = _native_file if is_native else _stored_file
        parts = ((content_type, partial(read, image)) for image in images)
        return _multipart(request, "application/dicom", parts)
    (image,) = images
    response = _alone(image, content_type, is_native=is_native)
    response["Content-Disposition"] = f'attachment; filename="{name}.dcm"'
    return response


def _file_type(ranges: list[Accepted], *, may_be_alone: bool) -> tuple[str, bool]:
    """The media type of files, and whether they come as multipart.

    Explicit little endian unless another syntax is named, or any is taken (PS3.18 8.7.3).
    """
    for each in ranges:
        is_any = each.kind in ("*/*", "multipart/*")
        is_multipart = each.is_multipart or is_any
        if not (is_multipart or may_be_alone):
            continue
        if not is_any and each.inner not in ("*/*", "application/dicom"):
            continue
        if each.transfer_syntax in ("*", JPEG_LS_LOSSLESS):
            return _STORED_FILE, is_multipart
        if each.transfer_syntax in ("", EXPLICIT_LITTLE_ENDIAN):
            return _NATIVE_FILE, is_multipart
    raise NotAcceptable


def _alone(image: Image, content_type: str, *, is_native: bool) -> HttpResponse:
    """One file as the body; raises DamagedFrame before it begins."""
    if not is_native:
        return HttpResponse(image.file(), content_type=content_type)
    data = image.file()
    if image.number_of_frames == 1:
        whole = b"".join(stored_file.explicit_little_endian(data))
        return HttpResponse(whole, content_type=content_type)
    # hundreds of native frames are decoded twice rather than held
    for _ in stored_file.explicit_little_endian(data):
        pass
    pieces: Any = stored_file.explicit_little_endian(data)
    return StreamingHttpResponse(pieces, content_type=content_type)


def _stored_file(image: Image) -> Iterator[bytes]:
    yield image.file()


def _native_file(image: Image) -> Iterator[bytes]:
    yield from stored_file.explicit_little_endian(image.file())


def _frame_number(image: Image, asked: str) -> int:
    number = int(asked)
    if not 1 <= number <= image.number_of_frames:
        raise Http404
    return number


def _multipart(
    request: HttpRequest, kind: str, parts: Iterator[_Part], *, is_whole: bool = False
) -> HttpResponse:
    """Parts in one body; `is_whole` for what is small enough to have its length told."""
    # the same answer is the same bytes, so that an ETag can hold
    boundary = hashlib.sha256(f"{kind} {request.get_full_path()}".encode()).hexdigest()[:32]
    content_type = f'multipart/related; type="{kind}"; boundary={boundary}'

    def body() -> Iterator[bytes]:
        for part_type, read in parts:
            yield f"--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode()
            yield from read()
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    answer: Any = b"".join(body()) if is_whole else body()
    kinds = HttpResponse if is_whole else StreamingHttpResponse
    return kinds(answer, content_type=content_type)
