"""The body's outlines: who the patient is, and how wide each layer is at each level."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from .painting import Grid

ANGLES = 1536
"""Directions around the body in which an outline is tabulated."""

APEX_Z = 96.0

# level, half width, front and back of the pleural space (body millimetres)
PLEURA = np.array(
    [
        [104, 2, 16, 26],
        [96, 26, 6, 46],
        [88, 52, -8, 60],
        [76, 74, -24, 70],
        [56, 97, -44, 79],
        [30, 113, -60, 86],
        [0, 125, -75, 91],
        [-50, 134, -88, 93],
        [-100, 138, -96, 92],
        [-150, 138, -100, 88],
        [-230, 134, -102, 78],
    ],
    dtype=float,
)
# the outer face of the muscles, arms raised
FASCIA = np.array(
    [
        [170, 196, -52, 84],
        [130, 196, -54, 96],
        [105, 192, -60, 104],
        [85, 184, -72, 109],
        [60, 170, -84, 113],
        [30, 158, -92, 116],
        [0, 152, -98, 117],
        [-50, 151, -108, 117],
        [-100, 152, -115, 115],
        [-150, 150, -118, 111],
        [-230, 146, -120, 104],
    ],
    dtype=float,
)
# the same, arms at the side, as on a radiograph
FASCIA_UPRIGHT = np.array(
    [
        [190, 54, -46, 66],
        [150, 57, -48, 74],
        [132, 66, -50, 84],
        [118, 92, -52, 92],
        [106, 134, -56, 100],
        [94, 168, -64, 106],
        [80, 186, -72, 110],
        [60, 190, -82, 113],
        [30, 176, -92, 116],
        [0, 160, -98, 117],
        [-50, 152, -108, 117],
        [-100, 152, -115, 115],
        [-230, 146, -120, 106],
    ],
    dtype=float,
)
CENTRE = np.array([[190, 10], [130, 18], [96, 20], [60, 12], [0, 2], [-60, -3], [-230, -6]], float)
# centre of the vertebral bodies from front to back, and their half depth and half width
SPINE = np.array(
    [
        [190, 6, 9, 13],
        [130, 14, 10, 14],
        [90, 27, 12, 15.5],
        [50, 39, 14, 15.5],
        [0, 46, 15.5, 16.5],
        [-50, 50, 16.5, 18],
        [-100, 49, 17, 19.5],
        [-150, 41, 17.5, 21],
        [-230, 28, 17, 22],
    ],
    dtype=float,
)


@dataclass(frozen=True)
class Habitus:
    """One invented person: what makes their chest differ from the next."""

    seed: int
    sex: str
    age_years: int
    scale: tuple[float, float, float]
    """Real millimetres for each body millimetre along x, y and z."""
    fat_mm: float
    breast_mm: float
    heart: float
    marrow_hu: float
    contrast: bool


def habitus_of(seed: int) -> Habitus:
    """Invent the person that belongs to a seed."""
    rng = np.random.default_rng([seed, 17])
    sex = "M" if rng.random() < 0.5 else "F"
    age = int(rng.integers(34, 86))
    size = 1.0 if sex == "M" else 0.93
    width, depth, height = rng.normal(1.0, 0.035, 3)
    heavy = float(np.clip(rng.normal(1.0, 0.35), 0.45, 1.9))
    return Habitus(
        seed=seed,
        sex=sex,
        age_years=age,
        scale=(
            size * width * (0.97 + 0.03 * heavy),
            size * depth * (0.96 + 0.06 * heavy),
            size * height,
        ),
        fat_mm=(11 if sex == "M" else 15) * heavy,
        breast_mm=0.0 if sex == "M" else float(rng.uniform(18, 38)),
        heart=float(np.clip(rng.normal(1.0, 0.06), 0.9, 1.16)),
        marrow_hu=float(260 - 1.7 * age + rng.normal(0, 15)),
        contrast=bool(rng.random() < 0.4),
    )


def at_level(table: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Interpolate a table of levels; returns (columns of the table, levels)."""
    ordered = table[np.argsort(table[:, 0])]
    z = np.clip(np.asarray(z, dtype=float), ordered[0, 0], ordered[-1, 0])
    return PchipInterpolator(ordered[:, 0], ordered[:, 1:], axis=0)(z).T


def directions() -> np.ndarray:
    """Return the tabulated directions: 0 to the front, positive to the patient's left."""
    return (np.arange(ANGLES) + 0.5) * 2 * np.pi / ANGLES - np.pi


