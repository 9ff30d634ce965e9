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

# many are above 32 MB: smaller blocks the C library may keep when they are freed (mallopt(3)), and
# what it keeps would be measured, as no large file shows it
FEW, MANY, SIDE = 10, 80, 512
MORE_PIXELS_MB = (MANY - FEW) * SIDE * SIDE * 2 / 1024**2
# 500 frames are 250 MB, and a child may use 1536 MB of which it needs some 100 MB for itself
MOST_COPIES = 5.5


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
def test_more_frames_cost_a_few_times_their_pixels(tmp_path, transfer_syntax, bits_stored):
    # both have loaded whatever the syntax needs: what differs is what frames cost
    few, many = (
        _peak_mb(tmp_path, frames, SIDE, transfer_syntax, bits_stored) for frames in (FEW, MANY)
    )

    assert many - few < MOST_COPIES * MORE_PIXELS_MB


def _peak_mb(folder, frames, side, transfer_syntax, bits_stored) -> float:
    path = folder / "source"
    path.write_bytes(enhanced_ct(frames, side, transfer_syntax, bits_stored=bits_stored))
    outcome, child_mb, parent_mb = worked_on(path)
    assert outcome.status is Status.ACCEPTED, outcome.reason
    assert parent_mb < 50
    return child_mb
