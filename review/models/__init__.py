"""The expert panel: cases, who reads them, what they read, and how a case was settled."""

from review.models.assignments import READERS, Assignment, PanelProfile, Seat
from review.models.cases import (
    MAY_CHAIR,
    MAY_READ,
    TEACHING_VALUE,
    Case,
    CaseStudy,
    is_recused,
    patients_to_open,
    studies_to_open,
)
from review.models.readings import Addendum, Assessment, Opening, Reading, Verdict
from review.models.schemes import Category, ReportingScheme, Severity

__all__ = [
    "MAY_CHAIR",
    "MAY_READ",
    "READERS",
    "TEACHING_VALUE",
    "Addendum",
    "Assessment",
    "Assignment",
    "Case",
    "CaseStudy",
    "Category",
    "Opening",
    "PanelProfile",
    "Reading",
    "ReportingScheme",
    "Seat",
    "Severity",
    "Verdict",
    "is_recused",
    "patients_to_open",
    "studies_to_open",
]
