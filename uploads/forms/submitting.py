"""What submitters are asked. Forms check the shape of answers; services save them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from bsti_db.accounts.models import Organisation
from uploads.models import ClinicalRecord, Upload
from uploads.screening import Kind, sentence, suspicions
from uploads.services import entry

SUGGESTIONS = 20

no_line_breaks = RegexValidator(r"^[^\x00-\x1f\x7f]*$", "Leave out line breaks.")


def found_organisations(text: str) -> list[Organisation]:
    """Active organisations whose ODS code is `text`, or whose name has all its words."""
    active = Organisation.objects.filter(is_active=True)
    # a suggestion taken from the list reads "Name (CODE)"
    code = text.strip().removesuffix(")").rpartition("(")[2].strip()
    exact = active.filter(ods_code__iexact=code)
    if exact:
        return list(exact)
    words = text.split()
    for word in words:
        active = active.filter(name__icontains=word)
    return list(active[: SUGGESTIONS + 1]) if words else []


class StartForm(forms.Form):
    """Who asks for a code. `organisation` appears when the search finds several."""

    trust = forms.CharField(
        max_length=200,
        label="Your trust or health board",
        help_text="Enter its name, part of its name, or its ODS code. For example: R0A",
        widget=forms.TextInput(attrs={"list": "organisations", "autocomplete": "off"}),
        error_messages={"required": "Enter the name or ODS code of your trust."},
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(),
        required=False,
        label="Which one do you mean?",
        widget=forms.RadioSelect,
        empty_label=None,
    )
    name = forms.CharField(
        max_length=100,
        label="Your full name",
        validators=[no_line_breaks],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    role = forms.CharField(
        max_length=100,
        label="Your role",
        help_text="For example: radiographer, radiology registrar",
        validators=[no_line_breaks],
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        error_messages={"required": "Enter your role."},
    )
    email = forms.EmailField(
        max_length=254,
        label="Your NHS e-mail address",
        help_text="We send a code to it. You do not need an account.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your NHS e-mail address.",
            "invalid": "Enter an e-mail address, for example r.jones@nhs.net.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found_organisations(self.data.get("trust", "")) if self.is_bound else []
        if 1 < len(self.found) <= SUGGESTIONS:
            keys = [organisation.pk for organisation in self.found]
            self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=keys)
        else:
            del self.fields["organisation"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["organisation"] = self._organisation(cleaned)
        if cleaned["organisation"] and cleaned.get("email"):
            try:
                cleaned["email"] = entry.accepted_address(cleaned["email"], cleaned["organisation"])
            except entry.AddressNotAccepted as problem:
                self.add_error("email", str(problem))
        return cleaned

    def _organisation(self, cleaned: dict[str, Any]) -> Organisation | None:
        if "trust" not in cleaned or "organisation" in self.errors:
            return None
        if len(self.found) == 1:
            return self.found[0]
        if not self.found:
            self.add_error(
                "trust",
                "No trust or health board has this name or ODS code. Try a part of its name.",
            )
        elif len(self.found) > SUGGESTIONS:
            self.add_error("trust", "Many organisations match. Enter more of the name.")
        elif not cleaned.get("organisation"):
            self.add_error("organisation", "Several organisations match. Choose yours.")
        return cleaned.get("organisation")


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        label="Code",
        help_text="8 letters and numbers. Capital or small letters, with or without the hyphen.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "spellcheck": "false",
                "autocapitalize": "characters",
                "class": "nhsuk-input--width-10 app-code-input",
            }
        ),
        error_messages={"required": "Enter the code from the mail."},
    )

    def clean_code(self) -> str:
        return entry.typed_code(self.cleaned_data["code"])


def number_box(digits: int) -> forms.TextInput:
    return forms.TextInput(
        attrs={
            "inputmode": "numeric",
            "autocomplete": "off",
            "class": f"nhsuk-input--width-{digits}",
        }
    )


_CHOSEN = (
    "sex",
    "rt_pcr",
    "hypertension",
    "cardiovascular_disease",
    "chronic_lung_disease",
    "diabetes",
    "chronic_kidney_disease",
    "immunosuppressed",
    "smoking",
    "oxygen_support",
    "outcome",
)


class ClinicalForm(forms.ModelForm):
    """The clinical context. "Not known" is an answer; a blank is none."""

    age_years = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=120,
        label="Age in years",
        help_text="At the time of imaging. Ages over 89 are kept as 90 or over.",
        widget=number_box(3),
        error_messages={"invalid": "Enter the age in whole years, for example 54."},
    )
    is_age_not_known = forms.BooleanField(required=False, label="Age is not known")
    days_from_onset = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=365,
        label="Days from the first symptom to the first images",
        help_text="Count days and give no date: 0 is the same day. The days of later images "
        "follow from the files.",
        widget=number_box(3),
        error_messages={
            "invalid": "Enter a number of days, not a date. For example 7.",
            "min_value": "Enter 0 to 365 days.",
            "max_value": "Enter 0 to 365 days.",
        },
    )
    is_onset_not_known = forms.BooleanField(
        required=False, label="Not known, or there were no symptoms"
    )
    days_from_onset_to_swab = forms.IntegerField(
        required=False,
        min_value=-30,
        max_value=365,
        label="Days from the first symptom to the swab",
        help_text="A swab before the first symptom has a minus: -2 is two days before.",
        widget=number_box(4),
        error_messages={
            "invalid": "Enter a number of days, not a date. For example 3.",
            "min_value": "Enter -30 to 365 days.",
            "max_value": "Enter -30 to 365 days.",
        },
    )
    is_swab_day_not_known = forms.BooleanField(required=False, label="Day of the swab is not known")
    symptoms = forms.MultipleChoiceField(
        choices=ClinicalRecord.SYMPTOMS,
        label="Symptoms",
        help_text="Choose all that were present.",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "app-inline"}),
        error_messages={"required": "Choose the symptoms, “None” or “Not known”."},
    )

    field_order = (
        "age_years",
        "is_age_not_known",
        "sex",
        "symptoms",
        "days_from_onset",
        "is_onset_not_known",
        "rt_pcr",
        "days_from_onset_to_swab",
        "is_swab_day_not_known",
        "hypertension",
        "cardiovascular_disease",
        "chronic_lung_disease",
        "diabetes",
        "chronic_kidney_disease",
        "immunosuppressed",
        "smoking",
        "oxygen_support",
        "outcome",
        "clinical_history",
    )

    class Meta:
        model = ClinicalRecord
        exclude = ("upload", "version")
        widgets = {
            **dict.fromkeys(_CHOSEN, forms.RadioSelect(attrs={"class": "app-inline"})),
            "clinical_history": forms.Textarea(attrs={"rows": 5}),
        }
        labels = {
            "rt_pcr": "Result of the SARS-CoV-2 RT-PCR",
            "chronic_kidney_disease": "Chronic kidney disease",
            "immunosuppressed": "Immunosuppression",
            "oxygen_support": "Oxygen support at imaging",
            "outcome": "Outcome",
            "clinical_history": "Short clinical history (optional)",
        }
        help_texts = {
            "clinical_history": "No names, dates, numbers or places: write days from the first "
            "symptom. Anything that looks like one is refused before it is stored."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # a box of symptoms is a kind of radio to Django
            if type(field.widget) is forms.RadioSelect:
                # no answer is chosen for anybody, and a blank is not offered
                field.choices = [choice for choice in field.choices if choice[0] != ""]
                field.error_messages["required"] = f"{field.label}: choose an answer."
            if name == "clinical_history":
                field.max_length = 500
        if self.instance.pk and not self.is_bound:
            self.initial |= {
                "is_age_not_known": self.instance.age_years is None,
                "is_onset_not_known": self.instance.days_from_onset is None,
                "is_swab_day_not_known": self.asks_swab_day(self.instance.rt_pcr)
                and self.instance.days_from_onset_to_swab is None,
            }

    @staticmethod
    def asks_swab_day(rt_pcr: str) -> bool:
        return rt_pcr in (ClinicalRecord.RtPcr.POSITIVE, ClinicalRecord.RtPcr.NEGATIVE)

    def clean_age_years(self) -> int | None:
        age = self.cleaned_data["age_years"]
        return None if age is None else min(age, 90)

    def clean_symptoms(self) -> list[str]:
        symptoms = self.cleaned_data["symptoms"]
        for alone in ("none", "not_known"):
            if alone in symptoms and len(symptoms) > 1:
                word = dict(ClinicalRecord.SYMPTOMS)[alone]
                raise ValidationError(f"“{word}” cannot be chosen together with another symptom.")
        return symptoms

    def clean_clinical_history(self) -> str:
        text = self.cleaned_data["clinical_history"]
        found = suspicions(text)
        if found:
            raise ValidationError([sentence(text, seen) for seen in found])
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_number("age_years", "is_age_not_known", "Enter the age, or say it is not known")
        self._check_number(
            "days_from_onset",
            "is_onset_not_known",
            "Enter the days from the first symptom, or say they are not known",
        )
        if self.asks_swab_day(cleaned.get("rt_pcr", "")):
            self._check_number(
                "days_from_onset_to_swab",
                "is_swab_day_not_known",
                "Enter the day of the swab, or say it is not known",
            )
        elif cleaned.get("rt_pcr") and cleaned.get("days_from_onset_to_swab") is not None:
            self.add_error(
                "days_from_onset_to_swab",
                "A day of the swab needs a result. Choose positive or negative, or take it out.",
            )
        return cleaned

    def _check_number(self, name: str, unknown: str, missing: str) -> None:
        if name in self.errors:
            return
        is_unknown = self.cleaned_data.get(unknown, False)
        has_number = self.cleaned_data.get(name) is not None
        if not is_unknown and not has_number:
            self.add_error(name, f"{missing}.")
        if is_unknown and has_number:
            self.add_error(name, "Enter a number or tick “not known”, not both.")

    def answers(self) -> dict[str, Any]:
        """The record's columns; the form must be valid."""
        return {
            name: value for name, value in self.cleaned_data.items() if not name.startswith("is_")
        }


