"""What may stand in an output, written by hand a second time: verification's own opinion.

The rule object says what becomes of a source's elements; this says, of an output's, where each may
stand and what it must be to its original. Neither is made from the other, so an error in one is
met by the other. A new rule needs a line here too, and a test says so.
"""

from collections.abc import Mapping
from enum import Enum, auto

from pydicom.datadict import tag_for_keyword


class Manner(Enum):
    """What a value is to the source's value in the same place."""

    EMPTY = auto()
    SAME = auto()
    WORDS = auto()
    DESCRIPTION = auto()
    KERNEL = auto()
    ORIENTATION = auto()
    TIME = auto()
    AGE = auto()
    DATE = auto()
    NEW_UID = auto()
    STANDARD_UID = auto()
    PSEUDONYM = auto()
    CODE = auto()
    ITEMS = auto()
    IMAGE = auto()
    STATEMENT = auto()


_KEYWORDS = {
    Manner.EMPTY: """
        AccessionNumber AcquisitionContextSequence PatientBirthDate PositionReferenceIndicator
        ReferringPhysicianName StudyID
    """,
    # numbers, which stand as they are written
    Manner.SAME: """
        AcquisitionDuration AcquisitionNumber CTDIvol CalciumScoringMassFactorDevice
        ConcatenationFrameOffsetNumber
        DataCollectionCenterPatient DataCollectionDiameter DetectorElementPhysicalSize
        DetectorElementSpacing DeviationIndex DimensionIndexPointer DimensionIndexValues
        DistanceSourceToDataCollectionCenter DistanceSourceToDetector DistanceSourceToPatient
        EnergyWeightingFactor ReferencedPathIndex ReferencedXRaySourceIndex
        EstimatedRadiographicMagnificationFactor Exposure ExposureInmAs ExposureInuAs ExposureIndex
        ExposureTime ExposureTimeInms ExposureTimeInuS FieldOfViewDimensions FieldOfViewOrigin
        FieldOfViewRotation FocalSpots FrameAcquisitionDuration FrameAcquisitionNumber
        FunctionalGroupPointer GantryDetectorTilt GeneratorPower ImageOrientationPatient
        ImagePositionPatient ImagerPixelSpacing ImagesInAcquisition InConcatenationNumber
        InConcatenationTotalNumber InStackPositionNumber InstanceNumber KVP LUTData LUTDescriptor
        LargestImagePixelValue LossyImageCompression LossyImageCompressionRatio PixelAspectRatio
        PixelIntensityRelationshipSign PixelPaddingRangeLimit PixelPaddingValue PixelSpacing
        ReconstructionAngle ReconstructionDiameter ReconstructionFieldOfView
        ReconstructionPixelSpacing ReconstructionTargetCenterPatient ReferencedFrameNumber
        RelativeXRayExposure RescaleIntercept RescaleSlope RevolutionTime Sensitivity SeriesNumber
        SingleCollimationWidth SliceLocation SliceThickness SmallestImagePixelValue
        SpacingBetweenSlices SpiralPitchFactor StackID TableFeedPerRotation TableHeight
        TablePosition TableSpeed TargetExposureIndex TemporalPositionIndex
        TemporalPositionTimeOffset TotalCollimationWidth TubeAngle WindowCenter WindowWidth
        XRayTubeCurrent XRayTubeCurrentInmA XRayTubeCurrentInuA
    """,
    # words that anybody's file may hold
    Manner.WORDS: """
        AcquisitionType BodyPartExamined BurnedInAnnotation ConstantVolumeFlag ContentQualification
        ContrastBolusRoute ConvolutionKernelGroup DetectorType DeviceSerialNumber
        DimensionOrganizationType ExposureModulationType FieldOfViewHorizontalFlip FieldOfViewShape
        FilterMaterial FilterType FluoroscopyFlag FrameLaterality FrameType Grid ImageFilter
        ImageLaterality ImageType Laterality
        LossyImageCompressionMethod Manufacturer ManufacturerModelName Modality ModalityLUTType
        PatientPosition PatientSex PixelIntensityRelationship PixelPresentation PositionerType
        PixelSpacingCalibrationDescription
        PixelSpacingCalibrationType PresentationIntentType PresentationLUTShape
        RecognizableVisualFeatures ReconstructionAlgorithm RescaleType RotationDirection ScanOptions
        SoftwareVersions VOILUTFunction ViewPosition VolumeBasedCalculationTechnique
        VolumetricProperties WindowCenterWidthExplanation
    """,
    Manner.DESCRIPTION: "ContrastBolusAgent ProtocolName SeriesDescription StudyDescription",
    Manner.KERNEL: "ConvolutionKernel",
    Manner.ORIENTATION: "PatientOrientation",
    Manner.TIME: "AcquisitionTime ContentTime InstanceCreationTime SeriesTime StudyTime",
    Manner.AGE: "PatientAge",
    Manner.DATE: """
        AcquisitionDate AcquisitionDateTime ContentDate FrameAcquisitionDateTime
        FrameReferenceDateTime InstanceCreationDate SeriesDate StudyDate
    """,
    Manner.NEW_UID: """
        ConcatenationUID DimensionOrganizationUID FrameOfReferenceUID IrradiationEventUID
        ReferencedSOPInstanceUID SOPInstanceUID SOPInstanceUIDOfConcatenationSource
        SeriesInstanceUID StudyInstanceUID
    """,
    Manner.STANDARD_UID: "ReferencedSOPClassUID SOPClassUID",
    Manner.PSEUDONYM: "PatientID PatientName",
    Manner.CODE: "AnatomicRegionSequence ViewCodeSequence",
    Manner.ITEMS: """
        CTAcquisitionDetailsSequence CTAcquisitionTypeSequence CTExposureSequence
        CTGeometrySequence CTImageFrameTypeSequence CTPositionSequence CTReconstructionSequence
        CTTableDynamicsSequence CTXRayDetailsSequence ConversionSourceAttributesSequence
        DimensionIndexSequence DimensionOrganizationSequence FrameAnatomySequence
        FrameContentSequence FrameVOILUTSequence IrradiationEventIdentificationSequence
        ModalityLUTSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence
        PixelValueTransformationSequence PlaneOrientationSequence PlanePositionSequence
        ReferencedImageSequence SharedFunctionalGroupsSequence SourceImageSequence
        TemporalPositionSequence UnassignedPerFrameConvertedAttributesSequence
        UnassignedSharedConvertedAttributesSequence VOILUTSequence
    """,
    Manner.IMAGE: """
        BitsAllocated BitsStored Columns HighBit NumberOfFrames PhotometricInterpretation
        PixelRepresentation Rows SamplesPerPixel
    """,
    Manner.STATEMENT: """
        ContributingEquipmentSequence DeidentificationMethod DeidentificationMethodCodeSequence
        LongitudinalTemporalInformationModified PatientIdentityRemoved
    """,
}
# these stand in items alone
_ONLY_NESTED = """
    AcquisitionType CTAcquisitionDetailsSequence CTAcquisitionTypeSequence CTExposureSequence
    CTGeometrySequence CTImageFrameTypeSequence CTPositionSequence CTReconstructionSequence
    CTTableDynamicsSequence CTXRayDetailsSequence CalciumScoringMassFactorDevice ConstantVolumeFlag
    ConversionSourceAttributesSequence ConvolutionKernelGroup DataCollectionCenterPatient
    DimensionIndexPointer DimensionIndexValues DimensionOrganizationUID
    DistanceSourceToDataCollectionCenter ExposureInmAs ExposureTimeInms FluoroscopyFlag
    EnergyWeightingFactor FilterMaterial ImageFilter ReferencedPathIndex
    ReferencedXRaySourceIndex
    FrameAcquisitionDateTime FrameAcquisitionDuration FrameAcquisitionNumber FrameAnatomySequence
    FrameContentSequence FrameLaterality FrameReferenceDateTime FrameType FrameVOILUTSequence
    FunctionalGroupPointer InStackPositionNumber IrradiationEventIdentificationSequence LUTData
    LUTDescriptor ModalityLUTType PixelMeasuresSequence PixelValueTransformationSequence
    PlaneOrientationSequence PlanePositionSequence ReconstructionAlgorithm ReconstructionAngle
    ReconstructionFieldOfView ReconstructionPixelSpacing ReconstructionTargetCenterPatient
    ReferencedFrameNumber ReferencedSOPClassUID ReferencedSOPInstanceUID StackID TablePosition
    TemporalPositionIndex TemporalPositionSequence TemporalPositionTimeOffset TubeAngle
    UnassignedPerFrameConvertedAttributesSequence UnassignedSharedConvertedAttributesSequence
    XRayTubeCurrentInmA
"""
_REFERENCE = "ReferencedSOPClassUID ReferencedSOPInstanceUID ReferencedFrameNumber"
_LUT = "LUTDescriptor LUTData"
_GROUPS = """
    CTAcquisitionDetailsSequence CTAcquisitionTypeSequence CTExposureSequence CTGeometrySequence
    CTImageFrameTypeSequence CTPositionSequence CTReconstructionSequence CTTableDynamicsSequence
    CTXRayDetailsSequence ConversionSourceAttributesSequence FrameAnatomySequence
    FrameContentSequence FrameVOILUTSequence IrradiationEventIdentificationSequence
    PixelMeasuresSequence PixelValueTransformationSequence PlaneOrientationSequence
    PlanePositionSequence TemporalPositionSequence UnassignedPerFrameConvertedAttributesSequence
    UnassignedSharedConvertedAttributesSequence
"""
_GANTRY = """
    DataCollectionDiameter GantryDetectorTilt RevolutionTime RotationDirection
    SingleCollimationWidth TableHeight TotalCollimationWidth
"""
_TABLE = "SpiralPitchFactor TableFeedPerRotation TableSpeed"
_DOSE = "CTDIvol ExposureModulationType"
_UNASSIGNED = f"""
    {_GANTRY} {_TABLE} {_DOSE} AcquisitionDate AcquisitionNumber AcquisitionTime ContentDate
    ContentTime ConvolutionKernel DistanceSourceToDetector DistanceSourceToPatient Exposure
    ExposureInuAs ExposureTime ExposureTimeInuS FocalSpots GeneratorPower ImageType InstanceNumber
    FilterType KVP ReconstructionDiameter ScanOptions SliceLocation XRayTubeCurrent
    XRayTubeCurrentInuA
"""
_CHILDREN = {
    "CTAcquisitionDetailsSequence": f"{_GANTRY} ReferencedPathIndex",
    "CTAcquisitionTypeSequence": "AcquisitionType ConstantVolumeFlag FluoroscopyFlag TubeAngle",
    "CTExposureSequence": f"""
        {_DOSE} ExposureInmAs ExposureTimeInms ReferencedXRaySourceIndex XRayTubeCurrentInmA
    """,
    "CTGeometrySequence": """
        DistanceSourceToDataCollectionCenter DistanceSourceToDetector ReferencedPathIndex
    """,
    "CTImageFrameTypeSequence": """
        FrameType PixelPresentation VolumeBasedCalculationTechnique VolumetricProperties
    """,
    "CTPositionSequence": """
        DataCollectionCenterPatient ReconstructionTargetCenterPatient TablePosition
    """,
    "CTReconstructionSequence": """
        ConvolutionKernel ConvolutionKernelGroup ImageFilter ReconstructionAlgorithm
        ReconstructionAngle
        ReconstructionDiameter ReconstructionFieldOfView ReconstructionPixelSpacing
    """,
    "CTTableDynamicsSequence": _TABLE,
    "CTXRayDetailsSequence": """
        CalciumScoringMassFactorDevice EnergyWeightingFactor FilterMaterial FilterType FocalSpots
        KVP ReferencedPathIndex
    """,
    "ConversionSourceAttributesSequence": _REFERENCE,
    "DimensionIndexSequence": """
        DimensionIndexPointer DimensionOrganizationUID FunctionalGroupPointer
    """,
    "DimensionOrganizationSequence": "DimensionOrganizationUID",
    "FrameAnatomySequence": "AnatomicRegionSequence FrameLaterality",
    "FrameContentSequence": """
        DimensionIndexValues FrameAcquisitionDateTime FrameAcquisitionDuration
        FrameAcquisitionNumber FrameReferenceDateTime InStackPositionNumber StackID
        TemporalPositionIndex
    """,
    "FrameVOILUTSequence": "VOILUTFunction WindowCenter WindowCenterWidthExplanation WindowWidth",
    "IrradiationEventIdentificationSequence": "IrradiationEventUID",
    "ModalityLUTSequence": f"{_LUT} ModalityLUTType",
    "PerFrameFunctionalGroupsSequence": _GROUPS,
    "PixelMeasuresSequence": "PixelSpacing SliceThickness SpacingBetweenSlices",
    "PixelValueTransformationSequence": "RescaleIntercept RescaleSlope RescaleType",
    "PlaneOrientationSequence": "ImageOrientationPatient",
    "PlanePositionSequence": "ImagePositionPatient",
    "ReferencedImageSequence": _REFERENCE,
    "SharedFunctionalGroupsSequence": _GROUPS,
    "SourceImageSequence": _REFERENCE,
    "TemporalPositionSequence": "TemporalPositionTimeOffset",
    "UnassignedPerFrameConvertedAttributesSequence": _UNASSIGNED,
    "UnassignedSharedConvertedAttributesSequence": _UNASSIGNED,
    "VOILUTSequence": _LUT,
}

