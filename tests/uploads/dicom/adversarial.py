"""Files with a unique marker in every place the standard names, and the search for them.

Every marker begins with one stem, which stands in no honest output, so that one search finds any of
them however it is written; what follows the stem says which place it was.
"""

import base64
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import pack

import numpy as np
import pydicom
from pydicom.datadict import DicomDictionary, RepeatersDictionary, keyword_for_tag

from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.elements import (
    DEFLATED_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    Element,
    assembled,
    file_meta,
    inflated,
    written,
)
from uploads.dicom.reading import Source, read

TEXT_STEM = b"KWXZJ"
DIGIT_STEM = b"97041"
# no date of an output lies so early, even after it was moved
_FIRST_DAY = np.datetime64("1701-01-01")
UID_ROOT = b"1.2.826.0.1.3680043.10.97041."

PIXEL_DATA = 0x7FE00010
_UNDEFINED = b"\xff\xff\xff\xff"
_ITEM, _ITEM_END, _SEQUENCE_END = (
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"\xfe\xff\xdd\xe0\0\0\0\0",
)
# without these right a file is none that is taken
NEEDED = frozenset(
    (
        *(0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080064, 0x0020000D, 0x0020000E),
        *(0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100),
        *(0x00280101, 0x00280102, 0x00280103, 0x00280301),
    )
)
_TEXT = ("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT")
_DIGITS = ("IS", "DS")


@dataclass
class Planting:
    """Markers by the place that each was put in."""

    places: dict[bytes, str] = field(default_factory=dict)
    days: set[bytes] = field(default_factory=set)

    def text(self, place: str) -> bytes:
        return self._marked(TEXT_STEM + _letters(len(self.places)), place)

    def digits(self, place: str) -> bytes:
        return self._marked(DIGIT_STEM + b"%05d" % len(self.places), place)

    def day(self, place: str) -> bytes:
        date = str(_FIRST_DAY + len(self.days)).replace("-", "").encode()
        self.days.add(date)
        return self._marked(date, place)

    def _marked(self, marker: bytes, place: str) -> bytes:
        self.places[marker] = place
        return marker

    def value(self, vr: str, place: str) -> bytes:
        """A value that tells who it is, in the way its VR can."""
        if vr in _TEXT:
            return self.text(place)
        if vr == "PN":
            return b"^".join(self.text(f"{place} {n}") for n in range(2))
        if vr in _DIGITS:
            return self.digits(place)
        if vr == "UI":
            return UID_ROOT + self.digits(place)
        if vr == "DA":
            return self.day(place)
        if vr == "DT":
            return self.day(place) + b"101500.000000+0100"
        if vr == "TM":
            return b"101500." + self.text(place)[:6]
        if vr == "AS":
            return self.text(place)[:4]
        return self.text(place)[:8].ljust(8, b"K")


def _letters(number: int) -> bytes:
    letters = bytearray()
    for _ in range(3):
        number, rest = divmod(number, 26)
        letters.append(65 + rest)
    return bytes(letters)


# --- Places in the data set ------------------------------------------------------------


def dictionary_tags() -> Iterator[tuple[int, str]]:
    """Every attribute of PS3.6 that a data set may have, repeating groups among them."""
    for tag, (vr, *_) in DicomDictionary.items():
        if tag not in NEEDED and tag >> 16 not in (0x0000, 0x0002, 0xFFFE, 0x7FE0) and vr != "NONE":
            yield tag, vr.split(" or ")[0]
    for mask, (vr, *_) in RepeatersDictionary.items():
        if mask[:4] in ("50xx", "60xx", "70xx") and mask[:2] != "70":
            for group in (0x00, 0x02, 0x1E):
                yield int(mask[:2], 16) << 24 | group << 16 | int(mask[5:], 16), vr.split(" or ")[0]


def named(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag:08X}"


