import io

import numpy as np
import pytest
from PIL import Image

from tests.datasets import chest_xray, computed_radiograph, ct_slice, enhanced_ct
from tests.uploads.dicom.keys import deidentified, reread
from uploads.dicom.headers import Header, dicom_json
from uploads.dicom.rendering import (
    MAX_SIDE,
    PRESETS,
    Function,
    Preset,
    Window,
    default_window,
    modality_values,
    render,
    thumbnail,
    window,
)


def stored(source: bytes) -> tuple[np.ndarray, Header]:
    """The pixels and the header, as the database keeps them."""
    result = deidentified(source)
    return reread(result).pixel_array, dicom_json(result.reread.dataset)


def picture(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.mode == "L"
        return np.asarray(image)


def without(header: Header, *tags: str) -> Header:
    return {tag: value for tag, value in header.items() if tag not in tags}


# --- Windows, with values worked out by hand from C.11.2 ---------------------------------


@pytest.mark.parametrize(
    ("function", "values", "levels"),
    [
        # c=40, w=400: below c - 0.5 - (w-1)/2 = -160 is black, above 239 is white
        (Function.LINEAR, [-1000, -160, 39.5, 239, 3000], [0, 0, 128, 255, 255]),
        (Function.LINEAR_EXACT, [-1000, -160, 40, 240, 3000], [0, 0, 128, 255, 255]),
        (Function.SIGMOID, [-100000, 40, 140, 100000], [0, 128, 186, 255]),
    ],
)
def test_a_window_maps_values_as_the_standard_says(function, values, levels):
    assert window(np.array(values, np.float32), 40, 400, function).tolist() == levels


def test_a_window_of_width_one_is_a_step():
    assert window(np.array([99, 99.4, 99.6, 100]), 100, 1).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("width", "function"),
    [
        (0, Function.LINEAR),
        (0.5, Function.LINEAR),
        (0, Function.SIGMOID),
        (-1, Function.LINEAR_EXACT),
    ],
)
def test_a_window_without_width_is_an_error(width, function):
    with pytest.raises(ValueError, match="width"):
        window(np.zeros(3), 0, width, function)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float64])
def test_a_window_takes_any_type_and_shape(dtype):
    levels = window(np.zeros((2, 3, 4), dtype), 0, 100)

    assert (levels.shape, levels.dtype) == ((2, 3, 4), np.uint8)


def test_presets_are_the_agreed_ones():
    assert {preset: tuple(PRESETS[preset][:2]) for preset in Preset} == {
        Preset.LUNG: (-600, 1500),
        Preset.MEDIASTINUM: (40, 400),
        Preset.BONE: (400, 1800),
        Preset.SOFT_TISSUE: (50, 350),
        Preset.PE: (100, 700),
    }


# --- Frames ------------------------------------------------------------------------------


def test_ct_values_are_hounsfield_units():
    pixels, header = stored(ct_slice())
    values = modality_values(pixels, header)

    assert np.array_equal(values, pixels.astype(float) - 1024)
    # lung at one side, soft tissue between them
    assert values[32, 19] == pytest.approx(-850, abs=60)
    assert values[32, 32] == pytest.approx(40, abs=60)


def test_the_modality_values_of_each_frame_come_from_its_functional_groups():
    pixels, header = stored(enhanced_ct(3))

    assert np.array_equal(modality_values(pixels[1], header, frame=2), pixels[1] - 1024.0)
    assert default_window(modality_values(pixels[1], header, frame=2), header, frame=2) == Window(
        -600, 1500
    )


def test_the_files_own_window_is_the_default():
    pixels, header = stored(ct_slice())

    assert np.array_equal(
        picture(render(pixels, header)), picture(render(pixels, header, window=(-600, 1500)))
    )
    assert not np.array_equal(
        picture(render(pixels, header)), picture(render(pixels, header, window=(40, 400)))
    )


def test_without_a_window_nearly_all_values_are_shown():
    pixels, header = stored(ct_slice())

    levels = picture(render(pixels, without(header, "00281050", "00281051")))

    assert levels.min() == 0
    assert levels.max() == 255


def test_monochrome1_is_shown_inverted():
    pixels, header = stored(computed_radiograph())
    as_other = {**header, "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]}}

    inverted = 255 - picture(render(pixels, as_other)).astype(int)

    assert np.array_equal(picture(render(pixels, header)), inverted)


def test_an_inverse_presentation_inverts_once():
    pixels, header = stored(chest_xray())
    inverse = {**header, "20500020": {"vr": "CS", "Value": ["INVERSE"]}}
    both = {**inverse, "00280004": {"vr": "CS", "Value": ["MONOCHROME1"]}}

    plain = picture(render(pixels, header)).astype(int)

    assert np.array_equal(picture(render(pixels, inverse)), 255 - plain)
    assert np.array_equal(picture(render(pixels, both)), 255 - plain)


def test_a_viewport_is_fitted_and_pixels_are_made_square():
    pixels, header = stored(chest_xray())
    assert picture(render(pixels, header)).shape == (96, 64)
    assert picture(render(pixels, header, viewport=(48, 48))).shape == (48, 32)
    assert picture(render(pixels, header, viewport=(640, 9))).shape == (9, 6)

    pixels, header = stored(ct_slice(PixelSpacing=["10", "5"]))
    assert picture(render(pixels, header)).shape == (128, 64)


@pytest.mark.parametrize("viewport", [(0, 10), (10, -1), (MAX_SIDE + 1, 10)])
def test_a_viewport_that_makes_no_picture_is_an_error(viewport):
    pixels, header = stored(ct_slice())

    with pytest.raises(ValueError, match="viewport"):
        render(pixels, header, viewport=viewport)


def test_a_thumbnail_is_small_and_shows_the_lung():
    large = ct_slice(Rows=600, Columns=400, PixelData=bytes(600 * 400 * 2))
    assert picture(thumbnail(*stored(large))).shape == (256, 171)
    pixels, header = stored(ct_slice())
    soft = without(header, "00281050", "00281051")
    assert np.array_equal(
        picture(thumbnail(pixels, soft)), picture(render(pixels, soft, window=(-600, 1500)))
    )


def test_a_picture_holds_nothing_but_the_picture():
    png = render(*stored(ct_slice()))

    with Image.open(io.BytesIO(png)) as image:
        assert image.info == {}
