"""A file of each accepted SOP class that has every attribute a rule may keep, at every depth."""

from collections.abc import Mapping
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset

from tests.datasets.building import ct_dataset, enhanced_ct_dataset, item, xray_dataset
from tests.datasets.identities import (
    CR_IMAGE,
    CT_IMAGE,
    DX_FOR_PRESENTATION,
    DX_FOR_PROCESSING,
    ENHANCED_CT_IMAGE,
    LEGACY_ENHANCED_CT_IMAGE,
    uid,
)
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Action, Rule

_CURVE = [round(4095 / (1 + 2.718281828 ** ((2048 - step * 16) / 400))) for step in range(256)]
_VALUES: dict[str, Any] = {
    "AcquisitionDate": "20200331",
    "AcquisitionDuration": 4.75,
    "AcquisitionDateTime": "20200331101502.120000+0100",
    "AcquisitionNumber": "4",
    "AcquisitionTime": "101501.123456",
    "AcquisitionType": "SPIRAL",
    "BodyPartExamined": "CHEST",
    "BurnedInAnnotation": "NO",
    "CTDIvol": 7.125,
    "CalciumScoringMassFactorDevice": [0.75, 0.8125, 0.875],
    "ConcatenationFrameOffsetNumber": 0,
    "ConstantVolumeFlag": "NO",
    "ContentDate": "20200331",
    "ContentQualification": "PRODUCT",
    "ContentTime": "101503.5",
    "ContrastBolusAgent": "IV CONTRAST",
    "ContrastBolusRoute": "IV",
    "ConvolutionKernel": ["B70f", "3"],
    "ConvolutionKernelGroup": "LUNG",
    "DataCollectionCenterPatient": [0.5, -165.25, 12.125],
    "DataCollectionDiameter": "500.000000",
    "DetectorElementPhysicalSize": ["0.139", "0.139"],
    "DetectorElementSpacing": ["0.139", "0.139"],
    "DetectorType": "SCINTILLATOR",
    "DeviationIndex": "-1.3",
    "DimensionIndexPointer": 0x00209057,
    "DimensionIndexValues": [1, 2],
    "DimensionOrganizationType": "3D",
    "DistanceSourceToDataCollectionCenter": 541.0,
    "DistanceSourceToDetector": "949.075",
    "DistanceSourceToPatient": "541.0",
    "EstimatedRadiographicMagnificationFactor": "1.05",
    "Exposure": "15",
    "ExposureInmAs": 15.5,
    "EnergyWeightingFactor": 0.5,
    "ExposureInuAs": "15500",
    "ExposureIndex": "312.5",
    "ExposureModulationType": "XYZ_EC",
    "ExposureTime": "500",
    "ExposureTimeInms": 500.5,
    "ExposureTimeInuS": "500500",
    "FieldOfViewDimensions": ["430", "430"],
    "FieldOfViewHorizontalFlip": "NO",
    "FieldOfViewOrigin": ["0.5", "-1"],
    "FieldOfViewRotation": "90",
    "FieldOfViewShape": "RECTANGLE",
    "FilterMaterial": ["ALUMINUM", "COPPER"],
    "FilterType": "BUTTERFLY",
    "FluoroscopyFlag": "NO",
    "FocalSpots": ["0.6", "1.2"],
    "FrameAcquisitionDateTime": "20200331101502.120000",
    "FrameAcquisitionDuration": 1.25,
    "FrameAcquisitionNumber": 3,
    "FrameLaterality": "U",
    "FrameReferenceDateTime": "20200331101502.5",
    "FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
    "FunctionalGroupPointer": 0x00209111,
    "GantryDetectorTilt": "-0.000000",
    "GeneratorPower": "37",
    "Grid": ["FIXED", "FOCUSED"],
    "ImageFilter": "NONE",
    "ImageLaterality": "U",
    "ImageOrientationPatient": ["1", "0", "0", "0", "0.99999999", "-1.5e-07"],
    "ImagePositionPatient": ["-159.6796875", "-1.4210854e-14", "+200.125"],
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "NONE"],
    "ImagerPixelSpacing": ["0.139", "0.139"],
    "ImagesInAcquisition": "120",
    "InConcatenationNumber": 1,
    "InConcatenationTotalNumber": 2,
    "InStackPositionNumber": 7,
    "InstanceCreationTime": "101504",
    "InstanceNumber": "123456",
    "KVP": "120.000000",
    "LUTDescriptor": [256, 0, 12],
    "LUTData": _CURVE,
    "LargestImagePixelValue": 3000,
    "Laterality": "L",
    "LossyImageCompression": "01",
    "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
    "LossyImageCompressionRatio": ["2.5", "4"],
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "ModalityLUTType": "OD",
    "PatientOrientation": ["L", "F"],
    "PatientPosition": "FFS",
    "PatientSex": "M",
    "PixelAspectRatio": ["1", "1"],
    "PixelIntensityRelationship": "LOG",
    "PixelIntensityRelationshipSign": -1,
    "PixelPaddingRangeLimit": 12,
    "PixelPaddingValue": 5,
    "PixelPresentation": "MONOCHROME",
    "PixelSpacing": ["0.976562976837158", "0.976563"],
    "PixelSpacingCalibrationType": "GEOMETRY",
    "PositionerType": "COLUMN",
    "PresentationLUTShape": "IDENTITY",
    "ProtocolName": "HRCT CHEST",
    "RecognizableVisualFeatures": "NO",
    "ReconstructionAlgorithm": "ITERATIVE",
    "ReconstructionAngle": 360.0,
    "ReconstructionDiameter": "360.000000",
    "ReconstructionFieldOfView": [360.0, 360.5],
    "ReconstructionPixelSpacing": [0.703125, 0.703125],
    "ReconstructionTargetCenterPatient": [1.5, -2.5, 0.0],
    "ReferencedFrameNumber": "1",
    "ReferencedSOPClassUID": CT_IMAGE,
    "ReferencedPathIndex": 1,
    "ReferencedXRaySourceIndex": 1,
    "RelativeXRayExposure": "1210",
    "RescaleIntercept": "-1024.0",
    "RescaleSlope": "1.000000",
    "RescaleType": "HU",
    "RevolutionTime": 0.5,
    "RotationDirection": "CW",
    "ScanOptions": ["HELICAL MODE"],
    "Sensitivity": "400",
    "SeriesDescription": "CHEST 1.25 MM LUNG",
    "SeriesNumber": "20301",
    "SeriesTime": "101500",
    "SingleCollimationWidth": 0.625,
    "SliceLocation": "-159.679687500",
    "SliceThickness": "1.250000",
    "SmallestImagePixelValue": 1,
    "SpacingBetweenSlices": "-1.250000",
    "SpiralPitchFactor": 0.984375,
    "StackID": "12",
    "StudyDescription": "CT THORAX",
    "StudyTime": "101455",
    "TableFeedPerRotation": 39.375,
    "TableHeight": "173.000000",
    "TablePosition": -1420.5,
    "TableSpeed": 78.75,
    "TargetExposureIndex": "400",
    "TemporalPositionIndex": 2,
    "TemporalPositionTimeOffset": 0.25,
    "TotalCollimationWidth": 40.0,
    "TubeAngle": 180.0,
    "VOILUTFunction": "SIGMOID",
    "ViewPosition": "PA",
    "VolumeBasedCalculationTechnique": "NONE",
    "VolumetricProperties": "VOLUME",
    "WindowCenter": ["-600", "40.5"],
    "WindowCenterWidthExplanation": ["LUNG", "MEDIASTINUM"],
    "WindowWidth": ["1500", "400.0"],
    "XRayTubeCurrent": "310",
    "XRayTubeCurrentInmA": 310.5,
    "XRayTubeCurrentInuA": "310500",
}
_CODES = {
    "AnatomicRegionSequence": ("51185008", "SCT", "Chest"),
    "ViewCodeSequence": ("399348003", "SCT", "antero-posterior"),
}
# what the modules demand and no rule keeps
_DEMANDED = {
    "SpecificCharacterSet": "ISO_IR 100",
    "PixelSpacingCalibrationDescription": "measured by SNODGRASS",
    "SoftwareVersions": "gloxinia 3.1",
    "ManufacturerModelName": "LightSpeed VCT",
    "DeviceSerialNumber": "SN-0099413-KX",
    "OriginalAttributesSequence": None,
}


