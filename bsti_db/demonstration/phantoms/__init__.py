"""The synthetic chest: CT series and radiographs of people who do not exist.

Nothing here comes from a real image. The same seed is always the same person; another
`Disease` with the same seed is that person on another day.
"""

from .files import PatientIdentity, ct_series, invented_patient, radiograph
from .lungs import Disease
from .volumes import Volume, chest_volume, reconstructed

__all__ = [
    "Disease",
    "PatientIdentity",
    "Volume",
    "chest_volume",
    "ct_series",
    "invented_patient",
    "radiograph",
    "reconstructed",
]
