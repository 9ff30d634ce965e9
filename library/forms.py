"""What an editor writes, as forms: they check the shape and save nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from bsti_db.forms import DatePartsField
from library.models import Annotation, Concern, Edition, IntruderCheck, Window
from library.services import PointDraft
from uploads.models import Instance, Series

EMPTY_POINTS = 2
LONGEST_WAIT = timedelta(days=365)


MARKDOWN = (
    "Markdown: *emphasis*, **strong**, lists, and links to an image of the first series: "
    "[these septa](#image=1/42&window=lung). No name, date or place."
)


def prose_field(label: str, max_length: int, help_text: str) -> forms.CharField:
    return forms.CharField(
        max_length=max_length,
        required=False,
        label=label,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


class EditionForm(forms.Form):
    """What an edition says beside its teaching points, and the series it shows."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(
        max_length=120,
        required=False,
        label="Title",
        help_text="What a reader finds in the list. No name, date or place.",
    )
    summary = forms.CharField(
        max_length=400,
        required=False,
        label="Summary",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One or two sentences for the list and the top of the page",
    )
    key_points = prose_field(
        "Key points", 2000, "What to remember of this case, as a list. Markdown: - begins a line"
    )
    differential = prose_field("Differential diagnosis", 4000, MARKDOWN)
    discussion = prose_field("Discussion", 8000, MARKDOWN)
    references = prose_field(
        "References",
        4000,
        "One a line. A DOI (10.1148/ryct.2020200152) or a number of PubMed (PMID 32324100) becomes "
        "a link.",
    )
    series = forms.ModelMultipleChoiceField(
        queryset=Series.objects.none(),
        required=False,
        label="Series to show",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, available: list[Series], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["series"]
        field.queryset = Series.objects.filter(pk__in=[row.pk for row in available])
        field.label_from_instance = series_words


def series_words(series: Series) -> str:
    day = series.study.days_from_onset
    when = "onset not known" if day is None else f"day {day} from onset"
    return f"{series.modality}, {series.series_description or 'no description'}, {when}"


def words_of(row: Annotation) -> str:
    """ "Arrow: Crazy paving", or the tool's name alone."""
    return f"{row.get_tool_display()}: {row.text}" if row.text else row.get_tool_display()


class PointForm(forms.Form):
    """One teaching point, bound to a series, a slice counted from 1, and a window."""

    text = forms.CharField(
        max_length=1000,
        required=False,
        label="Teaching point",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Markdown: *emphasis*, **strong**, lists",
    )
    series = forms.ModelChoiceField(
        queryset=Series.objects.none(), required=False, label="Series", empty_label=None
    )
    slice = forms.IntegerField(min_value=1, required=False, label="Image")
    window = forms.ChoiceField(choices=Window.choices, required=False, label="Window")
    annotation = forms.ChoiceField(
        required=False,
        label="Drawing to bring out",
        error_messages={"invalid_choice": "This drawing is not there any more. Choose another."},
    )
    alt_text = forms.CharField(
        max_length=300,
        required=False,
        label="What the image shows, in words",
        help_text="For readers who cannot see it, and for the figure's text",
    )

    def __init__(
        self,
        *args: Any,
        available: list[Series],
        drawn: Mapping[str, tuple[Annotation, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.drawn = drawn
        words = [(key, said) for key, (_, said) in drawn.items()]
        self.fields["annotation"].choices = [("", "None"), *words]
        field = self.fields["series"]
        field.queryset = Series.objects.filter(pk__in=[row.pk for row in available])
        field.label_from_instance = series_words

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("text") or self.errors:
            return cleaned
        series, place = cleaned.get("series"), cleaned.get("slice")
        if series is None or place is None:
            self.add_error("slice", "Say which image this point is about.")
            return cleaned
        try:
            cleaned["instance"], cleaned["frame"] = nth_image(series, place)
        except IndexError:
            self.add_error("slice", "This series has fewer images than that.")
            return cleaned
        drawn, _ = self.drawn.get(cleaned.get("annotation", ""), (None, ""))
        cleaned["annotation"] = drawn
        shown = (cleaned["instance"].pk, cleaned["frame"])
        if drawn and (drawn.instance_id, drawn.frame) != shown:
            self.add_error(
                "annotation", "This is drawn on another image. Choose one of this image."
            )
        return cleaned

    def draft(self) -> PointDraft | None:
        """The point as the service takes it; None for a row left empty."""
        if not self.cleaned_data.get("text"):
            return None
        return PointDraft(
            text=self.cleaned_data["text"],
            instance=self.cleaned_data["instance"],
            frame=self.cleaned_data["frame"],
            window=self.cleaned_data["window"] or Window.OWN,
            annotation=self.cleaned_data["annotation"],
            alt_text=self.cleaned_data["alt_text"],
        )


def nth_image(series: Series, place: int) -> tuple[Any, int]:
    """The instance and frame of the `place`-th picture of a series, counted from 1."""
    left = place
    for instance in series.instances.all():
        if left <= instance.number_of_frames:
            return instance, left
        left -= instance.number_of_frames
    raise IndexError(place)


def pictures_before(series: Iterable[int]) -> dict[int, int]:
    """How many pictures stand before each instance's in its series: the inverse of `nth_image`."""
    before: dict[int, int] = {}
    counts: Counter[int] = Counter()
    instances = Instance.objects.filter(series__in=series)
    for pk, of, frames in instances.values_list("pk", "series_id", "number_of_frames"):
        before[pk] = counts[of]
        counts[of] += frames
    return before


def point_forms(edition: Edition, available: list[Series], posted: Any = None) -> list[PointForm]:
    """A form for each point and some empty ones after them."""
    points = list(edition.teaching_points.select_related("instance"))
    rows = list(edition.annotations.drawn().select_related("instance"))
    before = pictures_before({each.instance.series_id for each in [*points, *rows]})
    initials = [
        {
            "text": point.text,
            "series": point.instance.series_id,
            "slice": before[point.instance_id] + point.frame,
            "window": point.window,
            "annotation": point.annotation_id,
            "alt_text": point.alt_text,
        }
        for point in points
    ]
    drawn = {
        str(row.pk): (row, f"{words_of(row)}, image {before[row.instance_id] + row.frame}")
        for row in rows
    }
    count = len(initials) + EMPTY_POINTS
    if posted is not None and str(posted.get("points", "")).isdecimal():
        count = min(int(posted["points"]), 50)
    initials += [{}] * (count - len(initials))
    return [
        PointForm(
            posted, prefix=f"point-{row}", initial=initials[row], available=available, drawn=drawn
        )
        for row in range(count)
    ]


class ChecklistForm(forms.Form):
    """The motivated-intruder checklist: publishing needs every line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, sentence in IntruderCheck.QUESTIONS:
            self.fields[code] = forms.BooleanField(label=sentence, required=False)

    def answers(self) -> dict[str, bool]:
        return {code: self.cleaned_data[code] for code, _ in IntruderCheck.QUESTIONS}


class DayForm(forms.Form):
    """The day an edition becomes public; none is today."""

    publish_on = DatePartsField(
        required=False,
        label="Day it becomes public (optional)",
        help_text="Leave empty to publish now. For example 3 4 2027",
    )

    def clean_publish_on(self) -> date | None:
        day = self.cleaned_data["publish_on"]
        if day and not timezone.localdate() < day <= timezone.localdate() + LONGEST_WAIT:
            raise forms.ValidationError("Choose a day within a year from tomorrow.")
        return day


class ReturnForm(forms.Form):
    comment = forms.CharField(
        max_length=2000,
        label="What should change",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ConcernForm(forms.Form):
    """What a visitor reports about a public case."""

    kind = forms.ChoiceField(
        choices=Concern.Kind.choices, label="What is it about?", widget=forms.RadioSelect
    )
    text = forms.CharField(
        max_length=1000,
        required=False,
        label="What should we look at?",
        help_text="Say which image or sentence. Do not write a name here: if you know who a "
        "patient is, choose “Somebody could be identified” and say where it shows.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
