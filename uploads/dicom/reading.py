"""Is it DICOM, an image the database takes, and one whose pixels can be what it says?

Nothing is decoded here: sizes are checked first, so that a small file cannot claim a large image.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from uploads.dicom.elements import (
    DEFLATED_LITTLE_ENDIAN,
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    PIXEL_DATA,
    Element,
    data_set,
    file_meta,
)
from uploads.dicom.reasons import Reason, Refused

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_CONVERTED_ENHANCED_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2.2"
CR_IMAGE = "1.2.840.10008.5.1.4.1.1.1"
DX_IMAGE_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DX_IMAGE_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"

SOP_CLASSES = frozenset(
    (
        CT_IMAGE,
        ENHANCED_CT_IMAGE,
        LEGACY_CONVERTED_ENHANCED_CT_IMAGE,
        CR_IMAGE,
        DX_IMAGE_FOR_PRESENTATION,
        DX_IMAGE_FOR_PROCESSING,
    )
)

NATIVE = frozenset(
    (
        IMPLICIT_LITTLE_ENDIAN,
        EXPLICIT_LITTLE_ENDIAN,
        DEFLATED_LITTLE_ENDIAN,
        EXPLICIT_BIG_ENDIAN,
    )
)
RLE_LOSSLESS = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR_LOSSLESS = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"
ENCAPSULATED = frozenset(
    (
        RLE_LOSSLESS,
        JPEG_BASELINE,
        JPEG_EXTENDED,
        JPEG_LOSSLESS,
        JPEG_LOSSLESS_SV1,
        JPEG_LS_LOSSLESS,
        JPEG_LS_NEAR_LOSSLESS,
        JPEG_2000_LOSSLESS,
        JPEG_2000,
        HTJ2K_LOSSLESS,
        HTJ2K_LOSSLESS_RPCL,
        HTJ2K,
    )
)

MAX_FILE_BYTES = 1024**3
MAX_FRAME_PIXELS = 50_000_000
MAX_FRAMES = 10_000
MAX_PIXEL_BYTES = 1024**3

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# longest prefix first: the general ones come last
_REFUSED_CLASSES = (
    ("1.2.840.10008.1.3.10", Reason.SOP_CLASS_DICOMDIR),
    (_STORAGE + "104.", Reason.SOP_CLASS_DOCUMENT),
    (_STORAGE + "11.", Reason.SOP_CLASS_PRESENTATION_STATE),
    (_STORAGE + "88.", Reason.SOP_CLASS_REPORT),
    (_STORAGE + "4.", Reason.SOP_CLASS_MR),
    (_STORAGE + "4", Reason.SOP_CLASS_MR),
    (_STORAGE + "7.", Reason.SOP_CLASS_SECONDARY_CAPTURE),
    (_STORAGE + "7", Reason.SOP_CLASS_SECONDARY_CAPTURE),
    (_STORAGE + "6.", Reason.SOP_CLASS_ULTRASOUND),
    (_STORAGE + "3.", Reason.SOP_CLASS_ULTRASOUND),
    (_STORAGE + "1.", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "12.", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "13.", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "20", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "77.", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "128", Reason.SOP_CLASS_OTHER_MODALITY),
    (_STORAGE + "481.", Reason.SOP_CLASS_OTHER_MODALITY),
)


@dataclass(frozen=True)
class ImagePixel:
    """What the Image Pixel module says about the stored frames (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    number_of_frames: int
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    photometric_interpretation: str

    @property
    def frame_bytes(self) -> int:
        return self.rows * self.columns * self.bits_allocated // 8

    @property
    def dtype(self) -> str:
        return f"<{'i' if self.is_signed else 'u'}{self.bits_allocated // 8}"


@dataclass(frozen=True)
class Source:
    """A file that may be taken: its elements at every depth, as bytes, and what its image is.

    `by_tag` has those of the data set, in the order of the file.
    """

    sop_class_uid: str
    transfer_syntax_uid: str
    meta: list[Element]
    by_tag: Mapping[int, Element]
    image: ImagePixel
    pixel_data: Element
    has_bytes_behind: bool

    @property
    def elements(self) -> list[Element]:
        return list(self.by_tag.values())

    @property
    def originals(self) -> Mapping[int, Element | bytes]:
        """By tag, what is equal where elements are equal."""
        return self.by_tag

    def text(self, tag: int) -> str:
        """The first value of a text attribute without padding, or an empty string."""
        return _first_text(self.by_tag.get(tag))


def read(source: bytes) -> Source:
    """Read one DICOM file, bounded in every direction.

    Raises
    ------
    Refused
        With the reason, for anything the database does not take.
    """
    if len(source) > MAX_FILE_BYTES:
        raise Refused(Reason.TOO_LARGE)
    meta, position = file_meta(source)
    if _media_storage_class(meta).startswith("1.2.840.10008.1.3.10"):
        raise Refused(Reason.SOP_CLASS_DICOMDIR)
    transfer_syntax_uid = text_of(meta, 0x00020010)
    if transfer_syntax_uid not in NATIVE | ENCAPSULATED:
        raise Refused(_unknown_syntax(meta))
    elements, has_bytes_behind = data_set(source, position, transfer_syntax_uid)
    by_tag = {element.tag: element for element in elements}
    return source_of(meta, by_tag, transfer_syntax_uid, has_bytes_behind=has_bytes_behind)


def source_of(
    meta: list[Element],
    by_tag: Mapping[int, Element],
    transfer_syntax_uid: str,
    *,
    has_bytes_behind: bool,
) -> Source:
    """Parsed elements as a file that may be taken. Raises Refused, with the reason."""
    sop_class_uid = _first_text(by_tag.get(0x00080016))
    if sop_class_uid not in SOP_CLASSES:
        raise Refused(_refused_class(sop_class_uid))
    if not all(_first_text(by_tag.get(tag)) for tag in (0x00080018, 0x0020000D, 0x0020000E)):
        raise Refused(Reason.IDENTIFIERS_MISSING)
    image, pixel_data = _image(by_tag, transfer_syntax_uid)
    return Source(
        sop_class_uid,
        transfer_syntax_uid,
        meta,
        by_tag,
        image,
        pixel_data,
        has_bytes_behind,
    )


def text_of(elements: list[Element], tag: int) -> str:
    """The first value of a text element without padding, or an empty string."""
    return _first_text(next((element for element in elements if element.tag == tag), None))


def _first_text(element: Element | None) -> str:
    return "" if element is None else text(element.value).split("\\")[0].strip()


def text(value: bytes) -> str:
    """A value as text: up to the first NUL, without padding, Latin-1 (which never fails)."""
    return value.split(b"\0", 1)[0].decode("latin-1").strip(" \t\r\n\f")


def _media_storage_class(meta: list[Element]) -> str:
    return text_of(meta, 0x00020002)


def _unknown_syntax(meta: list[Element]) -> Reason:
    # an MR or a video in an unusual syntax is better told what it is
    sop_class_uid = _media_storage_class(meta)
    if sop_class_uid and sop_class_uid not in SOP_CLASSES:
        return _refused_class(sop_class_uid)
    return Reason.TRANSFER_SYNTAX_NOT_ACCEPTED


def _refused_class(sop_class_uid: str) -> Reason:
    for prefix, reason in _REFUSED_CLASSES:
        exact = not prefix.endswith(".")
        if sop_class_uid == prefix if exact else sop_class_uid.startswith(prefix):
            return reason
    return Reason.SOP_CLASS_NOT_ACCEPTED


def _image(by_tag: Mapping[int, Element], transfer_syntax_uid: str) -> tuple[ImagePixel, Element]:
    pixel_data = by_tag.get(PIXEL_DATA)
    if pixel_data is None or not (pixel_data.value or pixel_data.fragments):
        raise Refused(Reason.NO_PIXELS)
    rows, columns = _number(by_tag, 0x00280010), _number(by_tag, 0x00280011)
    allocated, stored = _number(by_tag, 0x00280100), _number(by_tag, 0x00280101)
    high_bit, representation = _number(by_tag, 0x00280102), _number(by_tag, 0x00280103)
    frames = _frames(by_tag)
    photometric = _first_text(by_tag.get(0x00280004))
    if _number(by_tag, 0x00280002) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise Refused(Reason.COLOUR_NOT_ACCEPTED)
    if allocated not in (8, 16) or not 1 < stored <= allocated:
        raise Refused(Reason.BIT_DEPTH_NOT_ACCEPTED)
    # PS3.3 C.8.2.1.1.4 and C.8.11.3.1.3 ask for it; readers differ in what they make of others
    if high_bit != stored - 1:
        raise Refused(Reason.HIGH_BIT_NOT_ACCEPTED)
    if rows < 1 or columns < 1 or representation not in (0, 1):
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    image = ImagePixel(rows, columns, frames, allocated, stored, representation == 1, photometric)
    _check_size(image, pixel_data, transfer_syntax_uid)
    return image, pixel_data


def _check_size(image: ImagePixel, pixel_data: Element, transfer_syntax_uid: str) -> None:
    if image.rows * image.columns > MAX_FRAME_PIXELS or image.number_of_frames > MAX_FRAMES:
        raise Refused(Reason.TOO_LARGE)
    total = image.frame_bytes * image.number_of_frames
    if total > MAX_PIXEL_BYTES:
        raise Refused(Reason.TOO_LARGE)
    is_encapsulated = pixel_data.fragments is not None
    if is_encapsulated != (transfer_syntax_uid in ENCAPSULATED):
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    if not is_encapsulated and len(pixel_data.value) < total:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)


def _number(by_tag: Mapping[int, Element], tag: int) -> int:
    """An unsigned 16-bit value, or -1."""
    element = by_tag.get(tag)
    if element is None or len(element.value) != 2:
        return -1
    return int.from_bytes(element.value, "little")


def _frames(by_tag: Mapping[int, Element]) -> int:
    element = by_tag.get(0x00280008)
    if element is None or not text(element.value):
        return 1
    number = text(element.value)
    if not (number.isascii() and number.isdigit() and len(number) <= 12 and int(number) > 0):
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    return int(number)
