import io
import warnings

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    chest_xray,
    ct_dataset,
    ct_pixels,
    ct_slice,
    enhanced_ct_dataset,
    in_transfer_syntax,
    stored_pixels,
    written,
    xray_dataset,
)
from tests.uploads.dicom.keys import deidentified, planted_in, reread
from uploads.dicom.reading import read
from uploads.dicom.reasons import Held, Reason, Refused
from uploads.dicom.transcoding import decode_frame, encode_frame, frames, listening

LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEG2000, JPEGLSNearLossless, HTJ2K)
LOSSLESS = [uid for uid in (*UNCOMPRESSED, *ENCODERS) if uid not in LOSSY]
EVERY = [*UNCOMPRESSED, *ENCODERS]
_DECODERS = {
    JPEGLossless: imagecodecs.jpegsof3_decode,
    JPEGLosslessSV1: imagecodecs.jpegsof3_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    HTJ2KLossless: imagecodecs.htj2k_decode,
}
RE_ENCODED = [uid for uid in ENCODERS if uid not in LOSSY]


def _name(uid: UID) -> str:
    return UID(uid).name


@pytest.mark.parametrize("make", [ct_dataset, xray_dataset, enhanced_ct_dataset])
@pytest.mark.parametrize("transfer_syntax", LOSSLESS, ids=_name)
def test_every_lossless_transfer_syntax_decodes_to_the_same_values(make, transfer_syntax):
    dataset = make()
    pixels = stored_pixels(dataset)

    decoded = np.stack(list(frames(read(in_transfer_syntax(dataset, UID(transfer_syntax))))))

    assert decoded.dtype == pixels.dtype
    assert np.array_equal(decoded, pixels.reshape(decoded.shape))


@pytest.mark.parametrize("transfer_syntax", EVERY, ids=_name)
def test_every_transfer_syntax_is_kept_and_its_pixels_are_unchanged(transfer_syntax):
    source = in_transfer_syntax(xray_dataset(), UID(transfer_syntax))

    result = deidentified(source)

    assert reread(result).file_meta.TransferSyntaxUID == transfer_syntax
    before, after = list(frames(read(source))), list(frames(read(result.data)))
    assert np.array_equal(before, after)
    assert not planted_in(result.data)


def test_the_pixel_digest_does_not_depend_on_the_transfer_syntax():
    digests = {
        deidentified(in_transfer_syntax(ct_dataset(), UID(uid))).pixel_digest for uid in LOSSLESS
    }

    assert len(digests) == 1


def test_another_pixel_is_another_digest():
    dataset = ct_dataset()
    pixels = stored_pixels(dataset).copy()
    pixels[5, 5] += 1
    dataset.PixelData = pixels.tobytes()

    assert deidentified(written(dataset)).pixel_digest != deidentified(ct_slice()).pixel_digest


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_stored_frames_decode_to_the_same_bits(dtype):
    limits = np.iinfo(dtype)
    pixels = np.random.default_rng(1).integers(
        limits.min, limits.max, (40, 30), dtype, endpoint=True
    )
    pixels[0, :2] = limits.min, limits.max

    back = decode_frame(encode_frame(pixels), is_signed=pixels.dtype.kind == "i")

    assert back.dtype == pixels.dtype
    assert np.array_equal(back, pixels)


def test_a_frame_of_floats_is_not_encoded():
    with pytest.raises(ValueError, match="8 or 16 bits"):
        encode_frame(np.zeros((4, 4), np.float32))


def test_bits_above_bits_stored_are_cleared():
    dataset = xray_dataset()
    pixels = stored_pixels(dataset).copy()
    pixels[10:20, 10:20] |= 0xF000
    dataset.PixelData = pixels.tobytes()

    stored = reread(deidentified(written(dataset))).pixel_array

    assert stored.max() < 4096
    assert np.array_equal(stored, pixels & 0x0FFF)


def test_signed_values_keep_their_sign_within_bits_stored():
    dataset = ct_dataset(BitsStored=12, HighBit=11)
    pixels = np.clip(ct_pixels() - 1024, -2048, 2047).astype(np.int16)
    dataset.PixelData = pixels.tobytes()

    assert np.array_equal(reread(deidentified(written(dataset))).pixel_array, pixels)


@pytest.mark.parametrize("transfer_syntax", RE_ENCODED, ids=_name)
def test_hidden_bits_of_a_lossless_frame_are_cleared(transfer_syntax):
    dataset = _xray_with_letters_in_high_bits()
    shown = stored_pixels(dataset) & 0x0FFF

    result = deidentified(in_transfer_syntax(dataset, UID(transfer_syntax)))

    assert reread(result).file_meta.TransferSyntaxUID == transfer_syntax
    assert np.array_equal(_as_it_decodes(result.data), shown)


