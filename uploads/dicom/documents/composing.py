"""What every document has: the patient and study of its images, its own identity, its file.

References
----------
DICOM PS3.3 C.7.1.1 (patient), C.7.2.1 (general study), C.7.5.1 (general equipment), C.12.1 (SOP
common); PS3.10 7.1 (file meta information).
"""

import datetime
import hashlib
import io
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydicom import config, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from uploads.dicom.deid.statement import IMPLEMENTATION_CLASS_UID
from uploads.dicom.documents.content import PRIVATE_SCHEME
from uploads.dicom.headers import Header, first

MANUFACTURER = "British Society of Thoracic Imaging"
MODEL = "COVID-19 Chest Imaging Database"
SOFTWARE_VERSION = "1"

# as the images have them; what is missing there is empty here (all are of type 1 or 2)
_TAKEN_OVER = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName"),
)

UidOf = Callable[[str], str]


def uid_from(digest: bytes) -> str:
    """A UID made of the first 16 bytes of a digest (PS3.5 B.2)."""
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


@dataclass(frozen=True)
class Frame:
    """One frame of an image: the image's DICOM JSON and the frame's number, from 1."""

    header: Header
    number: int = 1

    @property
    def study_instance_uid(self) -> str:
        return str(first(self.header, "StudyInstanceUID"))

    @property
    def series_instance_uid(self) -> str:
        return str(first(self.header, "SeriesInstanceUID"))

    @property
    def sop_instance_uid(self) -> str:
        return str(first(self.header, "SOPInstanceUID"))

    @property
    def key(self) -> tuple[str, int]:
        return self.sop_instance_uid, self.number


@dataclass(frozen=True)
class Making:
    """How a document comes to be: on which day, and where its UIDs come from."""

    on: datetime.date
    uid: UidOf


@dataclass(frozen=True)
class Document:
    """A whole file. Equal content has equal bytes and an equal UID."""

    sop_instance_uid: str
    content: bytes


def image_reference(frame: Frame, frames: Iterable[int] = ()) -> Dataset:
    """A reference to an image, to some frames of it when it has several (PS3.3 10.3)."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = str(first(frame.header, "SOPClassUID"))
    reference.ReferencedSOPInstanceUID = frame.sop_instance_uid
    numbers = sorted(set(frames) or {frame.number})
    if int(first(frame.header, "NumberOfFrames", 1)) > 1:
        reference.ReferencedFrameNumber = numbers
    return reference


def whole_image_reference(frame: Frame) -> Dataset:
    reference = image_reference(frame)
    reference.pop("ReferencedFrameNumber", None)
    return reference


def by_series(frames: Iterable[Frame]) -> list[tuple[str, list[Frame]]]:
    """One frame of every image, by series, in their order."""
    series: dict[str, dict[str, Frame]] = {}
    for frame in frames:
        series.setdefault(frame.series_instance_uid, {}).setdefault(frame.sop_instance_uid, frame)
    return [(uid, list(images.values())) for uid, images in series.items()]


def begun(frame: Frame, *, sop_class_uid: str, modality: str, series_number: int) -> Dataset:
    """A new document of the frame's patient and study, made by this database, by nobody else."""
    with config.disable_value_validation():
        dataset = Dataset.from_json(
            {tag: frame.header[tag] for tag in _tags() if tag in frame.header}
        )
    for keyword in _TAKEN_OVER:
        if keyword not in dataset:
            setattr(dataset, keyword, "")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class_uid
    dataset.Modality = modality
    dataset.SeriesNumber = series_number
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL
    dataset.SoftwareVersions = SOFTWARE_VERSION
    dataset.InstanceNumber = 1
    return dataset


def finished(dataset: Dataset, making: Making) -> Document:
    """The document under the UID that its content gives it, as a file."""
    content = dataset.to_json()
    digest = hashlib.sha256(content.encode()).hexdigest()
    if PRIVATE_SCHEME in content:
        dataset.CodingSchemeIdentificationSequence = [_private_scheme()]
    series = f"{dataset.SOPClassUID}|{dataset.StudyInstanceUID}"
    dataset.SeriesInstanceUID = making.uid(f"document-series|{series}")
    dataset.SOPInstanceUID = making.uid(f"document|{digest}")
    return Document(str(dataset.SOPInstanceUID), _file_of(dataset))


def _private_scheme() -> Dataset:
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeName = MODEL
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    return scheme


def _file_of(dataset: Dataset) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _tags() -> list[str]:
    template = Dataset()
    for keyword in _TAKEN_OVER:
        setattr(template, keyword, "")
    return [f"{element.tag:08X}" for element in template]
