"""Where a finding lies, as a hidden field of the reading form carries it."""

import json

from review.services import Placement
from uploads.dicom.graphics import NotAGraphic, read_pairs

MOST_CHARACTERS = 20_000  # 500 pairs with all their digits


def read_place(sent: str) -> Placement | None:
    """`{"image": "k3f9…-1", "tool": "arrow", "graphic_data": [[231.5, 198.25], [240, 201]]}`.

    None for nothing sent. Raises NotAGraphic for anything else.
    """
    if not sent:
        return None
    try:
        place = json.loads(sent)
    except (ValueError, RecursionError) as problem:
        raise NotAGraphic("It is not written as this page writes it.") from problem
    if not isinstance(place, dict):
        raise NotAGraphic("It is not written as this page writes it.")
    image, tool = place.get("image"), place.get("tool")
    if not isinstance(image, str) or not isinstance(tool, str):
        raise NotAGraphic("It names no image or no tool.")
    return Placement(image, tool, tuple(read_pairs(place.get("graphic_data"))))


def written_place(placement: Placement | None) -> str:
    """The inverse of `read_place`."""
    if placement is None:
        return ""
    pairs = [list(pair) for pair in placement.pairs]
    return json.dumps({"image": placement.image, "tool": placement.tool, "graphic_data": pairs})
