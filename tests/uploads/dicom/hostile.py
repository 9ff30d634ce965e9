"""Files made to break whoever opens them: bombs, lies, endless nesting, damage at every place.

`harmless()` are those that nothing decodes, so that a test may open them itself; `harmful()` are
for the guarded child alone. Each is a file by its name.
"""

import random
import struct
import zlib

import numpy as np
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    chest_xray,
    ct_dataset,
    ct_slice,
    enhanced_ct,
    in_transfer_syntax,
    written,
    xray_dataset,
)
from uploads.dicom.elements import EXPLICIT_LITTLE_ENDIAN, Element, file_of
from uploads.dicom.reading import read

ITEM, UNDEFINED = b"\xfe\xff\x00\xe0", b"\xff\xff\xff\xff"
_SEQUENCE = b"\x08\x00\x40\x11SQ\0\0"
_UNKNOWN = b"\x09\x00\x01\x10UN\0\0"
_COMPRESSED = (JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless)


def harmless() -> dict[str, bytes]:
    return _structures() | _numbers() | _polyglots() | _truncated() | _changed_headers()


def harmful() -> dict[str, bytes]:
    return _bombs() | _lying_codestreams() | _damaged_codestreams()


def largest_frame(*, is_ht: bool) -> bytes:
    """As many pixels and code blocks as a frame may claim, in a few hundred bytes."""
    uid = HTJ2KLossless if is_ht else JPEG2000Lossless
    return _with_code(uid, _empty_codestream(7000, 7000, is_ht=is_ht), rows=7000)


# --- What a parser meets -------------------------------------------------------


