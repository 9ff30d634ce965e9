"""Memory of the guarded child, in small: `tests.bench.child_memory` measures 500 frames."""

import pytest
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.bench.child_memory import enhanced_ct, worked_on
from uploads.dicom.batch import Status

FRAMES, SIDE = 60, 512
PIXELS_MB = FRAMES * SIDE * SIDE * 2 / 1024**2
# 500 frames are 250 MB, and a child may use 1536 MB of which it needs some 100 MB for itself
MOST_COPIES = 5.5


@pytest.fixture(scope="module")
def empty_mb(tmp_path_factory):
    """What a child needs for a file of one small frame."""
    return _peak_mb(tmp_path_factory.mktemp("one"), 1, 64, ExplicitVRLittleEndian, 16)


@pytest.mark.parametrize("bits_stored", [16, 12])
@pytest.mark.parametrize(
    "transfer_syntax",
    [
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        RLELossless,
        JPEGLSLossless,
        JPEG2000Lossless,
    ],
    ids=lambda uid: uid.name,
)
def test_an_enhanced_ct_costs_a_few_times_its_pixels(
    tmp_path, empty_mb, transfer_syntax, bits_stored
):
    peak_mb = _peak_mb(tmp_path, FRAMES, SIDE, transfer_syntax, bits_stored)

    assert peak_mb - empty_mb < MOST_COPIES * PIXELS_MB


def _peak_mb(folder, frames, side, transfer_syntax, bits_stored) -> float:
    path = folder / "source"
    path.write_bytes(enhanced_ct(frames, side, transfer_syntax, bits_stored=bits_stored))
    outcome, child_mb, parent_mb = worked_on(path)
    assert outcome.status is Status.ACCEPTED, outcome.reason
    assert parent_mb < 50
    return child_mb
