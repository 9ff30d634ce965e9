"""OpenCV, loaded by the first picture that may show text: most slices never need it."""

from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    import cv2

    # a child has one core, and its threads count against its memory
    cv2.setNumThreads(1)
    return cv2
