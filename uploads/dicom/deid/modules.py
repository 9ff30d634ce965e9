"""The attributes that may stay, module by module as PS3.3 groups them."""

from uploads.dicom.deid import vocabulary as words
from uploads.dicom.deid.functional_groups import (
    CALCULATIONS,
    CT_ACQUISITION,
    CT_FUNCTIONAL_GROUPS,
    DIMENSIONS,
    TUBE,
    VOI_FUNCTIONS,
)
from uploads.dicom.deid.rules import (
    Module,
    Rules,
    clean,
    codes,
    dummy,
    empty,
    items,
    keep,
    patient_age,
    pseudonym,
    replace_uid,
    shift_date,
    when_given,
)
from uploads.dicom.deid.values import (
    all_of,
    binary,
    decimal,
    image_type,
    integer,
    lut_data,
    lut_descriptor,
    one_in_any_case,
    one_of,
    orientation,
    some_of,
    standard_uid,
    time,
)

_YES_NO = one_of("YES", "NO")
_LARGE = 1e6
# no NHS number (ten digits), no telephone number and no date of eight digits fits
_NUMBER = integer(0, 999_999)
_BODY_PART = one_in_any_case(*words.BODY_PARTS)

PATIENT = Module(
    "Patient",
    "C.7.1.1, C.7.2.2",
    (
        pseudonym("PatientName"),
        pseudonym("PatientID"),
        empty("PatientBirthDate"),
        keep("PatientSex", one_of("F", "M", "O"), required=True),
        patient_age(),
    ),
)

GENERAL_STUDY = Module(
    "General Study",
    "C.7.2.1",
    (
        replace_uid("StudyInstanceUID"),
        shift_date("StudyDate", required=True),
        keep("StudyTime", time, required=True),
        empty("ReferringPhysicianName"),
        empty("StudyID"),
        empty("AccessionNumber"),
        clean("StudyDescription"),
    ),
)

GENERAL_SERIES = Module(
    "General Series",
    "C.7.3.1",
    (
        replace_uid("SeriesInstanceUID"),
        keep("SeriesNumber", _NUMBER, required=True),
        shift_date("SeriesDate"),
        keep("SeriesTime", time),
        clean("SeriesDescription"),
        clean("ProtocolName"),
        keep("BodyPartExamined", _BODY_PART),
        when_given(keep("PatientPosition", one_of(*words.PATIENT_POSITIONS))),
        when_given(keep("Laterality", one_of("R", "L"))),
    ),
)

GENERAL_EQUIPMENT = Module(
    "General Equipment",
    "C.7.5.1",
    (keep("Manufacturer", one_of(*words.MANUFACTURERS), required=True),),
)

FRAME_OF_REFERENCE = Module(
    "Frame of Reference",
    "C.7.4.1",
    (replace_uid("FrameOfReferenceUID"), empty("PositionReferenceIndicator")),
)

_IMAGE: Rules = (
    keep("BurnedInAnnotation", one_of("NO")),
    keep("RecognizableVisualFeatures", _YES_NO),
    keep("LossyImageCompression", one_of("00", "01")),
    keep("LossyImageCompressionRatio", decimal(0, 10_000, most=8)),
    keep(
        "LossyImageCompressionMethod",
        all_of("ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_15444_15"),
    ),
    keep("PresentationLUTShape", one_of("IDENTITY", "INVERSE")),
    keep("InstanceNumber", _NUMBER, required=True),
    keep("AcquisitionNumber", _NUMBER),
    shift_date("AcquisitionDateTime"),
    when_given(shift_date("ContentDate")),
    when_given(keep("ContentTime", time)),
)

GENERAL_IMAGE = Module(
    "General Image",
    "C.7.6.1, C.7.10.1",
    (
        *_IMAGE,
        keep("ImageType", image_type(*words.IMAGE_TYPES)),
        when_given(keep("PatientOrientation", orientation)),
        shift_date("AcquisitionDate"),
        keep("AcquisitionTime", time),
        keep("ImagesInAcquisition", integer(0, 99_999)),
        replace_uid("IrradiationEventUID"),
    ),
)

# The attributes that describe the frames are written from what reading has proved.
IMAGE_PIXEL = Module(
    "Image Pixel",
    "C.7.6.3",
    (
        keep("PixelAspectRatio", integer(1, 99_999, least=2, most=2)),
        keep("SmallestImagePixelValue", binary("H", 0, 0xFFFF)),
        keep("LargestImagePixelValue", binary("H", 0, 0xFFFF)),
        keep("PixelPaddingValue", binary("H", 0, 0xFFFF)),
        keep("PixelPaddingRangeLimit", binary("H", 0, 0xFFFF)),
    ),
)

