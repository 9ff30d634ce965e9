"""What curators are asked about held uploads and files, and what submitters answer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from uploads.dicom.masks import Mask
from uploads.explanations import UploadReason, sentence
from uploads.models import Returning
from uploads.screening import sentence as sentence_about
from uploads.screening import suspicions

MAX_TEXT = 500
MAX_SIDE = 65_535  # Rows and Columns have 16 bits
REFUSALS = [
    UploadReason.REFUSED_AFTER_CHECK,
    UploadReason.IDENTITY_VISIBLE,
    UploadReason.NOT_SUITABLE,
]


class RefusalForm(forms.Form):
    """Why a curator refuses a held upload or file: a code, because free text enters no trail."""

    reason = forms.ChoiceField(
        choices=[(code.value, sentence(code)) for code in REFUSALS],
        label="Reason, as the submitter reads it",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the reason."},
    )


class LookForm(forms.Form):
    """That a person has looked, and at which masks."""

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    has_looked = forms.BooleanField(
        label="I have looked at every picture of this file. No name, number, date or place that "
        "could tell who the patient is can be seen.",
        error_messages={"required": "Look at the pictures, then tick the box."},
    )


class _ScreenedForm(forms.Form):
    """A text that is kept with the upload, and is screened as the clinical history is."""

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        found = suspicions(text)
        if found:
            raise ValidationError([sentence_about(text, seen) for seen in found])
        return text


class QuestionForm(_ScreenedForm):
    text = forms.CharField(
        max_length=MAX_TEXT,
        label="Question to the submitter",
        help_text="It stands on the page of the upload. Write nothing that you saw in the picture "
        "or the file: no name, number or date.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Enter the question."},
    )


class AnswerForm(_ScreenedForm):
    text = forms.CharField(
        max_length=MAX_TEXT,
        label="Your answer",
        help_text="No names, dates, numbers or places.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Enter your answer."},
    )


class ReturningForm(forms.Form):
    """Whether the trust's earlier images are of the same patient."""

    said = forms.ChoiceField(
        choices=[
            (Returning.SAME, "Yes, the same patient"),
            (Returning.OTHER, "No, another patient"),
            (Returning.NOT_KNOWN, "I do not know"),
        ],
        label="Is it the same patient?",
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it is the same patient."},
    )


# --- Masks ------------------------------------------------------------------------


def _pixels(label: str, *, least: int) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=least,
        max_value=MAX_SIDE,
        required=False,
        label=label,
        widget=forms.NumberInput,
        error_messages={
            "invalid": f"{label}: enter a whole number.",
            "min_value": f"{label}: enter {least} or more.",
        },
    )


class MaskForm(forms.Form):
    """One rectangle, in pixels of the picture. A row without numbers is no rectangle."""

    x = _pixels("Left", least=0)
    y = _pixels("Top", least=0)
    width = _pixels("Width", least=1)
    height = _pixels("Height", least=1)
    frame = forms.IntegerField(
        min_value=1,
        required=False,
        label="Frame",
        widget=forms.NumberInput,
        error_messages={"min_value": "Frame: frames count from 1."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = ("x", "y", "width", "height")
        missing = [
            self.fields[name].label.lower()
            for name in names
            if cleaned.get(name) is None and name not in self.errors
        ]
        is_empty = len(missing) == len(names) and cleaned.get("frame") is None
        if missing and not is_empty:
            raise ValidationError(f"Enter the rectangle's {', '.join(missing)}.")
        return cleaned


class _MaskFormSet(forms.BaseFormSet):
    def masks(self) -> list[Mask]:
        """The rectangles of a valid form, without empty rows."""
        rows = [form.cleaned_data for form in self.forms]
        names = ("x", "y", "width", "height", "frame")
        return [
            Mask(**{name: row.get(name) for name in names})
            for row in rows
            if row.get("width") is not None
        ]


MaskFormSet = forms.formset_factory(
    MaskForm, formset=_MaskFormSet, extra=0, max_num=200, validate_max=True, absolute_max=220
)


class SeriesForm(forms.Form):
    """Whether the rectangles go over the other held files of the series too."""

    in_whole_series = forms.BooleanField(required=False)

    def __init__(self, *args: Any, others: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        files = f"{others} other held file{'s' * (others != 1)}"
        self.fields["in_whole_series"].label = f"Mask the {files} of this series as well"
        self.fields["in_whole_series"].help_text = (
            "They have the same size. Rectangles drawn on them before stay. Each is looked at "
            "again before it goes on."
        )
        if not others:
            del self.fields["in_whole_series"]
