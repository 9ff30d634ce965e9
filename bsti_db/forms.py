"""How every form looks: Django's renderer with NHS.UK markup (templates/django/forms/)."""

from datetime import date
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

CLASSES = {
    "textarea": "nhsuk-textarea",
    "select": "nhsuk-select",
    "nullbooleanselect": "nhsuk-select",
    "selectmultiple": "nhsuk-select",
    "checkbox": "nhsuk-checkboxes__input",
    "checkboxselectmultiple": "nhsuk-checkboxes__input",
    "radioselect": "nhsuk-radios__input",
    "file": "nhsuk-file-upload",
    "clearablefile": "nhsuk-file-upload",
    "dateparts": "",
}
ENTER = "enter an answer."
ASKS = dict.fromkeys(
    ("select", "selectmultiple", "radioselect", "checkboxselectmultiple"),
    "choose an answer.",
) | {
    "checkbox": "tick the box to go on.",
    "dateparts": "enter a day, a month and a year.",
}
WITHOUT_ERROR_CLASS = {"checkbox", "checkboxselectmultiple", "radioselect", "dateparts"}


class NhsBoundField(BoundField):
    """A field whose widget carries the NHS.UK classes and whose error can be linked to."""

    def __init__(self, form, field, name):
        super().__init__(form, field, name)
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            # "This field is required." eight times in a summary helps nobody
            field.error_messages["required"] = f"{self.label}: {ASKS.get(self.widget_type, ENTER)}"

    def build_widget_attrs(self, attrs, widget=None):
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if widget.is_hidden:
            return attrs
        # the server's sentences name the error; a browser's bubble vanishes and is not styled
        attrs.pop("required", None)
        base = CLASSES.get(self.widget_type, "nhsuk-input")
        classes = [base, widget.attrs.get("class", ""), attrs.get("class", "")]
        if self.errors and self.widget_type not in WITHOUT_ERROR_CLASS:
            classes.append(f"{base}--error")
        attrs["class"] = " ".join(part for part in classes if part)
        if not attrs["class"]:
            del attrs["class"]
        if self.widget_type == "password":
            attrs["class"] += " nhsuk-password-input__input nhsuk-js-password-input-input"
        if self.character_limit:
            attrs["class"] += " nhsuk-js-character-count"
            described = attrs.get("aria-describedby", "")
            attrs["aria-describedby"] = f"{described} {self.auto_id}-info".strip()
        return attrs

    @property
    def anchor(self) -> str:
        """The id an error summary links to: the first control of the field."""
        return f"{self.auto_id}_0" if self.use_fieldset else self.auto_id

    @property
    def character_limit(self) -> int | None:
        """The length a text area counts down from, when it has one."""
        return getattr(self.field, "max_length", None) if self.widget_type == "textarea" else None

    @property
    def module(self) -> str:
        """The NHS.UK behaviour the field asks for: its name is also its class."""
        if self.widget_type == "password":
            return "nhsuk-password-input"
        return "nhsuk-character-count" if self.character_limit else ""

    @property
    def is_optional(self) -> bool:
        """Whether the label says "(optional)": asked for by the form, `mark_optional = True`."""
        return getattr(self.form, "mark_optional", False) and not self.field.required


class NhsFormRenderer(TemplatesSetting):
    """FORM_RENDERER: `{{ form }}` and `{{ field.as_field_group }}` come out as NHS.UK markup."""

    bound_field_class = NhsBoundField


class DateParts(forms.MultiWidget):
    """Day, month and year in three boxes: nobody guesses whether the day comes first."""

    template_name = "django/forms/widgets/date_parts.html"
    use_fieldset = True

    def __init__(self, attrs=None):
        box = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__([forms.TextInput(box)] * 3, attrs)

    def decompress(self, value):
        return [value.day, value.month, value.year] if value else [None, None, None]


class DatePartsField(forms.MultiValueField):
    """A date given as day, month and year."""

    widget = DateParts
    default_error_messages: ClassVar[dict[str, str]] = {
        "not_a_date": "Enter a real date, for example 3 4 2020."
    }

    def __init__(self, **kwargs):
        super().__init__(
            [forms.IntegerField(), forms.IntegerField(), forms.IntegerField()], **kwargs
        )

    def compress(self, data_list):
        if not data_list:
            return None
        day, month, year = data_list
        try:
            return date(year, month, day)
        except ValueError:
            raise ValidationError(self.error_messages["not_a_date"], code="not_a_date") from None
