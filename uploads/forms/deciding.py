"""What curators are asked about held files."""

from django import forms

from uploads.explanations import UploadReason, sentence

REFUSALS = [
    UploadReason.REFUSED_AFTER_CHECK,
    UploadReason.IDENTITY_VISIBLE,
    UploadReason.NOT_SUITABLE,
]


class RefusalForm(forms.Form):
    """Why a curator refuses a held upload: a code, because free text enters no trail."""

    reason = forms.ChoiceField(
        choices=[(code.value, sentence(code)) for code in REFUSALS],
        label="Reason, as the submitter reads it",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the reason."},
    )