def _structures() -> dict[str, bytes]:
    nested, million = ITEM + UNDEFINED, 1_000_000
    explicit, implicit = _SEQUENCE + UNDEFINED + nested, b"\x08\x00\x40\x11" + UNDEFINED + nested
    many = b"".join(
        struct.pack("<HH2sH", 0x0009 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(400_000)
    )
    items = ITEM + bytes(4)
    found = {
        "nested 300 deep": explicit * 300,
        "nested 300 deep in an unknown value": _UNKNOWN + UNDEFINED + nested + implicit * 300,
        "nested 300 deep with lengths": _nested_with_lengths(300),
        "a million empty items": _sequence(items * million),
        "a million empty items without a length": _SEQUENCE + UNDEFINED + items * million,
        "400,000 empty elements": many,
        "the longest length": _UNKNOWN + b"\xfe\xff\xff\xff",
        "a sequence of the longest length": _SEQUENCE + b"\xfe\xff\xff\xff",
        "an item longer than its sequence": _sequence(ITEM + b"\xff\0\0\0"),
        "a sequence that begins with its end": _SEQUENCE
        + UNDEFINED
        + b"\xfe\xff\xdd\xe0"
        + bytes(4),
        "an end of no item": b"\xfe\xff\x0d\xe0" + bytes(4),
        "an item outside a sequence": ITEM + bytes(4),
        "the same tag twice": b"\x08\x00\x60\x00CS\x02\0CT" * 2,
        "a VR in lower case": b"\x08\x00\x60\x00cs\x02\0CT",
        "a VR of question marks": b"\x08\x00\x60\x00??\x02\0CT",
        "a VR of zeros": b"\x08\x00\x60\x00\0\0\x02\0CT",
        "an unknown VR": b"\x08\x00\x60\x00QQ\x02\0CT",
        "a group length that lies": b"\x08\x00\x00\x00UL\x04\x00\xff\xff\xff\xff",
        "a length of text beyond the file": b"\x08\x00\x60\x00CS\xff\xff",
        "an image that never ends": b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + items,
        "fragments without an end": b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + items * million,
    }
    return {name: _with_elements(content) for name, content in found.items()} | {
        "nothing but a preamble": bytes(128) + b"DICM",
        "only file meta": ct_slice()[: _meta_end(ct_slice())],
        "every value empty": _emptied(),
        "the last element first": _reversed(),
        "a million elements of file meta": _with_elements(b"\x02\x00\x16\x00AE\x00\x00" * million),
        "a nested file meta": _with_elements(
            b"\x02\x00\x02\x01SQ\0\0" + UNDEFINED + explicit * 300
        ),
        "text": b"BEGIN" * 100,
    }


def _nested_with_lengths(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = _sequence(ITEM + struct.pack("<I", len(content)) + content)
    return content


def _sequence(content: bytes) -> bytes:
    return _SEQUENCE + struct.pack("<I", len(content)) + content


def _emptied() -> bytes:
    source = read(ct_slice())
    elements = [Element(element.tag, element.vr) for element in source.elements]
    return file_of(source.meta[1:], elements, EXPLICIT_LITTLE_ENDIAN)


def _reversed() -> bytes:
    source = read(ct_slice())
    return file_of(source.meta[1:], reversed(source.elements), EXPLICIT_LITTLE_ENDIAN)


# --- What a number says ---------------------------------------------------------


def _numbers() -> dict[str, bytes]:
    frames = ("0", "-1", "1.5", "1e3", "9" * 18, "2", "10000", "1\\2", "+1", "0x1", "\u0663", " ")
    decimals = ("NaN", "-inf", "1e999", "-1e-999", "0", "--1", "1\\2\\3", "\0", "9" * 16)
    found = {f"{text!r} frames": _with_text(0x00280008, "IS", text) for text in frames}
    for tag in (0x00281053, 0x00280030, 0x00281051, 0x00200032, 0x00180050):
        for text in decimals:
            found[f"{text!r} in {tag:08X}"] = _with_text(tag, "DS", text)
    for text in ("-99999999999999", "99999999999999", "NaN", "\u00b2"):
        found[f"{text!r} as instance number"] = _with_text(0x00200013, "IS", text)
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"):
        for number in (0, 1, 7, 15, 17, 64, 32768, 65535):
            found[f"{keyword} {number}"] = ct_slice(**{keyword: number})
    for number in (2, 65535):
        found[f"pixel representation {number}"] = ct_slice(PixelRepresentation=number)
    return found


def _with_text(tag: int, vr: str, text: str) -> bytes:
    source = read(ct_slice())
    elements = {element.tag: element for element in source.elements}
    elements[tag] = Element(tag, vr, text.encode("utf-8"))
    ordered = [elements[tag] for tag in sorted(elements)]
    return file_of(source.meta[1:], ordered, EXPLICIT_LITTLE_ENDIAN)


# --- What else a file may be ----------------------------------------------------


def _polyglots() -> dict[str, bytes]:
    beginnings = {
        "a program of Windows": b"MZ\x90\0",
        "a program of Linux": b"\x7fELF\2\1\1",
        "a PDF": b"%PDF-1.7\n",
        "a zip": b"PK\3\4",
        "a script": b"#!/bin/sh\nexit\n",
        "a page": b"<html><script>alert(1)</script>",
        "a TIFF": b"II*\0\x10\0\0\0",
    }
    return {
        f"{name} too": (content + bytes(128))[:128] + ct_slice()[128:]
        for name, content in beginnings.items()
    }


def _truncated() -> dict[str, bytes]:
    sources = {"CT": ct_slice(), "enhanced CT": enhanced_ct(3)}
    sources["RLE"] = in_transfer_syntax(xray_dataset(), RLELossless)
    sources["JPEG 2000"] = in_transfer_syntax(xray_dataset(), JPEG2000Lossless)
    return {
        f"{name} cut at {part}/50": source[: len(source) * part // 50]
        for name, source in sources.items()
        for part in range(50)
    }


def _changed_headers(count: int = 300) -> dict[str, bytes]:
    """Files with random bytes of the header flipped; the pixels are native."""
    generator, found = random.Random(4), {}
    sources = [ct_slice(), chest_xray(), enhanced_ct(2)]
    sources += [in_transfer_syntax(ct_dataset(), UID(uid)) for uid in UNCOMPRESSED]
    for number in range(count):
        data = bytearray(generator.choice(sources))
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(128, min(len(data), 4000))] = generator.randrange(256)
        found[f"changed header {number}"] = bytes(data)
    return found


# --- What a decoder meets -------------------------------------------------------


def _bombs() -> dict[str, bytes]:
    deflated = in_transfer_syntax(ct_dataset(), UID(DeflatedExplicitVRLittleEndian))
    start = _meta_end(deflated)
    machine = zlib.compressobj(9, wbits=-15)
    parts = [machine.compress(bytes(16 * 1024**2)) for _ in range(64)]
    swollen = b"\x81\x20" * 30_000_000
    planes = np.array([2, 64, 64 + len(swollen), *[0] * 13], "<u4").tobytes() + 2 * swollen
    return {
        "a deflated gigabyte": deflated[:start] + b"".join(parts) + machine.flush(),
        "an RLE frame that unpacks to gigabytes": _with_code(RLELossless, planes),
        "10,000 frames of nothing": _with_frames(10_000, b"\0\0"),
        "10,000 frames, each as large as may be": _with_frames(10_000, b"\0\0", rows=7000),
    }


def _lying_codestreams() -> dict[str, bytes]:
    found = {}
    for uid in _COMPRESSED:
        dataset = xray_dataset()
        in_transfer_syntax(dataset, uid)
        code = next(generate_frames(dataset.PixelData, number_of_frames=1))
        says = b"\0\x60\0\x40" if b"\0\x60\0\x40" in code[:300] else b"\0\0\0\x40\0\0\0\x60"
        larger = b"\xff\xdc\xff\xdc" if len(says) == 4 else b"\0\1\x00\x00\0\1\x00\x00"
        assert says in code
        found[f"a {uid.name} that says it is larger"] = _with_code(
            uid, code.replace(says, larger, 1)
        )
        both = b"\x0b\xb8\x0b\xb8" if len(says) == 4 else b"\0\0\x0b\xb8\0\0\x0b\xb8"
        lying = code.replace(says, both).replace(says, both)
        found[f"a {uid.name} and a header that both lie"] = _with_code(uid, lying, rows=3000)
        found[f"a {uid.name} of nothing"] = _with_code(uid, code[:2] + code[-2:])
    return found


def _damaged_codestreams(each: int = 12) -> dict[str, bytes]:
    """Frames with random bytes flipped; a decoder may crash of them."""
    generator, found = random.Random(9), {}
    for uid, encode in ENCODERS.items():
        dataset = xray_dataset()
        in_transfer_syntax(dataset, uid)
        code = next(generate_frames(dataset.PixelData, number_of_frames=1))
        for number in range(each):
            data = bytearray(code)
            # the segments before the picture tell most
            end = 200 if number % 2 else len(data)
            for _ in range(generator.randint(1, 4)):
                data[generator.randrange(2, end)] = generator.randrange(256)
            found[f"damaged {uid.name} {number}"] = _with_code(uid, bytes(data), of=dataset)
        assert encode
    return found


def _empty_codestream(rows: int, columns: int, *, is_ht: bool) -> bytes:
    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content

    size = struct.pack(">H8IH", 0x4000 * is_ht, columns, rows, 0, 0, columns, rows, 0, 0, 1)
    head = segment(0x51, size + b"\x0b\1\1")
    head += segment(0x50, struct.pack(">IH", 0x20000, 8)) if is_ht else b""
    style = bytes((0, 2, 0, 1, 0, 5, 1, 1, 0x40 * is_ht, 1))
    head += segment(0x52, style) + segment(0x5C, b"\x20" + b"\x90" * 16)
    body = b"\xff\x93" + b"\x80" * 60
    part = struct.pack(">BBHHIBB", 0xFF, 0x90, 10, 0, 12 + len(body), 0, 1)
    return b"\xff\x4f" + head + part + body + b"\xff\xd9"


# --- Putting it together --------------------------------------------------------


def _with_code(uid: UID, code: bytes, *, rows: int = 0, of=None) -> bytes:
    dataset = of or xray_dataset()
    dataset.file_meta.TransferSyntaxUID = uid
    if rows:
        dataset.Rows = dataset.Columns = rows
    dataset.PixelData = encapsulate([code], has_bot=False)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return written(dataset)


def _with_frames(count: int, code: bytes, *, rows: int = 96) -> bytes:
    dataset = xray_dataset(NumberOfFrames=count, Rows=rows, Columns=rows)
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    dataset.PixelData = encapsulate([code] * count, has_bot=False)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return written(dataset)


def _meta_end(source: bytes) -> int:
    return 144 + struct.unpack_from("<I", source, 140)[0]


def _with_elements(inserted: bytes) -> bytes:
    source = ct_slice()
    return source[: _meta_end(source)] + inserted + source[_meta_end(source) :]
