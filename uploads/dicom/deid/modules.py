"""The attributes that may stay, module by module as PS3.3 groups them.

The Image Pixel attributes that describe the frames are not here: the executor writes them from what
reading has proved, with the pixels.
"""

from uploads.dicom.deid import vocabulary as words
from uploads.dicom.deid.functional_groups import (
    CT_FUNCTIONAL_GROUPS,
    CT_RANGES,
    DIMENSIONS,
    RESCALE_TYPES,
    VOI_FUNCTIONS,
)
from uploads.dicom.deid.rules import (
    Module,
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
)
from uploads.dicom.deid.values import (
    binary,
    decimal,
    image_type,
    integer,
    matching,
    one_of,
    orientation,
    some_of,
    standard_uid,
    time,
)

_YES_NO = one_of("YES", "NO")
_LARGE = 1e6
_NUMBER_IN_SERIES = integer(0, 999_999)

PATIENT: Module = (
    pseudonym("PatientName"),
    pseudonym("PatientID"),
    empty("PatientBirthDate"),
    keep("PatientSex", one_of("F", "M", "O"), required=True),
    patient_age(),
)

GENERAL_STUDY: Module = (
    replace_uid("StudyInstanceUID"),
    shift_date("StudyDate", required=True),
    keep("StudyTime", time, required=True),
    empty("ReferringPhysicianName"),
    empty("StudyID"),
    empty("AccessionNumber"),
    clean("StudyDescription"),
)

GENERAL_SERIES: Module = (
    keep("Modality", one_of("CT", "CR", "DX"), required=True),
    replace_uid("SeriesInstanceUID"),
    keep("SeriesNumber", integer(0, 99_999), required=True),
    shift_date("SeriesDate"),
    keep("SeriesTime", time),
    clean("SeriesDescription"),
    clean("ProtocolName"),
    keep("BodyPartExamined", one_of(*words.BODY_PARTS)),
    keep("PatientPosition", one_of(*words.PATIENT_POSITIONS)),
    keep("Laterality", one_of("R", "L")),
)

GENERAL_EQUIPMENT: Module = (keep("Manufacturer", one_of(*words.MANUFACTURERS), required=True),)

FRAME_OF_REFERENCE: Module = (
    replace_uid("FrameOfReferenceUID"),
    empty("PositionReferenceIndicator"),
)

_REFERENCE = (
    keep("ReferencedSOPClassUID", standard_uid),
    replace_uid("ReferencedSOPInstanceUID"),
    keep("ReferencedFrameNumber", integer(1, 99_999, most=64)),
)

GENERAL_IMAGE: Module = (
    keep("InstanceNumber", _NUMBER_IN_SERIES, required=True),
    keep("PatientOrientation", orientation),
    keep("ImageType", image_type(*words.IMAGE_TYPES), dummy="DERIVED\\SECONDARY"),
    keep("AcquisitionNumber", _NUMBER_IN_SERIES),
    shift_date("AcquisitionDate"),
    shift_date("AcquisitionDateTime"),
    shift_date("ContentDate"),
    keep("AcquisitionTime", time),
    keep("ContentTime", time),
    keep("ImagesInAcquisition", integer(0, 99_999)),
    keep("BurnedInAnnotation", one_of("NO")),
    keep("RecognizableVisualFeatures", _YES_NO),
    keep("LossyImageCompression", one_of("00", "01")),
    keep("LossyImageCompressionRatio", decimal(0, 10_000, most=8)),
    keep(
        "LossyImageCompressionMethod",
        some_of("ISO_10918_1", "ISO_14495_1", "ISO_15444_1", "ISO_15444_15"),
    ),
    keep("PresentationLUTShape", one_of("IDENTITY", "INVERSE")),
    replace_uid("IrradiationEventUID"),
    items("ReferencedImageSequence", *_REFERENCE),
    items("SourceImageSequence", *_REFERENCE),
)