def full_dataset(sop_class: str) -> FileDataset:
    """One data set of a SOP class with a value in every attribute that its rules may keep."""
    dataset = _base(sop_class)
    for keyword, value in _DEMANDED.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
    _fill(dataset, PROFILE[sop_class], sop_class)
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if frames:
        dataset.PerFrameFunctionalGroupsSequence = [frames[0], _filled(sop_class, frames[0])]
    return dataset


def _base(sop_class: str) -> FileDataset:
    if sop_class == CT_IMAGE:
        return ct_dataset()
    if sop_class in (ENHANCED_CT_IMAGE, LEGACY_ENHANCED_CT_IMAGE):
        return enhanced_ct_dataset(2, SOPClassUID=sop_class)
    return xray_dataset(sop_class=sop_class)


def _filled(sop_class: str, like: Dataset) -> Dataset:
    rules = PROFILE[sop_class][int(tag_for_keyword("PerFrameFunctionalGroupsSequence") or 0)]
    second = Dataset()
    _fill(second, rules.items or {}, sop_class)
    second.PlanePositionSequence[0].ImagePositionPatient = ["-159.6796875", "0", "201.375"]
    assert second.keys() == like.keys()
    return second


def _fill(dataset: Dataset, rules: Mapping[int, Rule], sop_class: str) -> None:
    for rule in rules.values():
        if rule.action is Action.KEEP_ITEMS:
            inner = Dataset()
            _fill(inner, rule.items or {}, sop_class)
            setattr(dataset, rule.keyword, [inner])
        elif rule.action is Action.KEEP_CODES:
            value, scheme, meaning = _CODES[rule.keyword]
            code = item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)
            setattr(dataset, rule.keyword, [code])
        elif rule.action is Action.REPLACE_UID and rule.keyword not in dataset:
            setattr(dataset, rule.keyword, uid("full", rule.keyword))
        elif rule.action in (Action.KEEP, Action.CLEAN, Action.SHIFT_DATE):
            _set(dataset, rule, sop_class)


def _set(dataset: Dataset, rule: Rule, sop_class: str) -> None:
    value = _VALUES.get(rule.keyword)
    if rule.keyword == "PresentationIntentType":
        value = "FOR PROCESSING" if sop_class == DX_FOR_PROCESSING else "FOR PRESENTATION"
    # the class's own: SOPClassUID, Modality
    if value is None and rule.keyword in dataset:
        return
    vr = {"US or SS": "US"}.get(rule.vr, rule.vr)
    if rule.keyword == "LUTData":
        value = b"".join(entry.to_bytes(2, "little") for entry in value)
    dataset.add_new(rule.tag, vr, value)


FULL_CLASSES = (
    *(CT_IMAGE, ENHANCED_CT_IMAGE, LEGACY_ENHANCED_CT_IMAGE, CR_IMAGE),
    *(DX_FOR_PRESENTATION, DX_FOR_PROCESSING),
)
