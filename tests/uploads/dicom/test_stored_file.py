"""One stored file an image: its frames are ranges of it, its header is the verified one.

That its pixels are the sent ones in every kind and syntax is in test_syntaxes.
"""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

from tests.datasets import (
    UNCOMPRESSED,
    ct_dataset,
    ct_slice,
    enhanced_ct,
    enhanced_ct_dataset,
    in_transfer_syntax,
    xray_dataset,
)
from tests.uploads.dicom.keys import deidentified, planted_in, reread
from tests.uploads.dicom.stored import native, stored
from uploads.dicom import stored_file
from uploads.dicom.transcoding import DamagedFrame, decode_frame

PIXEL_DATA = 0x7FE00010


def parsed(data: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(data))


def with_a_lut(dataset: pydicom.FileDataset) -> pydicom.FileDataset:
    """VRs that implicit little endian leaves open, at the top and in an item."""
    lut = Dataset()
    lut.add_new("LUTDescriptor", "SS", [4, -1024, 16])
    lut.add_new("LUTData", "OW", np.array([1, 2, 3, 0x0405], "<u2").tobytes())
    dataset.VOILUTSequence = Sequence([lut])
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    return dataset


@pytest.mark.parametrize("transfer_syntax", UNCOMPRESSED, ids=lambda uid: uid.name)
@pytest.mark.parametrize(
    "make", [lambda: with_a_lut(ct_dataset()), lambda: enhanced_ct_dataset(2), xray_dataset]
)
def test_its_header_is_the_verified_one_in_explicit_little_endian(make, transfer_syntax):
    result = deidentified(in_transfer_syntax(make(), UID(transfer_syntax)))

    data, _ = stored(result)

    after, before = parsed(data), reread(result)
    assert after.file_meta.TransferSyntaxUID == JPEGLSLossless
    assert after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID
    del after.PixelData, before.PixelData
    # values with their VRs, at every depth
    assert after.to_json_dict() == before.to_json_dict()
    assert not planted_in(data)


def test_every_frame_is_a_range_of_it():
    source = enhanced_ct(3)
    result = deidentified(source)

    data, ranges = stored(result)

    pixels = parsed(source).pixel_array
    for number, (offset, length) in enumerate(ranges):
        frame = decode_frame(data[offset : offset + length], is_signed=True)
        assert np.array_equal(frame, pixels[number])
    assert len(ranges) == 3


def test_its_offset_table_leads_to_the_frames():
    data, ranges = stored(deidentified(enhanced_ct(4)))

    value = parsed(data).PixelData
    offsets = parse_basic_offsets(value)
    codes = [data[offset : offset + length] for offset, length in ranges]
    assert len(offsets) == 4
    assert offsets == [offset - ranges[0][0] for offset, _ in ranges]
    for code, framed in zip(codes, generate_frames(value, number_of_frames=4), strict=True):
        # a fragment is even
        assert framed in (code, code + b"\0")


def test_nothing_follows_the_pixels():
    data, ranges = stored(deidentified(ct_slice() + b"HARRINGTON"))

    offset, length = ranges[-1]
    assert data[offset + length :].lstrip(b"\0") == b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert list(parsed(data))[-1].tag == PIXEL_DATA


def test_the_same_image_is_the_same_bytes():
    assert stored(deidentified(ct_slice())) == stored(deidentified(ct_slice()))


@pytest.mark.parametrize("source", [ct_slice(), enhanced_ct(3)])
def test_a_client_without_the_codec_gets_the_same_file_with_native_pixels(source):
    data, _ = stored(deidentified(source))

    plain = parsed(native(data))

    assert plain.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert plain.PixelData == parsed(source).PixelData
    coded = parsed(data)
    del plain.PixelData, coded.PixelData
    assert plain == coded


def test_a_native_file_comes_a_frame_at_a_time():
    data, _ = stored(deidentified(enhanced_ct(3)))

    frame_bytes = 64 * 64 * 2
    sizes = [len(piece) for piece in stored_file.explicit_little_endian(data)]

    assert sizes.count(frame_bytes) == 3


def cut_short(data: bytes, ranges) -> bytes:
    return data[: ranges[0][0] + 100]


def with_a_broken_code(data: bytes, ranges) -> bytes:
    offset, length = ranges[0]
    return data[:offset] + b"\xff" * length + data[offset + length :]


def without_pixels(data: bytes, ranges) -> bytes:
    return data[: data.index(b"\xe0\x7f\x10\0OB")]


def no_file_at_all(data: bytes, ranges) -> bytes:
    return b"<Error/>"


@pytest.mark.parametrize("damaged", [cut_short, with_a_broken_code, without_pixels, no_file_at_all])
def test_a_damaged_file_is_said_to_be_so(damaged):
    data, ranges = stored(deidentified(ct_slice()))

    with pytest.raises(DamagedFrame):
        native(damaged(data, ranges))
