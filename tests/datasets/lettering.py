"""Letters as machines burn them into pictures: six faces, any size, four directions."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# 5 x 7 dots a character, a number a row: the face of old consoles
_DOTS = {
    "A": (14, 17, 17, 31, 17, 17, 17),
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 14),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 17, 25, 21, 19, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 21, 10),
    "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 17, 10, 4, 4, 4),
    "Z": (31, 1, 2, 4, 8, 16, 31),
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "/": (0, 1, 2, 4, 8, 16, 0),
    ":": (0, 12, 12, 0, 12, 12, 0),
    ".": (0, 0, 0, 0, 0, 12, 12),
    ",": (0, 0, 0, 0, 12, 4, 8),
    "-": (0, 0, 0, 31, 0, 0, 0),
    "'": (12, 4, 8, 0, 0, 0, 0),
    " ": (0, 0, 0, 0, 0, 0, 0),
}
_HERSHEY = {
    "simplex": cv2.FONT_HERSHEY_SIMPLEX,
    "triplex": cv2.FONT_HERSHEY_TRIPLEX,
    "plain": cv2.FONT_HERSHEY_PLAIN,
}
# Pillow's outline face, its bitmap face (Courier), three stroked faces, and our dots
FACES = ("outline", "courier", *_HERSHEY, "dots")


def lettered(text: str, *, face: str, height: int, degrees: int = 0) -> np.ndarray:
    """One line of text as coverage, float32 of 0 to 1, cut to its ink.

    Parameters
    ----------
    face
        One of `FACES`.
    height
        About how high a capital is, in pixels.
    degrees
        0, 90, 180 or 270, against the clock.
    """
    if face == "outline":
        ink = _outline(text, height)
    elif face == "courier":
        ink = _scaled(_courier(text), height / 7)
    elif face == "dots":
        ink = _scaled(_dots(text), height / 7)
    else:
        ink = _stroked(text, _HERSHEY[face], height)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(np.rot90(cut, degrees // 90))


def burned(
    picture: np.ndarray, ink: np.ndarray, *, at: tuple[int, int], level: float
) -> np.ndarray:
    """The picture with the ink at (column, row), mixed towards a stored value."""
    column, row = at
    rows, columns = ink.shape
    changed = picture.astype(np.float32)
    place = changed[row : row + rows, column : column + columns]
    place += ink[: place.shape[0], : place.shape[1]] * (level - place)
    return np.rint(changed).astype(picture.dtype)


def _outline(text: str, height: int) -> np.ndarray:
    font = ImageFont.load_default(height / 0.72)
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(page).text((4 - left, 4 - top), text, fill=255, font=font)
    return np.asarray(page, np.float32) / 255


def _courier(text: str) -> np.ndarray:
    font = ImageFont.load_default_imagefont()
    _, _, right, bottom = font.getbbox(text)
    page = Image.new("L", (int(right) + 4, int(bottom) + 4))
    ImageDraw.Draw(page).text((2, 2), text, fill=255, font=font)
    return np.asarray(page, np.float32) / 255


def _dots(text: str) -> np.ndarray:
    cells = [
        [[row >> bit & 1 for bit in (4, 3, 2, 1, 0)] + [0] for row in _DOTS[letter]]
        for letter in text.upper()
    ]
    return np.concatenate(cells, axis=1).astype(np.float32)


def _stroked(text: str, font: int, height: int) -> np.ndarray:
    thickness = max(1, round(height / 9))
    scale = cv2.getFontScaleFromHeight(font, height, thickness)
    (columns, rows), below = cv2.getTextSize(text, font, scale, thickness)
    page = np.zeros((rows + below + 2 * thickness + 8, columns + 2 * thickness + 8), np.uint8)
    at = (thickness + 2, rows + thickness + 2)
    cv2.putText(page, text, at, font, scale, 255, thickness, cv2.LINE_AA)
    return page.astype(np.float32) / 255


def _scaled(dots: np.ndarray, factor: float) -> np.ndarray:
    times = max(1, round(factor))
    return np.kron(dots, np.ones((times, times), np.float32))
