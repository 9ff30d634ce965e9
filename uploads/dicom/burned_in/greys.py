"""Grey pictures for a reader of text: large enough to read, small enough to be quick."""

import numpy as np

from uploads.dicom.burned_in.opencv import opencv

# letters differ from what is near them: contrast is measured over so many pixels
_NEAR = 20.0
_COARSER = 4
_FLOOR_PART = 0.01
_BEYOND = 0.3
_LEVELS_A_DEVIATION = 42


def scaled(frame: np.ndarray, factor: float) -> np.ndarray:
    """The frame as float32, smaller or larger."""
    cv2 = opencv()
    values = frame.astype(np.float32)
    if factor == 1:
        return values
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    rows, columns = (max(1, round(side * factor)) for side in frame.shape)
    return np.asarray(cv2.resize(values, (columns, rows), interpolation=method))


def evened(values: np.ndarray) -> np.ndarray:
    """Grey levels by how far each pixel differs from those near it.

    Text shows alike at the highest level, at 0 and at a tenth of the range, over lung, bone and
    collimation, whichever way black and white are meant.

    Parameters
    ----------
    values
        float32, shape (rows, columns), any range.

    Returns
    -------
    numpy.ndarray
        uint8, same shape.
    """
    cv2 = opencv()
    low, high = np.percentile(values[::4, ::4], (0.5, 99.5))
    reach = max(float(high - low), 1.0)
    # one outlier does not decide what counts as contrast
    within = np.clip(values, low - _BEYOND * reach, high + _BEYOND * reach) - np.float32(low)
    # both are smooth, so a quarter of the size will do
    size = tuple(max(1, side // _COARSER) for side in within.shape[::-1])
    small = [
        cv2.GaussianBlur(
            cv2.resize(each, size, interpolation=cv2.INTER_AREA), (0, 0), _NEAR / _COARSER
        )
        for each in (within, within * within)
    ]
    deviation = np.sqrt(np.maximum(small[1] - small[0] * small[0], 0)) + _FLOOR_PART * reach
    mean, deviation = (
        cv2.resize(each, within.shape[::-1], interpolation=cv2.INTER_LINEAR)
        for each in (small[0], deviation)
    )
    within -= mean
    return _levels(128 + within / deviation * _LEVELS_A_DEVIATION)


def windowed(values: np.ndarray) -> np.ndarray:
    """Grey levels over the range of nearly all values, uint8."""
    low, high = np.percentile(values, (0.5, 99.5))
    margin = 0.08 * max(float(high - low), 1.0)
    parts = (values - (low - margin)) / (high - low + 2 * margin)
    return _levels(parts * 255)


def _levels(values: np.ndarray) -> np.ndarray:
    levels: np.ndarray = np.clip(values, 0, 255).astype(np.uint8)
    return levels
