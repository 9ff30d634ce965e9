"""What an edition lacks before anybody may see it, and what a perfect one has."""

from collections.abc import Iterator
from dataclasses import dataclass

from library.models import Edition, Window
from library.references import malformed
from uploads import screening

ENOUGH_POINTS = 3


@dataclass(frozen=True)
class Part:
    """Something a perfect case has, and whether this one has it."""

    name: str
    is_there: bool


def parts(edition: Edition) -> list[Part]:
    """The completeness meter: what can be missed at proposing, and what teaches more."""
    points = list(edition.teaching_points.all())
    annotations = edition.annotations.drawn()
    return [
        Part("A title", bool(edition.title)),
        Part("A summary", bool(edition.summary)),
        Part("Key points", bool(edition.key_points)),
        Part(f"{ENOUGH_POINTS} teaching points or more", len(points) >= ENOUGH_POINTS),
        Part(
            "A window chosen for each teaching point",
            bool(points) and all(point.window != Window.OWN for point in points),
        ),
        Part(
            "What each teaching point's image shows, in words",
            bool(points) and all(point.alt_text for point in points),
        ),
        Part("Something drawn on an image", annotations.exists()),
        Part(
            "A teaching point that brings out a drawing",
            any(point.annotation_id for point in points),
        ),
        Part("A differential diagnosis", bool(edition.differential)),
        Part("A discussion", bool(edition.discussion)),
        Part("A reference", bool(edition.references)),
    ]


def missing(edition: Edition) -> list[str]:
    """What an edition lacks before it can be proposed, as sentences."""
    return [*_lacking(edition), *malformed(edition.references), *_suspicious(edition)]


def _lacking(edition: Edition) -> Iterator[str]:
    points = list(edition.teaching_points.select_related("instance__series"))
    shown = {row.series_id for row in edition.shown_series.all()}
    if not edition.title:
        yield "Give the case a title."
    if not edition.summary:
        yield "Write a summary."
    if not shown:
        yield "Choose at least one series to show."
    if not points:
        yield "Write at least one teaching point."
    for point in points:
        if point.instance.series_id not in shown:
            yield f"Teaching point {point.position} is on a series that is not shown."
        if point.frame > point.instance.number_of_frames:
            yield f"Teaching point {point.position} is on a frame that does not exist."


def _suspicious(edition: Edition) -> Iterator[str]:
    """What could name a patient; references name their authors, years and journals."""
    for text in written(edition):
        for seen in screening.suspicions(text):
            yield screening.sentence(text, seen)


def written(edition: Edition) -> Iterator[str]:
    """Every free text of an edition but its references."""
    yield from (edition.title, edition.summary, edition.key_points)
    yield from (edition.differential, edition.discussion)
    for point in edition.teaching_points.all():
        yield from (point.text, point.alt_text)
    yield from edition.annotations.drawn().values_list("text", flat=True)
