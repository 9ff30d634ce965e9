"""The picture that stands for a case where its address is shared (Open Graph), without metadata."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from uploads.dicom import rendering
from uploads.dicom.headers import Header, first
from uploads.dicom.rendering import PRESETS, Preset

WIDTH, HEIGHT = 1200, 630
MARGIN = 48
MOST_LINES = 6
_BAND, _WHITE, _PALE = (0, 61, 61), (255, 255, 255), (227, 240, 239)
_TITLE, _SMALL = 52, 30


def preview(pixels: np.ndarray, header: Header, *, title: str, below: str) -> bytes:
    """A PNG of 1200 by 630 pixels: the image on the left, words on the right.

    Parameters
    ----------
    pixels
        Stored values, shape (rows, columns), of the signedness the header says.
    """
    window = PRESETS[Preset.LUNG] if first(header, "Modality") == "CT" else None
    shown = rendering.render(pixels, header, window=window, viewport=(HEIGHT, HEIGHT))
    image = Image.open(io.BytesIO(shown)).convert("RGB")
    sheet = Image.new("RGB", (WIDTH, HEIGHT), _BAND)
    sheet.paste((0, 0, 0), (0, 0, HEIGHT, HEIGHT))
    sheet.paste(image, ((HEIGHT - image.width) // 2, (HEIGHT - image.height) // 2))
    _write(ImageDraw.Draw(sheet), title, below)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _write(canvas: ImageDraw.ImageDraw, title: str, below: str) -> None:
    left, width = HEIGHT + MARGIN, WIDTH - HEIGHT - 2 * MARGIN
    # Pillow's own font: the same on every machine
    large, small = ImageFont.load_default(_TITLE), ImageFont.load_default(_SMALL)
    lines = _lines(title, large, width)
    for number, line in enumerate(lines):
        canvas.text((left, MARGIN + number * round(_TITLE * 1.3)), line, _WHITE, large)
    top = HEIGHT - MARGIN - _SMALL * 3
    for number, line in enumerate(_lines(below, small, width)[:3]):
        canvas.text((left, top + number * round(_SMALL * 1.3)), line, _PALE, small)


def _lines(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """As many lines as fit; what is left of a title ends in an ellipsis."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return lines
