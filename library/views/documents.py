"""Reports and presentation states of an edition, as files: the desk's and the public's."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import record
from library import citing, services, showing, storage
from library.exports import Export, Source, exports, instances_of
from library.models import Edition, PublishedDocument
from library.published import PublishedEdition
from library.views.desk_images import DESK
from library.views.images import public, readable_edition
from uploads import storage as study_store
from uploads.dicom.documents.composing import uid_from
from uploads.dicom.headers import first
from uploads.dicom.zipping import zipped

DICOM = "application/dicom"
README = """\
{source.title_in_one_line}

{citation}

Licence of text and images: {source.licence}
{source.licence_url}

For teaching and reference, not for primary diagnosis. The images are in JPEG-LS (lossless). A
report is a DICOM SR (TID 1500), a presentation state a DICOM GSPS, of the images of its study.
"""


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


@public
def public_zip(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    """Every image of a published edition as a DICOM file, with its drawings and its licence."""
    row = readable_edition(number, slug, edition)
    response = StreamingHttpResponse(
        # the images are compressed already
        zipped(_files(row), packed=False),
        content_type="application/zip",
    )
    name = f"teaching-case-{number}-v{edition}"
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return response


def _files(edition: Edition) -> Iterator[tuple[str, bytes]]:
    source = showing.source(edition)
    yield "README.txt", README.format(source=source, citation=citing.in_words(source)).encode()
    for row in edition.documents.all():
        name = f"study-{row.study_position}/{row.kind}-{row.number}.dcm"
        yield name, storage.read(storage.document_key(edition, row))
    for image in PublishedEdition(edition, root="").images():
        row = image.row
        series = f"study-{row.study_position}/series-{row.series_position}"
        yield f"{series}/{row.position:05}.dcm", image.file()


@never_cache
@require_safe
def desk_list(request: HttpRequest, edition_id: int) -> HttpResponse:
    """What other software can read of an edition, as it stands now."""
    edition = _edition(request, edition_id)
    rows = [
        (
            each,
            reverse("library:desk-document", args=[edition.pk, *showing.document_place(each)]),
            len(each.document.content),
        )
        for each in _exports(edition)
    ]
    studies = {each.study_position: f"study {each.study_position}" for each, _, _ in rows}
    context = {"edition": edition, **showing.document_list(rows, studies)}
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
    editions = Edition.objects.on_show().select_related("teaching_case__case")
    return get_object_or_404(editions, pk=edition_id)


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
