import struct
import zlib

import pytest
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from tests.datasets import (
    chest_xray,
    ct_dataset,
    ct_slice,
    dose_report,
    encapsulated_pdf,
    enhanced_ct,
    in_transfer_syntax,
    mr_image,
    not_dicom,
    secondary_capture,
    structured_report,
    truncated,
    ultrasound,
    written,
)
from uploads.dicom import elements
from uploads.dicom.reading import read
from uploads.dicom.reasons import REASONS, Held, Reason, Refused


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", Reason.EMPTY_FILE),
        (not_dicom(), Reason.NOT_DICOM),
        (b"DICM", Reason.NOT_DICOM),
        (truncated(), Reason.TRUNCATED),
        (ct_slice()[:400], Reason.TRUNCATED),
        (mr_image(), Reason.SOP_CLASS_MR),
        (secondary_capture(), Reason.SOP_CLASS_SECONDARY_CAPTURE),
        (ultrasound(), Reason.SOP_CLASS_ULTRASOUND),
        (structured_report(), Reason.SOP_CLASS_REPORT),
        (dose_report(), Reason.SOP_CLASS_REPORT),
        (encapsulated_pdf(), Reason.SOP_CLASS_DOCUMENT),
        (ct_slice(SOPClassUID="1.2.840.10008.5.1.4.1.1.66"), Reason.SOP_CLASS_NOT_ACCEPTED),
        (ct_slice(SOPClassUID="1.2.840.10008.5.1.4.1.1.20"), Reason.SOP_CLASS_OTHER_MODALITY),
        (ct_slice(SOPClassUID="1.2.3.4.5"), Reason.SOP_CLASS_NOT_ACCEPTED),
        (ct_slice(PixelData=None), Reason.NO_PIXELS),
        (ct_slice(StudyInstanceUID=""), Reason.IDENTIFIERS_MISSING),
        (ct_slice(SeriesInstanceUID=None), Reason.IDENTIFIERS_MISSING),
        (ct_slice(Rows=65), Reason.PIXELS_DO_NOT_FIT),
        (ct_slice(Rows=0), Reason.PIXELS_DO_NOT_FIT),
        (ct_slice(NumberOfFrames="2"), Reason.PIXELS_DO_NOT_FIT),
        (ct_slice(Rows=60_000, Columns=60_000), Reason.TOO_LARGE),
        (ct_slice(NumberOfFrames="999999"), Reason.TOO_LARGE),
        (ct_slice(PhotometricInterpretation="RGB"), Reason.COLOUR_NOT_ACCEPTED),
        (ct_slice(SamplesPerPixel=3), Reason.COLOUR_NOT_ACCEPTED),
        (ct_slice(BitsAllocated=32, BitsStored=32, HighBit=31), Reason.BIT_DEPTH_NOT_ACCEPTED),
        (ct_slice(BitsAllocated=1, BitsStored=1, HighBit=0), Reason.BIT_DEPTH_NOT_ACCEPTED),
        (ct_slice(BitsStored=12, HighBit=15), Reason.HIGH_BIT_NOT_ACCEPTED),
        (ct_slice(HighBit=None), Reason.HIGH_BIT_NOT_ACCEPTED),
    ],
)
def test_what_is_not_taken_is_refused_with_its_reason(source, reason):
    with pytest.raises(Refused) as refusal:
        read(source)

    assert refusal.value.reason is reason


def test_every_reason_has_a_sentence():
    for reason in Reason:
        assert REASONS[reason].endswith("."), reason
        assert REASONS[reason][0].isupper(), reason
    assert Refused(Reason.SOP_CLASS_MR).sentence.startswith("This is an MR image.")
    assert Held(Reason.SCREEN_SAVE).sentence.startswith("The image is a saved screen")


def test_a_transfer_syntax_that_is_not_listed_is_refused():
    dataset = ct_dataset()
    source = written(dataset)
    # MPEG-4, patched into the file meta at the same length as explicit little endian
    patched = source.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0")

    with pytest.raises(Refused) as refusal:
        read(patched)

    assert refusal.value.reason is Reason.TRANSFER_SYNTAX_NOT_ACCEPTED


def test_the_image_is_described_as_its_header_says():
    image = read(chest_xray()).image

    assert (image.rows, image.columns, image.number_of_frames) == (96, 64, 1)
    assert (image.bits_allocated, image.bits_stored, image.is_signed) == (16, 12, False)
    assert read(enhanced_ct(3)).image.number_of_frames == 3


def test_a_deflated_bomb_is_stopped_at_the_bound(monkeypatch):
    monkeypatch.setattr(elements, "MAX_INFLATED_BYTES", 1024**2)
    dataset = ct_dataset()
    deflated = in_transfer_syntax(dataset, UID(DeflatedExplicitVRLittleEndian))
    place = deflated.index(b"1.2.840.10008.1.2.1.99")
    start = read_meta_end(deflated)
    machine = zlib.compressobj(9, wbits=-15)
    bomb = deflated[:start] + machine.compress(bytes(8 * 1024**2)) + machine.flush()

    with pytest.raises(Refused) as refusal:
        read(bomb)

    assert place < start
    assert refusal.value.reason is Reason.TOO_LARGE


def test_nesting_is_bounded():
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    nested = (b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + item) * 300

    with pytest.raises(Refused) as refusal:
        read(_with_elements(nested))

    assert refusal.value.reason is Reason.TOO_COMPLEX


def test_a_million_empty_items_are_refused_soon():
    items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 1_000_000
    sequence = b"\x08\x00\x40\x11SQ\0\0" + struct.pack("<I", len(items)) + items

    with pytest.raises(Refused) as refusal:
        read(_with_elements(sequence))

    assert refusal.value.reason is Reason.TOO_COMPLEX


def test_a_million_elements_are_refused_soon():
    many = b"".join(
        struct.pack("<HH2sH", 0x0009 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(400_000)
    )

    with pytest.raises(Refused) as refusal:
        read(_with_elements(many))

    assert refusal.value.reason is Reason.TOO_COMPLEX


def test_a_length_beyond_the_file_is_a_truncation():
    with pytest.raises(Refused) as refusal:
        read(_with_elements(b"\x08\x00\x50\x00UN\0\0\xf0\xff\xff\x7f"))

    assert refusal.value.reason is Reason.TRUNCATED


def test_an_attribute_that_stands_twice_is_refused():
    with pytest.raises(Refused) as refusal:
        read(_with_elements(b"\x08\x00\x16\x00UI\x02\x001\0" * 2))

    assert refusal.value.reason is Reason.MALFORMED


def test_garbage_behind_the_pixels_is_no_obstacle():
    source = read(ct_slice() + b"QUILLFEATHER AND MORE")

    assert source.has_bytes_behind
    assert source.image.rows == 64


def _with_elements(inserted: bytes) -> bytes:
    """A CT slice with raw bytes at the start of its data set."""
    source = ct_slice()
    start = read_meta_end(source)
    return source[:start] + inserted + source[start:]


def read_meta_end(source: bytes) -> int:
    return 144 + struct.unpack_from("<I", source, 140)[0]
