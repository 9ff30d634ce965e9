"""Text in the picture: the header's own signs, and what can be seen, hold a file for a person."""

from uploads.dicom.burned_in import DetectorFailed, Look, findings
from uploads.dicom.reading import (
    CR_IMAGE,
    DX_IMAGE_FOR_PRESENTATION,
    DX_IMAGE_FOR_PROCESSING,
    Source,
    text,
)
from uploads.dicom.reasons import Held, Reason
from uploads.dicom.transcoding import frames, tell_listener

_IMAGE_TYPE = 0x00080008
_CONVERSION_TYPE = 0x00080064
_BURNED_IN_ANNOTATION = 0x00280301
_RADIOGRAPHS = frozenset((CR_IMAGE, DX_IMAGE_FOR_PRESENTATION, DX_IMAGE_FOR_PROCESSING))
# in a series of derived frames text stands on all of them: reading each would take minutes
_MOST_FRAMES_READ = 12
_MOST_BOXES = 200


def check_for_text(source: Source, *, reads_text: bool = True) -> None:
    """Raise Held, with the places, when text may be burned into the picture.

    Parameters
    ----------
    reads_text
        Without it only drawn letters are looked for, and nothing is read.
    """
    image_type = _text(source, _IMAGE_TYPE)
    sign = _sign_in_header(source, image_type)
    try:
        boxes = _text_boxes(source, _look(source, image_type, reads_text))
    except DetectorFailed:
        raise Held(sign or Reason.DETECTOR_FAILED) from None
    if sign or boxes:
        raise Held(sign or Reason.TEXT_IN_PICTURE, boxes)


def _text(source: Source, tag: int) -> str:
    """All values of an attribute in upper case; empty without it."""
    element = source.by_tag.get(tag)
    return "" if element is None else text(element.value).upper()


def _sign_in_header(source: Source, image_type: str) -> Reason | None:
    if _text(source, _BURNED_IN_ANNOTATION) == "YES":
        return Reason.BURNED_IN_ANNOTATION
    if "SCREEN SAVE" in image_type:
        return Reason.SCREEN_SAVE
    if _CONVERSION_TYPE in source.by_tag:
        return Reason.CONVERSION_TYPE
    return None


def _look(source: Source, image_type: str, reads_text: bool) -> Look:
    """Radiographs and localisers are looked at most closely, ordinary slices most quickly."""
    if not reads_text:
        return Look.GLYPHS
    if source.sop_class_uid in _RADIOGRAPHS or "LOCALIZER" in image_type:
        return Look.CLOSELY
    return Look.DOUBTED if image_type.startswith("ORIGINAL") else Look.READ


def _text_boxes(source: Source, look: Look) -> list[dict[str, int]]:
    count = source.image.number_of_frames
    step = max(count / _MOST_FRAMES_READ, 1)
    read = {1 + int(place * step) for place in range(_MOST_FRAMES_READ)} | {count}
    boxes: list[dict[str, int]] = []
    for number, frame in enumerate(frames(source), start=1):
        closest = look if number in read or look is Look.GLYPHS else Look.DOUBTED
        found = findings(frame, look=closest, tell=tell_listener)
        boxes += [{"frame": number, **box._asdict()} for box in found]
        if len(boxes) >= _MOST_BOXES:
            break
    return boxes[:_MOST_BOXES]
