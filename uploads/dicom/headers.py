"""DICOM JSON of de-identified instances, and the answers of QIDO-RS from plain facts.

References
----------
DICOM PS3.18, Annex F (the JSON model), 10.6 (QIDO-RS, tables 10.6.3-3 to 10.6.3-5).
"""

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset

Header = dict[str, Any]

_PIXEL_DATA = 0x7FE00010


def dicom_json(dataset: Dataset) -> Header:
    """The DICOM JSON of a de-identified data set, without its pixels."""
    with config.disable_value_validation():
        header: Header = {
            f"{element.tag:08X}": element.to_json_dict(None, 1 << 30)
            for element in dataset
            if element.tag != _PIXEL_DATA
        }
    return dict(sorted(header.items()))


def values(header: Header, keyword: str) -> list[Any]:
    """The values of an attribute of a header, empty when it has none."""
    found = header.get(_key(keyword), {}).get("Value", [])
    return list(found)


def first(header: Header, keyword: str, default: Any = None) -> Any:
    found = values(header, keyword)
    return found[0] if found and found[0] is not None else default


def frame_value(header: Header, frame: int, group: str, keyword: str) -> list[Any]:
    """The values of an attribute of one frame (counted from 1), wherever the image keeps it.

    In its own functional group, in the shared one, or at the top of a single-frame image.
    """
    per_frame = values(header, "PerFrameFunctionalGroupsSequence")
    shared = values(header, "SharedFunctionalGroupsSequence")
    groups = per_frame[frame - 1 : frame] + shared[:1]
    for place in groups:
        for item in values(place or {}, group):
            found = values(item or {}, keyword)
            if found:
                return found
    return values(header, keyword)


# --- QIDO-RS -------------------------------------------------------------------


def study_facts(
    *,
    study_instance_uid: str,
    patient_id: str,
    patient_sex: str,
    study_date: datetime.date | None,
    study_time: str = "",
    study_description: str = "",
    modalities: Iterable[str],
    number_of_series: int,
    number_of_instances: int,
    retrieve_url: str,
) -> Header:
    """A study as QIDO-RS tells it (PS3.18 table 10.6.3-3)."""
    return _facts(
        StudyDate=_da(study_date),
        StudyTime=study_time,
        AccessionNumber="",
        InstanceAvailability="ONLINE",
        ModalitiesInStudy=sorted(set(modalities)),
        ReferringPhysicianName="",
        RetrieveURL=retrieve_url,
        StudyDescription=study_description,
        PatientName=patient_id,
        PatientID=patient_id,
        PatientBirthDate="",
        PatientSex=patient_sex,
        StudyInstanceUID=study_instance_uid,
        StudyID="",
        NumberOfStudyRelatedSeries=number_of_series,
        NumberOfStudyRelatedInstances=number_of_instances,
    )


def series_facts(
    *,
    study_instance_uid: str,
    series_instance_uid: str,
    modality: str,
    series_number: int | None,
    series_description: str,
    body_part_examined: str = "",
    number_of_instances: int,
    retrieve_url: str,
) -> Header:
    """A series as QIDO-RS tells it (table 10.6.3-4)."""
    return _facts(
        Modality=modality,
        RetrieveURL=retrieve_url,
        SeriesDescription=series_description,
        BodyPartExamined=body_part_examined,
        StudyInstanceUID=study_instance_uid,
        SeriesInstanceUID=series_instance_uid,
        SeriesNumber=series_number,
        NumberOfSeriesRelatedInstances=number_of_instances,
    )


def instance_facts(
    *,
    study_instance_uid: str,
    series_instance_uid: str,
    sop_class_uid: str,
    sop_instance_uid: str,
    instance_number: int | None,
    rows: int,
    columns: int,
    bits_allocated: int,
    number_of_frames: int,
    retrieve_url: str,
) -> Header:
    """An instance as QIDO-RS tells it (table 10.6.3-5)."""
    return _facts(
        SOPClassUID=sop_class_uid,
        SOPInstanceUID=sop_instance_uid,
        InstanceAvailability="ONLINE",
        RetrieveURL=retrieve_url,
        StudyInstanceUID=study_instance_uid,
        SeriesInstanceUID=series_instance_uid,
        InstanceNumber=instance_number,
        NumberOfFrames=number_of_frames,
        Rows=rows,
        Columns=columns,
        BitsAllocated=bits_allocated,
    )


def _facts(**attributes: Any) -> Header:
    header = {_key(keyword): _attribute(keyword, value) for keyword, value in attributes.items()}
    return dict(sorted(header.items()))


def _attribute(keyword: str, value: Any) -> Header:
    vr = dictionary_VR(_tag(keyword))
    if value is None or value == "" or value == []:
        return {"vr": vr}
    given = value if isinstance(value, list) else [value]
    as_json: Callable[[Any], Any] = (
        (lambda name: {"Alphabetic": name}) if vr == "PN" else lambda v: v
    )
    return {"vr": vr, "Value": [as_json(one) for one in given]}


def _da(date: datetime.date | None) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}" if date else ""


def _key(keyword: str) -> str:
    return f"{_tag(keyword):08X}"


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is no keyword of PS3.6.")
    return int(tag)
