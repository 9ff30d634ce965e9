"""Small valid DICOM files, made in memory, that carry invented identities to look for.

Every function returns the bytes of one file as a scanner would send it. `number`, `series`,
`study` and `patient` say which one; keyword arguments in DICOM spelling change or (None) remove
an attribute:

    ct_slice(number=3, patient="B", SliceThickness="5", StudyDescription=None)
"""

import io
import zipfile
from typing import Any

from tests.datasets.building import (
    ct_dataset,
    ct_pixels,
    enhanced_ct_dataset,
    item,
    with_defaults,
    without_pixels,
    xray_dataset,
    xray_pixels,
)
from tests.datasets.identities import (
    BASIC_TEXT_SR,
    CR_IMAGE,
    CT_IMAGE,
    DOSE_REPORT,
    DX_FOR_PRESENTATION,
    DX_FOR_PROCESSING,
    ENCAPSULATED_PDF,
    ENHANCED_CT_IMAGE,
    LEGACY_ENHANCED_CT_IMAGE,
    MR_IMAGE,
    PATIENTS,
    PLANTED,
    SECONDARY_CAPTURE_IMAGE,
    STAFF_AND_PLACES,
    ULTRASOUND_IMAGE,
    uid,
)
from tests.datasets.writing import (
    ENCODERS,
    UNCOMPRESSED,
    in_transfer_syntax,
    stored_pixels,
    written,
)

__all__ = [
    "CT_IMAGE",
    "DX_FOR_PROCESSING",
    "ENCODERS",
    "ENHANCED_CT_IMAGE",
    "LEGACY_ENHANCED_CT_IMAGE",
    "PATIENTS",
    "PLANTED",
    "STAFF_AND_PLACES",
    "UNCOMPRESSED",
    "chest_xray",
    "computed_radiograph",
    "ct_dataset",
    "ct_pixels",
    "ct_series",
    "ct_slice",
    "dose_report",
    "encapsulated_pdf",
    "enhanced_ct",
    "enhanced_ct_dataset",
    "held_xray",
    "in_transfer_syntax",
    "mr_image",
    "not_dicom",
    "secondary_capture",
    "stored_pixels",
    "structured_report",
    "truncated",
    "uid",
    "ultrasound",
    "written",
    "xray_dataset",
    "xray_pixels",
    "zip_of",
]

# --- Files the database takes --------------------------------------------------


def ct_slice(**changes: Any) -> bytes:
    """One axial CT slice of 64 by 64 pixels, signed 16 bit, explicit little endian."""
    return written(ct_dataset(**changes))


def ct_series(
    count: int = 5, *, patient: str = "A", study: int = 1, series: int = 1, **changes: Any
) -> list[bytes]:
    """The slices of one CT series, from the lung apex down."""
    return [
        ct_slice(number=number, patient=patient, study=study, series=series, **changes)
        for number in range(1, count + 1)
    ]


def chest_xray(**changes: Any) -> bytes:
    """One digital radiograph (DX, for presentation), 12 bit, 96 rows by 64 columns."""
    return written(xray_dataset(sop_class=DX_FOR_PRESENTATION, **changes))


def computed_radiograph(**changes: Any) -> bytes:
    """One computed radiograph (CR), 10 bit, MONOCHROME1."""
    return written(
        xray_dataset(
            sop_class=CR_IMAGE, **with_defaults(changes, PhotometricInterpretation="MONOCHROME1")
        )
    )


def enhanced_ct(frames: int = 4, **changes: Any) -> bytes:
    """One enhanced CT of several frames, each with its own position."""
    return written(enhanced_ct_dataset(frames, **changes))


# --- Files it refuses or holds --------------------------------------------------


def mr_image(**changes: Any) -> bytes:
    return written(ct_dataset(**with_defaults(changes, SOPClassUID=MR_IMAGE, Modality="MR")))


def secondary_capture(**changes: Any) -> bytes:
    return written(
        ct_dataset(
            **with_defaults(
                changes, SOPClassUID=SECONDARY_CAPTURE_IMAGE, Modality="OT", ConversionType="WSD"
            )
        )
    )


def ultrasound(**changes: Any) -> bytes:
    return written(
        ct_dataset(**with_defaults(changes, SOPClassUID=ULTRASOUND_IMAGE, Modality="US"))
    )


def structured_report(**changes: Any) -> bytes:
    """A text report without pixels."""
    dataset = ct_dataset(**with_defaults(changes, SOPClassUID=BASIC_TEXT_SR, Modality="SR"))
    without_pixels(dataset)
    dataset.ContentSequence = [item(ValueType="TEXT", TextValue="Mr Quillfeather has a cough")]
    return written(dataset)


def dose_report(**changes: Any) -> bytes:
    dataset = ct_dataset(**with_defaults(changes, SOPClassUID=DOSE_REPORT, Modality="SR"))
    without_pixels(dataset)
    return written(dataset)


def encapsulated_pdf(**changes: Any) -> bytes:
    dataset = ct_dataset(**with_defaults(changes, SOPClassUID=ENCAPSULATED_PDF, Modality="DOC"))
    without_pixels(dataset)
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = b"%PDF-1.4 QUILLFEATHER\n"
    return written(dataset)


def held_xray(**changes: Any) -> bytes:
    """A radiograph whose header says that text is burned in."""
    return chest_xray(**with_defaults(changes, BurnedInAnnotation="YES"))


def truncated(source: bytes | None = None) -> bytes:
    """A file whose transfer broke off half-way through the pixels."""
    source = source or ct_slice()
    return source[: len(source) - 4000]


def not_dicom() -> bytes:
    """The beginning of a JPEG picture."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(600) + b"\xff\xd9"


def zip_of(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
