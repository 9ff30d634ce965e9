"""Valid data sets in memory, with identities planted at every depth."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.datasets.identities import (
    CR_IMAGE,
    CT_IMAGE,
    DX_FOR_PRESENTATION,
    DX_FOR_PROCESSING,
    ENHANCED_CT_IMAGE,
    PATIENTS,
    STAFF_AND_PLACES,
    UID_ROOT,
    uid,
)


def ct_dataset(
    *, number: int = 1, patient: str = "A", study: int = 1, series: int = 1, **changes: Any
) -> FileDataset:
    sop_class = changes.pop("SOPClassUID", CT_IMAGE)
    dataset = _base(sop_class, number=number, patient=patient, study=study, series=series)
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.BodyPartExamined = "CHEST"
    dataset.SeriesDescription = "CHEST 1.25 MM LUNG"
    dataset.PatientPosition = "HFS"
    dataset.KVP = "120"
    dataset.XRayTubeCurrent = "310"
    dataset.ExposureTime = "500"
    dataset.Exposure = "15"
    dataset.TableHeight = "173.000000"
    dataset.SpiralPitchFactor = 0.984375
    dataset.ConvolutionKernel = "LUNG"
    dataset.SliceThickness = "1.250000"
    dataset.SpacingBetweenSlices = "1.250000"
    dataset.FrameOfReferenceUID = uid(patient, study, "frame of reference")
    dataset.PositionReferenceIndicator = "SN"
    dataset.ImagePositionPatient = ["-160.0", "-160.0", f"{200 - 1.25 * number:.3f}"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SliceLocation = f"{200 - 1.25 * number:.3f}"
    dataset.PixelSpacing = ["5.000000", "5.000000"]
    dataset.RescaleIntercept = "-1024"
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.WindowCenter = ["-600", "40"]
    dataset.WindowWidth = ["1500", "400"]
    _set_pixels(dataset, ct_pixels(number), bits_stored=16)
    _change(dataset, changes)
    return dataset


def xray_dataset(
    *,
    sop_class: UID = DX_FOR_PRESENTATION,
    number: int = 1,
    patient: str = "A",
    study: int = 1,
    series: int = 1,
    **changes: Any,
) -> FileDataset:
    dataset = _base(sop_class, number=number, patient=patient, study=study, series=series)
    is_cr = sop_class == CR_IMAGE
    dataset.Modality = "CR" if is_cr else "DX"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.BodyPartExamined = "CHEST"
    dataset.SeriesDescription = "CHEST PA"
    dataset.ViewPosition = "PA"
    dataset.KVP = "125"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.ImagerPixelSpacing = ["4.0", "4.0"]
    if not is_cr:
        dataset.PresentationIntentType = (
            "FOR PROCESSING" if sop_class == DX_FOR_PROCESSING else "FOR PRESENTATION"
        )
        dataset.ImageLaterality = "U"
        dataset.PatientOrientation = ["L", "F"]
        dataset.DetectorType = "DIRECT"
        dataset.PixelIntensityRelationship = "LOG"
        dataset.PixelIntensityRelationshipSign = 1
        dataset.PresentationLUTShape = "IDENTITY"
        dataset.RescaleIntercept = "0"
        dataset.RescaleSlope = "1"
        dataset.RescaleType = "US"
        dataset.AnatomicRegionSequence = [
            item(CodeValue="51185008", CodingSchemeDesignator="SCT", CodeMeaning="Chest")
        ]
        dataset.ViewCodeSequence = [
            item(
                CodeValue="272479007", CodingSchemeDesignator="SCT", CodeMeaning="postero-anterior"
            )
        ]
    dataset.WindowCenter = "512" if is_cr else "2048"
    dataset.WindowWidth = "1024" if is_cr else "4096"
    bits = 10 if is_cr else 12
    _set_pixels(dataset, xray_pixels(number, bits), bits_stored=bits)
    _change(dataset, changes)
    return dataset


def enhanced_ct_dataset(
    frames: int = 4,
    *,
    number: int = 1,
    patient: str = "A",
    study: int = 1,
    series: int = 1,
    **changes: Any,
) -> FileDataset:
    sop_class = changes.pop("SOPClassUID", ENHANCED_CT_IMAGE)
    which = {"number": number, "patient": patient, "study": study, "series": series}
    dataset = ct_dataset(SOPClassUID=sop_class, **which)
    moved = "ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness RescaleType"
    moved += " SliceLocation SpacingBetweenSlices RescaleIntercept RescaleSlope WindowCenter"
    moved += " WindowWidth KVP XRayTubeCurrent ExposureTime Exposure ConvolutionKernel TableHeight"
    for keyword in moved.split():
        delattr(dataset, keyword)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.NumberOfFrames = frames
    dataset.AcquisitionDateTime = "20200331101502.120000"
    dataset.ContentQualification = "RESEARCH"
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.BurnedInAnnotation = "NO"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.DimensionOrganizationSequence = [
        item(DimensionOrganizationUID=uid(dataset.SOPInstanceUID, "dimension"))
    ]
    dataset.SharedFunctionalGroupsSequence = [_shared_groups()]
    dataset.PerFrameFunctionalGroupsSequence = [
        _frame_groups(frame) for frame in range(1, frames + 1)
    ]
    pixels = np.stack([ct_pixels(number * 1000 + frame) for frame in range(1, frames + 1)])
    _set_pixels(dataset, pixels, bits_stored=16)
    _change(dataset, changes)
    return dataset


def ct_pixels(number: int = 1, size: int = 64) -> np.ndarray:
    """A round body with two dark lungs, a spine and noise, as stored values (HU + 1024), int16."""
    rows, columns = np.mgrid[0:size, 0:size] / (size - 1) * 2 - 1
    hu = np.full((size, size), -1000.0)
    hu[(columns / 0.9) ** 2 + (rows / 0.7) ** 2 < 1] = 40
    for side in (-0.42, 0.42):
        hu[((columns - side) / 0.3) ** 2 + (rows / 0.5) ** 2 < 1] = -850
    hu[columns**2 + (rows - 0.5) ** 2 < 0.015] = 700
    noise = np.random.default_rng(number).normal(0, 12, hu.shape)
    return (hu + noise + 1024).round().clip(-1024, 3071).astype(np.int16)


def xray_pixels(number: int = 1, bits: int = 12, rows: int = 96, columns: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns]
    x, y = x / (columns - 1) * 2 - 1, y / (rows - 1) * 2 - 1
    grey = np.full((rows, columns), 0.8)
    for side in (-0.45, 0.45):
        grey[((x - side) / 0.35) ** 2 + ((y + 0.1) / 0.7) ** 2 < 1] = 0.3
    noise = np.random.default_rng(number + 7).normal(0, 0.02, grey.shape)
    return ((grey + noise).clip(0, 1) * (2**bits - 1)).astype(np.uint16)


def _base(sop_class: UID, *, number: int, patient: str, study: int, series: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(UID_ROOT + "1")
    meta.SourceApplicationEntityTitle = "HIDDENMETA"
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = uid(patient, study, series, number)
    dataset.StudyInstanceUID = uid(patient, study)
    dataset.SeriesInstanceUID = uid(patient, study, series)
    date = f"202003{10 + study:02d}"
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(dataset, keyword, date)
    for keyword in ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"):
        setattr(dataset, keyword, "101502")
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = date, "101503"
    dataset.Manufacturer = "GE MEDICAL SYSTEMS"
    dataset.ManufacturerModelName = "LightSpeed VCT"
    dataset.SeriesNumber, dataset.InstanceNumber = series, number
    dataset.AcquisitionNumber = 1
    for keyword, value in (PATIENTS[patient] | STAFF_AND_PLACES).items():
        setattr(dataset, keyword, value)
    _plant_nested(dataset, patient)
    return dataset


def _plant_nested(dataset: Dataset, patient: str) -> None:
    """Identities where an engine that looks only at the top finds none."""
    name = PATIENTS[patient]["PatientName"]
    dataset.RequestAttributesSequence = [
        item(
            RequestedProcedureID="STU88142",
            ScheduledProcedureStepDescription=name,
            ScheduledProtocolCodeSequence=[
                item(CodeValue="X", CodingSchemeDesignator="99LOCAL", CodeMeaning="PETTIFOGGER")
            ],
        )
    ]
    dataset.ReferencedImageSequence = [
        item(
            ReferencedSOPClassUID=CT_IMAGE,
            ReferencedSOPInstanceUID=uid(patient, "scout"),
            PatientName=name,
        )
    ]
    dataset.OriginalAttributesSequence = [
        item(
            ModifiedAttributesSequence=[
                item(PatientName=name, InstitutionName="St Elsewhere General Hospital")
            ]
        )
    ]
    block = dataset.private_block(0x0009, "PETTIFOGGER 1.0", create=True)
    block.add_new(0x01, "LO", "HIDDENPRIVATE")
    block.add_new(0x02, "SQ", Sequence([item(PatientName=name)]))
    dataset.add_new((0x5000, 0x2500), "LO", "HIDDENCURVE")


def _shared_groups() -> Dataset:
    return item(
        PixelMeasuresSequence=[
            item(PixelSpacing=["5.0", "5.0"], SliceThickness="1.25", SpacingBetweenSlices="1.25")
        ],
        PlaneOrientationSequence=[item(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])],
        PixelValueTransformationSequence=[
            item(RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU")
        ],
        FrameVOILUTSequence=[item(WindowCenter="-600", WindowWidth="1500")],
        FrameAnatomySequence=[
            item(
                FrameLaterality="U",
                AnatomicRegionSequence=[
                    item(CodeValue="51185008", CodingSchemeDesignator="SCT", CodeMeaning="Chest")
                ],
            )
        ],
        CTImageFrameTypeSequence=[
            item(
                FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
                PixelPresentation="MONOCHROME",
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
            )
        ],
        CTReconstructionSequence=[
            item(ConvolutionKernel="LUNG", ReconstructionAlgorithm="ITERATIVE")
        ],
        CTXRayDetailsSequence=[item(KVP=120.0)],
    )


def _frame_groups(frame: int) -> Dataset:
    return item(
        FrameContentSequence=[
            item(
                StackID="1",
                InStackPositionNumber=frame,
                DimensionIndexValues=[frame],
                FrameAcquisitionDateTime="20200331101502.120000",
                FrameComments="PETTIFOGGER",
            )
        ],
        PlanePositionSequence=[
            item(ImagePositionPatient=["-160.0", "-160.0", f"{200 - 1.25 * frame:.3f}"])
        ],
    )


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _set_pixels(dataset: Dataset, pixels: np.ndarray, *, bits_stored: int) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = bits_stored
    dataset.HighBit = bits_stored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"


def without_pixels(dataset: Dataset) -> None:
    for keyword in ["PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"]:
        delattr(dataset, keyword)


def with_defaults(changes: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return defaults | changes


def _change(dataset: Dataset, changes: dict[str, Any]) -> None:
    for keyword, value in changes.items():
        if value is None:
            if keyword in dataset:
                delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
