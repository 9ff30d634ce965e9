"""Text in the picture. The header's own signs hold a file until a person has looked at it."""

from uploads.dicom.reading import Source, text
from uploads.dicom.reasons import Held, Reason

_IMAGE_TYPE = 0x00080008
_CONVERSION_TYPE = 0x00080064
_BURNED_IN_ANNOTATION = 0x00280301


def check_signs_of_text(source: Source) -> None:
    """Raise Held when the header says, or lets suspect, that text is burned into the picture."""
    values = {element.tag: text(element.value).upper() for element in source.elements}
    if values.get(_BURNED_IN_ANNOTATION) == "YES":
        raise Held(Reason.BURNED_IN_ANNOTATION)
    if "SCREEN SAVE" in values.get(_IMAGE_TYPE, ""):
        raise Held(Reason.SCREEN_SAVE)
    if _CONVERSION_TYPE in values:
        raise Held(Reason.CONVERSION_TYPE)
