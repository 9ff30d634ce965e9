"""The DICOMweb of a published edition: the public bucket as it lies, and pictures of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.http import ConditionalGetMiddleware
from django.shortcuts import get_object_or_404
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.http import require_safe

from library import storage
from library.headers import is_signed
from library.models import Edition, PublishedImage
from uploads.dicom import rendering, transcoding


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page or object for everybody: cacheable, with a strong ETag, without a cookie."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response["Cache-Control"] = settings.PUBLIC_CACHING
        else:
            response["Cache-Control"] = "no-store"
        return response

    conditional = decorator_from_middleware(ConditionalGetMiddleware)
    return login_not_required(require_safe(conditional(answer)))


def _edition(number: int, slug: str, edition: int) -> Edition:
    return get_object_or_404(
        Edition.objects.readable().select_related("teaching_case"),
        teaching_case__number=number,
        teaching_case__slug=slug,
        number=edition,
    )


def _image(edition: Edition, study: str, series: str, instance: str) -> PublishedImage:
    return get_object_or_404(
        edition.images,
        study_instance_uid=study,
        series_instance_uid=series,
        sop_instance_uid=instance,
    )


def _header(edition: Edition, image: PublishedImage) -> dict[str, Any]:
    headers = storage.read_metadata(storage.metadata_key(edition, image.series_instance_uid))
    return headers[image.position - 1]


@public
def root(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    """The studies of an edition: what QIDO-RS answers without a key."""
    return studies(request, number, slug, edition)


@public
def studies(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    row = _edition(number, slug, edition)
    uids = row.images.order_by("study_position").values_list("study_instance_uid", flat=True)
    answer = [
        {"0020000D": {"vr": "UI", "Value": [uid]}} for uid in dict.fromkeys(uids)
    ]  # fmt: skip
    return JsonResponse(answer, safe=False, content_type="application/dicom+json")


@public
def metadata(
    request: HttpRequest, number: int, slug: str, edition: int, study: str, series: str
) -> HttpResponse:
    row = _edition(number, slug, edition)
    if not row.images.filter(study_instance_uid=study, series_instance_uid=series).exists():
        raise Http404
    headers = storage.read_metadata(storage.metadata_key(row, series))
    return JsonResponse(headers, safe=False, content_type="application/dicom+json")


@public
def thumbnail(
    request: HttpRequest, number: int, slug: str, edition: int, study: str, series: str
) -> HttpResponse:
    row = _edition(number, slug, edition)
    if not row.images.filter(study_instance_uid=study, series_instance_uid=series).exists():
        raise Http404
    return HttpResponse(storage.read(storage.thumbnail_key(row, series)), content_type="image/png")


@public
def frame(
    request: HttpRequest,
    number: int,
    slug: str,
    edition: int,
    study: str,
    series: str,
    instance: str,
    frame: int,
) -> HttpResponse:
    row = _edition(number, slug, edition)
    image = _image(row, study, series, instance)
    if not 1 <= frame <= image.number_of_frames:
        raise Http404
    content = storage.read(storage.frame_key(row, image, frame))
    return HttpResponse(content, content_type="image/jls")


@public
def rendered(
    request: HttpRequest,
    number: int,
    slug: str,
    edition: int,
    study: str,
    series: str,
    instance: str,
    frame: int = 1,
) -> HttpResponse:
    row = _edition(number, slug, edition)
    image = _image(row, study, series, instance)
    if not 1 <= frame <= image.number_of_frames:
        raise Http404
    try:
        asked = _rendering_asked(request)
    except ValueError as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")
    stored = storage.read(storage.frame_key(row, image, frame))
    header = _header(row, image)
    pixels = transcoding.decode_frame(stored, is_signed=is_signed(header))
    picture = rendering.render(pixels, header, frame=frame, **asked)
    return HttpResponse(picture, content_type="image/png")


def _rendering_asked(request: HttpRequest) -> dict[str, Any]:
    """The `window` and `viewport` of a request for a picture. Raises ValueError with a sentence."""
    asked: dict[str, Any] = {}
    try:
        if "window" in request.GET:
            center, width = request.GET["window"].split(",")[:2]
            asked["window"] = (float(center), float(width))
        if "viewport" in request.GET:
            columns, rows = request.GET["viewport"].split(",")[:2]
            asked["viewport"] = (int(columns), int(rows))
    except ValueError:
        raise ValueError("Ask for ?window=centre,width and ?viewport=width,height.") from None
    return asked
