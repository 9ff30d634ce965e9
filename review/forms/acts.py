"""The smaller forms of the panel: deciding, setting aside, giving a case and giving it back."""

from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format

from bsti_db.accounts.models import Member
from review.forms.reading import TEACHING_VALUES
from review.models import (
    Assignment,
    Case,
    Category,
    PanelProfile,
    Seat,
    Severity,
    Verdict,
    WorklistOrder,
)
from uploads import screening
from uploads.models import Upload


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


class UploadField(forms.ModelChoiceField):
    def label_from_instance(self, upload: Upload) -> str:
        return f"Upload {upload.reference}"


class CaseQuestionForm(forms.Form):
    """What the panel asks the submitter of one of the case's uploads."""

    upload = UploadField(label="Who sent", queryset=Upload.objects.none(), empty_label=None)
    text = forms.CharField(
        label="Question to the submitter",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ask what the images and the clinical context leave open, not what you think of "
        "them. No name, date or place.",
    )

    def __init__(self, data: Any = None, *, uploads: QuerySet[Upload]):
        initial = {"upload": first.pk} if (first := uploads.first()) else {}
        super().__init__(data, prefix="question", initial=initial)
        self.fields["upload"].queryset = uploads
        if len(uploads) == 1:
            self.fields["upload"].widget = forms.HiddenInput()

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        if found := screening.suspicions(text):
            raise forms.ValidationError([screening.sentence(text, seen) for seen in found])
        return text


class MemberField(forms.ModelChoiceField):
    def label_from_instance(self, member: Member) -> str:
        until = getattr(member, "away_until", None)
        return f"{member.name} (away until {date_format(until, 'j F Y')})" if until else member.name


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
        away = PanelProfile.objects.away_on(timezone.localdate()).filter(member=OuterRef("pk"))
        self.fields["member"].queryset = members.annotate(
            away_until=Subquery(away.values("away_until")[:1])
        )

    def clean_due_on(self) -> Any:
        due_on = self.cleaned_data["due_on"]
        if due_on and due_on < timezone.localdate():
            raise forms.ValidationError("This day is past. Choose today or later.")
        return due_on


class AwayField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, assignment: Assignment) -> str:
        due_on = date_format(assignment.due_on, "j F Y")
        act = "to decide" if assignment.seat == Seat.ADJUDICATOR else "to read"
        return f"Case {assignment.case.number}, {act}, due on {due_on}"


class AwayForm(forms.Form):
    """What of that which falls due while they are away a member gives back."""

    cases = AwayField(
        label="Which cases do you give back?",
        queryset=Assignment.objects.none(),
        error_messages={
            "required": "Choose the cases that you give back.",
            "invalid_choice": "You gave one of these back already, or finished it. Look again.",
        },
    )

    def __init__(self, data: Any = None, *, due: QuerySet[Assignment]):
        super().__init__(data, initial={"cases": [row.pk for row in due]})
        self.fields["cases"].queryset = due


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
        fields = ("reads_ct", "reads_radiographs", "worklist_order", "away_from", "away_until")
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

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["worklist_order"].required = False

    def clean_worklist_order(self) -> str:
        return self.cleaned_data["worklist_order"] or WorklistOrder.DUE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("away_from"), cleaned.get("away_until")
        if (start is None) != (end is None) and not self.errors:
            missing = "away_until" if start else "away_from"
            self.add_error(missing, "Give the first and the last day away, or neither.")
        elif start and end and end < start:
            self.add_error("away_until", "The last day away is before the first.")
        return cleaned
