"""Compressed frames: checked against the header before decoding, freed of all but image.

Comments, application segments and bytes behind the end of a codestream may hold a name.

References
----------
DICOM PS3.5 A.4 (fragments and offset tables).
"""

import numpy as np

from uploads.dicom.jpeg import cleaned_jpeg, precision_of_jpeg
from uploads.dicom.jpeg_2000 import JP2_SIGNATURE, cleaned_jpeg_2000, precision_of_jpeg_2000
from uploads.dicom.reading import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS_LOSSLESS,
    JPEG_LS_NEAR_LOSSLESS,
    RLE_LOSSLESS,
    ImagePixel,
)
from uploads.dicom.reasons import Reason, Refused
from uploads.dicom.rle import rle_decoded, rle_encoded

_JPEG_2000_FAMILY = (JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL)
_JPEG_LS_FAMILY = (JPEG_LS_LOSSLESS, JPEG_LS_NEAR_LOSSLESS)
_JPEG_STARTS = (b"\xff\xd8\xff",)
_JPEG_2000_STARTS = (b"\xff\x4f\xff\x51", JP2_SIGNATURE)


def frames_of(
    fragments: tuple[bytes, ...], number_of_frames: int, transfer_syntax_uid: str
) -> list[bytes]:
    """The codestream of each frame, from the fragments of encapsulated pixel data.

    Raises Refused when there are not as many as the header says.
    """
    offsets, rest = fragments[:1], list(fragments[1:])
    if len(rest) == number_of_frames:
        return rest
    if number_of_frames == 1 and rest:
        return [b"".join(rest)]
    starts = _starts_by_offsets(offsets[0] if offsets else b"", rest)
    if len(starts) != number_of_frames:
        marks = _JPEG_2000_STARTS if transfer_syntax_uid in _JPEG_2000_FAMILY else _JPEG_STARTS
        starts = [place for place, fragment in enumerate(rest) if fragment.startswith(marks)]
    if len(starts) != number_of_frames or starts[0] != 0:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    ends = [*starts[1:], len(rest)]
    return [b"".join(rest[start:end]) for start, end in zip(starts, ends, strict=True)]


def cleaned(frame: bytes, image: ImagePixel, transfer_syntax_uid: str) -> bytes:
    """The same frame with nothing in it but image.

    Decodes to the same values. Raises Refused when the codestream is not of the size,
    depth and single component that the header says.
    """
    try:
        if transfer_syntax_uid == RLE_LOSSLESS:
            return rle_encoded(rle_decoded(frame, image))
        if transfer_syntax_uid in _JPEG_2000_FAMILY:
            return cleaned_jpeg_2000(frame, image)
        return cleaned_jpeg(frame, image, is_ls=transfer_syntax_uid in _JPEG_LS_FAMILY)
    except IndexError:
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED) from None


def precision_of(frame: bytes, image: ImagePixel, transfer_syntax_uid: str) -> int:
    """How many bits a pixel of a cleaned frame may have."""
    if transfer_syntax_uid == RLE_LOSSLESS:
        return image.bits_allocated
    if transfer_syntax_uid in _JPEG_2000_FAMILY:
        return precision_of_jpeg_2000(frame)
    return precision_of_jpeg(frame)


def _starts_by_offsets(table: bytes, fragments: list[bytes]) -> list[int]:
    offsets = np.frombuffer(table[: len(table) // 4 * 4], "<u4").tolist()
    position, place_of = 0, {}
    for place, fragment in enumerate(fragments):
        place_of[position] = place
        position += 8 + len(fragment)
    starts = [place_of.get(offset, -1) for offset in offsets]
    return starts if starts == sorted(set(starts)) and -1 not in starts else []
