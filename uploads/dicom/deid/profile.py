"""The rule object: for each SOP class the attributes that may stay, and what proves their values.

Default is to remove. The profile is the Basic Application Level Confidentiality Profile of PS3.15
Annex E with Clean Descriptors, Clean Graphics (by removal), Retain Longitudinal Temporal
Information with Modified Dates, and Retain Patient Characteristics reduced to age and sex.
"""

from collections.abc import Mapping

from uploads.dicom.deid import modules
from uploads.dicom.deid.rules import Module, Rule, by_tag
from uploads.dicom.reading import (
    CR_IMAGE,
    CT_IMAGE,
    DX_IMAGE_FOR_PRESENTATION,
    DX_IMAGE_FOR_PROCESSING,
    ENHANCED_CT_IMAGE,
    LEGACY_CONVERTED_ENHANCED_CT_IMAGE,
)

VERSION = "BSTI-DB 1"

# code value, meaning (PS3.16 CID 7050)
BASIC_PROFILE = ("113100", "Basic Application Confidentiality Profile")
CLEAN_PIXEL_DATA = ("113101", "Clean Pixel Data Option")
CLEAN_GRAPHICS = ("113103", "Clean Graphics Option")
CLEAN_DESCRIPTORS = ("113105", "Clean Descriptors Option")
MODIFIED_DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
PATIENT_CHARACTERISTICS = ("113108", "Retain Patient Characteristics Option")

OPTIONS = (
    BASIC_PROFILE,
    CLEAN_GRAPHICS,
    CLEAN_DESCRIPTORS,
    MODIFIED_DATES,
    PATIENT_CHARACTERISTICS,
)

# Written from what reading has proved of the frames, not copied.
PROVED_BY_READING = (
    *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelData"),
)

_EVERY_IMAGE = (
    modules.PATIENT,
    modules.GENERAL_STUDY,
    modules.GENERAL_SERIES,
    modules.GENERAL_EQUIPMENT,
    modules.IMAGE_PIXEL,
    modules.SOP_COMMON,
)
_SINGLE_FRAME = (
    *_EVERY_IMAGE,
    modules.GENERAL_IMAGE,
    modules.VOI_LUT,
)
_CT = (
    *_SINGLE_FRAME,
    modules.FRAME_OF_REFERENCE,
    modules.IMAGE_PLANE,
    modules.CONTRAST,
    modules.CT_IMAGE,
)
_ENHANCED_CT = (
    *_EVERY_IMAGE,
    modules.FRAME_OF_REFERENCE,
    modules.ENHANCED_EQUIPMENT,
    modules.MULTI_FRAME,
    modules.ENHANCED_CT_IMAGE,
)
_PROJECTION = (*_SINGLE_FRAME, modules.X_RAY_ACQUISITION)

SOP_CLASS_NAMES: Mapping[str, str] = {
    CT_IMAGE: "CT",
    ENHANCED_CT_IMAGE: "Enhanced CT",
    LEGACY_CONVERTED_ENHANCED_CT_IMAGE: "Legacy Converted Enhanced CT",
    CR_IMAGE: "Computed Radiography",
    DX_IMAGE_FOR_PRESENTATION: "Digital X-Ray for presentation",
    DX_IMAGE_FOR_PROCESSING: "Digital X-Ray for processing",
}

MODULES: Mapping[str, tuple[Module, ...]] = {
    CT_IMAGE: _CT,
    ENHANCED_CT_IMAGE: _ENHANCED_CT,
    LEGACY_CONVERTED_ENHANCED_CT_IMAGE: _ENHANCED_CT,
    CR_IMAGE: (*_PROJECTION, modules.MODALITY_LUT, modules.CR_IMAGE),
    DX_IMAGE_FOR_PRESENTATION: (
        *_PROJECTION,
        modules.DX_IMAGE,
        modules.DX_FOR_PRESENTATION,
    ),
    DX_IMAGE_FOR_PROCESSING: (*_PROJECTION, modules.DX_IMAGE, modules.DX_FOR_PROCESSING),
}

# SOP class → tag → rule; a later module's rule for the same attribute stands
PROFILE: Mapping[str, Mapping[int, Rule]] = {
    sop_class: by_tag(rule for module in chosen for rule in module)
    for sop_class, chosen in MODULES.items()
}
