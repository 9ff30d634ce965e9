"""Reports and presentation states of an edition, as files: the desk's and the public's."""

import gzip
import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import record
from library import services, showing, storage
from library.exports import Export, Source, exports, instances_of
from library.models import Edition, PublishedDocument
from library.views.desk_images import DESK
from library.views.images import public
from uploads import storage as study_store
from uploads.dicom.documents.composing import uid_from
from uploads.dicom.headers import first

DICOM = "application/dicom"


@public
def public_one(
    request: HttpRequest, number: int, slug: str, edition: int, study: int, kind: str, place: int
) -> HttpResponse:
    """A document of a published edition, from its write-once object."""
    row = get_object_or_404(
        PublishedDocument.objects.select_related("edition__teaching_case"),
        edition__in=Edition.objects.readable(),
        edition__teaching_case__number=number,
        edition__teaching_case__slug=slug,
        edition__number=edition,
        study_position=study,
        kind=kind,
        number=place,
    )
    content = storage.read(storage.document_key(row.edition, row))
    return _file(content, f"teaching-case-{number}-v{edition}-study-{study}-{kind}-{place}.dcm")


@never_cache
@require_safe
def desk_list(request: HttpRequest, edition_id: int) -> HttpResponse:
    """What other software can read of an edition, as it stands now."""
    edition = _edition(request, edition_id)
    found = _exports(edition)
    context = {
        "edition": edition,
        "documents": [
            {
                "url": reverse(
                    "library:desk-document", args=[edition.pk, *showing.document_place(each)]
                ),
                "text": showing.document_words(each, found, f"study {each.study_position}"),
                "size_bytes": len(each.document.content),
            }
            for each in found
        ],
    }
    return render(request, "library/documents.html", context)


@never_cache
@require_safe
def desk_one(
    request: HttpRequest, edition_id: int, study: int, kind: str, place: int
) -> HttpResponse:
    """A document of an edition as it stands now, under the study store's pseudonymous UIDs."""
    edition = _edition(request, edition_id)
    asked = (study, kind, place)
    found = [each for each in _exports(edition) if showing.document_place(each) == asked]
    if not found:
        raise Http404
    record("edition.exported", actor=request.actor, subject=edition, kind=kind)
    name = f"edition-{edition.pk}-study-{study}-{kind}-{place}.dcm"
    return _file(found[0].document.content, name)


def _edition(request: HttpRequest, edition_id: int) -> Edition:
    if not any(request.user.has_perm(permission) for permission in DESK):
        raise PermissionDenied
    return get_object_or_404(Edition.objects.select_related("teaching_case__case"), pk=edition_id)


def _exports(edition: Edition) -> list[Export]:
    return exports(edition, _sources(edition), uid=_desk_uid, is_final=False)


def _desk_uid(name: str) -> str:
    # by a key of this process: the one of public UIDs is the publisher's alone
    return uid_from(salted_hmac("library.desk.documents", name, algorithm="sha256").digest())


def _sources(edition: Edition) -> dict[int, Source]:
    """The private headers of the images that the edition's documents refer to."""
    needed = instances_of(edition)
    studies: dict[int, int] = {}
    sources: dict[int, Source] = {}
    for series in services.series_of(edition.teaching_case.case):
        position = studies.setdefault(series.study_id, len(studies) + 1)
        shown = series.instances.filter(pk__in=needed).values_list("pk", "sop_instance_uid")
        if names := dict(shown):
            headers = _headers(series)
            sources |= {pk: Source(headers[uid], position) for pk, uid in names.items()}
    return sources


def _headers(series: Any) -> dict[str, Any]:
    stored = json.loads(gzip.decompress(study_store.read_metadata(series)))
    return {first(header, "SOPInstanceUID"): header for header in stored}


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=DICOM)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