IMAGE_PIXEL: Module = (
    keep("PixelAspectRatio", integer(1, 99_999, least=2, most=2)),
    keep("SmallestImagePixelValue", binary("H", 0, 0xFFFF)),
    keep("LargestImagePixelValue", binary("H", 0, 0xFFFF)),
    keep("PixelPaddingValue", binary("H", 0, 0xFFFF)),
    keep("PixelPaddingRangeLimit", binary("H", 0, 0xFFFF)),
)

VOI_LUT: Module = (
    keep("WindowCenter", decimal(-_LARGE, _LARGE, most=16)),
    keep("WindowWidth", decimal(0, _LARGE, most=16)),
    keep("WindowCenterWidthExplanation", some_of(*words.WINDOW_EXPLANATIONS)),
    keep("VOILUTFunction", one_of(*VOI_FUNCTIONS)),
    keep("RescaleIntercept", decimal(-_LARGE, _LARGE)),
    keep("RescaleSlope", decimal(-_LARGE, _LARGE)),
    keep("RescaleType", one_of(*RESCALE_TYPES)),
)

SOP_COMMON: Module = (
    keep("SOPClassUID", standard_uid, required=True),
    replace_uid("SOPInstanceUID"),
    shift_date("InstanceCreationDate"),
    keep("InstanceCreationTime", time),
)

CONTRAST: Module = (
    clean("ContrastBolusAgent"),
    keep("ContrastBolusRoute", one_of(*words.CONTRAST_ROUTES)),
)

IMAGE_PLANE: Module = (
    keep("PixelSpacing", decimal(0, 1000, least=2, most=2)),
    keep("ImageOrientationPatient", decimal(-1.001, 1.001, least=6, most=6)),
    keep("ImagePositionPatient", decimal(-_LARGE, _LARGE, least=3, most=3)),
    keep("SliceThickness", decimal(0, 1000), required=True),
    keep("SpacingBetweenSlices", decimal(-1000, 1000)),
    keep("SliceLocation", decimal(-_LARGE, _LARGE)),
)

_TUBE: Module = (
    keep("KVP", decimal(0, 1000), required=True),
    keep("ExposureTime", integer(0, 999_999)),
    keep("ExposureTimeInuS", decimal(0, 1e9)),
    keep("XRayTubeCurrent", integer(0, 99_999)),
    keep("XRayTubeCurrentInuA", decimal(0, 1e8)),
    keep("Exposure", integer(0, 999_999)),
    keep("ExposureInuAs", integer(0, 99_999_999)),
    keep("FocalSpots", decimal(0, 100, most=4)),
    keep("GeneratorPower", integer(0, 999_999)),
    keep("DistanceSourceToDetector", decimal(0, 10_000)),
    keep("DistanceSourceToPatient", decimal(0, 10_000)),
)

CT_IMAGE: Module = (
    *_TUBE,
    *CT_RANGES,
    keep("ScanOptions", some_of(*words.SCAN_OPTIONS)),
    keep("ConvolutionKernel", matching(words.KERNELS, most=2)),
    keep("PresentationIntentType", one_of("FOR PRESENTATION", "FOR PROCESSING")),
)

XRAY_ACQUISITION: Module = (
    *_TUBE,
    keep("BodyPartExamined", one_of(*words.BODY_PARTS), required=True),
    keep("ViewPosition", one_of(*words.VIEW_POSITIONS), required=True),
    keep("ImagerPixelSpacing", decimal(0, 1000, least=2, most=2)),
    keep("PixelSpacing", decimal(0, 1000, least=2, most=2)),
    keep("PixelSpacingCalibrationType", one_of("GEOMETRY", "FIDUCIAL")),
    keep("Grid", some_of("FIXED", "FOCUSED", "RECIPROCATING", "PARALLEL", "CROSSED", "NONE")),
    keep("RelativeXRayExposure", integer(-99_999, 999_999)),
    keep("ExposureIndex", decimal(0, _LARGE)),
    keep("TargetExposureIndex", decimal(0, _LARGE)),
    keep("DeviationIndex", decimal(-1000, 1000)),
    keep("Sensitivity", decimal(0, _LARGE)),
    keep("EstimatedRadiographicMagnificationFactor", decimal(0, 100)),
    keep("PatientOrientation", orientation, required=True),
    codes("ViewCodeSequence", words.VIEWS),
    codes("AnatomicRegionSequence", words.ANATOMIC_REGIONS),
)

