"""Everything but the lungs: chest wall, abdomen, and the density of a whole slab."""

import numpy as np

from .anatomy import Habitus, Polar, fascia_radius, pleura_radius, polar, skin_radius
from .lungs import LungField, lung_field
from .mediastinum import FAT_HU, paint_mediastinum
from .painting import Grid, blend, ellipsoid_distance, smooth_noise

MUSCLE_HU = 54.0


def body_slab(
    grid: Grid, habitus: Habitus, *, arms_down: bool = False
) -> tuple[np.ndarray, np.ndarray, LungField, Polar]:
    """Return soft tissue in HU, distance outside the skin, the lungs and the polar grid."""
    around = polar(grid)
    field = lung_field(grid, habitus, around)
    edge = float(abs(grid.x[1] - grid.x[0]))
    skin = around.beyond(skin_radius(grid.z, habitus, arms_down=arms_down))
    hu = np.full(grid.shape, -1000, np.float32)
    blend(hu, skin, 10.0, edge_mm=edge)
    coarse = smooth_noise(grid, seed=habitus.seed + 11, spacing_mm=12)
    fine = smooth_noise(grid, seed=habitus.seed + 12, spacing_mm=4)
    blend(hu, skin + 1.9, FAT_HU - 6 + 5 * coarse + 5 * fine, edge_mm=edge)
    _paint_chest_wall(hu, grid, habitus, around, coarse, fine, arms_down=arms_down)
    _paint_cavity(hu, grid, habitus, field, fine)
    return hu, skin, field, around


def _paint_chest_wall(
    hu, grid: Grid, habitus: Habitus, around: Polar, coarse, fine, *, arms_down: bool
) -> None:
    edge = float(abs(grid.x[1] - grid.x[0]))
    fascia = around.beyond(fascia_radius(grid.z, habitus, arms_down=arms_down))
    wall = around.beyond(pleura_radius(grid.z, habitus))
    # breast tissue: strands in the fat outside the muscle
    if habitus.breast_mm:
        _, y, _ = grid.broadcast()
        gland = np.clip(1.2 * coarse + 0.8 * fine - 0.5, 0, 1) * (fascia > 2) * (y < -40)
        z = grid.z[:, None, None]
        gland = gland * np.exp(-(((z + 52) / 40) ** 2))
        hu += gland.astype(np.float32) * np.where(hu < -60, 95, 0)
    blend(hu, fascia, MUSCLE_HU + 3 * fine, edge_mm=edge)
    # fat planes between the layers of muscle
    total = np.maximum(wall - fascia, 1)
    share = np.clip(wall - 12, 0, None) / np.maximum(total - 12, 4)
    deep = (total > 22) & (fascia < 0)
    for middle, seed in ((0.22, 0), (0.5, 1), (0.78, 2)):
        bend = 0.13 * (coarse if seed != 1 else -coarse) + 0.05 * fine
        plane = np.exp(-(((share - middle - bend) * (total - 12) / 1.5) ** 2))
        hu += np.where(deep, plane, 0) * (-75 - hu) * 0.75
    # the layer of the ribs: intercostal muscle with fat beside it
    layer = np.exp(-(((wall - 11.5) / 1.4) ** 2)) * (fascia < 0)
    hu += layer.astype(np.float32) * (-70 - hu) * np.clip(0.5 + 0.4 * coarse, 0, 0.9)


def _paint_cavity(hu, grid: Grid, habitus: Habitus, field: LungField, fine) -> None:
    edge = float(abs(grid.x[1] - grid.x[0]))
    fat = FAT_HU + 6 * fine
    inside = np.maximum(-field.from_wall, grid.z[:, None, None].astype(np.float32) - 96)
    blend(hu, inside, 48.0, edge_mm=edge)
    blend(hu, np.maximum(inside + 2.2, -field.mediastinum - 400), fat, edge_mm=edge)
    _paint_abdomen(hu, grid, habitus, field, fine)
    paint_mediastinum(hu, grid, habitus, edge_mm=edge)


def _paint_abdomen(hu, grid: Grid, habitus: Habitus, field: LungField, fine) -> None:
    if grid.z.min() > -70:
        return
    edge = float(abs(grid.x[1] - grid.x[0]))
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    below = field.above_diaphragm
    cavity = np.maximum(below + 3, 3.5 - field.from_wall)
    # the diaphragm itself: a thin sheet of muscle over fat
    blend(hu, np.maximum(below, 1 - field.from_wall), 50.0, edge_mm=edge)
    blend(hu, cavity, FAT_HU + 5 * fine, edge_mm=edge)
    contrast = 55.0 if habitus.contrast else 0.0
    reach = 30 - 0.85 * np.clip(y + 62, 0, 200) + 0.00 * z
    liver = np.maximum(cavity + 1.0, x - reach + 4 * fine)
    liver = np.maximum(liver, -225 - z)
    blend(hu, liver, 57 + 0.9 * contrast + 2 * fine, edge_mm=edge)
    spleen = ellipsoid_distance(grid, (98, 46, -152), np.diag([1 / 34, 1 / 40, 1 / 44]))
    blend(hu, np.maximum(spleen, cavity + 1), 49 + contrast + 2 * fine, edge_mm=edge)
    stomach = (
        ellipsoid_distance(grid, (62, -24, -152), np.diag([1 / 42, 1 / 48, 1 / 44])) + 1.5 * fine
    )
    stomach = np.maximum(stomach, np.maximum(cavity + 2, 3 - liver))
    blend(hu, stomach, 45 + 0.5 * contrast, edge_mm=edge)
    blend(hu, stomach + 3.5, 22 + 8 * fine, edge_mm=edge)
    blend(hu, np.maximum(stomach + 3.5, y + 34), -985.0, edge_mm=edge)
    colon = ellipsoid_distance(grid, (96, -42, -196), np.diag([1 / 24, 1 / 26, 1 / 24]))
    blend(hu, np.maximum(colon, cavity + 2), 35.0, edge_mm=edge)
    blend(hu, np.maximum(colon + 3, cavity + 5), -820 + 160 * fine, edge_mm=edge)
    crus = np.sqrt(((x - 2) / 24) ** 2 + ((y - 28) / 16) ** 2) - 1
    blend(
        hu,
        np.maximum(crus * 18, np.abs(np.abs(x - 2) - 17) - 4) + np.maximum(z + 118, 0),
        48.0,
        edge_mm=edge,
    )
