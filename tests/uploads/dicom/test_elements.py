"""Every byte of a file: what no rule keeps is gone, and no odd form loses a good image."""

import struct
import zlib

import numpy as np
import pytest
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.datasets import (
    chest_xray,
    ct_dataset,
    ct_pixels,
    ct_slice,
    in_transfer_syntax,
    written,
)
from tests.uploads.dicom.keys import deidentified, reread
from uploads.dicom.elements import (
    EXPLICIT_LITTLE_ENDIAN,
    Element,
    file_of,
    inflated,
)
from uploads.dicom.elements import written as elements_written
from uploads.dicom.reading import read
from uploads.dicom.reasons import Reason, Refused
from uploads.dicom.transcoding import frames

# no element that a search gathers names from holds it: only the rules can take it away
HIDDEN = b"HARRINGTON-SMYTHE "
ITEM, ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END, UNDEFINED = b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xff\xff\xff"


def _tag(tag: int) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)


def _long(tag: int, vr: bytes, value: bytes, length: bytes | None = None) -> bytes:
    return _tag(tag) + vr + b"\0\0" + (length or struct.pack("<I", len(value))) + value


def _short(tag: int, vr: bytes, value: bytes) -> bytes:
    return _tag(tag) + vr + struct.pack("<H", len(value)) + value


def _implicit(tag: int, value: bytes) -> bytes:
    return _tag(tag) + struct.pack("<I", len(value)) + value


def _item(content: bytes, *, is_open: bool = False) -> bytes:
    if is_open:
        return ITEM + UNDEFINED + content + ITEM_END
    return ITEM + struct.pack("<I", len(content)) + content


def _deep(levels: int) -> bytes:
    content = _short(0x00204000, b"LT", HIDDEN)
    for level in range(levels):
        items = _item(content, is_open=bool(level % 2))
        content = _long(0x00401001 + level, b"SQ", items + SEQUENCE_END, UNDEFINED)
    return content


ICON = _long(
    0x00880200,
    b"SQ",
    _item(
        _short(0x00280010, b"US", b"\x08\0")
        + _long(0x7FE00010, b"OB", _item(b"") + _item(HIDDEN) + SEQUENCE_END, UNDEFINED)
    ),
)

