"""Copying an edition's images for the public, de-identified once more, and taking them away."""

import gzip
import hashlib
import hmac
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction

from library import citing, storage
from library.exports import Source, exports
from library.headers import Header, is_signed, public_header
from library.models import Edition, PublishedDocument, PublishedImage, TeachingCase
from library.preview import preview
from uploads import storage as study_store
from uploads.dicom import rendering, transcoding
from uploads.dicom.documents.composing import uid_from
from uploads.models import Series

COPY_THREADS = 6
SOP_INSTANCE_UID = "00080018"


class CopyNotWhole(Exception):
    """What was copied is not what the study store holds: nothing is published."""


def public_uid(teaching_case: TeachingCase, uid: str) -> str:
    """The public UID of a private one: keyed, the same in every edition of a teaching case."""
    message = f"public-uid|{teaching_case.number}|{uid}".encode()
    digest = hmac.new(settings.PUBLIC_UID_KEY, message, hashlib.sha256).digest()
    return uid_from(digest)


def copy_edition(edition: Edition) -> None:
    """Copy every shown series under fresh UIDs; run again, it finds the same bytes in place.

    Raises CopyNotWhole when the store does not hold what the rows say.
    """
    studies: dict[int, int] = {}
    sources: dict[int, Source] = {}
    for shown in edition.shown_series.select_related("series__study__upload"):
        study_position = studies.setdefault(shown.series.study_id, len(studies) + 1)
        headers = _copy_series(edition, shown.series, study_position, shown.position)
        sources |= {pk: Source(header, study_position) for pk, header in headers.items()}
    _write_documents(edition, sources)


def _copy_series(
    edition: Edition, series: Series, study_position: int, series_position: int
) -> dict[int, Header]:
    """Copy one series; the public headers of its images, by the primary key of their instance."""
    uid = partial(public_uid, edition.teaching_case)
    private = json.loads(gzip.decompress(study_store.read_metadata(series)))
    name = f"Teaching case {edition.teaching_case.number}"
    headers = [public_header(header, name=name, uid=uid) for header in private]
    images = list(_rows(edition, series, study_position, series_position))
    by_uid = {header[SOP_INSTANCE_UID]["Value"][0]: header for header in headers}
    if set(by_uid) != {image.sop_instance_uid for image in images}:
        raise CopyNotWhole("The stored series does not hold the images its rows name.")
    ordered = [by_uid[image.sop_instance_uid] for image in images]
    with ThreadPoolExecutor(COPY_THREADS) as threads:
        list(threads.map(partial(_copy_frames, edition), images))
    storage.write_metadata(storage.metadata_key(edition, images[0].series_instance_uid), ordered)
    middle = len(images) // 2
    _write_pictures(edition, images[middle], ordered[middle])
    PublishedImage.objects.bulk_create(images, ignore_conflicts=True)
    return {image.instance.pk: header for image, header in zip(images, ordered, strict=True)}


def _write_documents(edition: Edition, sources: dict[int, Source]) -> None:
    """What is drawn on the public images, for other software, under public UIDs."""
    rows = []
    uid = partial(public_uid, edition.teaching_case)
    for each in exports(edition, sources, uid=uid, is_final=True):
        row = PublishedDocument(
            edition=edition,
            kind=each.kind,
            study_position=each.study_position,
            number=each.number,
            sop_instance_uid=each.document.sop_instance_uid,
            size_bytes=len(each.document.content),
        )
        storage.write(storage.document_key(edition, row), each.document.content)
        rows.append(row)
    with transaction.atomic():
        edition.documents.all().delete()
        PublishedDocument.objects.bulk_create(rows)


def _rows(
    edition: Edition, series: Series, study_position: int, series_position: int
) -> Iterable[PublishedImage]:
    uid = partial(public_uid, edition.teaching_case)
    for position, instance in enumerate(series.instances.all(), start=1):
        instance.series = series  # the store's keys are built from it, without a query an image
        yield PublishedImage(
            edition=edition,
            instance=instance,
            study_instance_uid=uid(series.study.study_instance_uid),
            series_instance_uid=uid(series.series_instance_uid),
            sop_instance_uid=uid(instance.sop_instance_uid),
            study_position=study_position,
            series_position=series_position,
            position=position,
            number_of_frames=instance.number_of_frames,
            modality=series.modality,
            series_label=series.series_description or f"Series {series_position}",
            days_from_onset=series.study.days_from_onset,
        )


def _copy_frames(edition: Edition, image: PublishedImage) -> None:
    for frame in range(1, image.number_of_frames + 1):
        key = storage.frame_key(edition, image, frame)
        storage.write(key, study_store.read_frame(image.instance, frame))


def _write_pictures(edition: Edition, image: PublishedImage, header: Header) -> None:
    """The series' thumbnail; of the first series, what stands for the case where it is shared."""
    # from the study store: the publisher may not read what it published
    stored = study_store.read_frame(image.instance, 1)
    pixels = transcoding.decode_frame(stored, is_signed=is_signed(header))
    key = storage.thumbnail_key(edition, image.series_instance_uid)
    storage.write(key, rendering.thumbnail(pixels, header))
    if image.series_position == 1:
        below = f"{citing.COLLECTION}. Teaching case {edition.teaching_case.number}"
        content = preview(pixels, header, title=edition.title, below=below)
        storage.write(storage.preview_key(edition, image.series_instance_uid), content)


def sweep_public_objects() -> int:
    """Delete every public object that no public edition owns; how many were deleted.

    An edition that is being copied keeps its objects: its publication is asked for.
    """
    bucket = storages["janitor-public"]
    # listed first: what is copied after this is not known here, so it cannot be deleted
    keys = list(bucket.keys(""))
    live = Edition.objects.readable().select_related("teaching_case")
    coming = Edition.objects.to_publish().select_related("teaching_case")
    owned = {storage.prefix(edition) for edition in [*live, *coming]}
    stray = [key for key in keys if storage.prefix_of(key) not in owned]
    bucket.delete_keys(stray)
    return len(stray)
