"""Rectangles of the picture blacked out before the file is de-identified.

Only what lies inside a rectangle changes, and all of it becomes one value: the darkest of its frame
as shown, so that a window reckoned from the pixels stays what it was.

ImageType stays as sent. The Clean Pixel Data option asks for BurnedInAnnotation NO and its code
alone; DERIVED stands for images made of others by processing (C.7.6.1.1.2), would ask for a source
image that no store holds, and would say of a radiograph's lung that it was computed.

References
----------
DICOM PS3.15 E.3.1 (Clean Pixel Data Option), PS3.3 C.7.6.1.1.2.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from uploads.dicom import codestreams
from uploads.dicom.elements import Element
from uploads.dicom.losses import lossy_history
from uploads.dicom.masks import Mask
from uploads.dicom.reading import JPEG_LS_LOSSLESS, ImagePixel, Source
from uploads.dicom.transcoding import decoded, encode_frame, without_high_bits

_LARGEST_AND_SMALLEST = frozenset((0x00280106, 0x00280107))


def masked(source: Source, masks: Sequence[Mask]) -> Source:
    """The same file with the pixels under `masks` blacked out.

    Native pixels stay native. Compressed ones become JPEG-LS lossless, and what was lost before is
    still told (LossyImageCompression 01). The same file and masks give the same bytes.

    Parameters
    ----------
    masks
        What reaches beyond the picture ends at its edge.

    Raises
    ------
    ValueError
        For a mask that lies outside the picture or its frames: it would hide nothing.
    Refused, Held
        As `transcoding.frames` does, for frames that cannot be decoded.
    """
    if not masks:
        return source
    image = source.image
    size = {"rows": image.rows, "columns": image.columns, "frames": image.number_of_frames}
    if not all(mask.fits(**size) for mask in masks):
        raise ValueError("A mask lies outside the picture.")
    if source.pixel_data.fragments is None:
        pixel_data, syntax = _native(source, masks), source.transfer_syntax_uid
    else:
        pixel_data, syntax = _encapsulated(source, masks), JPEG_LS_LOSSLESS
    changed = {pixel_data.tag: pixel_data} | lossy_history(source)
    kept = [
        element
        for element in source.elements
        if element.tag not in changed and element.tag not in _LARGEST_AND_SMALLEST
    ]
    elements = sorted([*kept, *changed.values()], key=lambda element: element.tag)
    by_tag = {element.tag: element for element in elements}
    return replace(source, transfer_syntax_uid=syntax, by_tag=by_tag, pixel_data=pixel_data)


def _native(source: Source, masks: Sequence[Mask]) -> Element:
    image, pixel_data = source.image, source.pixel_data
    value = bytearray(pixel_data.value)
    for number in range(1, image.number_of_frames + 1):
        stored = np.frombuffer(
            value, image.dtype, image.rows * image.columns, (number - 1) * image.frame_bytes
        )
        _black_out(stored.reshape(image.rows, image.columns), image, masks, number)
    return pixel_data._replace(value=bytes(value))


def _encapsulated(source: Source, masks: Sequence[Mask]) -> Element:
    image, syntax = source.image, source.transfer_syntax_uid
    codes = codestreams.frames_of(source.pixel_data.fragments or (), image.number_of_frames, syntax)
    fragments = [b""]
    for number, code in enumerate(codes, start=1):
        clean = codestreams.cleaned(code, image, syntax)
        if syntax == JPEG_LS_LOSSLESS and not _of_frame(masks, number):
            fragments.append(clean)
            continue
        pixels = np.array(decoded(clean, image, syntax))
        _black_out(pixels, image, masks, number)
        encoded = encode_frame(pixels)
        fragments.append(encoded + b"\0" * (len(encoded) % 2))
    return Element(source.pixel_data.tag, "OB", fragments=tuple(fragments))


def _of_frame(masks: Sequence[Mask], number: int) -> list[Mask]:
    return [mask for mask in masks if mask.frame in (None, number)]


def _black_out(pixels: np.ndarray, image: ImagePixel, masks: Sequence[Mask], number: int) -> None:
    here = _of_frame(masks, number)
    if not here:
        return
    values = without_high_bits(pixels, image)
    is_inverted = image.photometric_interpretation == "MONOCHROME1"
    level = values.max() if is_inverted else values.min()
    for mask in here:
        pixels[mask.y : mask.y + mask.height, mask.x : mask.x + mask.width] = level
