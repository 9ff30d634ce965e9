"""A published edition's DICOMweb: for everybody, from write-once objects, without a cookie."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.shortcuts import get_object_or_404
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.http import require_safe

from library import storage
from library.models import Edition
from library.published import PublishedEdition
from uploads import dicomweb
from uploads.dicom.headers import Header
from uploads.dicomweb import matching, media, paging

_MATCHED = (
    *("StudyInstanceUID", "PatientID", "PatientName", "ModalitiesInStudy", "AccessionNumber"),
    *("StudyDate", "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription"),
    *("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
)


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page or object for everybody: cacheable, with a strong ETag, without a cookie."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        kept = settings.PUBLIC_CACHING if response.status_code == 200 else "no-store"
        response.setdefault("Cache-Control", kept)
        return response

    conditional = decorator_from_middleware(ConditionalGetMiddleware)
    return login_not_required(require_safe(conditional(answer)))


def readable_edition(number: int, slug: str, edition: int) -> Edition:
    """The edition that an address names, or 404: never one that the public may not read."""
    return get_object_or_404(
        Edition.objects.readable().select_related("teaching_case__case"),
        teaching_case__number=number,
        teaching_case__slug=slug,
        number=edition,
    )


@public
def dicom_web(
    request: HttpRequest, number: int, slug: str, edition: int, resource: str = "studies"
) -> HttpResponse:
    """What a resource below the edition's DICOMweb address is."""
    row = readable_edition(number, slug, edition)
    root = request.build_absolute_uri(request.path.removesuffix(resource)).rstrip("/")
    published = PublishedEdition(row, root=root)
    response = dicomweb.dispatched(_RESOURCES, resource, request, published)
    # one address, several kinds of answer: a cache must know what was asked for
    response["Vary"] = ", ".join(dict.fromkeys([*_varies(response), "Accept"]))
    return response


def _varies(response: HttpResponse) -> list[str]:
    return [name for name in response.get("Vary", "").split(", ") if name]


# --- Searching ----------------------------------------------------------------------


def _studies(request: HttpRequest, published: PublishedEdition) -> HttpResponse:
    return _matching(request, published.study_facts())


def _series(request: HttpRequest, published: PublishedEdition, study: str = "") -> HttpResponse:
    _found(published, study)
    return _matching(request, published.series_facts(study))


def _instances(
    request: HttpRequest, published: PublishedEdition, study: str = "", series: str = ""
) -> HttpResponse:
    _found(published, study, series)
    return _matching(request, published.instance_facts(study, series))


def _matching(request: HttpRequest, rows: Iterable[Header]) -> HttpResponse:
    conditions, others = matching.asked(request, _MATCHED)
    found = [row for row in rows if matching.matches(row, conditions)]
    offset, limit = paging.window(request)
    response = media.as_json(request, found[offset : offset + limit])
    paging.warn(response, request, left=len(found) - offset - limit, others=others)
    return response


# --- Retrieving ---------------------------------------------------------------------


def _metadata(
    request: HttpRequest,
    published: PublishedEdition,
    study: str,
    series: str = "",
    instance: str = "",
) -> HttpResponse:
    images = _found(published, study, series, instance)
    if series and not instance and "gzip" in request.headers.get("Accept-Encoding", ""):
        key = storage.metadata_key(published.edition, series)
        return media.packed_json(request, storage.read(key))
    return media.as_json(request, (image.header for image in images))


def _frames(
    request: HttpRequest,
    published: PublishedEdition,
    study: str,
    series: str,
    instance: str,
    frames: str,
) -> HttpResponse:
    return media.frames(request, _found(published, study, series, instance)[0], frames)


def _rendered(
    request: HttpRequest,
    published: PublishedEdition,
    study: str,
    series: str,
    instance: str,
    frames: str = "1",
) -> HttpResponse:
    return media.rendered(request, _found(published, study, series, instance)[0], frames)


def _thumbnail(
    request: HttpRequest, published: PublishedEdition, study: str, series: str
) -> HttpResponse:
    _found(published, study, series)
    key = storage.thumbnail_key(published.edition, series)
    return media.picture(request, storage.read(key))


def _files(
    request: HttpRequest,
    published: PublishedEdition,
    study: str,
    series: str = "",
    instance: str = "",
) -> HttpResponse:
    return media.files(request, _found(published, study, series, instance), name=instance)


def _found(published: PublishedEdition, *uids: str) -> Any:
    images = published.images(*uids)
    if not images:
        raise Http404
    return images


_RESOURCES: list[tuple[str, Callable[..., HttpResponse]]] = dicomweb.resources(
    find_studies=_studies,
    find_series=_series,
    find_instances=_instances,
    metadata=_metadata,
    thumbnail=_thumbnail,
    rendered=_rendered,
    frames=_frames,
    files=_files,
)