@pytest.mark.parametrize("transfer_syntax", [JPEG2000, JPEGLSNearLossless, HTJ2K], ids=_name)
def test_hidden_bits_of_a_lossy_frame_hold_the_file(transfer_syntax):
    source = in_transfer_syntax(_xray_with_letters_in_high_bits(), UID(transfer_syntax))

    with pytest.raises(Held) as holding:
        deidentified(source)

    assert holding.value.reason is Reason.HIDDEN_PIXEL_BITS


@pytest.mark.parametrize("transfer_syntax", [ExplicitVRLittleEndian, *RE_ENCODED], ids=_name)
@pytest.mark.parametrize("is_extended", [True, False])
def test_signed_pixels_keep_every_byte_with_their_sign_extended_or_not(
    transfer_syntax, is_extended
):
    dataset = ct_dataset(BitsStored=12, HighBit=11)
    pixels = np.clip(ct_pixels() - 1024, -2048, 2047).astype(np.int16)
    dataset.PixelData = (pixels if is_extended else pixels & 0x0FFF).tobytes()
    source = in_transfer_syntax(dataset, UID(transfer_syntax))
    before = _as_it_decodes(source)

    result = deidentified(source)

    assert np.array_equal(_as_it_decodes(result.data), before)
    assert np.array_equal(np.stack(list(frames(read(result.data))))[0], pixels)


def test_a_sign_that_is_extended_here_and_not_there_draws_no_letters():
    dataset = ct_dataset(BitsStored=12, HighBit=11)
    pixels = np.full((64, 64), -1000, np.int16)
    pixels[20:30, 20:50] &= 0x0FFF
    dataset.PixelData = pixels.tobytes()

    stored = np.frombuffer(reread(deidentified(written(dataset))).PixelData, np.int16)

    assert np.unique(stored).tolist() == [-1000]


def test_eight_bits_of_an_odd_number_of_pixels_are_taken():
    dataset = xray_dataset(BitsAllocated=8, BitsStored=8, HighBit=7)
    pixels = np.arange(35, dtype=np.uint8).reshape(7, 5)
    dataset.Rows, dataset.Columns, dataset.PixelData = 7, 5, pixels.tobytes() + b"\0"
    dataset["PixelData"].VR = "OB"

    assert np.array_equal(reread(deidentified(written(dataset))).pixel_array, pixels)


def test_pixel_data_has_the_length_its_attributes_demand():
    dataset = ct_dataset()
    dataset.PixelData = dataset.PixelData + b"QUILLFEATHER" * 9

    result = deidentified(written(dataset))

    assert len(reread(result).PixelData) == 64 * 64 * 2
    assert not planted_in(result.data)


@pytest.mark.parametrize(
    "transfer_syntax", [JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless], ids=_name
)
def test_comments_and_application_segments_of_jpeg_go(transfer_syntax):
    def planted(code: bytes) -> bytes:
        name = b"QUILLFEATHER"
        segments = b"".join(
            marker + (len(name) + 2).to_bytes(2, "big") + name
            for marker in (b"\xff\xe1", b"\xff\xed", b"\xff\xfe")
        )
        return code[:2] + segments + code[2:] + name

    result = deidentified(_with_codestreams(transfer_syntax, planted))

    assert not planted_in(result.data)
    assert len(list(frames(read(result.data)))) == 1


def test_comments_of_jpeg_2000_go():
    def planted(code: bytes) -> bytes:
        comment = b"\xff\x64" + (16).to_bytes(2, "big") + b"\0\1" + b"QUILLFEATHER"
        place = code.index(b"\xff\x52")
        return code[:place] + comment + code[place:] + b"ZEBEDEE"

    result = deidentified(_with_codestreams(JPEG2000Lossless, planted))

    assert not planted_in(result.data)
    assert np.array_equal(reread(result).pixel_array, stored_pixels(xray_dataset()))


def test_padding_of_rle_segments_goes():
    result = deidentified(_with_codestreams(RLELossless, lambda code: code + b"\x80QUILLFEATHER"))

    assert not planted_in(result.data)
    assert np.array_equal(reread(result).pixel_array, stored_pixels(xray_dataset()))


@pytest.mark.parametrize("transfer_syntax", list(ENCODERS), ids=_name)
def test_a_codestream_of_another_size_is_refused_before_it_is_decoded(transfer_syntax):
    dataset = xray_dataset()
    source = in_transfer_syntax(dataset, UID(transfer_syntax))
    lying = source.replace(
        b"\x28\x00\x10\x00US\x02\x00\x60\x00", b"\x28\x00\x10\x00US\x02\x00\x80\x00"
    )

    assert lying != source
    with pytest.raises(Refused) as refusal:
        list(frames(read(lying)))

    assert refusal.value.reason in (Reason.PIXELS_DO_NOT_FIT, Reason.PIXELS_CANNOT_BE_DECODED)


