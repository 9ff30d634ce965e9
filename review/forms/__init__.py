"""The panel's forms."""

from review.forms.acts import (
    AddendumForm,
    AssignForm,
    AwayForm,
    CaseQuestionForm,
    DecisionForm,
    HandBackForm,
    ProfileForm,
    SetAsideForm,
    TakeBackForm,
)
from review.forms.discussing import RemarkForm
from review.forms.exports import ExportForm
from review.forms.reading import ReadingForm, reading_as_initial

__all__ = [
    "AddendumForm",
    "AssignForm",
    "AwayForm",
    "CaseQuestionForm",
    "DecisionForm",
    "ExportForm",
    "HandBackForm",
    "ProfileForm",
    "ReadingForm",
    "RemarkForm",
    "SetAsideForm",
    "TakeBackForm",
    "reading_as_initial",
]
