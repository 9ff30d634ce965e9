"""Files with an identity in every attribute the standard knows, at the top and in every item."""

from collections.abc import Mapping

from pydicom.datadict import DicomDictionary

from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Rule
from uploads.dicom.elements import Element, file_of
from uploads.dicom.reading import read

CANARIES = (b"QUILLFEATHER", b"ZEBEDEE", b"9434765919", b"19510923", b"QUILFEAT", b"ZQXJ")
SOURCE_UID = b"1.2.826.0.1.3680043.10.1453.77"

# what makes the file a file that is taken: with an identity here it would be refused or held
_NEEDED = frozenset(
    (
        *(0x00080016, 0x00080008, 0x00080064, 0x00280301, 0x00280002, 0x00280004, 0x00280008),
        *(0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x7FE00010),
    )
)
_VALUES = {
    **dict.fromkeys(("LO", "LT", "SH", "ST", "UC", "UR", "UT", "AE"), b"QUILLFEATHER ZEBEDEE"),
    **dict.fromkeys(("PN", "CS"), b"QUILLFEATHER"),
    **dict.fromkeys(("IS", "DS"), b"9434765919"),
    **dict.fromkeys(("OB", "OW", "OD", "OF", "OL", "OV", "UN"), b"QUILLFEATHER ZEBEDEE    "),
    **dict.fromkeys(("FD", "SV", "UV", "FL", "SL", "UL", "AT"), b"QUILFEAT"),
    "AS": b"ZQXJ",
    "DA": b"19510923",
    "DT": b"19510923101500.QUILLFEATHER",
    "TM": b"101500QUILLFEATHER",
    "UI": SOURCE_UID,
    "US": b"QUILFEAT",
    "SS": b"QUILFEAT",
}


def canary(tag: int, vr: str) -> Element:
    """An element that holds an identity, in the way its VR can."""
    if vr == "SQ":
        names = (0x00080090, 0x00081048, 0x00100010, 0x00204000, 0x00400275)
        return Element(tag, "SQ", items=([canary(name, "LO") for name in names],))
    vr = vr.split(" or ")[0]
    return Element(tag, vr, _VALUES[vr])


def with_canaries(source: bytes, *, as_unknown: bool = False) -> bytes:
    """A file in which every attribute of PS3.6 is there, and holds an identity."""
    known = read(source)
    elements = {element.tag: element for element in known.elements}
    rules = PROFILE[known.sop_class_uid]
    for tag, entry in DicomDictionary.items():
        if tag in _NEEDED or tag >> 16 in (0x0000, 0x0002) or entry[0] in ("NONE", "OB or OW"):
            continue
        if tag >> 16 == 0xFFFE or tag >> 16 == 0x7FE0:
            continue
        rule = rules.get(tag)
        elements[tag] = _nested(rule) if rule and rule.vr == "SQ" else canary(tag, entry[0])
    for tag in (0x60000022, 0x60001500, 0x50002500, 0x00111010, 0x00290010, 0x00291010, 0x7FDF1010):
        elements[tag] = canary(tag, "LO")
    if as_unknown:
        for tag, element in elements.items():
            if element.items is None and tag not in _NEEDED and element.vr not in ("UI", "DA"):
                elements[tag] = element._replace(vr="UN")
    meta = [element for element in known.meta if element.tag != 0x00020000]
    ordered = (elements[tag] for tag in sorted(elements))
    return file_of(meta, ordered, known.transfer_syntax_uid)


def _nested(rule: Rule) -> Element:
    """A sequence of which something stays, with an identity in all that may."""
    item = {tag: canary(tag, "LO") for tag in (0x00100010, 0x00204000, 0x00291010)}
    for inner in _inner(rule).values():
        item[inner.tag] = _nested(inner) if inner.vr == "SQ" else canary(inner.tag, inner.vr)
    if rule.codes is not None:
        value, scheme = next(iter(rule.codes))[::-1]
        item[0x00080100] = Element(0x00080100, "SH", value.encode())
        item[0x00080102] = Element(0x00080102, "SH", scheme.encode())
        item[0x00080104] = canary(0x00080104, "LO")
        item[0x00080104 + 3] = canary(0x00080107, "DT")
    return Element(rule.tag, "SQ", items=([item[tag] for tag in sorted(item)],))


def _inner(rule: Rule) -> Mapping[int, Rule]:
    return rule.items or {}
