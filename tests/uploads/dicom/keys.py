"""The pseudonym secrets of these tests, and what they all look for."""

import io
from dataclasses import replace

import pydicom

from tests.datasets import PLANTED
from uploads.dicom.deid import Deidentified, Pseudonyms, deidentify

KEYS = Pseudonyms(
    secret=bytes(range(32)),
    key_id="2020-a",
    organisation_key="1b6b7c5e",
    upload_key="0b7b8f0e-5d7c-4b1e-9d53-000000000001",
)


def another_upload() -> Pseudonyms:
    return replace(KEYS, upload_key="0b7b8f0e-5d7c-4b1e-9d53-000000000002")


def another_organisation() -> Pseudonyms:
    return replace(KEYS, organisation_key="99ffee00")


def deidentified(
    source: bytes,
    keys: Pseudonyms = KEYS,
    *,
    is_cleared: bool = False,
    # reading a picture takes a second, and only tests of that want it
    reads_text: bool = False,
) -> Deidentified:
    return deidentify(source, pseudonyms=keys, is_cleared=is_cleared, reads_text=reads_text)


def reread(result: Deidentified) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(result.data))


def planted_in(data: bytes) -> list[str]:
    """The planted identities that stand in some bytes, as text, UTF-16 or reversed, in any case."""
    upper = data.upper()
    found = []
    for name in PLANTED:
        word = name.upper().encode("ascii")
        wide = name.upper().encode("utf-16-le")
        if word in upper or wide in upper or word[::-1] in upper:
            found.append(name)
    return found
