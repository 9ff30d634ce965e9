"""The panel's forms: a reading, the chair's decision, setting aside, handing back."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from bsti_db.accounts.models import Member
from review.models import (
    Case,
    Category,
    PanelProfile,
    Reading,
    ReportingScheme,
    Severity,
    Verdict,
)
from review.services import Answers, StudyAnswer
from uploads.models import Study

# the stack has 1 to 6, I, R and F for itself, A, S and D grade and Z and X include
CATEGORY_KEYS = "qwetyuo"
SEVERITY_KEYS = {1: "a", 2: "s", 3: "d"}
INCLUDE_KEYS = {"yes": "z", "no": "x"}
INLINE = {"class": "app-inline"}
TEACHING_VALUES = [(1, "1, little"), (2, "2"), (3, "3"), (4, "4"), (5, "5, outstanding")]


class RadioSelect(forms.RadioSelect):
    """Radios of which each may have a letter key: `keys` by value.

    The form renderer knows a widget by its class's name, so this one keeps it.
    """

    def __init__(self, keys: dict[str, str], attrs: dict[str, str] | None = None):
        super().__init__(attrs)
        self.keys = keys

    def create_option(self, name, value, *args, **kwargs) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if key := self.keys.get(str(value)):
            option["attrs"]["data-key"] = key
        return option


class ReadingForm(forms.Form):
    """One reader's answers: a category and a severity a study, then about the case.

    `studies` is a list of (study, scheme, label). Nothing is required of a draft.
    """

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    include = forms.TypedChoiceField(
        label="Include this case in the database?",
        choices=[("yes", "Yes, include"), ("no", "No, decline")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=RadioSelect(INCLUDE_KEYS, INLINE),
        required=False,
        error_messages={"required": "Say whether to include the case."},
    )
    teaching_value = forms.TypedChoiceField(
        label="Teaching value",
        choices=TEACHING_VALUES,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect(INLINE),
        required=False,
    )
    comment = forms.CharField(
        label="Comment (optional)",
        help_text="Describe the images only: no name, date or place.",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        studies: list[tuple[Study, ReportingScheme, str]],
        is_submitting: bool = False,
        initial: dict[str, Any] | None = None,
    ):
        super().__init__(data, initial=initial)
        self.studies = studies
        self.is_submitting = is_submitting
        for study, scheme, label in studies:
            self._add_study(study, scheme, label)
        if is_submitting:
            self.fields["include"].required = True

    def _add_study(self, study: Study, scheme: ReportingScheme, label: str) -> None:
        categories = list(scheme.categories.all())
        self.fields[f"category_{study.pk}"] = forms.TypedChoiceField(
            label="Category",
            choices=[(each.pk, f"{each.label} ({each.code})") for each in categories],
            coerce=lambda pk: next(each for each in categories if each.pk == int(pk)),
            empty_value=None,
            widget=RadioSelect(
                {str(each.pk): key for each, key in zip(categories, CATEGORY_KEYS, strict=False)}
            ),
            required=self.is_submitting,
            error_messages={"required": f"Choose a category for {label}."},
        )
        self.fields[f"severity_{study.pk}"] = forms.TypedChoiceField(
            label="Severity",
            choices=[("", "Not graded"), *Severity.choices],
            coerce=int,
            empty_value=None,
            widget=RadioSelect({str(grade): key for grade, key in SEVERITY_KEYS.items()}, INLINE),
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        value = cleaned.get("teaching_value", "wrong")
        if self.is_submitting and cleaned.get("include") and value is None:
            self.add_error("teaching_value", "Give the case a teaching value.")
        return cleaned

    def study_parts(self) -> list[dict[str, Any]]:
        """The bound fields of each study, for the template."""
        return [
            {
                "study": study,
                "label": label,
                "scheme": scheme,
                "category": self[f"category_{study.pk}"],
                "severity": self[f"severity_{study.pk}"],
            }
            for study, scheme, label in self.studies
        ]

    def answers(self) -> Answers:
        """What the valid form says, as the services take it."""
        cleaned = self.cleaned_data
        return Answers(
            include=cleaned["include"],
            teaching_value=cleaned["teaching_value"],
            comment=cleaned["comment"],
            studies={
                study.pk: StudyAnswer(
                    cleaned[f"category_{study.pk}"], cleaned[f"severity_{study.pk}"]
                )
                for study, _, _ in self.studies
            },
        )


def reading_as_initial(reading: Reading | None) -> dict[str, Any]:
    """A saved reading as a reading form's first values."""
    if reading is None or reading.pk is None:
        return {"version": 0}
    initial: dict[str, Any] = {
        "version": reading.version,
        "include": {True: "yes", False: "no"}.get(reading.include),
        "teaching_value": reading.teaching_value,
        "comment": reading.comment,
    }
    for assessment in reading.assessments.all():
        initial[f"category_{assessment.study_id}"] = assessment.category_id
        initial[f"severity_{assessment.study_id}"] = assessment.severity or ""
    return initial


