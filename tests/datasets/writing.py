"""Data sets as the bytes of a file, in any transfer syntax the database accepts."""

import io
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from pydicom import config as pydicom_config
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)


def written(
    dataset: FileDataset, *, preamble: bytes = b"\0" * 128, behind: bytes = b"", **meta: Any
) -> bytes:
    """The file of a data set, in the transfer syntax its file meta names."""
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    for keyword, value in meta.items():
        setattr(dataset.file_meta, keyword, value)
    dataset.preamble = preamble
    stream = io.BytesIO()
    with pydicom_config.disable_value_validation():
        dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue() + behind


def in_transfer_syntax(dataset: FileDataset, transfer_syntax: UID) -> bytes:
    """The same image in another accepted transfer syntax (lossy ones change the pixels)."""
    pixels = stored_pixels(dataset)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    if transfer_syntax in UNCOMPRESSED:
        if transfer_syntax == ExplicitVRBigEndian:
            dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
        return written(dataset)
    frames = pixels if pixels.ndim == 3 else pixels[None]
    if transfer_syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        frames = _lossy_depth(dataset, frames, 8 if transfer_syntax == JPEGBaseline8Bit else 12)
    encode = ENCODERS[transfer_syntax]
    # many frames of a large file are the same
    encoded: dict[bytes, bytes] = {}
    for frame in frames:
        if frame.tobytes() not in encoded:
            encoded[frame.tobytes()] = bytes(encode(frame))
    dataset.PixelData = encapsulate([encoded[frame.tobytes()] for frame in frames])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return written(dataset)


def _rle(frame: np.ndarray) -> bytes:
    """PS3.5 Annex G: one segment a byte plane, the most significant first, literal runs only."""
    planes = frame.astype(frame.dtype.newbyteorder(">")).view(np.uint8).reshape(*frame.shape, -1)
    segments = []
    for plane in range(planes.shape[-1]):
        coded = b""
        for row in planes[..., plane]:
            for start in range(0, len(row), 128):
                run = row[start : start + 128].tobytes()
                coded += bytes([len(run) - 1]) + run
        segments.append(coded + b"\0" * (len(coded) % 2))
    offsets = [64 + sum(map(len, segments[:place])) for place in range(len(segments))]
    header = [len(segments), *offsets, *[0] * (15 - len(offsets))]
    return np.array(header, "<u4").tobytes() + b"".join(segments)


def _unsigned(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(frame).view(frame.dtype.str.replace("i", "u"))


ENCODERS: dict[UID, Callable[[np.ndarray], bytes]] = {
    RLELossless: _rle,
    JPEGBaseline8Bit: lambda frame: imagecodecs.jpeg8_encode(frame, level=95),
    JPEGExtended12Bit: lambda frame: imagecodecs.jpeg8_encode(frame, level=95, bitspersample=12),
    JPEGLossless: lambda frame: imagecodecs.ljpeg_encode(_unsigned(frame), bitspersample=16),
    JPEGLosslessSV1: lambda frame: imagecodecs.ljpeg_encode(_unsigned(frame), bitspersample=16),
    JPEGLSLossless: lambda frame: imagecodecs.jpegls_encode(_unsigned(frame)),
    JPEGLSNearLossless: lambda frame: imagecodecs.jpegls_encode(_unsigned(frame), level=2),
    JPEG2000Lossless: lambda frame: imagecodecs.jpeg2k_encode(
        frame, codecformat="j2k", reversible=True, level=0
    ),
    JPEG2000: lambda frame: imagecodecs.jpeg2k_encode(frame, codecformat="j2k", level=60),
    HTJ2KLossless: lambda frame: imagecodecs.htj2k_encode(frame, reversible=True),
    HTJ2K: lambda frame: imagecodecs.htj2k_encode(frame, level=0.001),
}
UNCOMPRESSED = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


def stored_pixels(dataset: Dataset) -> np.ndarray:
    kind = "i" if dataset.PixelRepresentation else "u"
    flat = np.frombuffer(dataset.PixelData, f"<{kind}{dataset.BitsAllocated // 8}")
    frames = int(dataset.get("NumberOfFrames", 1))
    shape = (dataset.Rows, dataset.Columns)
    flat = flat[: frames * shape[0] * shape[1]]
    return flat.reshape((frames, *shape) if frames > 1 else shape)


def _lossy_depth(dataset: Dataset, frames: np.ndarray, bits: int) -> np.ndarray:
    dtype = np.uint8 if bits == 8 else np.uint16
    low, high = int(frames.min()), int(frames.max())
    frames = ((frames.astype(float) - low) / max(high - low, 1) * (2**bits - 1)).astype(dtype)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8 * frames.itemsize, bits, bits - 1
    dataset.PixelRepresentation = 0
    return frames
