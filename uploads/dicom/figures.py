"""A stored frame as a figure: its window, what is drawn on it, a scale bar, and its source below.

Pixels alone, rendered anew: a figure holds no metadata.
"""

import io
import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from uploads.dicom import rendering
from uploads.dicom.documents.composing import Frame
from uploads.dicom.documents.measuring import pixel_spacing_mm
from uploads.dicom.documents.presentation import Mark, View
from uploads.dicom.graphics import GraphicType, Pair, pairs_of

SIDE = 1000  # pixels of the longer side of the picture
MARGIN = 24
TEXT_SIZE = 22
_YELLOW, _WHITE, _BLACK = (255, 235, 59), (255, 255, 255), (0, 0, 0)
_LINE, _HALO = 3, 7
_HEAD, _HEAD_ANGLE = 22.0, math.radians(25)
_MOST_OF_THE_WIDTH = 0.3  # for the scale bar


def figure(view: View, pixels: np.ndarray, caption: str) -> bytes:
    """A PNG of one frame.

    Parameters
    ----------
    view
        The frame, its window (None: the image's own) and what is drawn on it.
    pixels
        Stored values, shape (rows, columns), of the signedness the header says.
    caption
        What stands below the picture; wrapped to its width.

    Returns
    -------
    bytes
        The picture with square pixels, its longer side `SIDE` pixels, the caption below it. With
        a scale bar where the pixels have a size in the patient.
    """
    levels = rendering.grey(pixels, view.frame.header, chosen=view.window, frame=view.frame.number)
    columns, rows = levels.shape[1], levels.shape[0]
    width, height = _size(view.frame, columns, rows)
    picture = Image.fromarray(levels).resize((width, height), Image.Resampling.BICUBIC)
    lines = _wrapped(caption, width - 2 * MARGIN)
    below = len(lines) * round(TEXT_SIZE * 1.4) + 2 * MARGIN if lines else 0
    sheet = Image.new("RGB", (width, height + below), _WHITE)
    sheet.paste(picture.convert("RGB"), (0, 0))
    # what is drawn stays on the picture
    drawn = sheet.crop((0, 0, width, height))
    canvas = ImageDraw.Draw(drawn)
    for mark in view.marks:
        _draw(canvas, mark, (width / columns, height / rows))
    if spacing := pixel_spacing_mm(view.frame):
        _draw_scale(canvas, width, height, width / (columns * spacing[1]))
    sheet.paste(drawn, (0, 0))
    _write_below(ImageDraw.Draw(sheet), lines, height)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _size(frame: Frame, columns: int, rows: int) -> tuple[int, int]:
    """Of the picture with square pixels."""
    spacing = pixel_spacing_mm(frame)
    ratio = spacing[0] / spacing[1] if spacing else 1.0
    # extreme ratios are mistakes, not pixels
    high = rows * ratio if 0.1 < ratio < 10 else float(rows)
    scale = SIDE / max(columns, high)
    return max(round(columns * scale), 1), max(round(high * scale), 1)


# --- What is drawn ---------------------------------------------------------------


def _draw(canvas: ImageDraw.ImageDraw, mark: Mark, scale: tuple[float, float]) -> None:
    pairs = [(column * scale[0], row * scale[1]) for column, row in pairs_of(mark.graphic_data)]
    follow = _OUTLINES.get(mark.graphic_type)
    outline = follow(pairs) if follow else pairs
    if len(outline) > 1:
        _line(canvas, outline)
    elif not mark.is_text:
        _dot(canvas, outline[0])
    if mark.is_arrow:
        _head(canvas, pairs[0], pairs[-1])
    if mark.text:
        _write(canvas, mark, outline)


def _dot(canvas: ImageDraw.ImageDraw, at: Pair) -> None:
    canvas.ellipse((at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4), _YELLOW, _BLACK, 2)


def _line(canvas: ImageDraw.ImageDraw, pairs: Sequence[Pair]) -> None:
    for colour, width in ((_BLACK, _HALO), (_YELLOW, _LINE)):
        canvas.line(list(pairs), colour, width, joint="curve")


