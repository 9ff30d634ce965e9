"""Words that stand on innocent pictures: which side, which view, how the patient was placed."""

import re

_SIDES = ("L", "R", "LT", "RT", "LEFT", "RIGHT")
_WORDS = (
    *("AP", "PA", "LAT", "LATERAL", "LL", "RL", "LLAT", "RLAT", "OBL", "OBLIQUE"),
    *("ERECT", "SUPINE", "PRONE", "SITTING", "SIT", "STANDING", "SEMIERECT", "SEMI", "UPRIGHT"),
    *("SEMIRECUMBENT", "RECUMBENT", "DECUB", "DECUBITUS", "LORDOTIC", "TROLLEY", "CHAIR", "BED"),
    *("MOBILE", "PORTABLE", "PORT", "WARD", "RESUS", "ICU", "ITU"),
    *("INSP", "INSPIRATION", "EXP", "EXPIRATION", "CHEST", "CXR"),
)
_ALL = (*_WORDS, *_SIDES)
# a reader of pictures often loses the spaces between words
_GLUED = re.compile(rf"(?:[LR])?(?:{'|'.join(sorted(_ALL[: -len(_SIDES)], key=len)[::-1])})+[LR]?")
_LONG = tuple(word for word in _WORDS if len(word) >= 5)
# what a reader takes for one another in so few letters
_ALIKE = str.maketrans({"0": "O", "1": "I", "|": "I", "5": "S", "8": "B", "€": "E"})


def is_marker(text: str) -> bool:
    """Whether a text that was read in a picture is made of allow-listed words alone.

    One misread letter is forgiven in a word of five letters or more. A single letter or digit
    tells nothing about anybody, so it passes.
    """
    # a letter of another script counts as one, and is part of no marker
    plain = "".join("?" if ord(one) > 127 and one.isalnum() else one for one in text.upper())
    words = re.findall(r"[A-Z0-9|€?]+", plain)
    if len("".join(words)) <= 1:
        return True
    return all(_is_word(word) for word in words)


def _is_word(word: str) -> bool:
    alike = word.translate(_ALIKE)
    if len(word) == 1 and word in "LR":
        return True
    if alike in _ALL or _GLUED.fullmatch(alike):
        return True
    return any(_differs_once(alike, known) for known in _LONG)


def _differs_once(word: str, known: str) -> bool:
    """Whether one letter was changed, lost or added."""
    if len(word) == len(known):
        return sum(a != b for a, b in zip(word, known, strict=True)) <= 1
    short, long = sorted((word, known), key=len)
    if len(long) - len(short) != 1:
        return False
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