class DeclarationForm(forms.Form):
    is_anonymised = forms.BooleanField(
        label="My trust has removed names and numbers from the images as its policy asks. I know "
        "that the database removes them once more, and holds back what it doubts.",
        error_messages={"required": "Confirm that your trust has anonymised the images."},
    )
    is_for_teaching = forms.BooleanField(
        label="The images may be used for teaching and reference. General Medical Council guidance "
        "allows this without consent for anonymised images of internal structures.",
        error_messages={"required": "Confirm that the images may be used for teaching."},
    )
    is_approved = forms.BooleanField(
        label="My trust's Caldicott Guardian, or a person acting for them, has approved sharing "
        "these images with the database.",
        error_messages={"required": "Confirm that your trust has approved sharing."},
    )
    caldicott_reference = forms.CharField(
        max_length=100,
        label="Reference of the Caldicott approval",
        help_text="As your information governance team recorded it. For example: CG-2020-117",
        validators=[no_line_breaks],
        error_messages={"required": "Enter the reference of the Caldicott approval."},
    )
    caldicott_role = forms.CharField(
        max_length=100,
        label="Role of the person who approved",
        help_text="For example: Caldicott Guardian. Give the role, not the name.",
        validators=[no_line_breaks],
        error_messages={"required": "Enter the role of the person who approved."},
    )
    licence = forms.ChoiceField(
        choices=Upload._meta.get_field("licence").choices,
        label="Licence of the teaching case",
        help_text="With CC BY-NC-SA others may use the case for purposes that are not commercial "
        "and under the same licence; with CC BY for any purpose. Both name the source.",
        widget=forms.RadioSelect,
    )
    may_credit_organisation = forms.BooleanField(
        required=False, label="The published case may name my trust as the source"
    )

    def clean_caldicott_role(self) -> str:
        text = self.cleaned_data["caldicott_role"]
        if any(seen.kind in (Kind.NAME, Kind.EMAIL) for seen in suspicions(text)):
            raise ValidationError("Give the role of the person who approved, not the name.")
        return text
