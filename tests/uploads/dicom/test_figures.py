"""Figures: the window, the drawings where they belong, the scale, the source, and nothing else."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.uploads.dicom.test_documents import frame
from uploads.dicom.documents.presentation import Mark, View
from uploads.dicom.figures import SIDE, figure, scale_bar_mm
from uploads.dicom.rendering import Window

ROWS, COLUMNS = 400, 500
YELLOW = (255, 235, 59)


def shown(*marks: Mark, value: int = 1064, caption: str = "", **changes) -> Image.Image:
    pixels = np.full((ROWS, COLUMNS), value, np.uint16)
    given = {"Rows": ROWS, "Columns": COLUMNS, "PixelSpacing": [0.5, 0.5]} | changes
    view = View(frame(**given), Window(40, 400), marks)
    picture = Image.open(io.BytesIO(figure(view, pixels, caption)))
    assert picture.format == "PNG"
    return picture


def yellow(picture: Image.Image) -> np.ndarray:
    """Where it is yellow, in columns and rows of the image."""
    rows, columns = np.nonzero((np.asarray(picture) == YELLOW).all(axis=-1))
    return np.stack([columns + 0.5, rows + 0.5], axis=1) * COLUMNS / SIDE


def test_the_picture_is_the_frame_in_its_window_with_square_pixels():
    square, high = shown(PixelSpacing=None), shown(PixelSpacing=[1.0, 0.5])

    assert square.size == (SIDE, 800)
    assert high.size == (625, SIDE)
    # 40 HU is the middle of the window
    assert square.getpixel((10, 10)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("mark", "ends"),
    [
        (Mark("POLYLINE", (100.0, 50.0, 300.0, 200.0)), [(100, 50), (300, 200)]),
        (Mark("POLYLINE", (100.0, 50.0, 300.0, 200.0), is_arrow=True), [(100, 50), (300, 200)]),
        (
            Mark("ELLIPSE", (100.0, 200.0, 300.0, 200.0, 200.0, 150.0, 200.0, 250.0)),
            [(100, 200), (300, 200), (200, 150), (200, 250)],
        ),
        (Mark("CIRCLE", (200.0, 200.0, 250.0, 200.0)), [(250, 200), (200, 150), (150, 200)]),
        (Mark("POINT", (123.0, 77.0)), [(123, 77)]),
    ],
)
def test_what_is_drawn_is_where_it_was_drawn(mark, ends):
    drawn = yellow(shown(mark))

    for end in ends:
        assert np.hypot(*(drawn - end).T).min() < 2


def test_a_text_stands_beside_its_point_and_within_the_picture():
    drawn = yellow(shown(Mark("POINT", (499.0, 399.0), text="Crazy paving", is_text=True)))

    assert len(drawn) > 100
    assert drawn[:, 0].min() > COLUMNS / 2


@pytest.mark.parametrize(("width_mm", "bar"), [(350, 100), (250, 50), (40, 10), (7, 2), (2, 0)])
def test_the_scale_bar_is_a_round_length_within_a_third_of_the_width(width_mm, bar):
    assert scale_bar_mm(width_mm) == bar


def test_the_scale_bar_is_as_long_as_it_says_and_absent_without_a_scale():
    with_scale, bare = shown(value=0), shown(value=0, PixelSpacing=None)

    # 500 pixels of 0.5 mm are 250 mm in 1000 pixels: 50 mm are 200
    row = np.asarray(with_scale.convert("L"))[800 - 24 - 2]
    assert abs(int((row > 200).sum()) - 200) <= 1
    assert np.asarray(bare).max() == 0


def test_the_source_is_below_the_picture_and_wrapped():
    caption = "British Society of Thoracic Imaging. " * 8 + "x" * 400

    picture = shown(value=0, PixelSpacing=None, caption=caption)

    below = np.asarray(picture.convert("L"))[800:]
    assert below.shape[0] > 5 * 28
    assert (below < 128).any()
    # nothing runs over the margins
    assert (below[:, :20] == 255).all()
    assert (below[:, -20:] == 255).all()


def test_a_figure_holds_no_metadata_and_is_the_same_again():
    first, again = shown(caption="x"), shown(caption="x")

    assert first.info == {}
    assert first.tobytes() == again.tobytes()
