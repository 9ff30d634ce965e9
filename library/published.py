"""A published edition as DICOMweb tells of it: every answer is made of public objects alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from library import storage
from library.headers import Header
from library.models import Edition, PublishedImage
from uploads.dicom import headers
from uploads.dicom.part10 import part10


class PublishedEdition:
    """The images of an edition by study and series, with headers read once a series."""

    def __init__(self, edition: Edition, *, root: str) -> None:
        self.edition = edition
        self.root = root  # the absolute address under which `studies` is mounted
        self._headers: dict[str, list[Header]] = {}

    def rows(self, study: str = "", series: str = "", instance: str = "") -> list[PublishedImage]:
        """The images below these UIDs, in the order they hang; a blank one is any."""
        asked = {
            "study_instance_uid": study,
            "series_instance_uid": series,
            "sop_instance_uid": instance,
        }
        found = self.edition.images.filter(**{name: uid for name, uid in asked.items() if uid})
        return list(found.order_by("study_position", "series_position", "position"))

    def images(self, study: str = "", series: str = "", instance: str = "") -> list["Published"]:
        return [Published(self, row) for row in self.rows(study, series, instance)]

    def headers_of(self, series: str) -> list[Header]:
        if series not in self._headers:
            key = storage.metadata_key(self.edition, series)
            self._headers[series] = storage.read_metadata(key)
        return self._headers[series]

    # --- QIDO-RS -------------------------------------------------------------------

    def study_facts(self) -> Iterator[Header]:
        for study, group in groupby(self.rows(), key=lambda row: row.study_instance_uid):
            rows = list(group)
            header = Published(self, rows[0]).header
            yield headers.study_facts(
                study_instance_uid=study,
                patient_id=headers.first(header, "PatientID", ""),
                patient_sex=headers.first(header, "PatientSex", ""),
                study_date=None,
                modalities=[row.modality for row in rows],
                number_of_series=len({row.series_instance_uid for row in rows}),
                number_of_instances=len(rows),
                retrieve_url=f"{self.root}/studies/{study}",
            )

    def series_facts(self, study: str = "") -> Iterator[Header]:
        for series, group in groupby(self.rows(study), key=lambda row: row.series_instance_uid):
            rows = list(group)
            yield headers.series_facts(
                study_instance_uid=rows[0].study_instance_uid,
                series_instance_uid=series,
                modality=rows[0].modality,
                series_number=headers.first(Published(self, rows[0]).header, "SeriesNumber"),
                series_description=rows[0].series_label,
                number_of_instances=len(rows),
                retrieve_url=f"{self.root}/studies/{rows[0].study_instance_uid}/series/{series}",
            )

    def instance_facts(self, study: str = "", series: str = "") -> Iterator[Header]:
        for image in self.images(study, series):
            yield headers.instance_facts(
                study_instance_uid=image.row.study_instance_uid,
                series_instance_uid=image.row.series_instance_uid,
                sop_class_uid=headers.first(image.header, "SOPClassUID", ""),
                sop_instance_uid=image.row.sop_instance_uid,
                instance_number=headers.first(image.header, "InstanceNumber"),
                rows=headers.first(image.header, "Rows"),
                columns=headers.first(image.header, "Columns"),
                bits_allocated=headers.first(image.header, "BitsAllocated", 16),
                number_of_frames=image.number_of_frames,
                retrieve_url=f"{self.root}/studies/{image.row.study_instance_uid}"
                f"/series/{image.row.series_instance_uid}/instances/{image.row.sop_instance_uid}",
            )


@dataclass(frozen=True)
class Published:
    """One public image, as `uploads.dicomweb.media` wants images."""

    of: PublishedEdition
    row: PublishedImage

    @property
    def header(self) -> dict[str, Any]:
        return self.of.headers_of(self.row.series_instance_uid)[self.row.position - 1]

    @property
    def number_of_frames(self) -> int:
        return self.row.number_of_frames

    def frame(self, number: int) -> bytes:
        return storage.read(storage.frame_key(self.of.edition, self.row, number))

    def file(self) -> bytes:
        frames = [self.frame(number) for number in range(1, self.number_of_frames + 1)]
        return part10(self.header, frames)
