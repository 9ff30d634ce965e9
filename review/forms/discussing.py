"""What is written in a case's discussion."""

from django import forms
from django.core.exceptions import ValidationError

from uploads import screening


class RemarkForm(forms.Form):
    text = forms.CharField(
        label="Your remark",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="No name, date or place of a patient. Write @ and a whole name, "
        "such as @Ann Example, and they are told by mail.",
    )

    def clean_text(self) -> str:
        """Colleagues may be named here; what else could tell a patient may not stand."""
        text = self.cleaned_data["text"]
        found = [
            seen for seen in screening.suspicions(text) if seen.kind is not screening.Kind.NAME
        ]
        if found:
            raise ValidationError([screening.sentence(text, seen) for seen in found])
        return text
