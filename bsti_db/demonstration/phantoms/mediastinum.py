"""Heart, great vessels, central airways and oesophagus of the synthetic chest."""

import numpy as np

from .anatomy import Habitus
from .painting import Grid, blend, box, ellipsoid_distance, paint_tube, tube_pieces, within

FAT_HU = -98.0
SOFT_HU = 42.0

# rows of x, y, z, radius in body millimetres
TUBES: dict[str, list[tuple[float, float, float, float]]] = {
    "aorta": [
        (4, -24, -52, 16), (-9, -31, -32, 16.5), (-16, -33, -8, 16), (-15, -29, 14, 15),
        (-8, -17, 30, 14), (5, 2, 37, 13.5), (17, 19, 33, 13), (25, 31, 18, 12.5),
        (28, 35, -4, 12), (27, 36, -50, 11.5), (22, 34, -105, 11), (14, 26, -150, 10.5),
        (8, 14, -230, 10),
    ],
    "brachiocephalic artery": [
        (-8, -16, 38, 7), (-18, -9, 62, 6.5), (-26, -1, 85, 5.5), (-58, 3, 93, 4.6),
        (-95, -8, 80, 4.4), (-140, -6, 88, 4),
    ],
    "right carotid": [(-20, -6, 68, 4.3), (-23, -4, 125, 4), (-26, -6, 190, 4)],
    "left carotid": [(4, -1, 43, 4.6), (13, -3, 70, 4.3), (23, -3, 125, 4), (26, -5, 190, 4)],
    "left subclavian": [
        (17, 17, 42, 5.6), (26, 16, 72, 5.2), (44, 8, 92, 4.6), (90, -8, 80, 4.4), (140, -6, 88, 4),
    ],
    "superior vena cava": [(-26, -27, 48, 8.5), (-29, -25, 0, 9.5), (-29, -20, -42, 11)],
    "right brachiocephalic vein": [(-44, -20, 76, 6.8), (-34, -26, 62, 7.4), (-26, -28, 48, 8.4)],
    "left brachiocephalic vein": [
        (43, -19, 74, 6.6), (28, -36, 58, 6.4), (4, -43, 50, 6.4), (-24, -30, 44, 7.6),
    ],
    "right jugular": [(-44, -20, 76, 6.6), (-36, -8, 120, 6), (-38, -8, 190, 6)],
    "left jugular": [(43, -19, 74, 6.2), (36, -7, 120, 5.4), (38, -7, 190, 5.2)],
    "right subclavian vein": [(-44, -20, 76, 6), (-92, -24, 70, 5.2), (-140, -16, 82, 5)],
    "left subclavian vein": [(43, -19, 74, 6), (92, -24, 70, 5.2), (140, -16, 82, 5)],
    "azygos": [
        (-6, 20, -190, 2.5), (-9, 33, -130, 3), (-10, 33, -10, 4), (-16, 27, 4, 4.6),
        (-25, 6, 8, 5), (-28, -16, 4, 5),
    ],
    "pulmonary trunk": [
        (14, -47, -52, 14), (20, -38, -32, 14), (23, -20, -16, 13.6), (25, -7, -9, 12.4),
    ],
    "right pulmonary artery": [
        (20, -15, -17, 12), (-4, -12, -20, 11), (-30, -7, -24, 10), (-43, -2, -31, 8.4),
        (-48, 10, -47, 7.4), (-51, 22, -58, 6),
    ],
    "left pulmonary artery": [
        (25, -7, -9, 12.2), (38, 6, -4, 11),
        (46, 17, -12, 9.5), (49, 23, -28, 8.2), (52, 30, -50, 6),
    ],
    "inferior vena cava": [(-22, 2, -78, 11.5), (-24, 8, -125, 11.5), (-24, 14, -230, 11)],
    "right superior pulmonary vein": [
        (-12, -4, -42, 7.5), (-30, -12, -38, 6.6), (-46, -15, -28, 5),
    ],
    "right inferior pulmonary vein": [(-14, 8, -55, 7.5), (-32, 12, -64, 6), (-43, 13, -73, 4.4)],
    "left superior pulmonary vein": [(20, -3, -36, 7.5), (38, -11, -26, 6.2), (47, -14, -16, 5)],
    "left inferior pulmonary vein": [(22, 10, -50, 7.2), (36, 16, -61, 6), (45, 19, -71, 4.4)],
}  # fmt: skip
AIRWAYS: dict[str, list[tuple[float, float, float, float]]] = {
    "trachea": [
        (0, -16, 190, 8.5), (0, -12, 125, 8.5), (0, -6, 90, 8.4), (-1, 1, 50, 8.4),
        (-2, 8, 18, 8.6), (-2, 12, 0, 9),
    ],
    "right main": [(-4, 12, 0, 7.8), (-18, 14, -12, 7), (-30, 14, -20, 6.5)],
    "right upper": [(-25, 14, -16, 5.4), (-36, 13, -14, 4.8), (-45, 12, -11, 4.2)],
    "intermediate": [(-30, 14, -20, 6), (-36, 15, -40, 5.4), (-38, 18, -50, 5)],
    "right middle": [(-37, 12, -44, 4.2), (-45, -2, -55, 3.4)],
    "right lower": [(-38, 18, -50, 5), (-44, 23, -62, 4.2)],
    "left main": [(2, 13, -2, 7.4), (21, 16, -17, 6.3), (38, 18, -28, 6)],
    "left upper": [(37, 18, -27, 5.6), (46, 8, -30, 4.8), (52, 0, -26, 4)],
    "left lower": [(38, 18, -28, 5.6), (44, 25, -46, 5), (47, 29, -56, 4.3)],
}  # fmt: skip
OESOPHAGUS = [
    (5, 2, 190, 6), (6, 9, 110, 6), (7, 17, 60, 6), (8, 26, 8, 6.2), (7, 29, -40, 6.8),
    (10, 24, -95, 7), (18, 10, -122, 8), (34, -6, -138, 10),
]  # fmt: skip
# fat between the pleurae where no organ pushes them apart
FAT_TUBES = [
    [(0, -70, 40, 4), (2, -82, 0, 4), (4, -92, -50, 6), (6, -96, -100, 8)],
    [(-17, -22, 92, 13), (-15, -36, 72, 14), (-8, -46, 50, 14)],
    [(17, -22, 92, 13), (15, -36, 72, 14), (8, -46, 50, 14)],
    [(0, -42, 36, 15), (2, -54, 8, 14), (4, -66, -25, 10)],
    [(0, 14, 100, 17), (0, 14, 60, 15), (2, 18, 30, 14), (2, 20, -20, 12)],
    [(-24, -8, 60, 9), (22, -6, 62, 9)],
    [(8, 26, -40, 11), (12, 26, -110, 15)],
    [(44, -62, -108, 26), (70, -52, -118, 17)],
    [(-26, -36, -100, 13), (4, -44, -110, 16), (46, -42, -112, 17)],
    [(-14, -12, -92, 13), (22, -14, -100, 14)],
    [(-40, -58, -104, 22), (-52, -46, -114, 14)],
]