_RESCALE: Rules = (
    keep("RescaleIntercept", decimal(-_LARGE, _LARGE)),
    keep("RescaleSlope", decimal(-_LARGE, _LARGE)),
    when_given(keep("RescaleType", one_of(*words.RESCALE_TYPES)), dummy="US"),
)
# the numbers of a table stay, its explanation is free text
_TABLE: Rules = (keep("LUTDescriptor", lut_descriptor), keep("LUTData", lut_data))

MODALITY_LUT = Module(
    "Modality LUT",
    "C.11.1",
    (
        *_RESCALE,
        items(
            "ModalityLUTSequence",
            *_TABLE,
            keep("ModalityLUTType", one_of(*words.RESCALE_TYPES), dummy="US"),
        ),
    ),
)

VOI_LUT = Module(
    "VOI LUT",
    "C.11.2",
    (
        keep("WindowCenter", decimal(-_LARGE, _LARGE, most=16)),
        keep("WindowWidth", decimal(0, _LARGE, most=16)),
        keep("WindowCenterWidthExplanation", all_of(*words.WINDOW_EXPLANATIONS)),
        keep("VOILUTFunction", one_of(*VOI_FUNCTIONS)),
        items("VOILUTSequence", *_TABLE),
    ),
)

SOP_COMMON = Module(
    "SOP Common",
    "C.12.1",
    (
        keep("SOPClassUID", standard_uid, required=True),
        replace_uid("SOPInstanceUID"),
        shift_date("InstanceCreationDate"),
        keep("InstanceCreationTime", time),
    ),
)

CONTRAST = Module(
    "Contrast/Bolus",
    "C.7.6.4",
    (
        when_given(clean("ContrastBolusAgent")),
        keep("ContrastBolusRoute", one_of(*words.CONTRAST_ROUTES)),
    ),
)

IMAGE_PLANE = Module(
    "Image Plane",
    "C.7.6.2",
    (
        keep("PixelSpacing", decimal(0, 1000, least=2, most=2)),
        keep("ImageOrientationPatient", decimal(-1.001, 1.001, least=6, most=6)),
        keep("ImagePositionPatient", decimal(-_LARGE, _LARGE, least=3, most=3)),
        keep("SliceThickness", decimal(0, 1000), required=True),
        keep("SpacingBetweenSlices", decimal(-1000, 1000)),
        keep("SliceLocation", decimal(-_LARGE, _LARGE)),
    ),
)

CT_IMAGE = Module(
    "CT Image",
    "C.8.2.1",
    (
        keep("Modality", one_of("CT"), dummy="CT"),
        keep("ImageType", image_type(*words.IMAGE_TYPES), dummy="DERIVED\\SECONDARY"),
        keep("AcquisitionNumber", _NUMBER, required=True),
        keep("KVP", decimal(0, 1000), required=True),
        *TUBE,
        *CT_ACQUISITION,
        *_RESCALE,
    ),
)

X_RAY_ACQUISITION = Module(
    "X-Ray Acquisition Dose, Generation and Grid",
    "C.8.7.8, C.8.7.9, C.8.7.11",
    (
        *TUBE,
        keep("KVP", decimal(0, 1000)),
        keep("BodyPartExamined", _BODY_PART),
        keep("ViewPosition", one_of(*words.VIEW_POSITIONS)),
        keep("ImagerPixelSpacing", decimal(0, 1000, least=2, most=2)),
        keep("PixelSpacing", decimal(0, 1000, least=2, most=2)),
        keep("PixelSpacingCalibrationType", one_of("GEOMETRY", "FIDUCIAL")),
        when_given(dummy("PixelSpacingCalibrationDescription", ""), dummy="NOT GIVEN"),
        keep("Grid", some_of("FIXED", "FOCUSED", "RECIPROCATING", "PARALLEL", "CROSSED", "NONE")),
        keep("RelativeXRayExposure", integer(-99_999, 999_999)),
        keep("ExposureIndex", decimal(0, _LARGE)),
        keep("TargetExposureIndex", decimal(0, _LARGE)),
        keep("DeviationIndex", decimal(-1000, 1000)),
        keep("Sensitivity", decimal(0, _LARGE)),
        keep("EstimatedRadiographicMagnificationFactor", decimal(0, 100)),
        codes("ViewCodeSequence", words.VIEWS),
        codes("AnatomicRegionSequence", words.ANATOMIC_REGIONS),
    ),
)

