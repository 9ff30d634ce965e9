"""What submitters and curators are asked. Forms check the shape of answers; services save them."""

from uploads.forms.deciding import (
    AnswerForm,
    LookForm,
    MaskFormSet,
    QuestionForm,
    RefusalForm,
    ReturningForm,
    SeriesForm,
)
from uploads.forms.submitting import (
    SUGGESTIONS,
    ClinicalForm,
    CodeForm,
    DeclarationForm,
    StartForm,
    found_organisations,
)

__all__ = [
    "SUGGESTIONS",
    "AnswerForm",
    "ClinicalForm",
    "CodeForm",
    "DeclarationForm",
    "LookForm",
    "MaskFormSet",
    "QuestionForm",
    "RefusalForm",
    "ReturningForm",
    "SeriesForm",
    "StartForm",
    "found_organisations",
]
