import io

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from tests.datasets import (
    chest_xray,
    enhanced_ct,
    enhanced_ct_dataset,
    in_transfer_syntax,
    xray_dataset,
)
from uploads.dicom.masks import ALL_FRAMES, RAISED_CONTRAST, Picture
from uploads.dicom.previewing import MAX_FRAMES_SHOWN, pictures
from uploads.dicom.reading import read


def levels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture)


def test_a_single_frame_is_shown_as_it_is_and_with_more_contrast():
    shown = dict(pictures(read(chest_xray())))

    assert list(shown) == [1, RAISED_CONTRAST]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_faint_text_in_a_bright_place_stands_out_with_more_contrast(photometric):
    dataset = xray_dataset(PhotometricInterpretation=photometric)
    pixels = np.full((96, 64), 300, np.uint16)
    pixels[:40] = 4000 + np.arange(64) % 3
    pixels[20:24, 10:50] = 4006
    dataset.PixelData = pixels.tobytes()

    shown = dict(pictures(read(in_transfer_syntax(dataset, ExplicitVRLittleEndian))))

    def step(picture: np.ndarray) -> float:
        return abs(float(picture[20:24, 10:50].mean()) - float(picture[:20].mean()))

    assert step(levels(shown[1])) < 5
    assert step(levels(shown[RAISED_CONTRAST])) > 30


def test_text_on_any_frame_is_on_the_picture_of_all():
    dataset = enhanced_ct_dataset(40)
    pixels = np.frombuffer(dataset.PixelData, np.int16).reshape(40, 64, 64).copy()
    pixels[16, 2:5, 2:30] = 3071
    dataset.PixelData = pixels.tobytes()
    source = read(in_transfer_syntax(dataset, ExplicitVRLittleEndian))

    shown = dict(pictures(source))

    assert levels(shown[ALL_FRAMES])[2:5, 2:30].min() == 255


def test_frames_where_text_is_suspected_are_among_those_shown():
    shown = dict(pictures(read(enhanced_ct(90)), text_boxes=[{"frame": 62}]))

    assert {1, 45, 62, 90, ALL_FRAMES} <= set(shown)
    assert len(shown) <= MAX_FRAMES_SHOWN + 2


@pytest.mark.parametrize("frames", [2, 24, 25])
def test_frames_are_counted_from_one_to_the_last(frames):
    shown = dict(pictures(read(enhanced_ct(frames))))

    assert set(shown) - {ALL_FRAMES, RAISED_CONTRAST} <= set(range(1, frames + 1))
    assert len(shown) == min(frames, MAX_FRAMES_SHOWN) + 2


def test_a_large_radiograph_is_shown_smaller():
    dataset = xray_dataset()
    dataset.Rows, dataset.Columns = 2200, 1000
    dataset.PixelData = np.zeros((2200, 1000), np.uint16).tobytes()

    shown = dict(pictures(read(in_transfer_syntax(dataset, ExplicitVRLittleEndian))))

    assert levels(shown[1]).shape == (2048, 931)


def test_a_picture_survives_json():
    picture = Picture(96, 64, 1, (1, 0))

    assert Picture.from_json(picture.to_json()) == picture