PLACES = {
    "a private block": _short(0x00110010, b"LO", b"X ") + _short(0x00111001, b"LT", HIDDEN),
    "a private sequence": _long(0x00091002, b"SQ", _item(_short(0x00100010, b"PN", HIDDEN))),
    "a private element in a public sequence": _long(
        0x00081140, b"SQ", _item(_short(0x00091001, b"LO", HIDDEN))
    ),
    "ten sequences deep": _deep(10),
    "an unknown value": _long(0x00204000, b"UN", HIDDEN),
    "an unknown sequence": _long(0x00081140, b"UN", _item(_implicit(0x00081150, HIDDEN))),
    "an unknown sequence without a length": _long(
        0x00091003, b"UN", _item(_implicit(0x00100010, HIDDEN)) + SEQUENCE_END, UNDEFINED
    ),
    "an unknown sequence with explicit items": _long(
        0x00081140, b"UN", _item(_short(0x00081150, b"UI", HIDDEN))
    ),
    "a sequence that is none": _long(0x00091004, b"SQ", HIDDEN * 3),
    "a name that says it is a sequence": _long(0x00100010, b"SQ", HIDDEN * 3),
    "a sequence that says it is text": _short(0x00081140, b"LO", HIDDEN),
    "items that end in the middle": _long(0x00081140, b"SQ", ITEM + b"\xf0\0\0\0" + HIDDEN),
    "a number that is text": _short(0x00180060, b"US", HIDDEN),
    "a VR of a later edition": _short(0x00091005, b"ZZ", HIDDEN),
    "a curve": _long(0x50003000, b"OW", HIDDEN),
    "a curve's name": _short(0x50102500, b"LO", HIDDEN),
    "an overlay": _long(0x60003000, b"OW", HIDDEN),
    "an overlay's label": _short(0x601E1500, b"LO", HIDDEN),
    "an odd overlay group": _short(0x60011500, b"LO", HIDDEN),
    "a retired group": _short(0x40000010, b"LT", HIDDEN),
    "an unknown even group": _short(0x00EE0010, b"LO", HIDDEN),
    "a group length": _long(0x00090000, b"UN", HIDDEN),
    "an icon": ICON,
    "original attributes": _long(
        0x04000561,
        b"SQ",
        _item(_long(0x04000550, b"SQ", _item(_short(0x00101040, b"LO", HIDDEN)))),
    ),
    "a digital signature": _long(0xFFFAFFFA, b"SQ", _item(_long(0x04000120, b"OB", HIDDEN))),
    "padding of the data set": _long(0xFFFCFFFC, b"OB", HIDDEN),
    "bytes of pixels that are private": _long(
        0x7FE11010, b"OB", _item(b"") + _item(HIDDEN) + SEQUENCE_END, UNDEFINED
    ),
    "an extended offset table": _long(0x7FE00001, b"OV", HIDDEN[:16]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("make", [ct_slice, chest_xray])
def test_what_no_rule_keeps_is_gone_and_the_image_stays(make, place):
    source = _with(make(ReferencedImageSequence=None, **_without(place)), PLACES[place])
    assert HIDDEN[:12] in source

    result = deidentified(source)

    assert HIDDEN[:12] not in result.data
    assert np.array_equal(reread(result).pixel_array, _pixels_of(make))


def _without(place: str) -> dict[str, None]:
    named = {"original attributes": "OriginalAttributesSequence"}
    named |= {"a number that is text": "KVP", "a name that says it is a sequence": "PatientName"}
    return {named[place]: None} if place in named else {}


BEHIND = {
    "text": HIDDEN,
    "padding": _long(0xFFFCFFFC, b"OB", HIDDEN),
    "the whole file once more": ct_slice()[400:] + HIDDEN,
    "another data set": _short(0x00080005, b"CS", b"X ") + _short(0x00100010, b"PN", HIDDEN),
    "a million empty elements": (_short(0x00090001, b"LO", b"") * 1_000_000) + HIDDEN,
    "other pixels": _long(0x7FE00010, b"OW", HIDDEN),
    "a sequence without an end": _long(0x00081140, b"SQ", ITEM + HIDDEN, UNDEFINED),
    "an MZ header": b"MZ" + HIDDEN,
}


@pytest.mark.parametrize("kind", BEHIND)
def test_what_lies_behind_the_pixels_is_dropped_whatever_it_is(kind):
    source = read(ct_slice() + BEHIND[kind])

    result = deidentified(ct_slice() + BEHIND[kind])

    assert source.has_bytes_behind
    assert result.data == deidentified(ct_slice()).data


def test_a_deflated_file_keeps_nothing_behind_its_stream():
    source = in_transfer_syntax(ct_dataset(), UID(DeflatedExplicitVRLittleEndian))

    result = deidentified(source + HIDDEN)

    assert HIDDEN[:12] not in result.data
    assert result.data == deidentified(source).data


@pytest.mark.parametrize("preamble", [b"MZ", b"\x7fELF", b"%PDF-1.7", b"PK\x03\x04", b"II*\0"])
def test_a_preamble_that_makes_a_file_something_else_is_zeroed(preamble):
    source = ct_slice()

    result = deidentified((preamble + HIDDEN * 8)[:128] + source[128:])

    assert result.data[:132] == bytes(128) + b"DICM"
    assert result.data == deidentified(source).data


def test_the_file_meta_group_is_made_anew():
    source = ct_slice()
    start = 144 + struct.unpack_from("<I", source, 140)[0]
    added = _short(0x00020016, b"AE", HIDDEN[:16]) + _short(0x00020100, b"UI", b"1.2.3\0")
    private = _long(0x00020102, b"OB", HIDDEN)
    # the length of the group is left a lie
    result = deidentified(source[:start] + added + private + source[start:])

    assert HIDDEN[:12] not in result.data
    assert result.data == deidentified(source).data


def test_elements_out_of_order_are_taken():
    source = read(ct_slice())
    meta = [element for element in source.meta if element.tag != 0x00020000]
    shuffled = file_of(meta, reversed(source.elements), EXPLICIT_LITTLE_ENDIAN)

    assert deidentified(shuffled).data == deidentified(ct_slice()).data


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_values_of_an_odd_length_are_taken(syntax):
    dataset = ct_dataset()
    source = in_transfer_syntax(dataset, UID(syntax))
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    place = source.index(struct.pack(order + "HH", 0x0018, 0x0015)) + 4
    head = b"" if syntax == ImplicitVRLittleEndian else b"CS"
    size = struct.pack(order + ("H" if head else "I"), 5)
    assert source[place + len(head + size) :].startswith(b"CHEST ")
    data = source[:place] + head + size + b"CHEST" + source[place + len(head + size) + 6 :]

    result = reread(deidentified(data))

    assert result.BodyPartExamined == "CHEST"
    assert np.array_equal(result.pixel_array, ct_pixels())


def test_pixels_of_eight_bits_in_big_endian_words_keep_their_order():
    dataset = ct_dataset(BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)
    pixels = (np.arange(64 * 64) % 251).astype(np.uint8).reshape(64, 64)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    swapped = pixels.reshape(-1, 2)[:, ::-1].tobytes()
    dataset.PixelData = swapped

    assert np.array_equal(next(_frames(written(dataset))), pixels)
    assert np.array_equal(reread(deidentified(written(dataset))).pixel_array, pixels)


def test_a_short_unknown_value_that_is_kept_is_read():
    source = _with(ct_slice(KVP=None), _long(0x00180060, b"UN", b"120 "))

    assert reread(deidentified(source)).KVP == 120


@pytest.mark.parametrize(
    ("inserted", "reason"),
    [
        (_tag(0x00081140) + b"sq\0\0\0\0\0\0", Reason.MALFORMED),
        (_tag(0x00081140) + b"??\x02\0ab", Reason.MALFORMED),
        (_long(0x00081140, b"SQ", b"", b"\xff\xff\xff\x7f"), Reason.TRUNCATED),
        (_long(0x00081140, b"SQ", ITEM + UNDEFINED + b"HARR??\0\0", UNDEFINED), Reason.MALFORMED),
        (_deep(14), Reason.TOO_COMPLEX),
        (_long(0x00081140, b"SQ", _item(b"") * 60_000), Reason.TOO_COMPLEX),
        (
            _long(
                0x00091001, b"UN", (ITEM + UNDEFINED + _tag(0x00081140) + UNDEFINED) * 40, UNDEFINED
            ),
            Reason.TOO_COMPLEX,
        ),
    ],
)
def test_a_header_that_cannot_be_read_is_refused_with_its_reason(inserted, reason):
    with pytest.raises(Refused) as refusal:
        read(_with(ct_slice(), inserted, at=0x00081140))

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zlib.compress(b"\0" * 100)[2:-8], Reason.TRUNCATED),
        (b"\x07\x00\x00", Reason.MALFORMED),
        (b"", Reason.TRUNCATED),
    ],
)
def test_a_stream_that_does_not_inflate_is_refused(data, reason):
    with pytest.raises(Refused) as refusal:
        inflated(data)

    assert refusal.value.reason is reason


def test_fragments_of_an_odd_length_are_padded():
    element = Element(0x7FE00010, "OB", fragments=(b"", b"abc"))

    assert elements_written([element], EXPLICIT_LITTLE_ENDIAN).count(b"abc\0") == 1


def _pixels_of(make) -> np.ndarray:
    return next(_frames(make()))


def _frames(source: bytes):
    return frames(read(source))


def _with(source: bytes, inserted: bytes, at: int | None = None) -> bytes:
    """The file with raw bytes where the tag that they begin with belongs."""
    start = 144 + struct.unpack_from("<I", source, 140)[0]
    tag = (
        at or struct.unpack_from("<H", inserted)[0] << 16 | struct.unpack_from("<H", inserted, 2)[0]
    )
    known = read(source)
    before = [element for element in known.elements if element.tag < tag]
    after = [element for element in known.elements if element.tag > tag]

    return b"".join(
        (
            source[:start],
            elements_written(before, EXPLICIT_LITTLE_ENDIAN),
            inserted,
            elements_written(after, EXPLICIT_LITTLE_ENDIAN),
        )
    )
