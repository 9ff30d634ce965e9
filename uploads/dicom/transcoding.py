"""Frames: decoded from any transfer syntax the database accepts, stored as JPEG-LS.

Signedness is carried by PixelRepresentation in the metadata, not by the codestream: signed pixels
are encoded as the two's complement in 16 bits (8 for 8-bit images), sign-extended, with the full
precision of the container. A reader decodes to unsigned and looks at the same bits as signed when
PixelRepresentation is 1, which is what Cornerstone's JPEG-LS decoder does.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import imagecodecs
import numpy as np

from uploads.dicom import codestreams
from uploads.dicom.elements import Element
from uploads.dicom.jpeg import shortened_jpeg
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
from uploads.dicom.rle import rle_decoded, rle_encoded

_DECODERS = {
    JPEG_BASELINE: imagecodecs.jpeg8_decode,
    JPEG_EXTENDED: imagecodecs.jpeg8_decode,
    # the codec of lossless JPEG alone reads beyond the end of a short frame
    JPEG_LOSSLESS: imagecodecs.jpeg8_decode,
    JPEG_LOSSLESS_SV1: imagecodecs.jpeg8_decode,
    JPEG_LS_LOSSLESS: imagecodecs.jpegls_decode,
    JPEG_LS_NEAR_LOSSLESS: imagecodecs.jpegls_decode,
    JPEG_2000_LOSSLESS: imagecodecs.jpeg2k_decode,
    JPEG_2000: imagecodecs.jpeg2k_decode,
    HTJ2K_LOSSLESS: imagecodecs.htj2k_decode,
    HTJ2K_LOSSLESS_RPCL: imagecodecs.htj2k_decode,
    HTJ2K: imagecodecs.htj2k_decode,
}


def _unsigned(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels).view(f"u{pixels.dtype.itemsize}")


def _jpeg_lossless(pixels: np.ndarray) -> bytes:
    depth = 8 * pixels.dtype.itemsize
    # PS3.5 8.2.1: the first predictor is taken in both lossless syntaxes
    return bytes(
        imagecodecs.jpeg8_encode(_unsigned(pixels), lossless=True, predictor=1, bitspersample=depth)
    )


def _jpeg_ls(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpegls_encode(_unsigned(pixels)))


def _jpeg_2000(pixels: np.ndarray) -> bytes:
    return bytes(
        imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(pixels), codecformat="j2k", reversible=True, level=0
        )
    )


def _htj2k(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.htj2k_encode(np.ascontiguousarray(pixels), reversible=True))


def _rle(pixels: np.ndarray) -> bytes:
    planes = pixels.view(np.uint8).reshape(*pixels.shape, pixels.dtype.itemsize)
    return rle_encoded(planes.transpose(2, 0, 1)[::-1])


class DamagedFrame(Exception):
    """A stored frame cannot be decoded."""


# the lossless ones: what they hold can be encoded anew
_ENCODERS: dict[str, Callable[[np.ndarray], bytes]] = {
    JPEG_LOSSLESS: _jpeg_lossless,
    JPEG_LOSSLESS_SV1: _jpeg_lossless,
    JPEG_LS_LOSSLESS: _jpeg_ls,
    JPEG_2000_LOSSLESS: _jpeg_2000,
    HTJ2K_LOSSLESS: _htj2k,
    HTJ2K_LOSSLESS_RPCL: _htj2k,
    RLE_LOSSLESS: _rle,
}


_JPEG = (JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1)
# a scan of which so many bytes are missing shows it, unless there were too many
_FEW_BYTES = 4
_MAX_REMEMBERED_BYTES = 300 * 1024**2
# what was decoded last, the newest at the end
_remembered: dict[tuple[bytes, ImagePixel, str], np.ndarray] = {}
_listener: ContextVar[Callable[[], None]] = ContextVar("listener", default=lambda: None)


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
    """The stored values of a frame that `encode_frame` wrote, shape (rows, columns).

    Raises DamagedFrame when it is one no more.
    """
    try:
        pixels = np.asarray(imagecodecs.jpegls_decode(data))
    except (ValueError, RuntimeError):
        raise DamagedFrame from None
    return pixels.view(f"i{pixels.dtype.itemsize}") if is_signed else pixels


def frames(source: Source) -> Iterator[np.ndarray]:
    """The stored values of every frame, one at a time, without bits above Bits Stored.

    Raises
    ------
    Refused
        When a codestream is not of the size its header says, or cannot be decoded.
    Held
        When a lossy frame holds bits above Bits Stored.
    """
    if source.pixel_data.fragments is None:
        yield from native_frames(source.pixel_data.value, source.image)
        return
    codes = codestreams.frames_of(
        source.pixel_data.fragments, source.image.number_of_frames, source.transfer_syntax_uid
    )
    syntax = source.transfer_syntax_uid
    for code in codes:
        # RLE is unpacked within bounds as it is
        is_rle = syntax == RLE_LOSSLESS
        clean = code if is_rle else codestreams.cleaned(code, source.image, syntax)
        yield decoded(clean, source.image, syntax)


def native_frames(value: bytes, image: ImagePixel) -> Iterator[np.ndarray]:
    size = image.rows * image.columns
    for frame in range(image.number_of_frames):
        pixels = np.frombuffer(value, image.dtype, size, frame * image.frame_bytes)
        _listener.get()()
        yield without_high_bits(pixels, image).reshape(image.rows, image.columns)


def cleaned_pixel_data(source: Source) -> Element:
    """PixelData of exactly the length its attributes demand, with nothing in it but image.

    Bits above Bits Stored go; where there are none, every byte of every value stays. A lossless
    frame that has some is encoded anew, in its own transfer syntax.
    """
    image, pixel_data = source.image, source.pixel_data
    if pixel_data.fragments is None:
        value = _cleaned_native(pixel_data.value, image)
        vr = "OW" if image.bits_allocated == 16 else "OB"
        return Element(pixel_data.tag, vr, value)
    syntax = source.transfer_syntax_uid
    codes = codestreams.frames_of(pixel_data.fragments, image.number_of_frames, syntax)
    clean = (codestreams.cleaned(code, image, syntax) for code in codes)
    # an empty offset table: each frame is one fragment
    ended = (_ended(code, image, syntax) for code in clean)
    shown = (_stored_bits_alone(code, image, syntax) for code in ended)
    return Element(pixel_data.tag, "OB", fragments=(b"", *shown))


def _cleaned_native(value: bytes, image: ImagePixel) -> bytes:
    total = image.frame_bytes * image.number_of_frames
    value = value[:total]
    if image.bits_stored < image.bits_allocated:
        frames_shown = [_shown_alone(value, image, n) for n in range(image.number_of_frames)]
        # the usual file has nothing to hide: its bytes are not copied
        if any(isinstance(each, bytes) for each in frames_shown):
            value = b"".join(frames_shown)
    return bytes(value) + b"\0" if total % 2 else value


def _shown_alone(value: bytes, image: ImagePixel, frame: int) -> bytes | memoryview:
    """One native frame: as it lies in `value`, or as other bytes when it holds hidden bits."""
    start = frame * image.frame_bytes
    pixels = np.frombuffer(value, image.dtype, image.rows * image.columns, start)
    values = without_high_bits(pixels, image)
    if _has_hidden_bits(pixels, values, image):
        return values.tobytes()
    return memoryview(value)[start : start + image.frame_bytes]


def _ended(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> bytes:
    """A JPEG frame whose scan ends with its last pixel: no decoder looks at bytes behind that."""
    if transfer_syntax_uid not in _JPEG:
        return code
    pixels = decoded(code, image, transfer_syntax_uid)

    def is_whole_without(count: int) -> bool:
        try:
            others = _pixels_of(shortened_jpeg(code, count), image, transfer_syntax_uid)
        except Refused:
            return False
        return np.array_equal(without_high_bits(others, image), pixels)

    if not is_whole_without(_FEW_BYTES):
        return code
    fewest, most = _FEW_BYTES, len(code)
    while most - fewest > 1:
        count = (fewest + most) // 2
        fewest, most = (count, most) if is_whole_without(count) else (fewest, count)
    return shortened_jpeg(code, fewest)


def _stored_bits_alone(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> bytes:
    """The same codestream, or one of the stored bits alone when it holds others."""
    is_full = codestreams.precision_of(code, image, transfer_syntax_uid) <= image.bits_stored
    encode = _ENCODERS.get(transfer_syntax_uid)
    if is_full or encode is None:
        return code
    _listener.get()()
    pixels = _pixels_of(code, image, transfer_syntax_uid)
    values = without_high_bits(pixels, image)
    if not _has_hidden_bits(pixels, values, image):
        return code
    # encoders sign their work with a comment
    return codestreams.cleaned(encode(values), image, transfer_syntax_uid)


def without_high_bits(pixels: np.ndarray, image: ImagePixel) -> np.ndarray:
    """The values of the stored bits alone: masked when unsigned, sign-extended when signed."""
    spare = image.bits_allocated - image.bits_stored
    # a shift up and down again clears, or copies the sign into, what lies above
    return pixels if not spare else (pixels << spare) >> spare


def _has_hidden_bits(pixels: np.ndarray, values: np.ndarray, image: ImagePixel) -> bool:
    """Whether more than the stored bits are set: neither zeros nor the sign, all over the frame."""
    if np.array_equal(pixels, values):
        return False
    # pixel by pixel the choice between zeros and the sign could draw letters
    mask = np.array((1 << image.bits_stored) - 1).astype(values.dtype)
    return not (image.is_signed and np.array_equal(pixels, values & mask))


def decoded(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> np.ndarray:
    """One checked codestream as stored values, shape (rows, columns), of the header's type.

    Raises Held for a lossy frame that holds bits above Bits Stored: it cannot be encoded anew
    without losing more.
    """
    key = (code, image, transfer_syntax_uid)
    values = _remembered.pop(key, None)
    if values is None:
        values = _decoded(code, image, transfer_syntax_uid)
        values.setflags(write=False)
        tell_listener()
    _remembered[key] = values
    _forget(image)
    return values


@contextmanager
def listening(listener: Callable[[], None]) -> Iterator[None]:
    """Call `listener` for each frame that is met anew: hundreds of them take their time."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def tell_listener() -> None:
    """Say that work on a frame goes on."""
    _listener.get()()