# what may stand where the source says nothing that may stay
CONSTANTS: Mapping[str, tuple[bytes, ...]] = {
    "DeviceSerialNumber": (b"REMOVED",),
    "ConvolutionKernel": (b"UNKNOWN",),
    "ExposureModulationType": (b"UNKNOWN",),
    "FilterMaterial": (b"UNKNOWN",),
    "FilterType": (b"UNKNOWN",),
    "FrameType": (b"ORIGINAL", b"DERIVED", b"MIXED", b"PRIMARY", b"SECONDARY", b"OTHER"),
    "ImageFilter": (b"UNKNOWN",),
    "ImageLaterality": (b"U",),
    "ImageType": (b"ORIGINAL", b"DERIVED", b"MIXED", b"PRIMARY", b"SECONDARY", b"OTHER"),
    "Manufacturer": (b"UNKNOWN",),
    "ManufacturerModelName": (b"UNKNOWN",),
    "Modality": (b"CT", b"CR", b"DX"),
    "ModalityLUTType": (b"US",),
    "PixelSpacingCalibrationDescription": (b"NOT GIVEN",),
    "PixelPresentation": (b"MONOCHROME",),
    "PresentationIntentType": (b"FOR PRESENTATION", b"FOR PROCESSING"),
    "ReconstructionAlgorithm": (b"UNKNOWN",),
    "RescaleType": (b"US",),
    "SoftwareVersions": (b"UNKNOWN",),
    "StackID": (b"1",),
}