CR_IMAGE = Module(
    "CR Series and CR Image",
    "C.8.1",
    (
        keep("Modality", one_of("CR", "DX"), dummy="CR"),
        keep("BodyPartExamined", _BODY_PART, required=True),
        keep("ViewPosition", one_of(*words.VIEW_POSITIONS), required=True),
    ),
)

DX_IMAGE = Module(
    "DX Series, Anatomy Imaged, Image, Detector and Positioning",
    "C.8.11.1 to C.8.11.5",
    (
        keep("Modality", one_of("DX", "CR"), dummy="DX"),
        keep("ImageType", image_type(*words.IMAGE_TYPES), dummy="DERIVED\\SECONDARY"),
        keep("ImageLaterality", one_of("R", "L", "U", "B"), dummy="U"),
        codes("AnatomicRegionSequence", words.ANATOMIC_REGIONS, required=True),
        keep("PixelIntensityRelationship", one_of("LIN", "LOG")),
        keep("PixelIntensityRelationshipSign", binary("h", -1, 1)),
        keep("DetectorType", one_of("DIRECT", "SCINTILLATOR", "STORAGE", "FILM"), required=True),
        keep("FieldOfViewShape", one_of("RECTANGLE", "ROUND", "HEXAGONAL")),
        keep("FieldOfViewDimensions", integer(0, 10_000, most=2)),
        keep("FieldOfViewOrigin", decimal(-_LARGE, _LARGE, least=2, most=2)),
        keep("FieldOfViewRotation", decimal(0, 360)),
        keep("FieldOfViewHorizontalFlip", _YES_NO),
        keep("DetectorElementPhysicalSize", decimal(0, 1000, least=2, most=2)),
        keep("DetectorElementSpacing", decimal(0, 1000, least=2, most=2)),
        *_RESCALE,
        keep("PositionerType", one_of(*words.POSITIONER_TYPES), required=True),
        empty("AcquisitionContextSequence"),
    ),
)

DX_FOR_PRESENTATION = Module(
    "DX Series for presentation",
    "C.8.11.1",
    (keep("PresentationIntentType", one_of("FOR PRESENTATION"), dummy="FOR PRESENTATION"),),
)

DX_FOR_PROCESSING = Module(
    "DX Series for processing",
    "C.8.11.1",
    (keep("PresentationIntentType", one_of("FOR PROCESSING"), dummy="FOR PROCESSING"),),
)

ENHANCED_EQUIPMENT = Module(
    "Enhanced General Equipment",
    "C.7.5.2",
    (
        keep("Manufacturer", one_of(*words.MANUFACTURERS), dummy="UNKNOWN"),
        dummy("ManufacturerModelName", "UNKNOWN"),
        dummy("DeviceSerialNumber", "REMOVED"),
        dummy("SoftwareVersions", "UNKNOWN"),
    ),
)

MULTI_FRAME = Module(
    "Multi-frame Functional Groups and Dimension",
    "C.7.6.16, C.7.6.17",
    (
        replace_uid("ConcatenationUID"),
        replace_uid("SOPInstanceUIDOfConcatenationSource"),
        keep("InConcatenationNumber", binary("H", 1, 0xFFFF)),
        keep("InConcatenationTotalNumber", binary("H", 1, 0xFFFF)),
        keep("ConcatenationFrameOffsetNumber", binary("I", 0, 999_999)),
        items("SharedFunctionalGroupsSequence", *CT_FUNCTIONAL_GROUPS),
        items("PerFrameFunctionalGroupsSequence", *CT_FUNCTIONAL_GROUPS),
        *DIMENSIONS,
    ),
)

ENHANCED_CT_IMAGE = Module(
    "CT Series and Enhanced CT Image",
    "C.8.15.1, C.8.15.2",
    (
        *_IMAGE,
        keep("Modality", one_of("CT"), dummy="CT"),
        keep(
            "ImageType",
            image_type(*words.IMAGE_TYPES, has_four=True),
            dummy="DERIVED\\PRIMARY\\OTHER\\OTHER",
        ),
        keep("AcquisitionDuration", binary("d", 0, 100_000)),
        keep("ContentQualification", one_of("PRODUCT", "RESEARCH", "SERVICE")),
        # there are no other images here
        keep("PixelPresentation", one_of("MONOCHROME"), dummy="MONOCHROME"),
        keep("VolumetricProperties", one_of("VOLUME", "SAMPLED", "DISTORTED", "MIXED")),
        keep("VolumeBasedCalculationTechnique", one_of(*CALCULATIONS)),
        empty("AcquisitionContextSequence"),
    ),
)
