"""DICOMweb answers from stored instances, for whoever mounts them.

The mounting app decides who may ask: it hands over the studies that the asker may see, and
whatever is not among them is a 404. Answers are private: nothing may keep them.

    def dicom_web(request, resource):
        return dicomweb.answer(request, studies=studies_of(request), resource=resource)

References
----------
DICOM PS3.18: 8.7 (media types), 10.4 (WADO-RS), 10.6 (QIDO-RS).
"""

import re
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from uploads.dicom.transcoding import DamagedFrame
from uploads.dicomweb import retrieve, search
from uploads.dicomweb.accepting import NotAcceptable
from uploads.dicomweb.question import BadRequest, Question
from uploads.models import Study
from uploads.storage import StoreUnavailable

__all__ = ["answer", "dispatched", "resources"]


def answer(request: HttpRequest, *, studies: QuerySet[Study], resource: str) -> HttpResponse:
    """The answer for a resource below the mounting point ("studies/1.2/series/…").

    Raises Http404 for what is not among `studies` and for addresses that do not exist.
    """
    root = request.build_absolute_uri(request.path.removesuffix(resource)).rstrip("/")
    response = dispatched(_RESOURCES, resource, Question(request, studies, root))
    response["Cache-Control"] = "no-store"
    return response


def dispatched(
    resources: list[tuple[str, Callable[..., HttpResponse]]], resource: str, *given: Any
) -> HttpResponse:
    """The answer of whoever answers for a resource, with the status of whatever stood in its way.

    Raises Http404 for addresses that do not exist, and for what is not there (any more).
    """
    for pattern, answered in resources:
        found = re.fullmatch(pattern, resource.strip("/"))
        if not found:
            continue
        try:
            return answered(*given, **found.groupdict())
        except BadRequest as problem:
            return _plain(str(problem), status=400)
        except NotAcceptable:
            return _plain("Nothing here is of a kind that your Accept header takes.", status=406)
        except FileNotFoundError:
            raise Http404 from None  # erased while its rows could still be seen
        except DamagedFrame:
            return _plain("The stored image is damaged.", status=500)
        except StoreUnavailable:
            response = _plain("Try again.", status=503)
            response["Retry-After"] = "5"
            return response
    raise Http404


def _plain(sentence: str, *, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


_STUDY = r"studies/(?P<study>[0-9.]+)"
_SERIES = _STUDY + r"/series/(?P<series>[0-9.]+)"
_INSTANCE = _SERIES + r"/instances/(?P<instance>[0-9.]+)"
_FRAMES = _INSTANCE + r"/frames/(?P<frames>[0-9]{1,6}(?:,[0-9]{1,6}){0,999})"
_FRAME = _INSTANCE + r"/frames/(?P<frames>[0-9]{1,6})"

Answered = Callable[..., HttpResponse]


def resources(
    *,
    find_studies: Answered,
    find_series: Answered,
    find_instances: Answered,
    metadata: Answered,
    thumbnail: Answered,
    rendered: Answered,
    frames: Answered,
    files: Answered,
) -> list[tuple[str, Answered]]:
    """The resources below a mounting point, and who answers each (PS3.18 table 10.4.1-1)."""
    return [
        (r"studies", find_studies),
        (r"series", find_series),
        (r"instances", find_instances),
        (_STUDY + r"/series", find_series),
        (_STUDY + r"/instances", find_instances),
        (_SERIES + r"/instances", find_instances),
        (_STUDY + r"/metadata", metadata),
        (_SERIES + r"/metadata", metadata),
        (_INSTANCE + r"/metadata", metadata),
        (_SERIES + r"/thumbnail", thumbnail),
        (_INSTANCE + r"/rendered", rendered),
        (_FRAME + r"/rendered", rendered),
        (_FRAMES, frames),
        (_STUDY, files),
        (_SERIES, files),
        (_INSTANCE, files),
    ]


_RESOURCES = resources(
    find_studies=search.find_studies,
    find_series=search.find_series,
    find_instances=search.find_instances,
    metadata=retrieve.metadata,
    thumbnail=retrieve.thumbnail,
    rendered=retrieve.rendered,
    frames=retrieve.frames,
    files=retrieve.files,
)
