import numpy as np
import pytest
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    chest_xray,
    ct_dataset,
    enhanced_ct_dataset,
    in_transfer_syntax,
    xray_dataset,
)
from tests.uploads.dicom.keys import KEYS
from uploads.dicom.deid import deidentify_source
from uploads.dicom.masking import masked
from uploads.dicom.masks import Mask
from uploads.dicom.reading import JPEG_LS_LOSSLESS, NATIVE, read
from uploads.dicom.transcoding import frames

EVERY = [*UNCOMPRESSED, *ENCODERS]
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, HTJ2K)
CORNER = Mask(x=2, y=3, width=20, height=9)


def _name(uid: str) -> str:
    return UID(uid).name


def pixels_of(source) -> np.ndarray:
    return np.stack(list(frames(source)))


def released(source):
    return deidentify_source(source, preamble=b"\0" * 128, pseudonyms=KEYS, is_cleared=True)


@pytest.mark.parametrize("make", [ct_dataset, xray_dataset, enhanced_ct_dataset])
@pytest.mark.parametrize("syntax", EVERY, ids=_name)
def test_what_is_under_a_mask_becomes_one_value_and_nothing_else_changes(make, syntax):
    source = read(in_transfer_syntax(make(), UID(syntax)))
    before = pixels_of(source)

    result = released(masked(source, [CORNER]))
    after = pixels_of(read(result.data))

    inside = np.zeros(before.shape, bool)
    inside[:, 3:12, 2:22] = True
    assert np.array_equal(after[~inside], before[~inside])
    for frame_before, frame_after in zip(before, after, strict=True):
        assert np.all(frame_after[3:12, 2:22] == frame_before.min())


@pytest.mark.parametrize("syntax", EVERY, ids=_name)
def test_native_pixels_stay_native_and_compressed_ones_are_lossless_then(syntax):
    source = read(in_transfer_syntax(ct_dataset(), UID(syntax)))

    changed = masked(source, [CORNER])

    expected = syntax if syntax in NATIVE else JPEG_LS_LOSSLESS
    assert changed.transfer_syntax_uid == expected


@pytest.mark.parametrize("syntax", LOSSY, ids=_name)
def test_values_that_were_lost_before_are_still_told(syntax):
    dataset = xray_dataset(LossyImageCompression=None)

    output = released(
        masked(read(in_transfer_syntax(dataset, UID(syntax))), [CORNER])
    ).reread.dataset

    assert output.LossyImageCompression == "01"
    assert output.LossyImageCompressionRatio > 0
    assert output.LossyImageCompressionMethod.startswith("ISO_")


def test_a_file_whose_losses_are_told_keeps_its_own_words():
    dataset = xray_dataset(
        LossyImageCompression="01",
        LossyImageCompressionRatio="7.5",
        LossyImageCompressionMethod="ISO_10918_1",
    )

    changed = masked(read(in_transfer_syntax(dataset, JPEGExtended12Bit)), [CORNER])

    assert float(released(changed).reread.dataset.LossyImageCompressionRatio) == 7.5


def test_a_lossless_file_is_not_called_lossy():
    output = released(masked(read(chest_xray()), [CORNER])).reread.dataset

    assert output.LossyImageCompression == "00"


def test_an_inverted_radiograph_is_masked_with_what_shows_as_black():
    dataset = xray_dataset(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    source = read(in_transfer_syntax(dataset, UNCOMPRESSED[0]))

    after = pixels_of(masked(source, [CORNER]))

    assert np.all(after[:, 3:12, 2:22] == pixels_of(source).max())


@pytest.mark.parametrize("syntax", [UNCOMPRESSED[0], JPEG_LS_LOSSLESS])
def test_a_mask_of_one_frame_leaves_the_others_alone(syntax):
    source = read(in_transfer_syntax(enhanced_ct_dataset(4), UID(syntax)))
    before = pixels_of(source)

    after = pixels_of(masked(source, [Mask(0, 0, 64, 10, frame=3)]))

    changed = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert changed == [False, False, True, False]


def test_a_mask_ends_at_the_edge_of_the_picture():
    source = read(chest_xray())

    after = pixels_of(masked(source, [Mask(60, 90, 500, 500)]))

    assert np.all(after[0, 90:, 60:] == pixels_of(source).min())


@pytest.mark.parametrize("mask", [Mask(64, 0, 5, 5), Mask(0, 96, 5, 5), Mask(0, 0, 5, 5, frame=2)])
def test_a_mask_that_would_hide_nothing_is_an_error(mask):
    with pytest.raises(ValueError, match="outside the picture"):
        masked(read(chest_xray()), [mask])


@pytest.mark.parametrize("box", [(-1, 0, 5, 5), (0, -1, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0)])
def test_a_rectangle_without_a_place_or_a_size_is_an_error(box):
    with pytest.raises(ValueError, match="at least one pixel"):
        Mask(*box)


def test_frames_of_a_mask_count_from_one():
    with pytest.raises(ValueError, match="count from 1"):
        Mask(0, 0, 5, 5, frame=0)


def test_without_masks_a_file_is_left_alone():
    source = read(chest_xray())

    assert masked(source, []) is source


def test_the_extremes_told_of_the_old_pixels_go():
    dataset = xray_dataset()
    dataset.add_new("SmallestImagePixelValue", "US", 0)
    dataset.add_new("LargestImagePixelValue", "US", 4095)

    output = released(
        masked(read(in_transfer_syntax(dataset, UNCOMPRESSED[0])), [CORNER])
    ).reread.dataset

    assert "LargestImagePixelValue" not in output
    assert "SmallestImagePixelValue" not in output


def test_a_released_masked_file_says_what_was_done_and_no_more():
    dataset = xray_dataset(BurnedInAnnotation="YES", RecognizableVisualFeatures="YES")

    output = released(
        masked(read(in_transfer_syntax(dataset, UNCOMPRESSED[0])), [CORNER])
    ).reread.dataset

    codes = [code.CodeValue for code in output.DeidentificationMethodCodeSequence]
    assert output.BurnedInAnnotation == "NO"
    assert "113101" in codes
    assert output.RecognizableVisualFeatures == "YES"
    assert list(output.ImageType) == ["DERIVED", "PRIMARY"]


def test_masking_changes_the_pixels_not_the_name_of_the_image():
    source = read(chest_xray())

    plain, changed = released(source), released(masked(source, [CORNER]))

    assert changed.attributes.sop_instance_uid == plain.attributes.sop_instance_uid
    assert changed.pixel_digest != plain.pixel_digest


@pytest.mark.parametrize("syntax", [UNCOMPRESSED[1], JPEGExtended12Bit])
def test_masking_twice_gives_the_same_bytes(syntax):
    source = in_transfer_syntax(xray_dataset(), UID(syntax))

    first, again = (released(masked(read(source), [CORNER])).data for _ in range(2))

    assert first == again


def test_a_mask_survives_json():
    mask = Mask(1, 2, 3, 4, frame=5)

    assert Mask.from_json(mask.to_json()) == mask