def in_every_attribute(planting: Planting, *, kept: frozenset[int], prefix: str) -> list[Element]:
    """An identity in every attribute but those in `kept`."""
    return [_planted(planting, tag, vr, prefix) for tag, vr in dictionary_tags() if tag not in kept]


def _planted(planting: Planting, tag: int, vr: str, prefix: str, depth: int = 0) -> Element:
    place = f"{prefix}{named(tag)}"
    if vr != "SQ":
        return Element(tag, vr, planting.value(vr, place))
    inner = [(0x00080104, "LO"), (0x00100010, "PN"), (0x00100030, "DA"), (0x0040A160, "UT")]
    item = [_planted(planting, each, kind, f"{place}.", depth + 1) for each, kind in inner]
    if depth < 1:
        item.append(_planted(planting, 0x0040A730, "SQ", f"{place}.", depth + 1))
    return Element(tag, "SQ", items=(item,))


def in_private_blocks(planting: Planting) -> list[Element]:
    """Private groups: creators, values of every VR, sequences, and without a creator."""
    elements = []
    vrs = (*_TEXT, *_DIGITS, "PN", "DA", "DT", "TM", "UI", "UN", "OB", "OW", "FD", "AT", "SQ")
    for group in (0x0009, 0x0019, 0x0029, 0x0043, 0x00E1, 0x7FDF, 0x7FE1, 0x0001, 0xFFFB):
        elements.append(Element(group << 16 | 0x0010, "LO", planting.text(f"creator {group:04X}")))
        for number, vr in enumerate(vrs):
            tag = group << 16 | 0x1000 + number
            elements.append(_planted(planting, tag, vr, f"private {vr} "))
        elements.append(Element(group << 16 | 0x2201, "LO", planting.text("no creator")))
    return elements


def in_unknown_groups(planting: Planting) -> list[Element]:
    tags = (0x00040001, 0x00080099, 0x001000FF, 0x4FFE0001, 0x50990010, 0x70000010, 0x7FE00001)
    return [Element(tag, "UN", planting.text(f"unknown {tag:08X}")) for tag in tags]


def in_descriptions(planting: Planting) -> list[Element]:
    """In the attributes that stay, beside what may stay of them."""
    text = planting.text
    return [
        Element(0x00081030, "LO", b"CT CHEST " + text("StudyDescription word")),
        Element(0x0008103E, "LO", b"CHEST\0" + text("SeriesDescription behind a NUL")),
        Element(0x00181030, "LO", b"thorax/" + text("ProtocolName").lower() + b"/1.25mm"),
        Element(0x00180010, "LO", b"IV CONTRAST " + planting.digits("ContrastBolusAgent")),
        Element(0x00080070, "LO", b"GE MEDICAL SYSTEMS " + text("Manufacturer")),
        Element(0x00180015, "CS", b"CHEST " + text("BodyPartExamined")),
        Element(0x00181210, "SH", b"LUNG\\" + text("ConvolutionKernel")),
        Element(0x00281055, "LO", b"LUNG\\" + text("WindowCenterWidthExplanation")),
        Element(0x00282114, "CS", b"ISO_10918_1\\" + text("LossyImageCompressionMethod")),
        Element(0x00180022, "CS", b"HELICAL MODE\\" + text("ScanOptions")),
        Element(0x00200011, "IS", planting.digits("SeriesNumber")),
        Element(0x00200012, "IS", planting.digits("AcquisitionNumber")),
        Element(0x00200013, "IS", planting.digits("InstanceNumber")),
        Element(0x00180060, "DS", planting.digits("KVP")),
        Element(0x00181130, "DS", planting.digits("TableHeight") + b".5"),
        Element(0x00201041, "DS", b"1.5\\" + planting.digits("SliceLocation")),
        Element(0x00080030, "TM", b"101500." + planting.digits("StudyTime")[-6:]),
        Element(0x00101010, "AS", b"068Y" + text("PatientAge")),
        Element(0x00100040, "CS", b"M\\" + text("PatientSex")),
        Element(0x00200020, "CS", b"L\\F\\" + text("PatientOrientation")),
    ]


