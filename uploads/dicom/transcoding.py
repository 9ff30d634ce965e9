"""Frames: decoded from any transfer syntax the database accepts, stored as JPEG-LS.

Signedness is carried by PixelRepresentation in the metadata, not by the codestream: signed pixels
are encoded as the two's complement in 16 bits (8 for 8-bit images), sign-extended, with the full
precision of the container. A reader decodes to unsigned and looks at the same bits as signed when
PixelRepresentation is 1, which is what Cornerstone's JPEG-LS decoder does.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import imagecodecs
import numpy as np

from uploads.dicom import codestreams
from uploads.dicom.elements import Element
from uploads.dicom.reading import (
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS_LOSSLESS,
    JPEG_LS_NEAR_LOSSLESS,
    RLE_LOSSLESS,
    ImagePixel,
    Source,
)
from uploads.dicom.reasons import Held, Reason, Refused

_DECODERS = {
    JPEG_BASELINE: imagecodecs.jpeg8_decode,
    JPEG_EXTENDED: imagecodecs.jpeg8_decode,
    JPEG_LOSSLESS: imagecodecs.jpegsof3_decode,
    JPEG_LOSSLESS_SV1: imagecodecs.jpegsof3_decode,
    JPEG_LS_LOSSLESS: imagecodecs.jpegls_decode,
    JPEG_LS_NEAR_LOSSLESS: imagecodecs.jpegls_decode,
    JPEG_2000_LOSSLESS: imagecodecs.jpeg2k_decode,
    JPEG_2000: imagecodecs.jpeg2k_decode,
    HTJ2K_LOSSLESS: imagecodecs.htj2k_decode,
    HTJ2K_LOSSLESS_RPCL: imagecodecs.htj2k_decode,
    HTJ2K: imagecodecs.htj2k_decode,
}


def encode_frame(pixels: np.ndarray) -> bytes:
    """One frame as lossless JPEG-LS, proved by decoding it again.

    Parameters
    ----------
    pixels
        Stored values, shape (rows, columns), uint8, int8, uint16 or int16.

    Raises
    ------
    ValueError
        If the pixels are of another type, or did not survive.
    """
    if pixels.dtype.kind not in "iu" or pixels.dtype.itemsize > 2 or pixels.ndim != 2:
        raise ValueError("A frame has two dimensions and 8 or 16 bits a pixel.")
    native = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("="))
    unsigned = native.view(f"u{native.dtype.itemsize}")
    encoded = bytes(imagecodecs.jpegls_encode(unsigned))
    if not np.array_equal(imagecodecs.jpegls_decode(encoded), unsigned):
        raise ValueError("The encoded frame does not decode to the same pixels.")
    return encoded


def decode_frame(data: bytes, *, is_signed: bool = False) -> np.ndarray:
    """The stored values of a frame that `encode_frame` wrote, shape (rows, columns)."""
    pixels = imagecodecs.jpegls_decode(data)
    return pixels.view(f"i{pixels.dtype.itemsize}") if is_signed else pixels


def frames(source: Source) -> Iterator[np.ndarray]:
    """The stored values of every frame, one at a time, without bits above Bits Stored.

    Raises
    ------
    Refused
        When a codestream is not of the size its header says, or cannot be decoded.
    Held
        When a compressed frame holds bits above Bits Stored.
    """
    if source.pixel_data.fragments is None:
        yield from native_frames(source.pixel_data.value, source.image)
        return
    codes = codestreams.frames_of(
        source.pixel_data.fragments, source.image.number_of_frames, source.transfer_syntax_uid
    )
    for code in codes:
        clean = codestreams.cleaned(code, source.image, source.transfer_syntax_uid)
        yield decoded(clean, source.image, source.transfer_syntax_uid)


def native_frames(value: bytes, image: ImagePixel) -> Iterator[np.ndarray]:
    size = image.rows * image.columns
    for frame in range(image.number_of_frames):
        pixels = np.frombuffer(value, image.dtype, size, frame * image.frame_bytes)
        yield without_high_bits(pixels, image).reshape(image.rows, image.columns)


def cleaned_pixel_data(source: Source) -> Element:
    """PixelData of exactly the length its attributes demand, with nothing in it but image."""
    image, pixel_data = source.image, source.pixel_data
    vr = "OW" if image.bits_allocated == 16 else "OB"
    if pixel_data.fragments is None:
        value = pixel_data.value[: image.frame_bytes * image.number_of_frames]
        if image.bits_stored < image.bits_allocated:
            pixels = np.frombuffer(value, image.dtype)
            value = without_high_bits(pixels, image).tobytes()
        return Element(pixel_data.tag, vr, value)
    codes = codestreams.frames_of(
        pixel_data.fragments, image.number_of_frames, source.transfer_syntax_uid
    )
    clean = [codestreams.cleaned(code, image, source.transfer_syntax_uid) for code in codes]
    # an empty offset table: each frame is one fragment
    return Element(pixel_data.tag, "OB", fragments=(b"", *clean))


def without_high_bits(pixels: np.ndarray, image: ImagePixel) -> np.ndarray:
    """The values of the stored bits alone: masked when unsigned, sign-extended when signed."""
    spare = image.bits_allocated - image.bits_stored
    # a shift up and down again clears, or copies the sign into, what lies above
    return pixels if not spare else (pixels << spare) >> spare


def decoded(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> np.ndarray:
    """One checked codestream as stored values, shape (rows, columns), of the header's type."""
    if transfer_syntax_uid == RLE_LOSSLESS:
        planes = codestreams.rle_decoded(code, image)
        raw = np.ascontiguousarray(planes[::-1].transpose(1, 2, 0))
        pixels = raw.view(image.dtype)[..., 0]
    else:
        pixels = _decoded_by_codec(code, transfer_syntax_uid)
        if pixels.shape != (image.rows, image.columns) or pixels.dtype.kind not in "iu":
            raise Refused(Reason.PIXELS_DO_NOT_FIT)
        pixels = pixels.astype(image.dtype)
    values = without_high_bits(pixels, image)
    _check_high_bits(pixels, values, image)
    return values


def _decoded_by_codec(code: bytes, transfer_syntax_uid: str) -> np.ndarray:
    try:
        with _no_swallowed_error():
            return np.asarray(_DECODERS[transfer_syntax_uid](code))
    except (ValueError, RuntimeError, TypeError, OSError):
        raise Refused(Reason.PIXELS_CANNOT_BE_DECODED) from None


@contextmanager
def _no_swallowed_error() -> Iterator[None]:
    """Raise what a codec reports as unraisable: its picture is unfinished memory then.

    imagecodecs' HTJ2K decoder copies lines in a function that cannot raise.
    """
    swallowed: list[object] = []
    before = sys.unraisablehook
    sys.unraisablehook = swallowed.append
    try:
        yield
    finally:
        sys.unraisablehook = before
    if swallowed:
        raise RuntimeError("The codec stopped before the end of the picture.")


def _check_high_bits(pixels: np.ndarray, values: np.ndarray, image: ImagePixel) -> None:
    # a signed value may lie in the codestream with or without its sign extended
    mask = (1 << image.bits_stored) - 1
    plain = values & np.array(mask).astype(values.dtype) if mask < 1 << 15 else values
    if not np.all((pixels == values) | (pixels == plain)):
        raise Held(Reason.HIDDEN_PIXEL_BITS)
