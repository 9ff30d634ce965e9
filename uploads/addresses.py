"""The short form of a UID that an address of a slice holds."""

import base64
import hashlib

SHORT_LENGTH = 16  # characters of 5 bits: two of a million images meet with 1 in 10^12


def short_uid(uid: str) -> str:
    """Sixteen letters and digits that stand for a UID in `#image=k3f9…-1`."""
    digest = hashlib.sha256(uid.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:SHORT_LENGTH]