def in_wrong_vrs(planting: Planting) -> list[Element]:
    """Names and dates under VRs that the attribute does not have."""
    kinds = {
        0x00080020: "LO",
        0x00080021: "UN",
        0x00080022: "OB",
        0x00080080: "UN",
        0x00080090: "OB",
        0x00081030: "UT",
        0x0008103E: "UN",
        0x00180015: "PN",
        0x00180050: "ST",
        0x00180060: "UN",
        0x00200052: "LO",
        0x00281050: "OB",
        0x00281053: "UT",
    }
    return [
        Element(tag, vr, planting.value(vr, f"{named(tag)} as {vr}")) for tag, vr in kinds.items()
    ]


def in_names(planting: Planting) -> list[Element]:
    """A name's component groups, in other scripts and behind escapes (PS3.5 6.2.1.2)."""
    text = planting.text
    return [
        Element(0x00080005, "CS", b"\\ISO 2022 IR 87"),
        Element(
            0x00100010,
            "PN",
            text("alphabetic") + b"^^^MR=" + text("ideographic") + b"=" + text("phonetic"),
        ),
        Element(0x00101001, "PN", b"\x1b$B" + text("escaped") + b"\x1b(B"),
        Element(0x00081050, "PN", text("staff 1") + b"\\" + text("staff 2")),
        Element(0x00081070, "PN", text("UTF-16").decode().encode("utf-16-le")),
        Element(0x00104000, "LT", text("reversed")[::-1]),
        Element(0x00102160, "SH", base64.b64encode(text("base64"))),
    ]


# --- Ways of writing -------------------------------------------------------------------


def undefined_length(tag: int, vr: bytes, content: bytes) -> bytes:
    """A sequence and an item without lengths, in explicit little endian."""
    head = pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0) + _UNDEFINED
    return head + _ITEM + _UNDEFINED + content + _ITEM_END + _SEQUENCE_END


def in_ways_of_writing(planting: Planting) -> dict[int, bytes]:
    """Sequences of undefined length, as UN (which is implicit within), public and private."""
    name, comment = 0x00100010, 0x00204000
    implicit = written(
        [
            Element(name, "PN", planting.text("in UN")),
            Element(comment, "LT", planting.text("UN 2")),
        ],
        IMPLICIT_LITTLE_ENDIAN,
    )
    explicit = written([Element(name, "PN", planting.text("in SQ"))], "1.2.840.10008.1.2.1")
    inner = undefined_length(0x00081140, b"SQ", explicit)
    return {
        0x00081110: undefined_length(0x00081110, b"SQ", inner),
        0x00081111: undefined_length(0x00081111, b"UN", implicit),
        0x00091020: undefined_length(0x00091020, b"UN", implicit),
        0x00091021: undefined_length(0x00091021, b"SQ", explicit),
        0x00400275: undefined_length(0x00400275, b"UN", implicit),
    }


def file_with(
    base: bytes,
    elements: list[Element],
    *,
    raw: dict[int, bytes] | None = None,
    meta: list[Element] | None = None,
) -> bytes:
    """A file with elements added or in the place of its own."""
    known = read(base)
    syntax = known.transfer_syntax_uid
    by_tag = {element.tag: element for element in (*known.elements, *elements)}
    parts = {tag: written([element], syntax) for tag, element in by_tag.items()} | (raw or {})
    metas = {element.tag: element for element in (*known.meta, *(meta or ()))}
    metas.pop(0x00020000, None)
    ordered = [metas[tag] for tag in sorted(metas)]
    return assembled(ordered, (parts[tag] for tag in sorted(parts)), syntax)


