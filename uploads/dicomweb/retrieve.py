"""WADO-RS over the study store: metadata, frames, pictures and files of stored instances."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpResponse

from uploads import storage
from uploads.dicom.headers import Header
from uploads.dicomweb import media
from uploads.dicomweb.question import Question, found, one, series_of
from uploads.models import Instance, Series


@dataclass(frozen=True)
class Stored:
    """An instance of the study store, as `media` wants images."""

    instance: Instance

    @property
    def header(self) -> Header:
        return self.instance.header

    @property
    def number_of_frames(self) -> int:
        return self.instance.number_of_frames

    def frame(self, number: int) -> bytes:
        return storage.read_frame(self.instance, number)

    def file(self) -> bytes:
        return storage.read_instance(self.instance)


def metadata(question: Question, study: str, series: str = "", instance: str = "") -> HttpResponse:
    if instance:
        return media.as_json(question.request, [one(question, study, series, instance).header])
    rows = list(series_of(question, study, series))
    if len(rows) == 1 and "gzip" in question.request.headers.get("Accept-Encoding", ""):
        return media.packed_json(question.request, storage.read_metadata(rows[0]))
    return media.as_json(question.request, _headers(rows))


def _headers(rows: list[Series]) -> Iterator[Header]:
    for row in rows:
        yield from json.loads(gzip.decompress(storage.read_metadata(row)))


def files(question: Question, study: str, series: str = "", instance: str = "") -> HttpResponse:
    """De-identified DICOM files, one part each; one alone when it is asked for as such."""
    rows = question.instances(series__study__study_instance_uid=study)
    if series:
        rows = rows.filter(series__series_instance_uid=series)
    if instance:
        rows = rows.filter(sop_instance_uid=instance)
    found(rows)
    images = (Stored(row) for row in rows.iterator(chunk_size=100))
    return media.files(question.request, images, name=instance)


def frames(question: Question, study: str, series: str, instance: str, frames: str) -> HttpResponse:
    row = one(question, study, series, instance)
    return media.frames(question.request, Stored(row), frames)


def rendered(
    question: Question, study: str, series: str, instance: str, frames: str = "1"
) -> HttpResponse:
    row = one(question, study, series, instance)
    return media.rendered(question.request, Stored(row), frames)


def thumbnail(question: Question, study: str, series: str) -> HttpResponse:
    row = found(series_of(question, study, series))
    try:
        return media.picture(question.request, storage.read_thumbnail(row))
    except FileNotFoundError:
        raise Http404 from None