def _ellipse(pairs: Sequence[Pair]) -> list[Pair]:
    """An ellipse from the ends of its axes, as a closed line."""
    one, other, side = pairs[:3]
    centre = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    major, minor = ((end[0] - centre[0], end[1] - centre[1]) for end in (one, side))
    return [
        (
            centre[0] + major[0] * math.cos(turn) + minor[0] * math.sin(turn),
            centre[1] + major[1] * math.cos(turn) + minor[1] * math.sin(turn),
        )
        for turn in (math.tau * step / 72 for step in range(73))
    ]


def _circle(pairs: Sequence[Pair]) -> list[Pair]:
    """A circle from its centre and a point on it."""
    (column, row), radius = pairs[0], math.dist(pairs[0], pairs[1])
    return [
        (column + radius * math.cos(turn), row + radius * math.sin(turn))
        for turn in (math.tau * step / 72 for step in range(73))
    ]


# from what SCOORD holds to a line along it; others are their own
_OUTLINES: dict[str, Callable[[Sequence[Pair]], list[Pair]]] = {
    GraphicType.ELLIPSE: _ellipse,
    GraphicType.CIRCLE: _circle,
}


def _head(canvas: ImageDraw.ImageDraw, tail: Pair, tip: Pair) -> None:
    direction = math.atan2(tail[1] - tip[1], tail[0] - tip[0])
    ends = [
        (tip[0] + _HEAD * math.cos(turn), tip[1] + _HEAD * math.sin(turn))
        for turn in (direction - _HEAD_ANGLE, direction + _HEAD_ANGLE)
    ]
    canvas.polygon([tip, *ends], _YELLOW, _BLACK, 2)


def _write(canvas: ImageDraw.ImageDraw, mark: Mark, outline: Sequence[Pair]) -> None:
    """The words of a mark where they hide it least, pushed to where the picture has room."""
    font = _font()
    left, top, right, bottom = canvas.textbbox((0, 0), mark.text, font)
    size = (right - left, bottom - top)
    (column, row), (end_column, end_row) = outline[0], outline[-1]
    if mark.is_arrow:
        # behind the tail
        column += -size[0] - 8 if end_column > column else 8
        row += -size[1] - 8 if end_row > row else 8
    elif len(outline) > 2:
        column = min(pair[0] for pair in outline)
        row = min(pair[1] for pair in outline) - size[1] - 10
    else:
        column, row = column + 8, row + 8
    picture = canvas.im.size
    place = [
        max(min(at, picture[axis] - size[axis] - 4), 4) for axis, at in enumerate((column, row))
    ]
    canvas.text(
        (place[0] - left, place[1] - top),
        mark.text,
        _YELLOW,
        font,
        stroke_width=2,
        stroke_fill=_BLACK,
    )


# --- The scale and the source ------------------------------------------------------


def scale_bar_mm(width_mm: float) -> int:
    """The longest of 1, 2, 5, 10, 20, 50 … mm that takes at most a third of the width."""
    bars = [step * 10**power for power in range(4) for step in (1, 2, 5)]
    return max((bar for bar in bars if bar <= width_mm * _MOST_OF_THE_WIDTH), default=0)


def _draw_scale(canvas: ImageDraw.ImageDraw, width: int, height: int, pixels_a_mm: float) -> None:
    length_mm = scale_bar_mm(width / pixels_a_mm)
    if not length_mm:
        return
    right, row = width - MARGIN, height - MARGIN
    left = right - length_mm * pixels_a_mm
    canvas.rectangle((left - 2, row - 6, right + 2, row + 2), _BLACK)
    canvas.rectangle((left, row - 4, right, row), _WHITE)
    words = f"{length_mm // 10} cm" if length_mm >= 10 else f"{length_mm} mm"
    canvas.text(
        (right, row - 12), words, _WHITE, _font(), anchor="rs", stroke_width=2, stroke_fill=_BLACK
    )


def _write_below(canvas: ImageDraw.ImageDraw, lines: Sequence[str], top: int) -> None:
    for number, line in enumerate(lines):
        place = (MARGIN, top + MARGIN + number * round(TEXT_SIZE * 1.4))
        canvas.text(place, line, _BLACK, _font())


def _wrapped(words: str, width: int) -> list[str]:
    """Lines no wider than `width` pixels; a word that alone is wider is cut."""
    font, lines = _font(), [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        while font.getlength(word) > width:
            fits = next(n for n in range(len(word), 0, -1) if font.getlength(word[:n]) <= width)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return [line for line in lines if line]


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # Pillow's own: the same on every machine
    return ImageFont.load_default(TEXT_SIZE)
