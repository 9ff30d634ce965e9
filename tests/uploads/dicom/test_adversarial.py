"""Nothing planted anywhere leaves, and what is good still does."""

import io
import re
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.datasets import (
    DX_FOR_PROCESSING,
    LEGACY_ENHANCED_CT_IMAGE,
    chest_xray,
    computed_radiograph,
    ct_dataset,
    ct_slice,
    enhanced_ct,
    in_transfer_syntax,
    written,
    xray_dataset,
)
from tests.uploads.dicom import adversarial
from tests.uploads.dicom.adversarial import Planting, file_with, found_in, kept_by_rules
from tests.uploads.dicom.keys import deidentified
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.released import MANNERS, Manner
from uploads.dicom.elements import Element
from uploads.dicom.reading import read
from uploads.dicom.reasons import Held, Refused

MAKERS: dict[str, Callable[[], bytes]] = {
    "ct": ct_slice,
    "enhanced": enhanced_ct,
    "legacy": lambda: enhanced_ct(SOPClassUID=LEGACY_ENHANCED_CT_IMAGE),
    "cr": computed_radiograph,
    "dx": chest_xray,
    "dx for processing": lambda: written(xray_dataset(sop_class=DX_FOR_PROCESSING)),
}
BASES = {name: make() for name, make in MAKERS.items()}
every_kind = pytest.mark.parametrize("base", BASES.values(), ids=BASES)
NATIVE = (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
COMPRESSED = (
    *(RLELossless, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLosslessSV1, JPEGLSLossless),
    *(JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2K),
)
in_every_syntax = pytest.mark.parametrize(
    "syntax", [*NATIVE, *COMPRESSED], ids=lambda syntax: syntax.name
)


def assert_nothing_left(source: bytes, planting: Planting) -> pydicom.Dataset:
    """The file is released, without any of its markers."""
    output = deidentified(source).data
    assert found_in(output, planting) == []
    return pydicom.dcmread(io.BytesIO(output))


def assert_utility(base: bytes, dataset: pydicom.Dataset) -> None:
    """What the base file says that may stay, stands in the output exactly, and its pixels do."""
    before = pydicom.dcmread(io.BytesIO(base))
    clean = pydicom.dcmread(io.BytesIO(deidentified(base).data))
    for element in clean:
        manner = MANNERS.get(int(element.tag))
        if manner in (Manner.SAME, Manner.WORDS, Manner.KERNEL, Manner.ORIENTATION, Manner.TIME):
            assert dataset[element.tag].value == element.value, element.keyword
            if element.tag in before and manner is Manner.SAME:
                assert dataset[element.tag].value == before[element.tag].value, element.keyword
    assert dataset.PixelData == before.PixelData


# --- Attributes -----------------------------------------------------------------------------


@every_kind
def test_a_marker_in_every_attribute_without_a_rule_is_gone_and_the_rest_is_whole(base):
    planting = Planting()
    kept = kept_by_rules(read(base).sop_class_uid)
    elements = adversarial.in_every_attribute(planting, kept=kept, prefix="")
    elements += adversarial.in_private_blocks(planting)
    elements += adversarial.in_unknown_groups(planting)
    source = adversarial.around(
        file_with(base, elements, meta=adversarial.in_file_meta(planting)), planting
    )
    assert len(planting.places) > 5000

    assert_utility(base, assert_nothing_left(source, planting))


@every_kind
def test_a_marker_in_every_attribute_that_has_a_rule_is_gone(base):
    planting = Planting()
    elements = adversarial.in_every_attribute(planting, kept=adversarial.NEEDED, prefix="")

    assert_nothing_left(file_with(base, elements), planting)


@every_kind
def test_a_marker_in_every_attribute_written_as_unknown_is_gone(base):
    planting = Planting()
    elements = [
        element if element.items is not None else element._replace(vr="UN")
        for element in adversarial.in_every_attribute(
            planting, kept=adversarial.NEEDED, prefix="UN "
        )
    ]

    assert_nothing_left(file_with(base, elements), planting)


@pytest.mark.parametrize("base", [BASES["ct"], BASES["dx"]], ids=["ct", "dx"])
@pytest.mark.parametrize(
    "sequence", [0x00081140, 0x00082112, 0x00400275, 0x04000561, 0x00091001, 0x00880200]
)
def test_a_marker_in_every_attribute_of_an_item_is_gone(base, sequence):
    planting = Planting()
    every = adversarial.in_every_attribute(planting, kept=adversarial.NEEDED, prefix="item ")
    every = [element for element in every if element.vr != "SQ"]
    nested = Element(sequence, "SQ", items=(every,))

    assert_utility(base, assert_nothing_left(file_with(base, [nested]), planting))


@pytest.mark.parametrize("sequence", [0x52009229, 0x52009230, 0x00209221, 0x00209222])
def test_a_marker_in_every_attribute_of_a_kept_sequences_item_is_gone(sequence):
    planting = Planting()
    base = BASES["enhanced"]
    given = {element.tag: element for element in read(base).elements}.get(sequence)
    items = []
    for item in given.items if given and given.items else ([],):
        own = {element.tag for element in item}
        every = adversarial.in_every_attribute(
            planting, kept=adversarial.NEEDED | own, prefix="group "
        )
        by_tag = {element.tag: element for element in (*item, *every[:400], *every[-40:])}
        items.append([by_tag[tag] for tag in sorted(by_tag)])

    source = file_with(base, [Element(sequence, "SQ", items=tuple(items))])

    assert assert_nothing_left(source, planting).NumberOfFrames == 4


@every_kind
@pytest.mark.parametrize(
    "plant", [adversarial.in_descriptions, adversarial.in_wrong_vrs, adversarial.in_names]
)
def test_a_marker_beside_what_may_stay_is_gone(base, plant):
    planting = Planting()
    source = file_with(base, plant(planting))

    assert_nothing_left(source, planting)


@every_kind
def test_a_sequence_where_a_value_belongs_and_a_value_for_a_sequence_are_gone(base):
    planting = Planting()
    rules = PROFILE[read(base).sop_class_uid]
    elements = []
    for tag, rule in rules.items():
        if tag in adversarial.NEEDED or rule.keyword in ("PatientID", "PatientName"):
            continue
        vr = "LO" if rule.vr == "SQ" else "SQ"
        name = Element(0x00100010, "PN", planting.text(f"{rule.keyword} as {vr}"))
        text = Element(tag, vr, planting.text(f"{rule.keyword} as {vr}"))
        elements.append(text if vr == "LO" else Element(tag, vr, items=([name],)))

    assert_nothing_left(file_with(base, elements), planting)


@every_kind
def test_a_marker_in_a_sequence_of_undefined_length_is_gone(base):
    planting = Planting()
    source = file_with(base, [], raw=adversarial.in_ways_of_writing(planting))

    assert_utility(base, assert_nothing_left(source, planting))


@in_every_syntax
def test_markers_are_gone_in_every_transfer_syntax(syntax):
    planting = Planting()
    base = in_transfer_syntax(xray_dataset(), syntax)
    kept = kept_by_rules(read(base).sop_class_uid)
    elements = [
        *adversarial.in_every_attribute(planting, kept=kept, prefix=""),
        *adversarial.in_private_blocks(planting),
        *adversarial.in_descriptions(planting),
    ]
    source = adversarial.around(
        file_with(base, elements, meta=adversarial.in_file_meta(planting)),
        planting,
        behind=syntax != DeflatedExplicitVRLittleEndian,
    )

    dataset = assert_nothing_left(source, planting)
    assert dataset.file_meta.TransferSyntaxUID == syntax


def test_a_uid_that_is_made_of_the_patients_number_is_gone():
    number = b"9434765919"
    source = file_with(
        BASES["ct"],
        [
            Element(0x00100020, "LO", number),
            Element(0x0020000D, "UI", b"1.2.3." + number),
            Element(0x0020000E, "UI", b"2.25." + number),
            Element(0x00200052, "UI", b"1.2.840.10008." + number),
            Element(0x00200200, "UI", b"2.25." + number + b"\\1.2." + number),
        ],
    )

    assert number not in deidentified(source).data


# --- Pixels -------------------------------------------------------------------------------


def test_text_in_the_high_bits_of_pixels_is_gone():
    planting = Planting()
    text = planting.text("high bits") * 3
    dataset = xray_dataset()
    pixels = np.frombuffer(dataset.PixelData, "<u2").copy()
    nibbles = [half for byte in text for half in (byte >> 4, byte & 15)]
    pixels[: len(nibbles)] |= np.array(nibbles, "<u2") << 12
    dataset.PixelData = pixels.tobytes()

    assert_nothing_left(written(dataset), planting)


@pytest.mark.parametrize("kind", ["ct", "dx", "cr", "enhanced"])
def test_text_behind_the_last_pixel_is_gone(kind):
    planting = Planting()
    known = read(BASES[kind])
    longer = known.pixel_data._replace(value=known.pixel_data.value + planting.text("behind") * 2)

    dataset = assert_nothing_left(file_with(BASES[kind], [longer]), planting)
    assert dataset.PixelData == known.pixel_data.value


def test_an_overlay_in_unused_bits_and_an_icon_are_gone():
    planting = Planting()
    icon = [
        Element(0x00280002, "US", b"\1\0"),
        Element(0x00280010, "US", b"\x08\0"),
        Element(0x00280011, "US", b"\x08\0"),
        Element(0x7FE00010, "OW", planting.text("icon").ljust(64, b" ")),
    ]
    overlay = [
        Element(0x60000010, "US", b"\x60\0"),
        Element(0x60000011, "US", b"\x40\0"),
        Element(0x60000022, "LO", planting.text("OverlayDescription")),
        Element(0x60000040, "CS", b"G "),
        Element(0x60000100, "US", b"\x10\0"),
        Element(0x60000102, "US", b"\x0f\0"),
        Element(0x60001500, "LO", planting.text("OverlayLabel")),
        Element(0x60003000, "OW", planting.text("OverlayData") * 96),
        Element(0x60004000, "LT", planting.text("OverlayComments")),
        Element(0x00880200, "SQ", items=(icon,)),
    ]

    dataset = assert_nothing_left(file_with(BASES["dx"], overlay), planting)
    assert not any(element.tag.group == 0x6000 for element in dataset)


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def in_a_frame(code: bytes, syntax: UID, planting: Planting) -> list[bytes]:
    """The frame with a marker in each place that a codestream has for it, one place at a time."""
    text = planting.text
    if syntax == RLELossless:
        count = int.from_bytes(code[:4], "little")
        header = code[: 4 + 4 * count] + text("RLE header").ljust(60 - 4 * count, b"K")[:56]
        return [code + text("RLE padding") + b"\0" * 2, header[:64] + code[64:]]
    if syntax in (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2K):
        place = code.index(b"\xff\x90")
        comment = jpeg_segment(0x64, b"\0\1" + text("COM"))
        registered = jpeg_segment(0x63, text("CRG"))
        return [
            code[:place] + comment + code[place:],
            code[:place] + registered + code[place:],
            code + text("behind EOC"),
        ]
    end = code.rindex(b"\xff\xd9")
    places = [
        code[:2] + jpeg_segment(marker, text(f"segment {marker:02X}")) + code[2:]
        for marker in (*range(0xE0, 0xF0), 0xFE)
    ]
    places.append(code[:end] + jpeg_segment(0xFE, text("before EOI")) + code[end:])
    places.append(code + text("behind EOI"))
    return places


@pytest.mark.parametrize("syntax", COMPRESSED, ids=lambda syntax: syntax.name)
def test_a_marker_in_every_place_of_a_compressed_frame_is_gone(syntax):
    base = in_transfer_syntax(xray_dataset(), syntax)
    pixel_data = read(base).pixel_data
    clean = deidentified(base)
    code = (pixel_data.fragments or ())[1]
    planting = Planting()
    for changed in in_a_frame(code, syntax, planting):
        fragments = (b"", changed + b"\0" * (len(changed) % 2))
        result = deidentified(file_with(base, [pixel_data._replace(fragments=fragments)]))
        assert found_in(result.data, planting) == []
        assert result.pixel_digest == clean.pixel_digest


def test_a_marker_in_an_offset_table_or_between_fragments_is_gone_or_refused():
    base = in_transfer_syntax(xray_dataset(), JPEGLSLossless)
    pixel_data = read(base).pixel_data
    _, frame = pixel_data.fragments or ()
    planting = Planting()
    for fragments in (
        (planting.text("offset table"), frame),
        (b"", frame, planting.text("second fragment")),
        (b"", frame[:100], frame[100:]),
    ):
        source = file_with(base, [pixel_data._replace(fragments=fragments)])
        try:
            output = deidentified(source).data
        except (Refused, Held):
            continue
        assert found_in(output, planting) == []


# --- As the NHS writes them ------------------------------------------------------------------

NAMES = {
    "with a title": ("ISO_IR 100", "SMITHERS^JOHNATHAN^^MR"),
    "double-barrelled": ("ISO_IR 100", "SMITHERS-JONESBY^ANNELIESE^^MRS"),
    "with an apostrophe": ("ISO_IR 100", "O'NEILLSON^D'ARCYNNE"),
    "of two words": ("ISO_IR 100", "VAN DER MERWELAAN^PIETERJAN"),
    "Latin-1": ("ISO_IR 100", "MÜLLERSON^FRANÇOISETTE"),
    "UTF-8": ("ISO_IR 192", "ŁUKASZEWICZ^ŻÓŁTOWSKI"),
    "Chinese": ("GB18030", "WANGXIAODONG^XIAODONG=王小東"),
    "Japanese": ("\\ISO 2022 IR 87", "YAMADAGAWA^TAROUEMON=山田^太郎=やまだ^たろう"),
}
FACTS = {
    "PatientID": "943 476 5919",
    "OtherPatientIDs": ["9434765919", "943-476-5919", "RXQ4857201"],
    "PatientAddress": "14 Marmalade Lane, Nethertown NX9 4QQ",
    "PatientTelephoneNumbers": "07700 900123",
    "ReferringPhysicianName": "PENHALIGON^MORWENNA^^DR",
    "PhysiciansOfRecord": "C4567890^GMC",
    "InstitutionName": "St Elsewhere General Hospital NHS Trust",
    "InstitutionalDepartmentName": "Ward 7B Crumpetwing",
    "StationName": "CTGLOXINIA01",
    "DeviceSerialNumber": "SN0099413KX",
    "RetrieveURL": "https://pacs.elsewhere.nhs.uk/9434765919",
    "PersonAddress": "morwenna.penhaligon@elsewhere.nhs.uk",
    "PatientBirthDate": "19500312",
}
# what a searcher would look for, in any case
TOLD = (
    *("9434765919", "943 476 5919", "943-476-5919", "RXQ4857201", "Marmalade", "NX9 4QQ"),
    *("07700 900123", "07700900123", "900123", "PENHALIGON", "MORWENNA", "C4567890", "Elsewhere"),
    *("Crumpetwing", "GLOXINIA", "0099413", "nhs.uk", "pacs.", "19500312", "12/03/1950"),
)


@every_kind
@pytest.mark.parametrize(("charset", "name"), NAMES.values(), ids=NAMES)
def test_an_identity_as_the_nhs_writes_it_is_gone(base, charset, name):
    dataset = pydicom.dcmread(io.BytesIO(base))
    dataset.SpecificCharacterSet = charset.split("\\")
    dataset.PatientName = name
    for keyword, value in FACTS.items():
        setattr(dataset, keyword, value)
    dataset.StudyDescription = f"CT CHEST {name.split('^')[0]} DOB 12/03/1950 NHS 943 476 5919"
    dataset.SeriesDescription = "CHEST ward 7B tel 07700 900123 Mrs Penhaligon"
    source = written(dataset)

    result = deidentified(source)

    upper = result.data.upper()
    parts = [part for part in re.split(r"[\^=\s'-]+", name) if len(part) > 3]
    codecs = {"GB18030": "gb18030", "\\ISO 2022 IR 87": "iso2022_jp"}
    for told in (*TOLD, *parts, *name.partition("=")[2].split("=")):
        if not told:
            continue
        for codec in ("utf-8", "utf-16-le", "utf-16-be", codecs.get(charset, "utf-8")):
            assert told.encode(codec, "replace") not in result.data, told
        if told.isascii():
            assert told.upper().encode() not in upper
    assert pydicom.dcmread(io.BytesIO(result.data)).StudyDescription == "CT CHEST"


def test_names_that_are_words_of_radiology_lose_no_file():
    for name in ("LONG^CHEST", "PA^AP", "LEE^AX", "HEAD^FIRST", "LI^YU", "CT^SMITH", "FREE^FILM"):
        for make in (ct_dataset, xray_dataset):
            dataset = pydicom.dcmread(
                io.BytesIO(deidentified(written(make(PatientName=name))).data)
            )
            assert dataset.BodyPartExamined == "CHEST"


@pytest.mark.parametrize("number", ["120", "2020", "51200", "000012", "1234567", "5000000", "160"])
def test_a_patient_number_that_is_met_in_measures_loses_no_file(number):
    result = deidentified(ct_slice(PatientID=number, AccessionNumber=number, StudyID=number))

    assert pydicom.dcmread(io.BytesIO(result.data)).PixelSpacing == [5, 5]


def test_explicit_little_endian_is_written_as_it_came():
    dataset = pydicom.dcmread(io.BytesIO(deidentified(BASES["ct"]).data))

    assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
