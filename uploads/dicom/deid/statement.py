"""What the output says of itself: that and how it was de-identified (PS3.15 E.1.1, rule 7)."""

from uploads.dicom.deid.actions import code_item
from uploads.dicom.deid.profile import CLEAN_PIXEL_DATA, OPTIONS, VERSION
from uploads.dicom.elements import Element

# made once, from a random UUID (PS3.5 B.2)
IMPLEMENTATION_CLASS_UID = "2.25.219485071393418642178307915612482947391"

PATIENT_IDENTITY_REMOVED = 0x00120062
DEIDENTIFICATION_METHOD = 0x00120063
DEIDENTIFICATION_METHOD_CODES = 0x00120064
CONTRIBUTING_EQUIPMENT = 0x0018A001
TEMPORAL_INFORMATION_MODIFIED = 0x00280303

TAGS = (
    PATIENT_IDENTITY_REMOVED,
    DEIDENTIFICATION_METHOD,
    DEIDENTIFICATION_METHOD_CODES,
    CONTRIBUTING_EQUIPMENT,
    TEMPORAL_INFORMATION_MODIFIED,
)

KEYWORDS = (
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    *("ContributingEquipmentSequence", "LongitudinalTemporalInformationModified"),
)


def statements(*, is_cleared: bool) -> list[Element]:
    """The attributes we add; `is_cleared` when a person has looked at the pixels."""
    options = (*OPTIONS, CLEAN_PIXEL_DATA) if is_cleared else OPTIONS
    codes = tuple(code_item(value, "DCM", meaning) for value, meaning in sorted(options))
    purpose = code_item("109104", "DCM", "De-identifying Equipment")
    equipment = [
        Element(0x00080070, "LO", b"British Society of Thoracic Imaging"),
        Element(0x00181020, "LO", VERSION.encode("ascii")),
        Element(0x0040A170, "SQ", items=(purpose,)),
    ]
    return [
        Element(PATIENT_IDENTITY_REMOVED, "CS", b"YES"),
        Element(DEIDENTIFICATION_METHOD, "LO", VERSION.encode("ascii")),
        Element(DEIDENTIFICATION_METHOD_CODES, "SQ", items=codes),
        Element(CONTRIBUTING_EQUIPMENT, "SQ", items=(equipment,)),
        Element(TEMPORAL_INFORMATION_MODIFIED, "CS", b"MODIFIED"),
    ]


def file_meta(
    sop_class_uid: str, sop_instance_uid: bytes, transfer_syntax_uid: str
) -> list[Element]:
    """The file meta group as we write it: nothing of the source's (PS3.10 7.1)."""
    return [
        Element(0x00020001, "OB", b"\0\1"),
        Element(0x00020002, "UI", sop_class_uid.encode("ascii")),
        Element(0x00020003, "UI", sop_instance_uid),
        Element(0x00020010, "UI", transfer_syntax_uid.encode("ascii")),
        Element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
        Element(0x00020013, "SH", VERSION.encode("ascii")),
    ]
