"""The form of a reading: what one reader says of each study, and of the case."""

from collections.abc import Mapping
from typing import Any

from django import forms

from review.forms.places import MOST_CHARACTERS, read_place, written_place
from review.models import (
    Confidence,
    FindingCode,
    Reading,
    ReportingScheme,
    Severity,
)
from review.services import Answers, CodedFinding, StudyAnswer, answers_of
from uploads.addresses import short_uid
from uploads.dicom.graphics import NotAGraphic
from uploads.models import Study

# the stack has 1 to 6, I, R and F for itself, A, S and D grade and Z and X include
CATEGORY_KEYS = "qwetyuo"
SEVERITY_KEYS = {1: "a", 2: "s", 3: "d"}
INCLUDE_KEYS = {"yes": "z", "no": "x"}
INLINE = {"class": "app-inline"}
TEACHING_VALUES = [(1, "1, little"), (2, "2"), (3, "3"), (4, "4"), (5, "5, outstanding")]
# rows of findings: so many stand empty, and no study has more in all
SPARE_ROWS, MOST_ROWS = 2, 20
_LISTS = ("finding", "site", "distribution")
_OF_A_FINDING = ("site_", "distribution_", "place_")


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

    `studies` is a list of (study, scheme, label), `scorings` the scores by study's primary key.
    Nothing is required of a draft.
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
        scorings: Mapping[int, ReportingScheme] | None = None,
        is_submitting: bool = False,
        initial: dict[str, Any] | None = None,
    ):
        super().__init__(data, initial=initial)
        self.studies = studies
        self.scorings = scorings or {}
        self.is_submitting = is_submitting
        self.codes = list(FindingCode.objects.all())
        for study, scheme, label in studies:
            self._add_study(study, scheme, label)
            self._add_scores(study)
            self._add_findings(study)
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

        self.fields[f"confidence_{study.pk}"] = forms.TypedChoiceField(
            label="Confidence in the category",
            choices=[("", "Not said"), *Confidence.choices],
            coerce=int,
            empty_value=None,
            widget=forms.RadioSelect(INLINE),
            required=False,
        )

    def _add_scores(self, study: Study) -> None:
        scoring = self.scorings.get(study.pk)
        if scoring is None:
            return
        grades = list(scoring.categories.all())
        for region in scoring.regions.all():
            self.fields[f"score_{study.pk}_{region.pk}"] = forms.TypedChoiceField(
                label=region.label,
                choices=[
                    ("", "Not scored"),
                    *((each.pk, f"{each.code} {each.label}") for each in grades),
                ],
                coerce=lambda pk: next(each for each in grades if each.pk == int(pk)),
                empty_value=None,
                required=False,
            )

    def _add_findings(self, study: Study) -> None:
        sent = {**self.initial, **{name: self.data.get(name) for name in self.data}}
        filled = [row for row in range(MOST_ROWS) if sent.get(f"finding_{study.pk}_{row}")]
        rows = min(MOST_ROWS, max(filled, default=-1) + 1 + SPARE_ROWS)
        for row in range(rows):
            for kind in _LISTS:
                name = f"{kind}_{study.pk}_{row}"
                number = f"{row + 1}"
                label = (
                    f"Finding {number}" if kind == "finding" else f"{kind.capitalize()} {number}"
                )
                self.fields[name] = forms.TypedChoiceField(
                    label=label,
                    choices=[("", "None"), *self._offered(kind, str(sent.get(name) or ""))],
                    coerce=lambda pk: next(each for each in self.codes if each.pk == int(pk)),
                    empty_value=None,
                    required=False,
                )
            # what a browser restores of an earlier visit is not what was saved
            self.fields[f"place_{study.pk}_{row}"] = forms.CharField(
                max_length=MOST_CHARACTERS,
                required=False,
                widget=forms.HiddenInput({"autocomplete": "off", "data-place": ""}),
            )

    def _offered(self, kind: str, chosen: str) -> list[tuple[int, str]]:
        """The list as it is today, and what the draft has of an earlier one."""
        return [
            (code.pk, code.meaning)
            for code in self.codes
            if code.kind == kind and (code.is_active or str(code.pk) == chosen)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in [each for each in self.fields if each.startswith("place_")]:
            self._clean_place(name)
        for name in [each for each in self.fields if each.startswith(_OF_A_FINDING)]:
            finding = "finding_" + name.partition("_")[2]
            if cleaned.get(name) and not cleaned.get(finding) and finding not in self.errors:
                self.add_error(finding, "Choose the finding that is there.")
        value = cleaned.get("teaching_value", "wrong")
        if self.is_submitting and cleaned.get("include") and value is None:
            self.add_error("teaching_value", "Give the case a teaching value.")
        return cleaned

    def _clean_place(self, name: str) -> None:
        """A hidden field has no place for an error of its own: the finding's list shows it."""
        finding = "finding_" + name.partition("_")[2]
        try:
            self.cleaned_data[name] = read_place(self.cleaned_data.get(name, ""))
        except NotAGraphic as problem:
            self.add_error(finding, f"Where this finding lies cannot be read. {problem}")

    def study_parts(self) -> list[dict[str, Any]]:
        """The bound fields of each study, for the template."""
        return [
            {
                "study": study,
                "label": label,
                "scheme": scheme,
                "category": self[f"category_{study.pk}"],
                "severity": self[f"severity_{study.pk}"],
                "confidence": self[f"confidence_{study.pk}"],
                "scoring": self.scorings.get(study.pk),
                "scores": self._bound(f"score_{study.pk}_"),
                "most_findings": MOST_ROWS,
                "findings": [
                    self._finding_part(f"{study.pk}_{row}") for row in range(self._rows(study))
                ],
                # by which a script knows the images a finding of this study may lie on
                "series": [
                    short_uid(uid)
                    for uid in study.series.values_list("series_instance_uid", flat=True)
                ],
                "has_findings": any(field.value() for field in self._bound(f"finding_{study.pk}_")),
            }
            for study, scheme, label in self.studies
        ]

    def _finding_part(self, row: str) -> dict[str, Any]:
        place = self[f"place_{row}"]
        try:
            placement = read_place(place.value() or "")
        except NotAGraphic:
            placement = None
        fields = [self[f"{kind}_{row}"] for kind in _LISTS]
        return {"fields": fields, "place": place, "image": placement and placement.image}

    def _bound(self, start: str) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(start)]

    def _rows(self, study: Study) -> int:
        return len(self._bound(f"finding_{study.pk}_"))

    def answers(self) -> Answers:
        """What the valid form says, as the services take it."""
        cleaned = self.cleaned_data
        return Answers(
            include=cleaned["include"],
            teaching_value=cleaned["teaching_value"],
            comment=cleaned["comment"],
            studies={
                study.pk: StudyAnswer(
                    cleaned[f"category_{study.pk}"],
                    cleaned[f"severity_{study.pk}"],
                    cleaned[f"confidence_{study.pk}"],
                    self._scores(study),
                    self._findings(study),
                )
                for study, _, _ in self.studies
            },
        )

    def _scores(self, study: Study) -> dict[Any, Any]:
        scoring = self.scorings.get(study.pk)
        regions = scoring.regions.all() if scoring else []
        graded = {region: self.cleaned_data[f"score_{study.pk}_{region.pk}"] for region in regions}
        return {region: grade for region, grade in graded.items() if grade is not None}

    def _findings(self, study: Study) -> tuple[CodedFinding, ...]:
        rows = [
            [self.cleaned_data[f"{kind}_{study.pk}_{row}"] for kind in (*_LISTS, "place")]
            for row in range(self._rows(study))
        ]
        return tuple(CodedFinding(*row) for row in rows if row[0] is not None)


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
    for study, answer in answers_of(reading).studies.items():
        initial[f"category_{study}"] = answer.category.pk if answer.category else None
        initial[f"severity_{study}"] = answer.severity or ""
        initial[f"confidence_{study}"] = answer.confidence or ""
        initial |= {f"score_{study}_{r.pk}": grade.pk for r, grade in answer.scores.items()}
        for row, each in enumerate(answer.findings):
            codes = zip(_LISTS, (each.finding, each.site, each.distribution), strict=True)
            initial |= {f"{kind}_{study}_{row}": code.pk for kind, code in codes if code}
            initial[f"place_{study}_{row}"] = written_place(each.placement)
    return initial
