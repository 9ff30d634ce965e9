"""What submitters and curators are asked. Forms check the shape of answers; services save them."""

from uploads.forms.deciding import RefusalForm
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
    "ClinicalForm",
    "CodeForm",
    "DeclarationForm",
    "RefusalForm",
    "StartForm",
    "found_organisations",
]