_SOFT_EDGE_MM = 5.0


def tube(name: str) -> np.ndarray:
    """Return one vessel or airway as an array of (x, y, z, radius)."""
    return np.array((TUBES | AIRWAYS)[name], dtype=float)


def _axes(long_axis, half_lengths) -> np.ndarray:
    first = np.array(long_axis, dtype=float)
    first /= np.linalg.norm(first)
    second = np.cross(first, [0.0, 0.0, 1.0])
    second /= np.linalg.norm(second)
    third = np.cross(first, second)
    return np.stack([first, second, third]) / np.array(half_lengths, dtype=float)[:, None]


def chambers(habitus: Habitus) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return each chamber of the heart as a centre and a matrix of axes over half lengths."""
    size = habitus.heart
    shapes = {
        "left ventricle": ((36, -30, -79), (0.72, -0.5, -0.36), (52, 36, 38)),
        "right ventricle": ((8, -54, -76), (0.62, -0.3, -0.55), (48, 27, 38)),
        "right atrium": ((-31, -27, -66), (0.1, -0.2, 1), (34, 25, 27)),
        "left atrium": ((2, 3, -46), (1, 0.05, -0.1), (36, 22, 20)),
    }
    pivot = np.array([0, -15, -50.0])
    result = {}
    for name, (centre, axis, half) in shapes.items():
        moved = pivot + (np.array(centre, dtype=float) - pivot) * size
        result[name] = (moved, _axes(axis, np.array(half) * size))
    return result


def mediastinal_distance(grid: Grid, habitus: Habitus) -> np.ndarray:
    """Return about the distance outside the mediastinal pleura, negative within."""
    total = np.full(grid.shape, 1e-7, np.float32)

    def add(part, distance):
        total[part] += np.exp(np.minimum(-distance / np.float32(_SOFT_EDGE_MM), 12))

    for name, rows in TUBES.items():
        lung_side = "pulmonary vein" in name or "pulmonary artery" in name
        covered = np.array(rows, dtype=float)
        covered[:, 3] += 0 if lung_side else 1.5
        for part, distance in tube_pieces(grid, covered, reach_mm=32):
            add(part, distance + (4 if lung_side else 0))
    for name in ("trachea", "right main", "intermediate", "left main"):
        for part, distance in tube_pieces(grid, tube(name), reach_mm=32):
            add(part, distance - (3 if name == "trachea" else 1))
    for rows in FAT_TUBES:
        for part, distance in tube_pieces(grid, np.array(rows, dtype=float), reach_mm=32):
            add(part, distance)
    for centre, matrix in chambers(habitus).values():
        part = box(grid, centre - 90, centre + 90)
        if part is not None:
            add(part, ellipsoid_distance(within(grid, part), centre, matrix) - 2.5)
    return -np.float32(_SOFT_EDGE_MM) * np.log(total)


def blood_hu(habitus: Habitus) -> dict[str, float]:
    """Return the density of blood by side: right heart, left heart, great veins."""
    if not habitus.contrast:
        return {"right": 41.0, "left": 42.0, "vein": 41.0, "muscle": 46.0}
    return {"right": 255.0, "left": 290.0, "vein": 330.0, "muscle": 105.0}


_LEFT_SIDE = ("aorta", "carotid", "subclavian", "brachiocephalic artery", "pulmonary vein")


def _vessel_hu(name: str, blood: dict[str, float]) -> float:
    if name.endswith("subclavian vein") or "jugular" in name or "vena" in name or "azygos" in name:
        return blood["vein"] if "superior" in name else 0.5 * (blood["vein"] + 68)
    if "brachiocephalic vein" in name:
        return blood["vein"]
    return blood["left"] if any(part in name for part in _LEFT_SIDE) else blood["right"]


def paint_mediastinum(hu: np.ndarray, grid: Grid, habitus: Habitus, *, edge_mm: float) -> None:
    """Paint heart, vessels and oesophagus into the mediastinal fat."""
    blood = blood_hu(habitus)
    for name, (centre, matrix) in chambers(habitus).items():
        part = box(grid, centre - 75, centre + 75)
        if part is None:
            continue
        near = within(grid, part)
        distance = ellipsoid_distance(near, centre, matrix)
        blend(hu[part], distance, blood["muscle"], edge_mm=edge_mm)
        wall = {"left ventricle": 11.0, "right ventricle": 4.0}.get(name, 2.0)
        side = blood["left" if "left" in name else "right"]
        blend(hu[part], distance + wall, side, edge_mm=edge_mm * 2)
    for name, rows in TUBES.items():
        if "pulmonary artery" in name or "pulmonary vein" in name:
            continue
        paint_tube(hu, grid, np.array(rows, dtype=float), _vessel_hu(name, blood), edge_mm=edge_mm)
    paint_tube(hu, grid, np.array(OESOPHAGUS, dtype=float), 38.0, edge_mm=edge_mm)
    # lymph nodes and thymic remnant: small soft spots in the fat
    rng = np.random.default_rng([habitus.seed, 41])
    for place in [
        (-14, -6, 6),
        (14, 2, 12),
        (2, 22, -14),
        (-20, -16, 24),
        (8, -40, 20),
        (18, -28, 6),
    ]:
        centre = np.array(place) + rng.normal(0, 3, 3)
        node = np.array([[*centre, rng.uniform(2, 4)], [*(centre + rng.normal(0, 4, 3)), 2.5]])
        paint_tube(hu, grid, node, 36.0, edge_mm=edge_mm)


def paint_hila(hu: np.ndarray, grid: Grid, habitus: Habitus, *, edge_mm: float) -> None:
    """Paint the vessels that cross into the lungs, then the air in the central airways."""
    blood = blood_hu(habitus)
    for name, rows in TUBES.items():
        if "pulmonary artery" in name or "pulmonary vein" in name or name == "pulmonary trunk":
            paint_tube(
                hu, grid, np.array(rows, dtype=float), _vessel_hu(name, blood), edge_mm=edge_mm
            )
    for name in AIRWAYS:
        paint_tube(hu, grid, tube(name), 30.0, edge_mm=edge_mm, grow=1.3)
    for name in AIRWAYS:
        paint_tube(hu, grid, tube(name), -1000.0, edge_mm=edge_mm)
    gas = np.array(OESOPHAGUS[2:5], dtype=float)
    gas[:, 3] = 1.6
    paint_tube(hu, grid, gas, -700.0, edge_mm=edge_mm)