class CategoryField(forms.ModelChoiceField):
    def label_from_instance(self, category: Category) -> str:
        return f"{category.scheme.name}: {category.label}"


class DecisionForm(forms.Form):
    """The chair's verdict on a case."""

    outcome = forms.ChoiceField(
        label="Decision", choices=Verdict.Outcome.choices, widget=forms.RadioSelect
    )
    category = CategoryField(
        label="Category of the case (optional)", queryset=Category.objects.none(), required=False
    )
    severity = forms.TypedChoiceField(
        label="Severity (optional)",
        choices=[("", "Not graded"), *Severity.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    teaching_value = forms.TypedChoiceField(
        label="Teaching value",
        choices=[("", "Choose"), *TEACHING_VALUES],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="From 3 on, an editor is asked to write a teaching case.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Readers of the case see it. No name, date or place.",
    )

    def __init__(self, data: Any = None, *, categories: QuerySet[Category], **kwargs: Any):
        super().__init__(data, prefix="decision", **kwargs)
        self.fields["category"].queryset = categories

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        accepts = cleaned.get("outcome") == Verdict.Outcome.ACCEPTED
        if accepts and cleaned.get("teaching_value", "wrong") is None:
            self.add_error("teaching_value", "Give an accepted case a teaching value.")
        return cleaned


class SetAsideForm(forms.Form):
    """Why a case's images must leave every page at once."""

    reason = forms.ChoiceField(
        label="What identifies somebody?",
        choices=Case.SetAsideReason.choices,
        widget=forms.RadioSelect,
    )
    where = forms.CharField(
        label="Where (optional)",
        max_length=200,
        required=False,
        help_text="For example “second study, slice 40”. Never write down what you saw.",
    )

    def __init__(self, data: Any = None):
        super().__init__(data, prefix="set-aside")


class HandBackForm(forms.Form):
    """Why a reader gives a case back."""

    reason = forms.CharField(label="Reason", max_length=300)

    def __init__(self, data: Any = None, **kwargs: Any):
        super().__init__(data, prefix="hand-back", **kwargs)


class AddendumForm(forms.Form):
    """A correction of a locked reading."""

    text = forms.CharField(
        label="Addendum",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It stands beside the reading, which does not change. No name, date or place.",
    )

    def __init__(self, data: Any = None):
        super().__init__(data, prefix="addendum")


class MemberField(forms.ModelChoiceField):
    def label_from_instance(self, member: Member) -> str:
        return member.name


class AssignForm(forms.Form):
    """To whom the chair gives a case; to nobody in particular, the rule finds somebody."""

    member = MemberField(
        label="Give the case to",
        queryset=Member.objects.none(),
        required=False,
        empty_label="The least loaded who may have it",
    )
    due_on = forms.DateField(
        label="Due on (optional)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: Any = None, *, members: QuerySet[Member]):
        super().__init__(data, prefix="assign")
        self.fields["member"].queryset = members

    def clean_due_on(self) -> Any:
        due_on = self.cleaned_data["due_on"]
        if due_on and due_on < timezone.localdate():
            raise forms.ValidationError("This day is past. Choose today or later.")
        return due_on


class TakeBackForm(forms.Form):
    """Why the chair takes a case from a member."""

    assignment = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="Reason", max_length=300)

    def __init__(self, data: Any = None, **kwargs: Any):
        super().__init__(data, prefix="take-back", **kwargs)


class ProfileForm(forms.ModelForm):
    """What a member reads, and when they are away."""

    class Meta:
        model = PanelProfile
        fields = ("reads_ct", "reads_radiographs", "away_from", "away_until")
        labels = {
            "reads_ct": "I read CT",
            "reads_radiographs": "I read radiographs",
            "away_from": "Away from (optional)",
            "away_until": "Away until, that day included (optional)",
        }
        widgets = {
            "away_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "away_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("away_from"), cleaned.get("away_until")
        if (start is None) != (end is None) and not self.errors:
            missing = "away_until" if start else "away_from"
            self.add_error(missing, "Give the first and the last day away, or neither.")
        elif start and end and end < start:
            self.add_error("away_until", "The last day away is before the first.")
        return cleaned