# words of defined terms and dummies; those of vocabulary.py are known besides
TERMS = frozenset(
    """
    YES NO F M O R L U B CT CR DX CW CC NONE ANGULAR XYZ_EC Z_EC XY_EC ORIGINAL PRIMARY SECONDARY
    DERIVED MIXED SEQUENCED SPIRAL CONSTANT_ANGLE STATIONARY FREE FILTER_BACK_PROJ ITERATIVE BRAIN
    SOFT_TISSUE LUNG BONE PRODUCT RESEARCH SERVICE MONOCHROME COLOR TRUE_COLOR VOLUME SAMPLED
    DISTORTED MAX_IP MIN_IP VOLUME_RENDER SURFACE_RENDER MPR CURVED_MPR LINEAR LINEAR_EXACT SIGMOID
    HU US OD US_REL MGML ED EDW HU_MOD PCT Z_EFF IDENTITY INVERSE GEOMETRY FIDUCIAL FIXED FOCUSED
    RECIPROCATING PARALLEL CROSSED DIRECT SCINTILLATOR STORAGE FILM RECTANGLE ROUND HEXAGONAL LIN
    LOG 3D 3D_TEMPORAL TILED_FULL TILED_SPARSE ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_15444_15 00
    01 FOR PRESENTATION PROCESSING UNKNOWN REMOVED
    """.split()  # noqa: SIM905 — a list of one word a line says no more
)


def _tag(keyword: str) -> int:
    # what is no keyword has no tag, and ends the import
    return int(tag_for_keyword(keyword))


def _tags(keywords: str) -> frozenset[int]:
    return frozenset(map(_tag, keywords.split()))


MANNERS: Mapping[int, Manner] = {
    _tag(keyword): manner for manner, text in _KEYWORDS.items() for keyword in text.split()
}
CHILDREN: Mapping[int, frozenset[int]] = {
    _tag(keyword): _tags(text) for keyword, text in _CHILDREN.items()
}
TOP = frozenset(MANNERS) - _tags(_ONLY_NESTED)
CONSTANTS_BY_TAG: Mapping[int, tuple[bytes, ...]] = {
    _tag(keyword): values for keyword, values in CONSTANTS.items()
}
# an output without one of these is no image that could be found again
REQUIRED = _tags(
    "SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID PatientName PatientID"
    " PatientBirthDate PatientIdentityRemoved DeidentificationMethod"
    " DeidentificationMethodCodeSequence ContributingEquipmentSequence Rows Columns"
    " LongitudinalTemporalInformationModified BitsAllocated BitsStored HighBit PixelRepresentation"
    " SamplesPerPixel PhotometricInterpretation Modality"
)
