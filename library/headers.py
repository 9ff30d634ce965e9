"""The header of a public image: de-identified once more, only what viewing needs.

Everything is DICOM JSON (PS3.18 Annex F), keyed by eight hexadecimal digits.
"""

from collections.abc import Callable, Mapping
from typing import Any

Header = dict[str, dict[str, Any]]

# kept as they are: image plane, pixel and VOI modules, and what a viewer writes in a corner
KEPT = frozenset(
    {
        "00080008",  # ImageType
        "00080016",  # SOPClassUID
        "00080060",  # Modality
        "00180015",  # BodyPartExamined
        "00180050",  # SliceThickness
        "00180060",  # KVP
        "00180088",  # SpacingBetweenSlices
        "00181164",  # ImagerPixelSpacing
        "00185100",  # PatientPosition
        "00185101",  # ViewPosition
        "00181210",  # ConvolutionKernel
        "00200011",  # SeriesNumber
        "00200013",  # InstanceNumber
        "00200020",  # PatientOrientation
        "00200032",  # ImagePositionPatient
        "00200037",  # ImageOrientationPatient
        "00200060",  # Laterality
        "00200062",  # ImageLaterality
        "00201041",  # SliceLocation
        "00280002",  # SamplesPerPixel
        "00280004",  # PhotometricInterpretation
        "00280008",  # NumberOfFrames
        "00280010",  # Rows
        "00280011",  # Columns
        "00280030",  # PixelSpacing
        "00280034",  # PixelAspectRatio
        "00280100",  # BitsAllocated
        "00280101",  # BitsStored
        "00280102",  # HighBit
        "00280103",  # PixelRepresentation
        "00280106",  # SmallestImagePixelValue
        "00280107",  # LargestImagePixelValue
        "00280120",  # PixelPaddingValue
        "00280121",  # PixelPaddingRangeLimit
        "00281050",  # WindowCenter
        "00281051",  # WindowWidth
        "00281052",  # RescaleIntercept
        "00281053",  # RescaleSlope
        "00281054",  # RescaleType
        "00281056",  # VOILUTFunction
        "00282110",  # LossyImageCompression
        "20500020",  # PresentationLUTShape
    }
)
# replaced by the public UID of the same thing
UIDS = frozenset({"00080018", "0020000D", "0020000E", "00200052"})
SEX, AGE, PATIENT_NAME, PATIENT_ID = "00100040", "00101010", "00100010", "00100020"
BLANK = {"00080020": "DA", "00080030": "TM", "00080050": "SH", "00080090": "PN", "00100030": "DA"}


def public_header(header: Mapping[str, Any], *, name: str, uid: Callable[[str], str]) -> Header:
    """The public form of one instance's header.

    Parameters
    ----------
    header
        The private DICOM JSON of the instance, as the study store has it.
    name
        What the teaching case is called: stands as PatientName and PatientID.
    uid
        The public UID of a private one.

    Returns
    -------
    dict
        A new header: allow-listed attributes, fresh UIDs, no date or time, the age as the
        lower end of its ten-year band, nested attributes only where all of them are plain.
    """
    public: Header = {
        tag: {"vr": element["vr"], "Value": list(element["Value"])}
        for tag, element in header.items()
        if tag in KEPT and element.get("Value") and not _nested(element)
    }
    for tag in UIDS & header.keys():
        if header[tag].get("Value"):
            public[tag] = {"vr": "UI", "Value": [uid(header[tag]["Value"][0])]}
    for tag, vr in BLANK.items():
        public[tag] = {"vr": vr}
    public[PATIENT_NAME] = {"vr": "PN", "Value": [{"Alphabetic": name}]}
    public[PATIENT_ID] = {"vr": "LO", "Value": [name]}
    sex = _first(header, SEX)
    public[SEX] = {"vr": "CS", "Value": [sex]} if sex in ("F", "M", "O") else {"vr": "CS"}
    band = age_band_start(_first(header, AGE))
    public[AGE] = {"vr": "AS", "Value": [f"{band:03}Y"]} if band is not None else {"vr": "AS"}
    return dict(sorted(public.items()))


def is_signed(header: Mapping[str, Any]) -> bool:
    """Whether stored values are two's complement (PixelRepresentation 1)."""
    return _first(header, "00280103") == 1


def age_band_start(age: Any) -> int | None:
    """The lower end of the ten-year band of an age string ("067Y"), None without years."""
    if not isinstance(age, str) or not age.endswith("Y") or not age[:-1].isdecimal():
        return None
    return min(int(age[:-1]) // 10 * 10, 90)


def _nested(element: Mapping[str, Any]) -> bool:
    return element["vr"] == "SQ" or any(isinstance(part, dict) for part in element["Value"])


def _first(header: Mapping[str, Any], tag: str) -> Any:
    values = header.get(tag, {}).get("Value") or [None]
    return values[0]
