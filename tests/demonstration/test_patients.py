"""What the demonstration teaches is where its arrows point."""

import numpy as np
import pytest

from bsti_db.demonstration.patients import PATIENTS
from bsti_db.demonstration.phantoms import chest_volume
from bsti_db.demonstration.seed import SLICES

MATRIX = 256
ARROWS = [
    pytest.param(patient, point, id=point.arrow.text)
    for patient in PATIENTS
    for point in patient.points
    if point.arrow
]


def is_hazy(around: np.ndarray) -> bool:
    # denser than aerated lung, and vessels are still denser than it
    return -700 < around[2:-2, 2:-2].mean() < -200


SIGNS = {
    "Ground-glass opacity": is_hazy,
    "Crazy-paving": is_hazy,
    # air in the middle, tissue around
    "Air bronchogram": lambda around: around[5:8, 5:8].min() < -600 and np.median(around) > -250,
}


@pytest.mark.parametrize(("patient", "point"), ARROWS)
def test_an_arrow_points_at_the_sign_that_it_names(patient, point):
    volume = chest_volume(
        patient.seed, patient.studies[point.study].disease, slices=SLICES, matrix=MATRIX
    )
    # a volume is made from the head down
    hu = volume.hu[SLICES - 1 - point.place_in(SLICES)]
    column, row = (int(share * MATRIX) for share in point.arrow.head)

    assert SIGNS[point.arrow.text](hu[row - 6 : row + 7, column - 6 : column + 7])
