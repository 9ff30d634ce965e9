"""From the trust's browser to the study store: uploads, their files, and what they became."""

from uploads.models.answers import ClinicalRecord, UploadQuestion
from uploads.models.keys import PseudonymKey
from uploads.models.sending import (
    EntryCode,
    FilePart,
    Patient,
    Returning,
    Submitter,
    Upload,
    UploadedFile,
    UploadQuerySet,
)
from uploads.models.studies import Instance, Series, Study

__all__ = [
    "ClinicalRecord",
    "EntryCode",
    "FilePart",
    "Instance",
    "Patient",
    "PseudonymKey",
    "Returning",
    "Series",
    "Study",
    "Submitter",
    "Upload",
    "UploadQuerySet",
    "UploadQuestion",
    "UploadedFile",
]
