"""Figures of a published edition: a picture with a scale bar and its source, and no metadata."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from library import citing, showing
from library.exports import view_of
from library.published import PublishedEdition
from library.views.images import public, readable_edition
from uploads.dicom import headers, transcoding
from uploads.dicom.figures import figure


@public
def figure_of_point(
    request: HttpRequest, number: int, slug: str, edition: int, place: int
) -> HttpResponse:
    """What a teaching point shows, rendered anew from the public pixels."""
    row = readable_edition(number, slug, edition)
    point = get_object_or_404(row.teaching_points, position=place)
    shown = get_object_or_404(row.images, instance=point.instance_id)
    (image,) = PublishedEdition(row, root="").images(instance=shown.sop_instance_uid)
    is_signed = headers.first(image.header, "PixelRepresentation", 0) == 1
    pixels = transcoding.decode_frame(image.frame(point.frame), is_signed=is_signed)
    source = showing.source(row)
    view = view_of(point, row.annotations.drawn(), image.header)
    content = figure(view, pixels, f"{citing.in_words(source)} Licence: {source.licence}.")
    response = HttpResponse(content, content_type="image/png")
    name = f"teaching-case-{number}-v{edition}-point-{place}.png"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
