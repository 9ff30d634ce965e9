"""What may stay in the functional groups of an enhanced CT (PS3.3 C.7.6.16 and C.8.15.3)."""

from uploads.dicom.deid import vocabulary as words
from uploads.dicom.deid.rules import Rules, codes, items, keep, replace_uid, shift_date, when_given
from uploads.dicom.deid.values import (
    all_of,
    binary,
    decimal,
    image_type,
    integer,
    matching,
    one_of,
    some_of,
    standard_uid,
    tag_pointer,
    time,
)

CALCULATIONS = (
    *("MAX_IP", "MIN_IP", "VOLUME_RENDER", "SURFACE_RENDER", "MPR", "CURVED_MPR", "NONE", "MIXED"),
)
VOI_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")

_LARGE = 1e6
_YES_NO = one_of("YES", "NO")
_POINT = binary("d", -100_000, 100_000, least=3, most=3)

# The acquisition attributes that CT images and CT functional groups share.
_GANTRY: Rules = (
    keep("DataCollectionDiameter", decimal(0, 10_000)),
    keep("GantryDetectorTilt", decimal(-360, 360)),
    keep("TableHeight", decimal(-10_000, 10_000)),
    keep("RotationDirection", one_of("CW", "CC")),
    keep("RevolutionTime", binary("d", 0, 1000)),
    keep("SingleCollimationWidth", binary("d", 0, 1000)),
    keep("TotalCollimationWidth", binary("d", 0, 1000)),
)
_TABLE: Rules = (
    keep("TableSpeed", binary("d", 0, 10_000)),
    keep("TableFeedPerRotation", binary("d", 0, 10_000)),
    keep("SpiralPitchFactor", binary("d", 0, 100)),
)
_DOSE: Rules = (
    when_given(keep("CTDIvol", binary("d", 0, 10_000))),
    when_given(
        keep("ExposureModulationType", one_of(*words.EXPOSURE_MODULATIONS)),
        dummy="UNKNOWN",
    ),
)
# of scanners with more than one tube
_PATH = keep("ReferencedPathIndex", binary("H", 1, 99))

CT_ACQUISITION: Rules = (
    *_GANTRY,
    *_TABLE,
    *_DOSE,
    keep("FilterType", one_of(*words.FILTER_TYPES)),
    keep("ReconstructionDiameter", decimal(0, 10_000)),
    keep("ScanOptions", some_of(*words.SCAN_OPTIONS)),
    keep("ConvolutionKernel", matching(words.KERNELS, words.KERNELS_IN_WORDS, most=2)),
)
TUBE: Rules = (
    keep("ExposureTime", integer(0, 999_999)),
    keep("ExposureTimeInuS", decimal(0, 9_999_999)),
    keep("XRayTubeCurrent", integer(0, 99_999)),
    keep("XRayTubeCurrentInuA", decimal(0, 9_999_999)),
    keep("Exposure", integer(0, 999_999)),
    keep("ExposureInuAs", integer(0, 9_999_999)),
    keep("FocalSpots", decimal(0, 100, most=4)),
    keep("GeneratorPower", integer(0, 999_999)),
    keep("DistanceSourceToDetector", decimal(0, 10_000)),
    keep("DistanceSourceToPatient", decimal(0, 10_000)),
)

_ACQUISITION: Rules = (
    items(
        "CTAcquisitionTypeSequence",
        keep(
            "AcquisitionType", one_of("SEQUENCED", "SPIRAL", "CONSTANT_ANGLE", "STATIONARY", "FREE")
        ),
        keep("TubeAngle", binary("d", -360, 360)),
        keep("ConstantVolumeFlag", _YES_NO),
        keep("FluoroscopyFlag", _YES_NO),
    ),
    items("CTAcquisitionDetailsSequence", *_GANTRY, _PATH),
    items("CTTableDynamicsSequence", *_TABLE),
    items(
        "CTGeometrySequence",
        keep("DistanceSourceToDetector", decimal(0, 10_000)),
        keep("DistanceSourceToDataCollectionCenter", binary("d", 0, 10_000)),
        _PATH,
    ),
    items(
        "CTPositionSequence",
        keep("TablePosition", binary("d", -100_000, 100_000)),
        keep("DataCollectionCenterPatient", _POINT),
        keep("ReconstructionTargetCenterPatient", _POINT),
    ),
    items(
        "CTReconstructionSequence",
        when_given(keep("ImageFilter", one_of(*words.IMAGE_FILTERS)), dummy="UNKNOWN"),
        when_given(
            keep("ReconstructionAlgorithm", one_of("FILTER_BACK_PROJ", "ITERATIVE")),
            dummy="UNKNOWN",
        ),
        when_given(
            keep("ConvolutionKernel", matching(words.KERNELS, words.KERNELS_IN_WORDS, most=2)),
            dummy="UNKNOWN",
        ),
        keep(
            "ConvolutionKernelGroup",
            one_of("BRAIN", "SOFT_TISSUE", "LUNG", "BONE", "CONSTANT_ANGLE"),
        ),
        keep("ReconstructionDiameter", decimal(0, 10_000)),
        keep("ReconstructionFieldOfView", binary("d", 0, 10_000, least=2, most=2)),
        keep("ReconstructionPixelSpacing", binary("d", 0, 1000, least=2, most=2)),
        keep("ReconstructionAngle", binary("d", 0, 720)),
    ),
    items(
        "CTExposureSequence",
        *_DOSE,
        keep("ReferencedXRaySourceIndex", binary("H", 1, 99)),
        keep("ExposureTimeInms", binary("d", 0, 100_000)),
        keep("XRayTubeCurrentInmA", binary("d", 0, 100_000)),
        keep("ExposureInmAs", binary("d", 0, 100_000)),
    ),
    items(
        "CTXRayDetailsSequence",
        keep("KVP", decimal(0, 1000)),
        keep("FocalSpots", decimal(0, 100, most=4)),
        when_given(keep("FilterType", one_of(*words.FILTER_TYPES)), dummy="UNKNOWN"),
        when_given(keep("FilterMaterial", all_of(*words.FILTER_MATERIALS)), dummy="UNKNOWN"),
        keep("EnergyWeightingFactor", binary("f", 0, 1)),
        _PATH,
        keep("CalciumScoringMassFactorDevice", binary("f", 0, 4, most=3)),
    ),
)

