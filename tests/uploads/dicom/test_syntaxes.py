"""Every kind of image in every transfer syntax: taken, kept in it, and its values unchanged."""

import io
from collections.abc import Callable

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    ct_dataset,
    ct_pixels,
    enhanced_ct_dataset,
    in_transfer_syntax,
    stored_pixels,
    written,
    xray_dataset,
)
from tests.datasets.identities import CR_IMAGE, DX_FOR_PROCESSING
from tests.uploads.dicom.keys import deidentified
from tests.uploads.dicom.stored import native, stored
from uploads.dicom.reading import read
from uploads.dicom.transcoding import frames

DECODERS: dict[UID, Callable[[bytes], np.ndarray]] = {
    JPEGBaseline8Bit: imagecodecs.jpeg8_decode,
    JPEGExtended12Bit: imagecodecs.jpeg8_decode,
    JPEGLossless: imagecodecs.jpegsof3_decode,
    JPEGLosslessSV1: imagecodecs.ljpeg_decode,
    JPEGLSLossless: imagecodecs.jpegls_decode,
    JPEGLSNearLossless: imagecodecs.jpegls_decode,
    JPEG2000Lossless: imagecodecs.jpeg2k_decode,
    JPEG2000: imagecodecs.jpeg2k_decode,
    HTJ2KLossless: imagecodecs.htj2k_decode,
    HTJ2K: imagecodecs.htj2k_decode,
}


def _ct_of_12_bits() -> FileDataset:
    dataset = ct_dataset(BitsStored=12, HighBit=11, PixelRepresentation=0)
    dataset.PixelData = ct_pixels().clip(0, 4095).astype(np.uint16).tobytes()
    return dataset


def _signed_ct_of_12_bits() -> FileDataset:
    dataset = ct_dataset(BitsStored=12, HighBit=11)
    dataset.PixelData = (ct_pixels() - 1024).clip(-2048, 2047).astype(np.int16).tobytes()
    return dataset


def _eight_bits(dataset: FileDataset, *, is_signed: bool = False) -> FileDataset:
    pixels = (stored_pixels(dataset) >> 4).clip(0, 255).astype(np.uint8)
    # odd in both directions: rows do not end on words
    dataset.Rows, dataset.Columns = 63, 51
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = int(is_signed)
    dataset.PixelData = pixels[:63, :51].tobytes() + b"\0"
    dataset["PixelData"].VR = "OB"
    return dataset


MAKERS: dict[str, Callable[[], FileDataset]] = {
    "CT, signed": ct_dataset,
    "CT, 12 bits": _ct_of_12_bits,
    "CT, 12 bits, signed": _signed_ct_of_12_bits,
    "CT, 8 bits": lambda: _eight_bits(ct_dataset()),
    "enhanced CT": lambda: enhanced_ct_dataset(3),
    "CR, MONOCHROME1": lambda: xray_dataset(
        sop_class=CR_IMAGE, PhotometricInterpretation="MONOCHROME1"
    ),
    "DX": xray_dataset,
    "DX for processing": lambda: xray_dataset(sop_class=DX_FOR_PROCESSING),
    "DX, 8 bits": lambda: _eight_bits(xray_dataset()),
}


@pytest.mark.parametrize("transfer_syntax", [*UNCOMPRESSED, *ENCODERS], ids=lambda uid: uid.name)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_good_image_is_taken_and_its_values_are_unchanged(kind, transfer_syntax):
    source = in_transfer_syntax(MAKERS[kind](), UID(transfer_syntax))

    result = deidentified(source)

    after = pydicom.dcmread(io.BytesIO(result.data))
    assert after.file_meta.TransferSyntaxUID == transfer_syntax
    assert np.array_equal(_by_others(result.data), _by_others(source))
    assert np.array_equal(np.stack(list(frames(read(result.data)))), _by_others(source))
    for keyword in ("BitsStored", "PixelRepresentation", "PhotometricInterpretation"):
        assert after[keyword].value == pydicom.dcmread(io.BytesIO(source))[keyword].value
    kept, _ = stored(result)
    assert np.array_equal(_by_others(kept), _by_others(source))
    assert np.array_equal(_by_others(native(kept)), _by_others(source))


def _by_others(source: bytes) -> np.ndarray:
    """The pixels as pydicom or a codec alone decodes them, shape (frames, rows, columns)."""
    dataset = pydicom.dcmread(io.BytesIO(source))
    count = int(dataset.get("NumberOfFrames", 1))
    decode = DECODERS.get(dataset.file_meta.TransferSyntaxUID)
    if decode is None:
        return np.array(dataset.pixel_array).reshape(count, dataset.Rows, dataset.Columns)
    codes = generate_frames(dataset.PixelData, number_of_frames=count)
    pixels = np.stack([np.asarray(decode(code)) for code in codes])
    kind = "i" if dataset.PixelRepresentation else "u"
    return pixels.astype(f"{kind}{dataset.BitsAllocated // 8}")


JPEG_2000_FORMS = {
    "a JP2 file": {"no_jp2": False},
    "tiles": {"tile_size": (64, 64)},
    "layers": {"quality_mode": "rates", "quality_layers": [20, 5, 1]},
    "small code blocks and precincts": {"codeblock_size": (16, 16), "precinct_size": (64, 64)},
    "no levels": {"num_resolutions": 1},
    "packet lengths": {"plt": True},
    "a comment": {"comment": "HARRINGTON"},
    **{order: {"progression": order} for order in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")},
}


@pytest.mark.parametrize("form", JPEG_2000_FORMS)
def test_every_form_of_jpeg_2000_is_taken(form):
    pixels = stored_pixels(xray_dataset())
    stream = io.BytesIO()
    options = {"no_jp2": True, "irreversible": False} | JPEG_2000_FORMS[form]
    Image.fromarray(pixels).save(stream, "JPEG2000", **options)
    dataset = xray_dataset()
    in_transfer_syntax(dataset, JPEG2000Lossless)

    result = deidentified(_with_code(dataset, stream.getvalue()))

    assert b"HARRINGTON" not in result.data
    assert np.array_equal(next(frames(read(result.data))), pixels)


JPEG_FORMS = {
    "restart markers by blocks": {"restart_marker_blocks": 3},
    "restart markers by rows": {"restart_marker_rows": 1},
    "tables of its own": {"optimize": True},
    "a comment and a profile": {"comment": b"HARRINGTON", "icc_profile": b"HARRINGTON"},
}


@pytest.mark.parametrize("form", JPEG_FORMS)
def test_every_form_of_baseline_jpeg_is_taken(form):
    dataset = xray_dataset()
    in_transfer_syntax(dataset, JPEGBaseline8Bit)
    pixels = (stored_pixels(xray_dataset()) >> 4).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **JPEG_FORMS[form])

    result = deidentified(_with_code(dataset, stream.getvalue()))

    assert b"HARRINGTON" not in result.data
    shown = np.asarray(imagecodecs.jpeg8_decode(stream.getvalue()))
    assert np.array_equal(next(frames(read(result.data))), shown)


def _with_code(dataset: FileDataset, code: bytes) -> bytes:
    dataset.PixelData = encapsulate([code], has_bot=False)
    return written(dataset)
