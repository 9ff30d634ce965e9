"""What was lost when a file was compressed: still told when the new codestream does not show it.

References
----------
DICOM PS3.3 C.7.6.1.1.5 (once an image was compressed with loss, every later form of it says so).
"""

from dataclasses import replace

from uploads.dicom.elements import Element
from uploads.dicom.reading import (
    HTJ2K,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LS_NEAR_LOSSLESS,
    Source,
)

_LOSSY, _LOSSY_RATIO, _LOSSY_METHOD = 0x00282110, 0x00282112, 0x00282114
_LOSSY_METHODS = {
    JPEG_BASELINE: "ISO_10918_1",
    JPEG_EXTENDED: "ISO_10918_1",
    JPEG_LS_NEAR_LOSSLESS: "ISO_14495_1",
    JPEG_2000: "ISO_15444_1",
    HTJ2K: "ISO_15444_15",
}


def lossy_history(source: Source) -> dict[int, Element]:
    """What a file does not say of its losses itself; empty when there is nothing to add."""
    method = _LOSSY_METHODS.get(source.transfer_syntax_uid)
    # JPEG 2000 and HTJ2K may be lossless in their general syntaxes: the file's own word stands
    may_be_lossless = source.transfer_syntax_uid in (JPEG_2000, HTJ2K)
    told = source.text(_LOSSY)
    if method is None or (told == "01" and source.text(_LOSSY_METHOD)):
        return {}
    if may_be_lossless and told == "00":
        return {}
    image = source.image
    packed = sum(len(fragment) for fragment in source.pixel_data.fragments or ())
    ratio = image.frame_bytes * image.number_of_frames / max(packed, 1)
    return {
        _LOSSY: Element(_LOSSY, "CS", b"01"),
        _LOSSY_RATIO: Element(_LOSSY_RATIO, "DS", f"{ratio:.2f}".encode("ascii")),
        _LOSSY_METHOD: Element(_LOSSY_METHOD, "CS", method.encode("ascii")),
    }


def with_losses_told(source: Source) -> Source:
    """The same file, which says of itself that values were lost.

    Only for one that `reading.read` gave: what was walked over remembers its bytes.
    """
    told = {**source.by_tag, **lossy_history(source)}
    return replace(source, by_tag=dict(sorted(told.items())))
