"""What an auditor may ask of the trail."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from audit.actors import Actor
from audit.models import TrailQuerySet, trail_for

SUBJECTS = [
    ("", "Anything"),
    ("upload", "Upload"),
    ("uploadedfile", "File"),
    ("submitter", "Submitter"),
    ("study", "Study"),
    ("case", "Case"),
    ("reading", "Reading"),
    ("teachingcase", "Teaching case"),
    ("edition", "Edition"),
    ("member", "Member"),
    ("organisation", "Organisation"),
    ("logentry", "The site or the trail"),
]


class TrailFilterForm(forms.Form):
    person = forms.CharField(
        required=False,
        max_length=64,
        label="Person",
        help_text="A member's number, a submitter's id, or a task's name",
    )
    verb = forms.CharField(
        required=False,
        max_length=64,
        label="Act",
        help_text="For example “upload.accepted”, or “upload” for every act on uploads",
    )
    subject = forms.ChoiceField(required=False, choices=SUBJECTS, label="About")
    key = forms.CharField(required=False, max_length=64, label="Its number or id")
    start = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    end = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("key") and not cleaned.get("subject"):
            self.add_error("subject", "Choose what the number or id belongs to.")
        if cleaned.get("start") and cleaned.get("end") and cleaned["start"] > cleaned["end"]:
            self.add_error("end", "The last day is before the first.")
        return cleaned

    def rows(self, actor: Actor) -> TrailQuerySet:
        """The trail as asked, and as the actor may see it; the form must be valid."""
        asked, rows = self.cleaned_data, trail_for(actor)
        if asked["person"]:
            rows = _by_person(rows, asked["person"])
        if asked["verb"]:
            rows = rows.with_verb(asked["verb"])
        if asked["subject"]:
            rows = rows.about(asked["subject"], asked["key"])
        end = asked["end"] + timedelta(days=1) if asked["end"] else None
        return rows.between(_midnight(asked["start"]), _midnight(end))


def _by_person(rows: TrailQuerySet, person: str) -> TrailQuerySet:
    if person.isdecimal():
        return rows.by_member(int(person))
    return rows.filter(additional_data__actor_key=person)


def _midnight(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
