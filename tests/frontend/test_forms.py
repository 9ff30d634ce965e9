from datetime import date
from html.parser import HTMLParser

import pytest
from django import forms

from bsti_db.forms import DatePartsField


class ContextForm(forms.Form):
    mark_optional = True
    age = forms.IntegerField(label="Age in whole years", help_text="At the time of imaging")
    pcr = forms.ChoiceField(
        label="RT-PCR", choices=[("p", "Positive"), ("n", "Negative")], widget=forms.RadioSelect
    )
    symptoms = forms.MultipleChoiceField(
        label="Symptoms",
        choices=[("c", "Cough")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    review_by = DatePartsField(label="Review by")
    history = forms.CharField(
        label="History", max_length=500, required=False, widget=forms.Textarea
    )
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    agreed = forms.BooleanField(label="The Caldicott Guardian approved this")

    def clean(self):
        raise forms.ValidationError("The days do not agree.")


class Page(HTMLParser):
    """Every start tag with its attributes; an attribute written twice is an error of the page."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        self.tags.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.tags if "id" in attrs]


@pytest.fixture
def answered() -> str:
    return str(ContextForm({"age": ""}))


def test_everything_a_form_refers_to_exists_once(answered):
    page = Page(answered)
    ids = page.ids()

    assert len(ids) == len(set(ids))
    for tag, attrs in page.tags:
        if tag == "label":
            assert attrs["for"] in ids
        if tag == "a":
            assert attrs["href"].removeprefix("#") in ids
        for described in attrs.get("aria-describedby", "").split():
            assert described in ids


def test_each_required_field_says_its_own_name_when_it_is_missing(answered):
    assert "Age in whole years: enter an answer." in answered
    assert "RT-PCR: choose an answer." in answered
    assert "Review by: enter a day, a month and a year." in answered
    assert "This field is required" not in answered


def test_an_error_of_the_whole_form_is_never_lost(answered):
    assert "The days do not agree." in answered


def test_a_form_without_errors_has_no_error_summary():
    assert "There is a problem" not in str(ContextForm())


def test_optional_fields_say_so_where_the_form_asks_for_it():
    html = str(ContextForm())

    assert "Symptoms (optional)" in html
    assert "Age in whole years (optional)" not in html


def test_an_error_of_its_own_is_kept():
    class Own(forms.Form):
        age = forms.IntegerField(error_messages={"required": "Enter an age in whole years."})

    assert "Enter an age in whole years." in str(Own({}))


def test_values_are_escaped():
    form = ContextForm({"age": '"><script>alert(1)</script>', "history": "</textarea><b>"})

    assert "<script>" not in str(form)
    assert "<b>" not in str(form)


@pytest.mark.parametrize(
    ("parts", "value"),
    [(("3", "4", "2020"), date(2020, 4, 3)), (("29", "2", "2024"), date(2024, 2, 29))],
)
def test_a_date_is_day_month_year(parts, value):
    assert DatePartsField().clean(list(parts)) == value


def test_a_day_that_does_not_exist_is_refused_with_an_example():
    with pytest.raises(forms.ValidationError, match="Enter a real date, for example 3 4 2020"):
        DatePartsField().clean(["31", "2", "2020"])
