"""The expert panel: cases, who reads them, what they read, and how a case was settled."""

from review.models.assignments import READERS, Assignment, PanelProfile, Seat, WorklistOrder
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
from review.models.questions import CaseQuestion
from review.models.readings import (
    Addendum,
    Assessment,
    Finding,
    Opening,
    Reading,
    Score,
    Verdict,
)
from review.models.remarks import Remark, RemarkNotice
from review.models.schemes import (
    Category,
    Confidence,
    FindingCode,
    Region,
    ReportingScheme,
    Severity,
)

__all__ = [
    "MAY_CHAIR",
    "MAY_READ",
    "READERS",
    "TEACHING_VALUE",
    "Addendum",
    "Assessment",
    "Assignment",
    "Case",
    "CaseQuestion",
    "CaseStudy",
    "Category",
    "Confidence",
    "Finding",
    "FindingCode",
    "Opening",
    "PanelProfile",
    "Reading",
    "Region",
    "Remark",
    "RemarkNotice",
    "ReportingScheme",
    "Score",
    "Seat",
    "Severity",
    "Verdict",
    "WorklistOrder",
    "is_recused",
    "patients_to_open",
    "studies_to_open",
]