# What a legacy converted image could put into no functional group (C.7.6.16.2.25).
_UNASSIGNED: Rules = (
    *CT_ACQUISITION,
    *TUBE,
    keep("KVP", decimal(0, 1000)),
    keep("SliceLocation", decimal(-_LARGE, _LARGE)),
    keep("InstanceNumber", integer(0, 999_999)),
    keep("AcquisitionNumber", integer(0, 999_999)),
    keep("ImageType", image_type(*words.IMAGE_TYPES)),
    shift_date("AcquisitionDate"),
    keep("AcquisitionTime", time),
    shift_date("ContentDate"),
    keep("ContentTime", time),
)

CT_FUNCTIONAL_GROUPS: Rules = (
    items(
        "PixelMeasuresSequence",
        keep("PixelSpacing", decimal(0, 1000, least=2, most=2)),
        keep("SliceThickness", decimal(0, 1000)),
        keep("SpacingBetweenSlices", decimal(-1000, 1000)),
    ),
    items(
        "FrameContentSequence",
        keep("FrameAcquisitionNumber", binary("H", 0, 0xFFFF)),
        shift_date("FrameReferenceDateTime"),
        shift_date("FrameAcquisitionDateTime"),
        keep("FrameAcquisitionDuration", binary("d", 0, 100_000)),
        keep("DimensionIndexValues", binary("I", 0, 999_999, most=16)),
        keep("TemporalPositionIndex", binary("I", 0, 999_999)),
        when_given(keep("StackID", matching(r"\d{1,4}", "one to four digits")), dummy="1"),
        keep("InStackPositionNumber", binary("I", 0, 999_999)),
    ),
    items(
        "PlanePositionSequence",
        keep("ImagePositionPatient", decimal(-_LARGE, _LARGE, least=3, most=3)),
    ),
    items(
        "PlaneOrientationSequence",
        keep("ImageOrientationPatient", decimal(-1.001, 1.001, least=6, most=6)),
    ),
    items(
        "FrameAnatomySequence",
        keep("FrameLaterality", one_of("R", "L", "U", "B")),
        codes("AnatomicRegionSequence", words.ANATOMIC_REGIONS),
    ),
    items(
        "PixelValueTransformationSequence",
        keep("RescaleIntercept", decimal(-_LARGE, _LARGE)),
        keep("RescaleSlope", decimal(-_LARGE, _LARGE)),
        when_given(keep("RescaleType", one_of(*words.RESCALE_TYPES)), dummy="US"),
    ),
    items(
        "FrameVOILUTSequence",
        keep("WindowCenter", decimal(-_LARGE, _LARGE, most=16)),
        keep("WindowWidth", decimal(0, _LARGE, most=16)),
        keep("WindowCenterWidthExplanation", all_of(*words.WINDOW_EXPLANATIONS)),
        keep("VOILUTFunction", one_of(*VOI_FUNCTIONS)),
    ),
    items(
        "CTImageFrameTypeSequence",
        keep("FrameType", image_type(*words.IMAGE_TYPES, has_four=True)),
        when_given(keep("PixelPresentation", one_of("MONOCHROME")), dummy="MONOCHROME"),
        keep("VolumetricProperties", one_of("VOLUME", "SAMPLED", "DISTORTED", "MIXED")),
        keep(
            "VolumeBasedCalculationTechnique",
            one_of(*CALCULATIONS),
        ),
    ),
    items("IrradiationEventIdentificationSequence", replace_uid("IrradiationEventUID")),
    *_ACQUISITION,
    items(
        "TemporalPositionSequence",
        keep("TemporalPositionTimeOffset", binary("d", -100_000, 100_000)),
    ),
    items(
        "ConversionSourceAttributesSequence",
        keep("ReferencedSOPClassUID", standard_uid),
        replace_uid("ReferencedSOPInstanceUID"),
        keep("ReferencedFrameNumber", integer(1, 99_999, most=64)),
    ),
    items("UnassignedSharedConvertedAttributesSequence", *_UNASSIGNED),
    items("UnassignedPerFrameConvertedAttributesSequence", *_UNASSIGNED),
)

DIMENSIONS: Rules = (
    items("DimensionOrganizationSequence", replace_uid("DimensionOrganizationUID")),
    items(
        "DimensionIndexSequence",
        replace_uid("DimensionOrganizationUID"),
        keep("DimensionIndexPointer", tag_pointer),
        keep("FunctionalGroupPointer", tag_pointer),
    ),
    keep("DimensionOrganizationType", one_of("3D", "3D_TEMPORAL", "TILED_FULL", "TILED_SPARSE")),
)
