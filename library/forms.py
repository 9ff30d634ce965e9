"""What an editor writes, as forms: they check the shape and save nothing."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from library.models import Annotation, Edition, IntruderCheck, TeachingPoint, Window
from library.services import PointDraft
from uploads.models import Series

EMPTY_POINTS = 2


class EditionForm(forms.Form):
    """Title, summary and the series an edition shows."""

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


def annotation_words(row: Annotation) -> str:
    """ "Arrow: Crazy paving, image 12": the number is the instance's own."""
    words = f"{row.get_tool_display()}: {row.text}" if row.text else row.get_tool_display()
    number = row.instance.instance_number
    return words if number is None else f"{words}, image {number}"


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
    annotation = forms.ModelChoiceField(
        queryset=Annotation.objects.none(),
        required=False,
        label="Drawing to bring out",
        empty_label="None",
    )

    def __init__(
        self,
        *args: Any,
        available: list[Series],
        drawn: QuerySet[Annotation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["annotation"].queryset = drawn
        self.fields["annotation"].label_from_instance = annotation_words
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
        drawn = cleaned.get("annotation")
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
        )


def nth_image(series: Series, place: int) -> tuple[Any, int]:
    """The instance and frame of the `place`-th picture of a series, counted from 1."""
    left = place
    for instance in series.instances.all():
        if left <= instance.number_of_frames:
            return instance, left
        left -= instance.number_of_frames
    raise IndexError(place)


def place_of(point: TeachingPoint) -> int:
    """The inverse of `nth_image`: where a point's picture stands in its series."""
    place = 0
    for instance in point.instance.series.instances.all():
        if instance.pk == point.instance_id:
            return place + point.frame
        place += instance.number_of_frames
    raise IndexError(point.pk)


def point_forms(edition: Edition, available: list[Series], posted: Any = None) -> list[PointForm]:
    """A form for each point and some empty ones after them."""
    initials = [
        {
            "text": point.text,
            "series": point.instance.series_id,
            "slice": place_of(point),
            "window": point.window,
            "annotation": point.annotation_id,
        }
        for point in edition.teaching_points.select_related("instance__series")
    ]
    drawn = edition.annotations.drawn().select_related("instance")
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


class ReturnForm(forms.Form):
    comment = forms.CharField(
        max_length=2000,
        label="What should change",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