CR_IMAGE: Module = ()

DX_IMAGE: Module = (
    keep(
        "PresentationIntentType",
        one_of("FOR PRESENTATION", "FOR PROCESSING"),
        dummy="FOR PRESENTATION",
    ),
    keep("ImageLaterality", one_of("R", "L", "U", "B"), dummy="U"),
    keep("BurnedInAnnotation", one_of("NO"), dummy="NO"),
    keep("LossyImageCompression", one_of("00", "01"), dummy="00"),
    keep("PixelIntensityRelationship", one_of("LIN", "LOG"), dummy="LOG"),
    keep("PixelIntensityRelationshipSign", binary("h", -1, 1)),
    keep("DetectorType", one_of("DIRECT", "SCINTILLATOR", "STORAGE", "FILM"), required=True),
    keep("FieldOfViewShape", one_of("RECTANGLE", "ROUND", "HEXAGONAL")),
    keep("FieldOfViewDimensions", integer(0, 10_000, most=2)),
    keep("FieldOfViewOrigin", decimal(-_LARGE, _LARGE, least=2, most=2)),
    keep("FieldOfViewRotation", decimal(0, 360)),
    keep("FieldOfViewHorizontalFlip", _YES_NO),
    keep("DetectorElementPhysicalSize", decimal(0, 1000, least=2, most=2)),
    keep("DetectorElementSpacing", decimal(0, 1000, least=2, most=2)),
    keep("RescaleIntercept", decimal(-_LARGE, _LARGE), dummy="0"),
    keep("RescaleSlope", decimal(-_LARGE, _LARGE), dummy="1"),
    keep("RescaleType", one_of(*RESCALE_TYPES), dummy="US"),
    keep("PresentationLUTShape", one_of("IDENTITY", "INVERSE"), dummy="IDENTITY"),
    empty("AcquisitionContextSequence"),
)

ENHANCED_EQUIPMENT: Module = (
    keep("Manufacturer", one_of(*words.MANUFACTURERS), dummy="UNKNOWN"),
    dummy("ManufacturerModelName", "UNKNOWN"),
    dummy("DeviceSerialNumber", "REMOVED"),
    dummy("SoftwareVersions", "UNKNOWN"),
)

MULTI_FRAME: Module = (
    replace_uid("ConcatenationUID"),
    replace_uid("SOPInstanceUIDOfConcatenationSource"),
    keep("InConcatenationNumber", binary("H", 1, 0xFFFF)),
    keep("InConcatenationTotalNumber", binary("H", 1, 0xFFFF)),
    keep("ConcatenationFrameOffsetNumber", binary("I", 0, 999_999)),
    items("SharedFunctionalGroupsSequence", *CT_FUNCTIONAL_GROUPS),
    items("PerFrameFunctionalGroupsSequence", *CT_FUNCTIONAL_GROUPS),
    *DIMENSIONS,
)

ENHANCED_CT_IMAGE: Module = (
    keep("ContentQualification", one_of("PRODUCT", "RESEARCH", "SERVICE")),
    keep("PixelPresentation", one_of("MONOCHROME", "COLOR", "MIXED", "TRUE_COLOR")),
    keep("VolumetricProperties", one_of("VOLUME", "SAMPLED", "DISTORTED", "MIXED")),
    keep(
        "VolumeBasedCalculationTechnique",
        one_of("MAX_IP", "MIN_IP", "VOLUME_RENDER", "SURFACE_RENDER", "MPR", "CURVED_MPR", "NONE"),
    ),
    empty("AcquisitionContextSequence"),
)