def _forget(image: ImagePixel) -> None:
    """Keep the frames of one file, which is gone over several times, unless they are too many."""
    whole = image.frame_bytes * image.number_of_frames
    most = image.number_of_frames if whole <= _MAX_REMEMBERED_BYTES else 1
    while len(_remembered) > most:
        del _remembered[next(iter(_remembered))]


def _decoded(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> np.ndarray:
    pixels = _pixels_of(code, image, transfer_syntax_uid)
    values = without_high_bits(pixels, image)
    if transfer_syntax_uid not in _ENCODERS and _has_hidden_bits(pixels, values, image):
        raise Held(Reason.HIDDEN_PIXEL_BITS)
    return values


def _pixels_of(code: bytes, image: ImagePixel, transfer_syntax_uid: str) -> np.ndarray:
    """One codestream as it decodes, bits above Bits Stored and all."""
    if transfer_syntax_uid == RLE_LOSSLESS:
        raw = np.ascontiguousarray(rle_decoded(code, image)[::-1].transpose(1, 2, 0))
        return raw.view(image.dtype)[..., 0]
    pixels = _decoded_by_codec(code, transfer_syntax_uid)
    if pixels.shape != (image.rows, image.columns) or pixels.dtype.kind not in "iu":
        raise Refused(Reason.PIXELS_DO_NOT_FIT)
    return pixels.astype(image.dtype)


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
