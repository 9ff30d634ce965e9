"""A measurement report (DICOM SR) of what was drawn or said about the images of one study.

References
----------
DICOM PS3.3 A.35.3 (Comprehensive SR); PS3.16 TID 1500 (measurement report), TID 1410 (planar
region), TID 1501 (measurement group), TID 1001 to 1004 (observers), TID 1600 (image library).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from uploads.dicom.documents import content
from uploads.dicom.documents.composing import (
    MANUFACTURER,
    MODEL,
    Document,
    Frame,
    Making,
    begun,
    by_series,
    finished,
    image_reference,
    whole_image_reference,
)
from uploads.dicom.documents.content import Code, Relation
from uploads.dicom.documents.measuring import Measurement
from uploads.dicom.headers import first

SERIES_NUMBER = 9001  # behind every series that a scanner numbers

_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
_LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
_BRITISH_ENGLISH = Code("en-GB", "RFC5646", "English (United Kingdom)")
_OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
_DEVICE = Code("121007", "DCM", "Device")
_DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
_DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
_DEVICE_MANUFACTURER = Code("121014", "DCM", "Device Observer Manufacturer")
_PERSON = Code("121006", "DCM", "Person")
_PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
_PROCEDURE = Code("121058", "DCM", "Procedure reported")
_LIBRARY = Code("111028", "DCM", "Image Library")
_LIBRARY_GROUP = Code("126200", "DCM", "Image Library Group")
_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
_GROUP = Code("125007", "DCM", "Measurement Group")
_TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
_FINDING = Code("121071", "DCM", "Finding")
_SITE = Code("363698007", "SCT", "Finding Site")
_REGION = Code("111030", "DCM", "Image Region")
_PATH = Code("121055", "DCM", "Path")
_SOURCE = Code("121324", "DCM", "Source image")
_COMMENT = Code("121106", "DCM", "Comment")

_PROCEDURES = {
    "CT": Code("169069000", "SCT", "CT of chest"),
    "CR": Code("399208008", "SCT", "Plain chest X-ray"),
    "DX": Code("399208008", "SCT", "Plain chest X-ray"),
}
_ANY_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")


@dataclass(frozen=True)
class Region:
    """Something drawn on one frame: a graphic of SCOORD, (0, 0) the first pixel's outer corner."""

    frame: Frame
    graphic_type: str
    graphic_data: Sequence[float]


@dataclass(frozen=True)
class Group:
    """Everything said of one thing: what, where, how large, and in words.

    `path` is the line that the one measurement was taken along; otherwise `region` is where.
    """

    tracking_identifier: str
    tracking_uid: str
    region: Region | None = None
    path: Region | None = None
    finding: Code | None = None
    site: Code | None = None
    measurements: Sequence[Measurement] = ()
    evaluations: Sequence[tuple[Code, Code]] = ()
    comment: str = ""


@dataclass(frozen=True)
class Report:
    """What a measurement report says of a study, by whom: a reader's pseudonym, or nobody."""

    images: Sequence[Frame]
    groups: Sequence[Group]
    is_final: bool = True
    reader: str = ""


def report(given: Report, making: Making) -> Document:
    """The report as a DICOM file.

    Parameters
    ----------
    given
        At least one image, all of one study; at least one group.
    making
        Gives the day and the UIDs; the bytes depend on nothing else.
    """
    dataset = begun(
        given.images[0],
        sop_class_uid=str(ComprehensiveSRStorage),
        modality="SR",
        series_number=SERIES_NUMBER,
    )
    _write_document_module(dataset, given, making)
    root = content.container(_REPORT, _children(given, making), template="1500")
    del root.RelationshipType  # the root relates to nothing
    dataset.update(root)
    return finished(dataset, making)


def _write_document_module(dataset: Dataset, given: Report, making: Making) -> None:
    dataset.ContentDate = making.on.strftime("%Y%m%d")
    dataset.ContentTime = "000000"
    dataset.CompletionFlag = "COMPLETE" if given.is_final else "PARTIAL"
    dataset.PreliminaryFlag = "FINAL" if given.is_final else "PRELIMINARY"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.PerformedProcedureCodeSequence = []
    evidence = Dataset()
    evidence.StudyInstanceUID = given.images[0].study_instance_uid
    evidence.ReferencedSeriesSequence = []
    for uid, frames in by_series(given.images):
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedSOPSequence = [whole_image_reference(frame) for frame in frames]
        evidence.ReferencedSeriesSequence.append(series)
    dataset.CurrentRequestedProcedureEvidenceSequence = [evidence]


def _children(given: Report, making: Making) -> Iterator[Dataset]:
    yield content.code(_LANGUAGE, _BRITISH_ENGLISH, relation=Relation.MODIFIER)
    yield from _observers(given, making)
    modality = str(first(given.images[0].header, "Modality", ""))
    procedure = _PROCEDURES.get(modality, _ANY_PROCEDURE)
    yield content.code(_PROCEDURE, procedure, relation=Relation.MODIFIER)
    frames = [frame for _, frames in by_series(given.images) for frame in frames]
    images = [content.image(whole_image_reference(frame)) for frame in frames]
    yield content.container(_LIBRARY, [content.container(_LIBRARY_GROUP, images)])
    yield content.container(_MEASUREMENTS, [_group(group) for group in given.groups])


def _observers(given: Report, making: Making) -> Iterator[Dataset]:
    if given.reader:
        yield content.code(_OBSERVER_TYPE, _PERSON, relation=Relation.CONTEXT)
        yield content.person(_PERSON_NAME, given.reader)
    yield content.code(_OBSERVER_TYPE, _DEVICE, relation=Relation.CONTEXT)
    yield content.uid_reference(_DEVICE_UID, making.uid("device"))
    yield content.text(_DEVICE_NAME, MODEL, relation=Relation.CONTEXT)
    yield content.text(_DEVICE_MANUFACTURER, MANUFACTURER, relation=Relation.CONTEXT)


def _group(group: Group) -> Dataset:
    children = [
        content.text(_TRACKING_IDENTIFIER, group.tracking_identifier, relation=Relation.CONTEXT),
        content.uid_reference(_TRACKING_UID, group.tracking_uid),
    ]
    if group.finding:
        children.append(content.code(_FINDING, group.finding))
    if group.site:
        children.append(content.code(_SITE, group.site, relation=Relation.MODIFIER))
    if group.region:
        children.append(_coordinates(_REGION, group.region, Relation.CONTAINS))
    path = [_coordinates(_PATH, group.path, Relation.INFERRED_FROM)] if group.path else []
    children += [content.number(*measured, children=path) for measured in group.measurements]
    children += [content.code(name, value) for name, value in group.evaluations]
    if group.comment:
        children.append(content.text(_COMMENT, group.comment))
    return content.container(_GROUP, children, template="1410" if group.region else "1501")


def _coordinates(name: Code, region: Region, relation: str) -> Dataset:
    source = content.image(
        image_reference(region.frame), relation=Relation.SELECTED_FROM, name=_SOURCE
    )
    return content.coordinates(
        name, region.graphic_type, region.graphic_data, source, relation=relation
    )
