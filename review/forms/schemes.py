"""What an administrator enters of schemes, scores and coded findings."""

import re
from typing import Any

from django import forms

from review.models import FindingCode, ReportingScheme
from review.services.schemes import Line

_SPARE_LINES = 2
_MOST_LINES = 40
_DIGITS = re.compile(r"\d{4,18}")


class CopySchemeForm(forms.Form):
    """A new version, or under another short name a new scheme."""

    name = forms.CharField(label="Name", max_length=60)
    code = forms.SlugField(
        label="Short name",
        max_length=20,
        help_text="Small letters, digits and hyphens. Keep it for a new version of this scheme.",
    )
    version = forms.CharField(label="Version", max_length=10, help_text="For example 2024.")


class SchemeNameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=60)


class LineForm(forms.Form):
    """One category, grade or region. Without a name it is left out."""

    place = forms.IntegerField(label="Place", min_value=1, max_value=99, required=False)
    label = forms.CharField(label="Name", max_length=60, required=False)
    code = forms.CharField(label="Published code", max_length=20, required=False)
    help = forms.CharField(label="Help for readers", max_length=300, required=False)

    def __init__(self, *args: Any, fields: tuple[str, ...], **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - {"place", "label", *fields}:
            del self.fields[name]
        self.fields["place"].widget.attrs["class"] = "nhsuk-input--width-2"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "code" in self.fields and cleaned.get("label") and not cleaned.get("code"):
            self.add_error("code", "Enter the published code.")
        if cleaned.get("code") and not cleaned.get("label") and "label" not in self.errors:
            self.add_error("label", "Enter a name.")
        return cleaned


class _LineFormSet(forms.BaseFormSet):
    def clean(self) -> None:
        labels = [line.label.lower() for line in self.lines()]
        if len(set(labels)) < len(labels):
            raise forms.ValidationError("Two have the same name. Give each its own.")

    def lines(self) -> list[Line]:
        """What was entered, in the order of the places; one without a place comes last."""
        entered = [form.cleaned_data for form in self.forms if hasattr(form, "cleaned_data")]
        named = [each for each in entered if each.get("label")]
        named.sort(key=lambda each: each.get("place") or _MOST_LINES + 99)
        return [
            Line(each["label"], each.get("code") or "", each.get("help") or "") for each in named
        ]


LineFormSet = forms.formset_factory(
    LineForm,
    formset=_LineFormSet,
    extra=_SPARE_LINES,
    max_num=_MOST_LINES,
    validate_max=True,
    absolute_max=_MOST_LINES,
)


def line_formsets(scheme: ReportingScheme, data: Any = None) -> dict[str, Any]:
    """The lines of a version to change: its categories or grades, and a score's regions."""
    is_score = scheme.kind == ReportingScheme.Kind.SCORE
    shown = ("help",) if is_score else ("code", "help")
    parts = [("categories", "Grade" if is_score else "Category", scheme.categories.all(), shown)]
    if is_score:
        parts.append(("regions", "Region", scheme.regions.all(), ()))
    made = {}
    for prefix, noun, rows, fields in parts:
        initial = [
            {name: getattr(row, name) for name in ("label", *fields)} | {"place": place}
            for place, row in enumerate(rows, start=1)
        ]
        kwargs = {"fields": fields}
        made[prefix] = LineFormSet(
            data,
            # sent lines are held against empty ones: an unchanged one is entered all the same
            initial=initial if data is None else None,
            prefix=prefix,
            form_kwargs=kwargs,
        )
        made[prefix].noun = noun
    return made


class CodeForm(forms.Form):
    """A coded finding; one for which no code is free has its meaning only."""

    mark_optional = True

    meaning = forms.CharField(label="Meaning", max_length=64)
    designator = forms.ChoiceField(
        label="Coding scheme",
        choices=[("", "No free code"), ("DCM", "DICOM (DCM)"), ("SCT", "SNOMED CT (SCT)")],
        required=False,
    )
    code = forms.CharField(label="Code", max_length=20, required=False)

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if code and not _DIGITS.fullmatch(code):
            raise forms.ValidationError("Enter the code in digits, for example 60046008.")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "code" in cleaned and bool(cleaned["code"]) != bool(cleaned.get("designator")):
            problem = "Enter a code together with its coding scheme, or neither."
            self.add_error("designator" if cleaned["code"] else "code", problem)
        return cleaned


class NewCodeForm(CodeForm):
    kind = forms.ChoiceField(label="List", choices=FindingCode.Kind.choices)

    field_order = ("kind",)
