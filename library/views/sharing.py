"""An edition on paper, and the picture that stands for it where its address is shared."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from library import citing, listing, showing, storage
from library.models import Edition
from library.views.images import public, readable_edition
from library.views.public import credits_of


@public
def preview(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    """The picture made at publishing; of an edition published before, its first thumbnail."""
    row = readable_edition(number, slug, edition)
    (first,) = row.images.order_by("series_position").values_list("series_instance_uid").first()
    try:
        content = storage.read(storage.preview_key(row, first))
    except FileNotFoundError:
        content = storage.read(storage.thumbnail_key(row, first))
    return HttpResponse(content, content_type="image/png")


@public
def print_page(request: HttpRequest, number: int, slug: str, edition: int) -> HttpResponse:
    """All of a case on one page without controls: its pictures are the figures of its points."""
    row = readable_edition(number, slug, edition)
    return render(request, "library/print.html", _context(row))


def _context(edition: Edition) -> dict[str, object]:
    images = list(edition.images.all())
    points = edition.teaching_points.select_related("annotation")
    shown = showing.teaching_points(points, images)
    figures = showing.figures(edition, points)
    return {
        "is_public_page": True,
        "edition": edition,
        "points": [
            {**point, "figure": figure["url"], "words": point["place"].removeprefix("Show ")}
            for point, figure in zip(shown, figures, strict=True)
        ],
        "prose": showing.prose(edition),
        **listing.panel_context(edition),
        "context_rows": showing.context_rows(edition.teaching_case.case),
        "credits": credits_of(edition),
        "citation": citing.in_words(showing.source(edition)),
        "licence_url": showing.source(edition).licence_url,
    }
