"""Compressed frames: what is no image goes, whatever place it found in the codestream."""

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.datasets import in_transfer_syntax, stored_pixels, written, xray_dataset
from tests.uploads.dicom.keys import deidentified, reread
from uploads.dicom.jpeg_2000 import cleaned_jpeg_2000
from uploads.dicom.reading import ImagePixel, read
from uploads.dicom.reasons import Reason, Refused
from uploads.dicom.transcoding import encode_frame, frames

# neither a name of the header nor anything else that a search would know
HIDDEN = b"HARRINGTON-SMYTHE"
JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
JPEG_LS = (JPEGLSLossless, JPEGLSNearLossless)
JPEG_2000 = (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2K)


def _name(uid: UID) -> str:
    return UID(uid).name


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _sized(content: bytes, size: int) -> bytes:
    return (content * (size // len(content) + 1))[:size]


def _before(mark: bytes, inserted: bytes):
    def planted(code: bytes) -> bytes:
        place = code.index(mark)
        return code[:place] + inserted + code[place:]

    return planted


def _after_scan(inserted: bytes):
    return lambda code: code[: code.rindex(b"\xff\xd9")] + inserted + b"\xff\xd9"


UNUSED_QUANTISATION = _segment(0xDB, b"\x03" + _sized(HIDDEN, 64))
UNUSED_HUFFMAN = _segment(0xC4, b"\x03" + bytes((len(HIDDEN), *[0] * 15)) + HIDDEN)
SECOND_SCAN = _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + HIDDEN

PLACES_IN_JPEG = {
    "an application segment": _before(b"\xff\xda", _segment(0xE1, HIDDEN)),
    "a comment": _before(b"\xff\xda", _segment(0xFE, HIDDEN)),
    "a comment behind the scan": _after_scan(_segment(0xFE, HIDDEN)),
    "a second scan": _after_scan(SECOND_SCAN),
    "fill bytes and a comment": _before(b"\xff\xda", b"\xff" * 7 + _segment(0xFE, HIDDEN)),
    "behind the end": lambda code: code + HIDDEN,
    "a second picture behind the end": lambda code: code + code[:2] + _segment(0xFE, HIDDEN),
}
PLACES_IN_TABLES = {
    "an unused quantisation table": _before(b"\xff\xda", UNUSED_QUANTISATION),
    "an unused Huffman table": _before(b"\xff\xda", UNUSED_HUFFMAN),
    "a table that is said again": lambda code: code[:2] + UNUSED_HUFFMAN + code[2:],
}


@pytest.mark.parametrize("transfer_syntax", [*JPEG, *JPEG_LS], ids=_name)
@pytest.mark.parametrize("place", PLACES_IN_JPEG)
def test_nothing_but_image_stays_in_jpeg(transfer_syntax, place):
    _check_gone(transfer_syntax, PLACES_IN_JPEG[place])


@pytest.mark.parametrize("transfer_syntax", JPEG, ids=_name)
@pytest.mark.parametrize("times", [1, 200])
def test_bytes_of_a_jpeg_scan_behind_its_last_pixel_go(transfer_syntax, times):
    _check_gone(transfer_syntax, _after_scan(HIDDEN * times))


@pytest.mark.parametrize("transfer_syntax", JPEG, ids=_name)
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_jpeg_of_one_grey_keeps_its_values(transfer_syntax, grey):
    dataset = xray_dataset()
    dataset.PixelData = np.full((96, 64), grey, np.uint16).tobytes()
    source = in_transfer_syntax(dataset, UID(transfer_syntax))

    after = next(frames(read(deidentified(source).data)))

    assert np.array_equal(after, next(frames(read(source))))


@pytest.mark.parametrize("transfer_syntax", JPEG, ids=_name)
@pytest.mark.parametrize("place", PLACES_IN_TABLES)
def test_no_table_stays_in_jpeg_that_the_scan_does_not_use(transfer_syntax, place):
    _check_gone(transfer_syntax, PLACES_IN_TABLES[place])


def _longer(marker: int):
    """The first segment of this marker with bytes behind what it means."""

    def planted(code: bytes) -> bytes:
        place = code.index(bytes((0xFF, marker)))
        size = int.from_bytes(code[place + 2 : place + 4], "big")
        content = code[place + 4 : place + 2 + size]
        return code[:place] + _segment(marker, content + HIDDEN) + code[place + 2 + size :]

    return planted


def _in_tile_part(inserted: bytes):
    """A segment in the header of the first tile-part, whose length is said anew."""

    def planted(code: bytes) -> bytes:
        place, data = code.index(b"\xff\x90"), code.index(b"\xff\x93")
        length = int.from_bytes(code[place + 6 : place + 10], "big")
        said = (length + len(inserted)).to_bytes(4, "big") if length else bytes(4)
        head = code[place : place + 6] + said + code[place + 10 : data]
        return code[:place] + head + inserted + code[data:]

    return planted


def _in_boxes(code: bytes) -> bytes:
    signature = b"\0\0\0\x0cjP  \r\n\x87\n"
    text = (8 + len(HIDDEN)).to_bytes(4, "big") + b"xml " + HIDDEN
    return signature + text + (8 + len(code)).to_bytes(4, "big") + b"jp2c" + code + text


PLACES_IN_JPEG_2000 = {
    "a comment": _before(b"\xff\x52", _segment(0x64, b"\0\1" + HIDDEN)),
    "a comment of a tile-part": _in_tile_part(_segment(0x64, b"\0\1" + HIDDEN)),
    "packet lengths of a tile-part": _in_tile_part(_segment(0x58, b"\0" + HIDDEN)),
    "component registration": _before(b"\xff\x52", _segment(0x63, HIDDEN + b"\0")),
    "an unknown segment": _before(b"\xff\x52", _segment(0x30 + 0x3F, HIDDEN)),
    "a profile": _before(b"\xff\x52", _segment(0x56, HIDDEN + b"\0")),
    "a longer coding style": _longer(0x52),
    "a longer quantisation": _longer(0x5C),
    "boxes of a JP2 file": _in_boxes,
    "behind the end": lambda code: code + HIDDEN,
    "a second end": lambda code: code + HIDDEN + b"\xff\xd9",
}


@pytest.mark.parametrize("transfer_syntax", JPEG_2000, ids=_name)
@pytest.mark.parametrize("place", PLACES_IN_JPEG_2000)
def test_nothing_but_image_stays_in_jpeg_2000(transfer_syntax, place):
    _check_gone(transfer_syntax, PLACES_IN_JPEG_2000[place])


def test_a_tile_part_of_unsaid_length_ends_at_the_end():
    def unsaid(code: bytes) -> bytes:
        place = code.index(b"\xff\x90")
        return code[: place + 6] + bytes(4) + code[place + 10 :] + HIDDEN + b"\xff\xd9"

    _check_gone(JPEG2000Lossless, unsaid)


def _unused_offsets(code: bytes) -> bytes:
    return code[:12] + _sized(HIDDEN, 52) + code[64:]


def _between_planes(code: bytes) -> bytes:
    second = int.from_bytes(code[8:12], "little")
    moved = (second + len(HIDDEN)).to_bytes(4, "little")
    return code[:8] + moved + code[12:second] + HIDDEN + code[second:]


PLACES_IN_RLE = {
    "unused offsets": _unused_offsets,
    "between the planes": _between_planes,
    "behind the last run": lambda code: code + HIDDEN,
    "a run behind the last": lambda code: code + bytes((len(HIDDEN) - 1,)) + HIDDEN,
}


@pytest.mark.parametrize("place", PLACES_IN_RLE)
def test_nothing_but_image_stays_in_rle(place):
    _check_gone(RLELossless, PLACES_IN_RLE[place])


@pytest.mark.parametrize("transfer_syntax", [*JPEG, *JPEG_LS, *JPEG_2000, RLELossless], ids=_name)
def test_a_fragment_behind_the_last_frame_goes(transfer_syntax):
    source, pixels = _with_codestreams(transfer_syntax, lambda code: [code, HIDDEN + b"\0"])

    result = deidentified(source)

    assert HIDDEN not in result.data
    assert np.array_equal(next(frames(read(result.data))), pixels)


@pytest.mark.parametrize("transfer_syntax", [*JPEG, *JPEG_LS, *JPEG_2000], ids=_name)
def test_a_second_frame_that_the_header_does_not_count_goes(transfer_syntax):
    source, pixels = _with_codestreams(transfer_syntax, lambda code: [code, code])

    result = deidentified(source)

    codes = list(generate_frames(reread(result).PixelData, number_of_frames=1))
    assert len(codes) == 1
    assert len(result.data) < len(source) - len(codes[0]) // 2
    assert np.array_equal(next(frames(read(result.data))), pixels)


def test_offset_tables_go_and_both_kinds_are_read():
    pixels = [stored_pixels(xray_dataset(number=number)) for number in (1, 2)]
    codes = [encode_frame(each) for each in pixels]
    dataset = xray_dataset(NumberOfFrames=2)
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    dataset.PixelData = encapsulate(codes, has_bot=False)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.ExtendedOffsetTable = _sized(HIDDEN, 16)
    dataset.ExtendedOffsetTableLengths = _sized(HIDDEN, 16)

    result = deidentified(written(dataset))

    assert HIDDEN[:8] not in result.data
    assert "ExtendedOffsetTable" not in reread(result)
    assert np.array_equal(np.stack(list(frames(read(result.data)))), pixels)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("depth", [12, 13, 16])
def test_every_predictor_of_lossless_jpeg_is_taken(predictor, depth):
    pixels = stored_pixels(xray_dataset())
    code = bytes(
        imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=depth)
    )
    source, _ = _with_codestreams(JPEGLossless, lambda _: [code])

    assert np.array_equal(next(frames(read(deidentified(source).data))), pixels)


def test_a_lossless_jpeg_of_too_few_bytes_reads_no_others():
    source, _ = _with_codestreams(
        JPEGLosslessSV1, lambda code: [code[: len(code) // 3] + b"\xff\xd9"]
    )

    pixels = next(frames(read(source)))

    # what was not there is one grey all over
    assert len(np.unique(pixels[-40:])) == 1


def test_htj2k_in_the_order_of_resolutions_is_taken():
    pixels = stored_pixels(xray_dataset())
    code = bytes(imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True))
    source, _ = _with_codestreams(HTJ2KLossless, lambda _: [code])
    dataset = reread(deidentified(source.replace(b"4.201\0", b"4.202\0")))

    assert dataset.file_meta.TransferSyntaxUID == HTJ2KLosslessRPCL
    assert b"OpenJPH" not in dataset.PixelData
    clean = next(generate_frames(dataset.PixelData, number_of_frames=1))
    assert np.array_equal(imagecodecs.htj2k_decode(clean), pixels)


REFUSED = {
    "restart markers that nothing asks for": (
        JPEGBaseline8Bit,
        lambda code: code[:-40] + b"\xff\xd0" + HIDDEN + code[-40:],
    ),
    "no table": (JPEGBaseline8Bit, lambda code: code.replace(b"\xff\xc4", b"\xff\xfe")),
    "a picture of another process": (
        JPEGBaseline8Bit,
        lambda code: code.replace(b"\xff\xc0", b"\xff\xc2", 1),
    ),
    "a mapping table": (
        JPEGLSLossless,
        lambda code: code.replace(b"\x01\x01\0\0", b"\x01\x01\1\0"),
    ),
    "packed packet headers": (JPEG2000, _before(b"\xff\x52", _segment(0x60, b"\0" + HIDDEN))),
    "a second coding style": (JPEG2000, _before(b"\xff\x52", _segment(0x52, HIDDEN))),
    "markers in coded data": (
        JPEG2000Lossless,
        lambda code: code[:-60] + b"\xff\xa0" + code[-58:],
    ),
    "boxes without a codestream": (
        JPEG2000,
        lambda code: _in_boxes(code).replace(b"jp2c", b"free"),
    ),
    "boxes that reach beyond": (
        JPEG2000,
        lambda code: b"\0\0\0\x0cjP  \r\n\x87\n\xff\xff\xff\x00free" + code,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_codestream_that_is_not_in_order_is_refused(case):
    transfer_syntax, change = REFUSED[case]
    source, _ = _with_codestreams(transfer_syntax, lambda code: [change(code)])

    with pytest.raises(Refused) as refusal:
        deidentified(source)

    assert refusal.value.reason is Reason.PIXELS_CANNOT_BE_DECODED


def _styled(content: bytes):
    """The same stream with another coding style: layers and precincts beyond all measure."""

    def changed(code: bytes) -> bytes:
        place = code.index(b"\xff\x52")
        size = int.from_bytes(code[place + 2 : place + 4], "big")
        return code[:place] + _segment(0x52, content) + code[place + 2 + size :]

    return changed


TOO_COMPLEX = {
    "65,535 layers": _styled(b"\1\2\xff\xff\0\5\4\4\0\1" + b"\x77" * 6),
    "precincts of two pixels": _styled(b"\1\2\0\x10\0\5\4\4\0\1" + b"\x11" * 6),
    "code blocks of four pixels": _styled(b"\0\2\0\1\0\5\0\0\0\1"),
}


@pytest.mark.parametrize("encode", [imagecodecs.jpeg2k_encode, imagecodecs.htj2k_encode])
@pytest.mark.parametrize("case", TOO_COMPLEX)
def test_a_codestream_of_too_many_packets_is_not_decoded(encode, case):
    form = {"codecformat": "j2k", "level": 0} if encode is imagecodecs.jpeg2k_encode else {}
    code = bytes(encode(np.zeros((4096, 4096), np.uint16), reversible=True, **form))
    image = ImagePixel(4096, 4096, 1, 16, 16, False, "MONOCHROME2")
    assert cleaned_jpeg_2000(code, image)

    with pytest.raises(Refused) as refusal:
        cleaned_jpeg_2000(TOO_COMPLEX[case](code), image)

    assert refusal.value.reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize(
    "style",
    [
        b"\1\2\0\1\0\5\4\4\0\1" + bytes(6),
        b"\0\2\0\1\0\x21\4\4\0\1",
        b"\0\2\0\1\0\5\x0a\4\0\1",
    ],
)
def test_a_coding_style_that_the_standard_forbids_is_refused(style):
    # empty precincts made an HTJ2K decoder write beyond its memory
    source, _ = _with_codestreams(HTJ2KLossless, lambda code: [_styled(style)(code)])

    with pytest.raises(Refused) as refusal:
        list(frames(read(source)))

    assert refusal.value.reason is Reason.PIXELS_CANNOT_BE_DECODED


def test_an_rle_plane_that_unpacks_to_more_than_the_image_is_cut():
    swollen = b"\x81\x20" * 200_000

    def bomb(code: bytes) -> bytes:
        return np.array([2, 64, 64 + len(swollen), *[0] * 13], "<u4").tobytes() + 2 * swollen

    source, _ = _with_codestreams(RLELossless, lambda code: [bomb(code)])

    assert np.unique(next(frames(read(source)))).tolist() == [0x0020]


def _check_gone(transfer_syntax: UID, change) -> None:
    source, pixels = _with_codestreams(transfer_syntax, lambda code: [change(code)])
    assert HIDDEN[:12] in source

    result = deidentified(source)

    assert HIDDEN[:12] not in result.data
    assert np.array_equal(next(frames(read(result.data))), pixels)


def _with_codestreams(transfer_syntax: UID, change) -> tuple[bytes, np.ndarray]:
    """A compressed radiograph with other fragments, and the pixels of the good one."""
    dataset = xray_dataset()
    pixels = next(frames(read(in_transfer_syntax(dataset, UID(transfer_syntax)))))
    code = next(generate_frames(dataset.PixelData, number_of_frames=1))
    return _with_fragments(dataset, change(code)), pixels


def _with_fragments(dataset: FileDataset, fragments: list[bytes]) -> bytes:
    dataset.PixelData = encapsulate(fragments, has_bot=False)
    return written(dataset)