def in_file_meta(planting: Planting) -> list[Element]:
    return [
        Element(0x00020012, "UI", UID_ROOT + planting.digits("ImplementationClassUID")),
        Element(0x00020013, "SH", planting.text("ImplementationVersionName")),
        Element(0x00020016, "AE", planting.text("SourceApplicationEntityTitle")),
        Element(0x00020017, "AE", planting.text("SendingApplicationEntityTitle")),
        Element(0x00020018, "AE", planting.text("ReceivingApplicationEntityTitle")),
        Element(0x00020026, "UR", planting.text("SourcePresentationAddress")),
        Element(0x00020100, "UI", UID_ROOT + planting.digits("PrivateInformationCreatorUID")),
        Element(0x00020102, "OB", planting.text("PrivateInformation") * 4),
    ]


def around(base: bytes, planting: Planting, *, behind: bool = True) -> bytes:
    """A preamble, and bytes behind the data set."""
    preamble = (planting.text("preamble") * 20)[:128].ljust(128, b"K")
    return preamble + base[128:] + (planting.text("behind") + b" " if behind else b"")


# --- The search --------------------------------------------------------------------------


def kept_by_rules(sop_class: str) -> frozenset[int]:
    return frozenset(PROFILE[sop_class]) | NEEDED


def forms_of(marker: bytes) -> set[bytes]:
    """How a marker might be written: text, other widths, turned round, base64, hexadecimal."""
    upper, lower = marker.upper(), marker.lower()
    found = set()
    for text in (upper, lower, upper.capitalize()):
        found |= {text, text[::-1], text.hex().encode(), text.hex().upper().encode()}
        found.add(text.decode().encode("utf-16-le")[:-1])
        found.add(b"".join(bytes((byte, 0, 0, 0)) for byte in text)[:-3])
        # swapped byte by byte, as in a word of the other byte order
        found.add(bytes(text[place ^ 1] for place in range(len(text) // 2 * 2)))
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + text).rstrip(b"=")
            found.add(encoded[2 if offset == 1 else 3 if offset == 2 else 0 : -1])
    return found


_FORMS = [form for stem in (TEXT_STEM, DIGIT_STEM) for form in forms_of(stem)]


def found_in(output: bytes, planting: Planting) -> list[str]:
    """The places whose markers stand in an output, in any form: its bytes, and its pixels."""
    found = []
    for name, data in _readings(output):
        for form in _FORMS:
            if form in data:
                start = data.index(form)
                found.append(f"{name}: {_place(data[start : start + 12], planting)} {form!r}")
        found += [f"{name}: {planting.places[day]}" for day in planting.days if day in data]
    return found


def _place(beginning: bytes, planting: Planting) -> str:
    for marker, place in planting.places.items():
        if beginning.startswith(marker[: len(beginning)]):
            return place
    return "?"


def _readings(output: bytes) -> Iterator[tuple[str, bytes]]:
    """The output as bytes, inflated, its numbers without what stands between, its pixels' bytes."""
    yield "bytes", output
    _, position = file_meta(output)
    dataset = pydicom.dcmread(io.BytesIO(output))
    if dataset.file_meta.TransferSyntaxUID == DEFLATED_LITTLE_ENDIAN:
        yield "inflated", inflated(output[position:])
    numbers = (str(each.value) for each in dataset.iterall() if each.VR in ("DS", "IS", "UI", "AT"))
    yield "numbers", "\n".join(number.replace(".", "") for number in numbers).encode()
    known = read(output)
    if known.pixel_data.fragments is None:
        pixels = np.frombuffer(known.pixel_data.value, np.uint8)
        yield "low bytes", pixels[::2].tobytes()
        yield "high bytes", pixels[1::2].tobytes()
        yield "high bits", _nibbles(pixels, known)


def _nibbles(pixels: np.ndarray, known: Source) -> bytes:
    """What is written in the four highest bits of 16, two pixels a byte."""
    if known.image.bits_allocated != 16:
        return b""
    high = pixels[1::2][: len(pixels) // 4 * 2] >> 4
    return bytes((high[::2] << 4 | high[1::2]).tolist())


def deflated(body: bytes) -> bytes:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()
