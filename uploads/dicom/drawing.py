"""What each drawing tool draws: a graphic of SCOORD, its number of points, whether it is closed.

References
----------
DICOM PS3.3 C.18.6.1.2 (Graphic Type).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from uploads.dicom.graphics import GraphicType, NotAGraphic, Pair, check_graphic, is_closed


@dataclass(frozen=True)
class Tool:
    graphic_type: GraphicType
    pairs: int | None = None  # exactly so many; None for what the graphic type allows
    is_closed: bool = False


TOOLS: dict[str, Tool] = {
    "arrow": Tool(GraphicType.POLYLINE, 2),  # from its tail to its head
    "length": Tool(GraphicType.POLYLINE, 2),
    "ellipse": Tool(GraphicType.ELLIPSE),  # the ends of the major axis, then of the minor one
    "rectangle": Tool(GraphicType.POLYLINE, 5, is_closed=True),
    "polygon": Tool(GraphicType.POLYLINE, is_closed=True),
    "text": Tool(GraphicType.POINT),
}


def check_drawing(
    name: str,
    pairs: Sequence[Pair],
    *,
    columns: int,
    rows: int,
    frame: int,
    number_of_frames: int,
) -> Tool:
    """The tool of that name, when it draws these pairs on such an image.

    Raises NotAGraphic, with a sentence for people, for what cannot be drawn there.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise NotAGraphic("There is no such tool.")
    check_graphic(tool.graphic_type, pairs, columns=columns, rows=rows)
    if tool.pairs not in (None, len(pairs)):
        raise NotAGraphic("The tool draws another number of points.")
    if tool.is_closed and not is_closed(pairs):
        raise NotAGraphic("The outline does not end where it begins.")
    if not 1 <= frame <= number_of_frames:
        raise NotAGraphic("The image has no such frame.")
    return tool