@pytest.mark.parametrize("transfer_syntax", list(ENCODERS), ids=_name)
def test_a_broken_codestream_is_refused(transfer_syntax):
    for cut in (3, 30, 0.5):

        def broken(code: bytes, cut: float = cut) -> bytes:
            return code[: int(len(code) * cut) if cut < 1 else int(cut)]

        with pytest.raises(Refused):
            list(frames(read(_with_codestreams(transfer_syntax, broken))))


def test_a_broken_htj2k_frame_is_refused_and_never_half_decoded():
    code = bytes(ENCODERS[HTJ2KLossless](stored_pixels(xray_dataset())))
    start = code.index(b"\xff\x93") + 2
    refusals = 0
    for place in range(start, len(code), 97):

        def broken(code: bytes, place: int = place) -> bytes:
            return code[:place] + bytes([code[place] ^ 0xFF]) + code[place + 1 :]

        source = _with_codestreams(HTJ2KLossless, broken)
        with warnings.catch_warnings(record=True):
            try:
                first, again = list(frames(read(source))), list(frames(read(source)))
            except (Refused, Held):
                refusals += 1
            else:
                assert np.array_equal(first, again)
    assert refusals


def test_frames_in_several_fragments_are_put_together():
    dataset = enhanced_ct_dataset(3)
    pixels = stored_pixels(dataset)
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    codes = [encode_frame(frame) for frame in pixels]
    for has_offsets in (True, False):
        dataset.PixelData = encapsulate(codes, fragments_per_frame=3, has_bot=has_offsets)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

        assert np.array_equal(np.stack(list(frames(read(written(dataset))))), pixels)


@pytest.mark.parametrize("transfer_syntax", [JPEG2000Lossless, JPEGLSLossless], ids=_name)
def test_a_file_that_is_gone_over_often_is_decoded_once(transfer_syntax):
    source = in_transfer_syntax(enhanced_ct_dataset(6, number=77), UID(transfer_syntax))
    heard = []

    with listening(lambda: heard.append(1)):
        result = deidentified(source)
        again = np.stack(list(frames(read(result.data))))

    assert len(heard) == 6
    assert np.array_equal(again, stored_pixels(enhanced_ct_dataset(6, number=77)))


def test_frames_of_another_file_are_not_remembered_for_it():
    first, second = (read(in_transfer_syntax(ct_dataset(number=n), JPEGLSLossless)) for n in (1, 2))

    pixels = [next(frames(source)) for source in (first, second, first, second)]

    assert np.array_equal(pixels[0], pixels[2])
    assert np.array_equal(pixels[3], stored_pixels(ct_dataset(number=2)))
    with pytest.raises(ValueError, match="read-only"):
        pixels[0][0, 0] = 1


def test_eight_bit_radiographs_are_taken():
    dataset = xray_dataset(BitsAllocated=8, BitsStored=8, HighBit=7)
    pixels = (stored_pixels(xray_dataset()) >> 4).astype(np.uint8)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB"

    assert np.array_equal(reread(deidentified(written(dataset))).pixel_array, pixels)
    assert chest_xray()


def _xray_with_letters_in_high_bits() -> FileDataset:
    dataset = xray_dataset()
    pixels = stored_pixels(dataset).copy()
    pixels[10:20, 10:20] |= 0xF000
    dataset.PixelData = pixels.tobytes()
    return dataset


def _as_it_decodes(source: bytes) -> np.ndarray:
    """The pixels of a file by pydicom or a codec alone, with whatever stands in their high bits."""
    dataset = pydicom.dcmread(io.BytesIO(source))
    size, syntax = dataset.Rows * dataset.Columns, dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return np.frombuffer(dataset.PixelData, np.uint16, size).reshape(dataset.Rows, -1)
    code = next(generate_frames(dataset.PixelData, number_of_frames=1))
    if syntax == RLELossless:
        # pydicom takes the unused bits away unless it is asked not to
        dataset.BitsStored, dataset.HighBit = 16, 15
        return dataset.pixel_array.view(np.uint16)
    return _DECODERS[syntax](code).view(np.uint16)


def _with_codestreams(transfer_syntax: UID, change) -> bytes:
    """A compressed radiograph whose codestream has been changed."""
    dataset = xray_dataset()
    in_transfer_syntax(dataset, UID(transfer_syntax))
    code = change(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    dataset.PixelData = encapsulate([code], has_bot=False)
    return written(dataset)
