"""Grey pictures of stored frames, from the frame and its DICOM JSON alone.

References
----------
DICOM PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.2 (photometric interpretation);
PS3.18 8.3.5 (rendered resources: window and viewport).
"""

import io
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

from uploads.dicom.headers import Header, first, frame_value

Default = TypeVar("Default", float, None)

MAX_SIDE = 8192
THUMBNAIL_SIDE = 256


class Function(StrEnum):
    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class Window(NamedTuple):
    """A window: centre and width in the unit of the modality values, and its function."""

    center: float
    width: float
    function: Function = Function.LINEAR


class Preset(StrEnum):
    LUNG = "lung"
    MEDIASTINUM = "mediastinum"
    BONE = "bone"
    SOFT_TISSUE = "soft-tissue"
    PE = "pe"


# Hounsfield units: for CT alone
PRESETS: dict[Preset, Window] = {
    Preset.LUNG: Window(-600, 1500),
    Preset.MEDIASTINUM: Window(40, 400),
    Preset.BONE: Window(400, 1800),
    Preset.SOFT_TISSUE: Window(50, 350),
    Preset.PE: Window(100, 700),
}


def window(
    pixels: np.ndarray, center: float, width: float, function: Function = Function.LINEAR
) -> np.ndarray:
    """Map modality values to 8-bit grey levels through a window.

    Parameters
    ----------
    pixels
        Modality values (after Rescale Slope and Intercept), any shape, any numeric type.
        CT: Hounsfield units.
    center, width
        The window, in the unit of `pixels`; `width` at least 1 for LINEAR, above 0 otherwise.

    Returns
    -------
    numpy.ndarray
        uint8, same shape; 0 at and below the lower edge, 255 above the upper.

    Raises
    ------
    ValueError
        If `width` is too small.

    References
    ----------
    DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).
    """
    if width < 1 and (function is Function.LINEAR or width <= 0):
        raise ValueError("The width of a window is at least 1.")
    values: np.ndarray = np.asarray(pixels, np.float32)
    if function is Function.SIGMOID:
        grey = 255 / (1 + np.exp(np.clip(-4 * (values - center) / width, -80, 80)))
    elif function is Function.LINEAR_EXACT:
        grey = ((values - center) / width + 0.5) * 255
    elif width == 1:
        # the formula divides by width - 1; here it is a step
        grey = np.where(values > center - 0.5, np.float32(255), np.float32(0))
    else:
        grey = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    levels: np.ndarray = np.clip(grey, 0, 255) + 0.5
    return levels.astype(np.uint8)


def modality_values(pixels: np.ndarray, header: Header, *, frame: int = 1) -> np.ndarray:
    """Stored values through Rescale Slope and Intercept, float32."""
    group = "PixelValueTransformationSequence"
    slope = _number(header, frame, group, "RescaleSlope", 1.0)
    intercept = _number(header, frame, group, "RescaleIntercept", 0.0)
    return pixels.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def default_window(values: np.ndarray, header: Header, *, frame: int = 1) -> Window:
    """The file's own first window; without one, the range that holds nearly all values."""
    center = _number(header, frame, "FrameVOILUTSequence", "WindowCenter", None)
    width = _number(header, frame, "FrameVOILUTSequence", "WindowWidth", None)
    if center is not None and width is not None and width >= 1:
        named = frame_value(header, frame, "FrameVOILUTSequence", "VOILUTFunction")
        is_known = bool(named) and named[0] in set(Function)
        return Window(center, width, Function(named[0]) if is_known else Function.LINEAR)
    low, high = np.percentile(values[::4, ::4], (0.5, 99.5))
    return Window(float(low + high) / 2, max(float(high - low), 1.0))


def grey(
    pixels: np.ndarray, header: Header, *, chosen: Window | None = None, frame: int = 1
) -> np.ndarray:
    """A stored frame as 8-bit grey levels, white where the standard says white."""
    values = modality_values(pixels, header, frame=frame)
    levels = window(values, *(chosen or default_window(values, header, frame=frame)))
    is_inverted = first(header, "PhotometricInterpretation") == "MONOCHROME1"
    if first(header, "PresentationLUTShape") == "INVERSE":
        # INVERSE already stands for MONOCHROME1, it does not invert twice (C.8.11.3.1.5)
        is_inverted = True
    return 255 - levels if is_inverted else levels


def render(
    pixels: np.ndarray,
    header: Header,
    *,
    window: Window | tuple[float, float] | None = None,
    viewport: tuple[int, int] | None = None,
    frame: int = 1,
    jpeg_quality: int | None = None,
) -> bytes:
    """A stored frame as a PNG, or as a JPEG of the quality that is given.

    Parameters
    ----------
    pixels
        Stored values, shape (rows, columns), of the signedness its header says.
    window
        Centre and width, or None for the file's own.
    viewport
        (width, height) in pixels that the picture is scaled to fit, keeping its shape.
    jpeg_quality
        1 to 100.

    Raises
    ------
    ValueError
        For a window or viewport that makes no picture.
    """
    chosen = Window(*window) if window is not None else None
    picture = _scaled(grey(pixels, header, chosen=chosen, frame=frame), header, viewport, frame)
    return _png(picture) if jpeg_quality is None else _jpeg(picture, jpeg_quality)


def thumbnail(pixels: np.ndarray, header: Header, *, frame: int = 1) -> bytes:
    """A PNG of at most 256 pixels a side, in the window that shows the lung on a CT."""
    is_ct = first(header, "Modality") == "CT"
    chosen = PRESETS[Preset.LUNG] if is_ct else None
    levels = grey(pixels, header, chosen=chosen, frame=frame)
    side = min(THUMBNAIL_SIDE, max(levels.shape))
    return _png(_scaled(levels, header, (side, side), frame))


def _scaled(
    levels: np.ndarray, header: Header, viewport: tuple[int, int] | None, frame: int
) -> Image.Image:
    """The picture with square pixels, within the viewport."""
    picture = Image.fromarray(levels)
    rows, columns = levels.shape
    spacing = frame_value(header, frame, "PixelMeasuresSequence", "PixelSpacing")
    ratio = float(spacing[0]) / float(spacing[1]) if len(spacing) == 2 and all(spacing) else 1.0
    # extreme ratios are mistakes, not pixels
    height = rows * ratio if 0.1 < ratio < 10 else float(rows)
    width = float(columns)
    if viewport is not None:
        if not (0 < viewport[0] <= MAX_SIDE and 0 < viewport[1] <= MAX_SIDE):
            raise ValueError(f"A viewport has sides of 1 to {MAX_SIDE} pixels.")
        scale = min(viewport[0] / width, viewport[1] / height)
        width, height = width * scale, height * scale
    size = (max(round(width), 1), max(round(height), 1))
    if size == picture.size:
        return picture
    smaller = size[0] * size[1] < rows * columns
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return picture.resize(size, method)


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _number(
    header: Header, frame: int, group: str, keyword: str, default: Default
) -> float | Default:
    found = frame_value(header, frame, group, keyword)
    return float(found[0]) if found and found[0] is not None else default
