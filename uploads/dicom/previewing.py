"""Pictures of a held file for the person who decides: pixels alone, nothing of the header."""

from collections.abc import Iterator, Sequence

import numpy as np

from uploads.dicom.headers import Header
from uploads.dicom.masks import ALL_FRAMES, RAISED_CONTRAST
from uploads.dicom.reading import Source
from uploads.dicom.rendering import render
from uploads.dicom.transcoding import frames

MAX_FRAMES_SHOWN = 24

_SIDE = 2048
_WHOLE = (128.0, 256.0)


def pictures(
    source: Source, *, text_boxes: Sequence[dict[str, int]] = ()
) -> Iterator[tuple[int, bytes]]:
    """The frames a person should see as PNG, by number, then all in one and with more contrast.

    Parameters
    ----------
    text_boxes
        Where text is suspected; the frames that hold it come before others.
    """
    count = source.image.number_of_frames
    wanted = _frames_to_show(count, [box["frame"] for box in text_boxes])
    is_inverted = source.image.photometric_interpretation == "MONOCHROME1"
    brighter = np.minimum if is_inverted else np.maximum
    brightest: np.ndarray | None = None
    for number, pixels in enumerate(frames(source), start=1):
        if number in wanted:
            yield number, _picture(pixels, source)
        brightest = pixels if brightest is None else brighter(brightest, pixels)
    if brightest is None:
        return
    if count > 1:
        yield ALL_FRAMES, _picture(brightest, source)
    yield RAISED_CONTRAST, _picture(_evenly_spread(brightest), source, window=_WHOLE)


def _frames_to_show(count: int, suspected: Sequence[int]) -> set[int]:
    chosen = list(dict.fromkeys([(count + 1) // 2, *suspected, 1, count]))
    # the rest evenly, so that a long run of frames is seen from end to end
    step = max(count / MAX_FRAMES_SHOWN, 1)
    chosen += [1 + int(place * step) for place in range(MAX_FRAMES_SHOWN)]
    return set(list(dict.fromkeys(chosen))[:MAX_FRAMES_SHOWN])


def _evenly_spread(pixels: np.ndarray) -> np.ndarray:
    """The same picture in 256 greys, of which each covers the same area."""
    steps = np.subtract(pixels, pixels.min(), dtype=np.int32)
    counts = np.bincount(steps.ravel())
    places = np.cumsum(counts) - counts / 2
    greys = (places / pixels.size * 255).round().astype(np.uint8)
    spread: np.ndarray = greys[steps]
    return spread


def _picture(
    pixels: np.ndarray, source: Source, *, window: tuple[float, float] | None = None
) -> bytes:
    photometric = source.image.photometric_interpretation
    header: Header = {"00280004": {"vr": "CS", "Value": [photometric]}}
    fits = max(pixels.shape) <= _SIDE
    return render(pixels, header, window=window, viewport=None if fits else (_SIDE, _SIDE))
