"""De-identification after PS3.15 Annex E: one rule object, keyed pseudonyms, verified output."""

from uploads.dicom.deid.executor import (
    Deidentified,
    deidentify,
    deidentify_source,
    opened,
    patient_key,
)
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.deid.report import Report

__all__ = [
    "Deidentified",
    "Pseudonyms",
    "Report",
    "deidentify",
    "deidentify_source",
    "opened",
    "patient_key",
]
