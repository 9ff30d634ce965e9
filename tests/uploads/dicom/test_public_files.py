"""The files that pydicom ships for its own tests: each is taken, or refused with a reason."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

from tests.uploads.dicom.keys import deidentified
from uploads.dicom.reading import SOP_CLASSES
from uploads.dicom.reasons import REASONS, Held, Refused

ROOT = Path(pydicom.data.__file__).parent
FILES = sorted(
    path
    for path in ROOT.rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc", ".json", ".dump", ".txt")
)
# CT and radiographs, whole and with pixels
TAKEN = {"CT_small.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "6154", "17106", "2062"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_public_file_is_taken_or_refused_with_a_reason(path):
    try:
        output = deidentified(path.read_bytes()).data
    except (Refused, Held) as outcome:
        reason, output = outcome.reason, b""
    if not output:
        assert REASONS[reason]
        assert path.name not in TAKEN
        return
    before, after = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(output))
    assert before.SOPClassUID in SOP_CLASSES
    assert np.array_equal(before.pixel_array, after.pixel_array)
    identity = [part for part in str(before.PatientName).split("^") if len(part) > 4]
    for told in (*identity, before.PatientID, before.StudyInstanceUID, before.SOPInstanceUID):
        assert len(told) < 5 or told.encode() not in output


def test_there_are_files_to_try_and_some_are_taken():
    assert len(FILES) > 150
    assert {path.name for path in FILES} >= TAKEN
