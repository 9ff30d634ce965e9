"""RLE frames: unpacked to the size the header says, and packed anew, so that nothing else stays.

References
----------
DICOM PS3.5 Annex G.
"""

import imagecodecs
import numpy as np

from uploads.dicom.reading import ImagePixel
from uploads.dicom.reasons import Reason, Refused

# a run that was begun for the last pixels may be longer than they are
_MOST_PADDING = 128


def rle_decoded(frame: bytes, image: ImagePixel) -> np.ndarray:
    """The byte planes of an RLE frame, shape (bytes a pixel, rows, columns), the highest first."""
    if len(frame) < 64:
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
    count, *offsets = np.frombuffer(frame[:64], "<u4").tolist()
    if count != image.bits_allocated // 8:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    ends = [*offsets[1:count], len(frame)]
    planes = []
    for start, end in zip(offsets[:count], ends, strict=True):
        if not 64 <= start < end <= len(frame):
            raise Refused(Reason.PIXELS_CANNOT_BE_DECODED)
        planes.append(_unpacked(frame[start:end], image.rows * image.columns))
    return np.stack(planes).reshape(count, image.rows, image.columns)


def rle_encoded(planes: np.ndarray) -> bytes:
    """An RLE frame of byte planes, each row packed by itself as PS3.5 G.3.1 asks."""
    segments = []
    for plane in planes:
        packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in plane)
        segments.append(packed + b"\0" * (len(packed) % 2))
    offsets, position = [], 64
    for segment in segments:
        offsets.append(position)
        position += len(segment)
    header = [len(segments), *offsets, *[0] * (15 - len(offsets))]
    return np.array(header, "<u4").tobytes() + b"".join(segments)


def _unpacked(segment: bytes, size: int) -> np.ndarray:
    """Exactly `size` bytes of a segment; what follows the last of them is padding."""
    try:
        unpacked = imagecodecs.packbits_decode(segment, out=size + _MOST_PADDING)
        plane = np.frombuffer(unpacked, np.uint8)
    except (ValueError, RuntimeError):
        # the codec wants the padding to be runs too, and all of it; PS3.5 G.3.1 does not
        plane = np.frombuffer(_unpacked_up_to(segment, size), np.uint8)
    if len(plane) < size:
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    return plane[:size]


def _unpacked_up_to(segment: bytes, size: int) -> bytes:
    unpacked, position = bytearray(), 0
    while len(unpacked) < size and position + 1 < len(segment):
        count = segment[position]
        if count < 128:
            unpacked += segment[position + 1 : position + 2 + count]
            position += 2 + count
        elif count > 128:
            unpacked += segment[position + 1 : position + 2] * (257 - count)
            position += 2
        else:
            position += 1
    return bytes(unpacked)
