"""What is exported, and what for."""

from django import forms
from django.utils.text import slugify


class ExportForm(forms.Form):
    """Asked by address (GET), so that an export can be had again."""

    purpose = forms.CharField(
        label="What it is for (optional)",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "nhsuk-input--width-20"}),
        help_text="A word or two, such as “agreement 2026”. Readers have the same pseudonyms in "
        "every export for one purpose, and others in those for another.",
    )
    case = forms.IntegerField(
        label="Number of one case (optional)",
        min_value=1,
        max_value=2_000_000_000,
        required=False,
        widget=forms.NumberInput(attrs={"class": "nhsuk-input--width-5"}),
    )

    def clean_purpose(self) -> str:
        return slugify(self.cleaned_data["purpose"]) or "any"