def _outline(table: np.ndarray, z: np.ndarray, *, front: float, back: float) -> np.ndarray:
    side, front_y, back_y = at_level(table, z)
    (centre,) = at_level(CENTRE, z)
    theta = directions()
    across, along = np.abs(np.sin(theta)), np.abs(np.cos(theta))
    ahead = np.cos(theta) > 0
    depth = np.where(ahead, (centre - front_y)[:, None], (back_y - centre)[:, None])
    power = np.where(ahead, front, back)
    total = (across / side[:, None]) ** power + (along / np.maximum(depth, 1)) ** power
    return total ** (-1 / power)


def bump(theta: np.ndarray, at_degrees: float, width_degrees: float) -> np.ndarray:
    """Return a smooth bump on both sides of the body, 1 at its middle."""
    away = np.abs(theta) - np.radians(at_degrees)
    return np.exp(-((away / np.radians(width_degrees)) ** 2))


def level(z: np.ndarray, at_z: float, width: float) -> np.ndarray:
    """Return a smooth bump along the body, as a column."""
    return np.exp(-(((np.asarray(z) - at_z) / width) ** 2))[:, None]


def _waviness(z: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 23])
    theta = directions()
    wave = np.zeros((len(z), ANGLES))
    for order in range(1, 7):
        phase, drift = rng.uniform(0, 6.3), rng.normal(0, 0.012)
        wave += rng.normal(0, 1.1 / order) * np.cos(
            order * theta + phase + drift * np.asarray(z)[:, None]
        )
    return wave


def pleura_radius(z: np.ndarray, habitus: Habitus) -> np.ndarray:
    """Return the inner face of the chest wall, (levels, ANGLES) from the axis of the body."""
    radius = _outline(PLEURA, z, front=2.3, back=2.65)
    return radius + 1.5 * _waviness(z, habitus.seed) * np.minimum(radius / 120, 1)


def fascia_radius(z: np.ndarray, habitus: Habitus, *, upright: bool = False) -> np.ndarray:
    """Return the outer face of the muscles of the chest wall."""
    table = FASCIA_UPRIGHT if upright else FASCIA
    radius = _outline(table, z, front=2.3, back=2.5)
    theta = directions()
    strong = 1.0 if habitus.sex == "M" else 0.65
    radius = radius + 9 * strong * bump(theta, 42, 22) * level(z, 30, 45)
    radius = radius + 7 * bump(theta, 158, 12) - 4 * bump(theta, 180, 9)
    radius = radius + 8 * strong * bump(theta, 118, 20) * level(z, 0, 60)
    radius = radius + 11 * strong * bump(theta, 138, 18) * level(z, 42, 48)
    least = pleura_radius(z, habitus) + 13
    return np.maximum(radius, least) + 0.8 * _waviness(z, habitus.seed + 1)


def skin_radius(z: np.ndarray, habitus: Habitus, *, upright: bool = False) -> np.ndarray:
    """Return the surface of the body."""
    theta = directions()
    fat = habitus.fat_mm * (
        0.75
        + 0.35 * bump(theta, 95, 40)
        - 0.35 * bump(theta, 0, 12)
        + 0.35 * bump(theta, 150, 30) * level(z, -160, 80)
        + 0.5 * bump(theta, 40, 50) * level(z, -210, 60)
    )
    breast = habitus.breast_mm * bump(theta, 46, 24) * level(z, -52, 38)
    fascia = fascia_radius(z, habitus, upright=upright)
    return fascia + np.maximum(fat, 4) + breast + _waviness(z, habitus.seed + 2)


@dataclass(frozen=True)
class Polar:
    """Where each voxel lies around the axis of the body: direction index and radius in mm."""

    direction: np.ndarray
    radius: np.ndarray

    def look_up(self, table: np.ndarray) -> np.ndarray:
        """Return for each voxel what a table of (levels, ANGLES) says in its direction."""
        planes = np.arange(len(table), dtype=np.int32)[:, None, None] * ANGLES
        return table.astype(np.float32).reshape(-1)[planes + self.direction]

    def beyond(self, outline: np.ndarray) -> np.ndarray:
        """Return how far each voxel lies outside an outline of (levels, ANGLES)."""
        return self.radius - self.look_up(outline)


def polar(grid: Grid) -> Polar:
    """Turn a grid into directions and radii around the axis of the body."""
    _, y, x = grid.broadcast()
    (centre,) = at_level(CENTRE, grid.z)
    dy = (y - centre[:, None, None]).astype(np.float32)
    dx = np.broadcast_to(x, grid.shape).astype(np.float32)
    turn = np.arctan2(dx, -dy)
    direction = ((turn + np.float32(np.pi)) * np.float32(ANGLES / (2 * np.pi))).astype(np.int32)
    np.clip(direction, 0, ANGLES - 1, out=direction)
    return Polar(direction, np.sqrt(dx * dx + dy * dy))
