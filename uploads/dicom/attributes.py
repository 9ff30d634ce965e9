"""The few attributes the database indexes, taken from a de-identified file."""

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, TypeAlias

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

_PER_FRAME_FUNCTIONAL_GROUPS, _SHARED_FUNCTIONAL_GROUPS = 0x52009230, 0x52009229

# Dataset.get(tag) gives an element, as a mapping does
_Place: TypeAlias = "Dataset | Mapping[int, DataElement]"


@dataclass(frozen=True)
class Attributes:
    """Facts of one instance, named as in PS3.6. Lengths in millimetres; dates are shifted ones.

    Of a multi-frame image the geometry is that of its first frame.
    """

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    frame_of_reference_uid: str
    patient_id: str
    patient_sex: str
    patient_age_years: int | None
    modality: str
    study_date: datetime.date | None
    study_time: str
    study_description: str
    body_part_examined: str
    series_number: int | None
    series_description: str
    instance_number: int | None
    rows: int
    columns: int
    number_of_frames: int
    bits_stored: int
    photometric_interpretation: str
    pixel_spacing_mm: tuple[float, float] | None
    image_position_patient: tuple[float, float, float] | None
    image_orientation_patient: tuple[float, float, float, float, float, float] | None
    slice_thickness_mm: float | None
    slice_location: float | None
    window_center: float | None
    window_width: float | None
    rescale_slope: float | None
    rescale_intercept: float | None
    transfer_syntax_uid: str
    view_position: str
    image_laterality: str
    convolution_kernel: str
    image_type: tuple[str, ...]

    @property
    def slice_position_mm(self) -> float | None:
        """Where the image lies along the normal of its plane: what sorts slices (C.7.6.2.1.1)."""
        if self.image_position_patient is None or self.image_orientation_patient is None:
            return None
        rx, ry, rz, cx, cy, cz = self.image_orientation_patient
        normal = (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)
        return sum(n * p for n, p in zip(normal, self.image_position_patient, strict=True))

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["study_date"] = self.study_date.isoformat() if self.study_date else None
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in data.items()
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Attributes":
        known: dict[str, Any] = {field.name: data[field.name] for field in fields(cls)}
        date = known["study_date"]
        known["study_date"] = datetime.date.fromisoformat(date) if date else None
        for name, value in known.items():
            known[name] = tuple(value) if isinstance(value, list) else value
        return cls(**known)


def attributes_of(elements: Mapping[int, DataElement], transfer_syntax_uid: str) -> Attributes:
    """The attributes of a de-identified data set, by tag; never call it with a source's."""
    places = _places(elements)
    return Attributes(
        sop_class_uid=_text(places, "SOPClassUID"),
        sop_instance_uid=_text(places, "SOPInstanceUID"),
        series_instance_uid=_text(places, "SeriesInstanceUID"),
        study_instance_uid=_text(places, "StudyInstanceUID"),
        frame_of_reference_uid=_text(places, "FrameOfReferenceUID"),
        patient_id=_text(places, "PatientID"),
        patient_sex=_text(places, "PatientSex"),
        patient_age_years=_years(_text(places, "PatientAge")),
        modality=_text(places, "Modality"),
        study_date=_date(_text(places, "StudyDate")),
        study_time=_text(places, "StudyTime"),
        study_description=_text(places, "StudyDescription"),
        body_part_examined=_text(places, "BodyPartExamined"),
        series_number=_integer(places, "SeriesNumber"),
        series_description=_text(places, "SeriesDescription"),
        instance_number=_integer(places, "InstanceNumber"),
        rows=_integer(places, "Rows") or 0,
        columns=_integer(places, "Columns") or 0,
        number_of_frames=_integer(places, "NumberOfFrames") or 1,
        bits_stored=_integer(places, "BitsStored") or 0,
        photometric_interpretation=_text(places, "PhotometricInterpretation"),
        pixel_spacing_mm=_numbers(places, "PixelSpacing", 2)
        or _numbers(places, "ImagerPixelSpacing", 2),
        image_position_patient=_numbers(places, "ImagePositionPatient", 3),
        image_orientation_patient=_numbers(places, "ImageOrientationPatient", 6),
        slice_thickness_mm=_number(places, "SliceThickness"),
        slice_location=_number(places, "SliceLocation"),
        window_center=_number(places, "WindowCenter"),
        window_width=_number(places, "WindowWidth"),
        rescale_slope=_number(places, "RescaleSlope"),
        rescale_intercept=_number(places, "RescaleIntercept"),
        transfer_syntax_uid=transfer_syntax_uid,
        view_position=_text(places, "ViewPosition"),
        image_laterality=_text(places, "ImageLaterality") or _text(places, "Laterality"),
        convolution_kernel=_text(places, "ConvolutionKernel"),
        image_type=tuple(str(part) for part in _values(places, "ImageType")),
    )


def _places(elements: Mapping[int, DataElement]) -> list[_Place]:
    """The data set, then the functional groups of its first frame, then the shared ones."""
    places: list[_Place] = [elements]
    for tag in (_PER_FRAME_FUNCTIONAL_GROUPS, _SHARED_FUNCTIONAL_GROUPS):
        groups = elements[tag].value[:1] if tag in elements else ()
        for group in groups:
            places += [
                element.value[0] for element in group if element.VR == "SQ" and element.value
            ]
    return places


def _values(places: Iterable[_Place], keyword: str) -> list[Any]:
    tag = _tag(keyword)
    for place in places:
        element = place.get(tag)
        value = None if element is None else element.value
        if isinstance(value, MultiValue):
            return list(value)
        # an empty number is None, an empty text is empty
        if value is not None and not (isinstance(value, str) and not value):
            return [value]
    return []


@lru_cache
def _tag(keyword: str) -> int:
    return int(tag_for_keyword(keyword))


def _text(places: list[_Place], keyword: str) -> str:
    return "\\".join([str(value) for value in _values(places, keyword)])


def _number(places: list[_Place], keyword: str) -> float | None:
    values = _values(places, keyword)
    number = float(values[0]) if values else math.nan
    return number if math.isfinite(number) else None


def _integer(places: list[_Place], keyword: str) -> int | None:
    values = _values(places, keyword)
    return int(values[0]) if values else None


def _numbers(places: list[_Place], keyword: str, count: int) -> Any:
    values = [float(value) for value in _values(places, keyword)]
    is_right = len(values) == count and all(map(math.isfinite, values))
    return tuple(values) if is_right else None


def _years(age: str) -> int | None:
    return int(age[:3]) if len(age) == 4 and age[:3].isdigit() else None


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
