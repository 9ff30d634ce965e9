"""Everything but the lungs: chest wall, abdomen, and the soft tissue of a whole slab."""

import numpy as np

from .anatomy import (
    SPINE,
    Habitus,
    Polar,
    at_level,
    bump,
    directions,
    fascia_radius,
    level,
    pleura_radius,
    polar,
    skin_radius,
)
from .lungs import Disease, LungField, lung_field
from .mediastinum import FAT_HU, paint_mediastinum
from .painting import (
    Grid,
    axis_step,
    blend,
    box,
    ellipsoid_distance,
    paint_tube,
    smooth_noise,
    within,
)
from .skeleton import blade_edges, humerus_line

MUSCLE_HU = 55.0
FLUID_HU = 9.0
# muscles of neck and shoulder on the left: rows of x, y, z, radius
_SHOULDER = [
    [(17, -58, 54, 6), (28, -40, 90, 8.5), (42, -14, 140, 9), (46, -4, 180, 9)],
    [(52, -2, 66, 8), (38, 8, 96, 11), (28, 14, 140, 11), (26, 14, 180, 11)],
    [(36, 52, 60, 9), (40, 60, 95, 14), (36, 56, 140, 15)],
    [(92, 88, 74, 11), (122, 74, 84, 15), (156, 36, 92, 8)],
    [(24, 104, 90, 9), (80, 100, 96, 11), (146, 66, 102, 9)],
    [(72, -66, 6, 7), (104, -46, 40, 10), (140, -10, 78, 6)],
    [(60, -62, 58, 6), (110, -34, 66, 6)],
    [(140, -10, 78, 7), (166, -8, 96, 10), (186, -4, 130, 11)],
    [(112, 70, 10, 10), (142, 46, 40, 14), (172, 20, 92, 10)],
    [(118, 26, 36, 2.6), (130, 10, 58, 2.2), (142, -2, 78, 2.4)],
    [(96, 0, 84, 2.2), (134, 2, 80, 2.6), (170, -6, 98, 2.4)],
    [(104, -14, 60, 3.4), (106, -16, 55, 3)],
    [(120, 8, 34, 3.6), (122, 10, 30, 2.6)],
    [(126, -14, 44, 2.8), (127, -13, 40, 2.4)],
]


def body_slab(
    grid: Grid, habitus: Habitus, disease: Disease, *, upright: bool = False
) -> tuple[np.ndarray, LungField]:
    """Return the soft tissue of a slab in HU, and the lungs that are still to be painted into it.

    `upright` has the arms down, fluid at the bottom and gas at the top, as on a radiograph.
    """
    around = polar(grid)
    field = lung_field(grid, habitus, disease, around=around, upright=upright)
    edge = max(abs(axis_step(grid.x)), abs(axis_step(grid.y)))
    skin = around.beyond(skin_radius(grid.z, habitus, upright=upright))
    coarse = smooth_noise(grid, seed=habitus.seed + 11, spacing_mm=14)
    fine = smooth_noise(grid, seed=habitus.seed + 12, spacing_mm=4)
    hu = np.full(grid.shape, -1000, np.float32)
    blend(hu, skin, 10.0, edge_mm=edge)
    septa = np.exp(-((coarse / 0.07) ** 2))
    blend(hu, skin + 1.9, FAT_HU - 8 + 5 * fine + 16 * septa, edge_mm=edge)
    if habitus.breast_mm:
        _paint_breasts(hu, grid, skin, coarse, fine)
    fascia = around.beyond(fascia_radius(grid.z, habitus, upright=upright))
    wall = around.beyond(pleura_radius(grid.z, habitus))
    layers = _muscle_layers(grid, habitus, around, fascia, wall, upright=upright)
    _paint_muscles(hu, layers, fascia, coarse, fine, edge_mm=edge)
    if grid.z.max() > 0:
        _paint_shoulders(hu, grid, habitus, edge_mm=edge)
    _paint_cavity(hu, grid, habitus, field, fine, coarse, upright=upright)
    _paint_effusion(hu, field, fine, edge_mm=edge)
    return hu, field


def _paint_breasts(hu: np.ndarray, grid: Grid, skin: np.ndarray, coarse, fine) -> None:
    part = box(grid, np.array([-400, -400, -125]), np.array([400, -45, 10]))
    if part is None:
        return
    z, _, x = within(grid, part).broadcast()
    share = np.clip(1.1 * coarse[part] + 0.7 * fine[part] - 0.35, 0, 1)
    share = share * np.exp(-(((z + 54) / 30) ** 2) - ((np.abs(x) - 85) / 38) ** 2)
    share = (share * (skin[part] < -6)).astype(np.float32)
    hu[part] += share * np.clip(30 - hu[part], 0, 130)


def _muscle_layers(
    grid: Grid, habitus: Habitus, around: Polar, fascia, wall, *, upright: bool
) -> list[np.ndarray]:
    """Return the distance outside each group of muscles of the chest wall."""
    theta, strong = directions(), 1.0 if habitus.sex == "M" else 0.75
    z = grid.z
    outer = 5 + 13 * strong * bump(theta, 40, 22) * level(z, 36, 48)
    outer = outer + 9 * strong * bump(theta, 116, 20) * level(z, -30, 70)
    outer = outer + 6 * bump(theta, 156, 22) - 5 * bump(theta, 0, 7)
    outer = outer - 5 * bump(theta, 86, 14) * level(z, 40, 40)
    outer = outer + 13 * strong * bump(theta, 150, 32) * level(z, 90, 45)
    outer = outer + 10 * strong * bump(theta, 66, 14) * level(z, 66, 30)
    inner = 12 + 7 * strong * bump(theta, 88, 34) * level(z, -40, 55) + 0 * outer
    inner = inner + 9 * strong * bump(theta, 112, 40) * level(z, 55, 45)
    superficial = -fascia - around.look_up(outer)
    deep = wall - around.look_up(inner)
    across = np.abs(grid.x).astype(np.float32)[None, None, :]
    y = grid.y.astype(np.float32)[None, :, None]
    spine_y, half_depth, _ = (v[:, None, None].astype(np.float32) for v in at_level(SPINE, z))
    erector = (
        np.sqrt(((across - 23) / 21) ** 2 + ((y - spine_y - half_depth - 31) / 15) ** 2) - 1
    ) * 17
    layers = [superficial, deep, erector]
    layers += _girdle_muscles(grid, across, y, strong=strong, upright=upright)
    if z.max() > 70:
        neck = np.sqrt((across / 42) ** 2 + ((y - spine_y - 12) / 36) ** 2) - 1
        layers.append(neck * 38 + np.clip(90 - z, 0, 60)[:, None, None].astype(np.float32))
    return layers


def _girdle_muscles(grid: Grid, across, y, *, strong: float, upright: bool) -> list[np.ndarray]:
    """Return the muscles in front of and behind the shoulder blade, and round the humerus."""
    if grid.z.max() < -62:
        return []
    medial, lateral = (edge[:, :, None, None] for edge in blade_edges(grid.z, upright=upright))
    step = lateral - medial
    t = (across - medial[0]) * step[0] + (y - medial[1]) * step[1]
    t = np.clip(t / (step[0] ** 2 + step[1] ** 2), -0.06, 1.08)
    off_x, off_y = across - medial[0] - t * step[0], y - medial[1] - t * step[1]
    ends = np.clip((-40 - grid.z) / 18, 0, 1) + np.clip((grid.z - 96) / 16, 0, 1)
    bulk = ((14 + 8 * strong) * (1 - ends))[:, None, None] * (0.55 + 0.45 * np.sin(np.pi * t))
    layers = [(np.sqrt(off_x**2 + off_y**2) - bulk).astype(np.float32)]
    line = humerus_line(upright=upright)
    if grid.z.max() > line[:, 2].min() - 20 and not upright:
        centre = [np.interp(grid.z, line[:, 2], line[:, n])[:, None, None] for n in (0, 1)]
        away = np.sqrt((across - centre[0]) ** 2 + (y - centre[1]) ** 2) - 42
        away = away + np.clip(58 - grid.z, 0, 99)[:, None, None]
        layers.append(away.astype(np.float32))
    return layers


def _paint_muscles(hu, layers, fascia, coarse, fine, *, edge_mm: float) -> None:
    nearest = layers[0]
    for layer in layers[1:]:
        nearest = np.minimum(nearest, layer)
    nearest = np.maximum(nearest + 0.7 * fine, fascia)
    within_muscle = nearest < edge_mm
    blend(hu, nearest, MUSCLE_HU + 4 * fine, edge_mm=edge_mm)
    # a thin plane of fat where one group meets the next
    second = np.full(fascia.shape, 99, np.float32)
    first = layers[0]
    for layer in layers[1:]:
        second = np.minimum(second, np.maximum(first, layer))
        first = np.minimum(first, layer)
    depth = np.abs(second)
    plane = np.where(
        within_muscle & (second < 2.5) & (fascia < -3), np.exp(-((depth / 1.0) ** 2)), 0
    )
    hu += plane * np.clip(0.55 + 0.4 * coarse, 0, 0.9) * (-85 - hu)
    # strands of fat within the muscles
    strand = np.where(
        within_muscle & (fascia < -3), np.exp(-(((coarse - 0.5 * fine) / 0.1) ** 2)), 0
    )
    hu += strand * 0.22 * (-85 - hu)


def _paint_shoulders(hu: np.ndarray, grid: Grid, habitus: Habitus, *, edge_mm: float) -> None:
    rng = np.random.default_rng([habitus.seed, 71])
    strong = 1.0 if habitus.sex == "M" else 0.85
    for side in (-1, 1):
        for rows in _SHOULDER:
            muscle = np.array(rows, dtype=float) * [side, 1, 1, strong]
            muscle[:, :3] += rng.normal(0, 1.5, 3)
            paint_tube(hu, grid, muscle, MUSCLE_HU, edge_mm=edge_mm * 1.6)


def _paint_cavity(
    hu, grid: Grid, habitus: Habitus, field: LungField, fine, coarse, *, upright
) -> None:
    edge = max(abs(axis_step(grid.x)), abs(axis_step(grid.y)))
    inside = np.maximum(-field.from_wall, (grid.z[:, None, None] - 96).astype(np.float32))
    blend(hu, inside + 0.8, FAT_HU + 6 * fine + 10 * np.exp(-((coarse / 0.08) ** 2)), edge_mm=edge)
    if grid.z.min() < -70:
        _paint_abdomen(hu, grid, habitus, field, fine, coarse, upright=upright)
    paint_mediastinum(hu, grid, habitus, edge_mm=edge)


def _paint_abdomen(
    hu, grid: Grid, habitus: Habitus, field: LungField, fine, coarse, *, upright
) -> None:
    edge = max(abs(axis_step(grid.x)), abs(axis_step(grid.y)))
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    below = field.above_diaphragm
    cavity = np.maximum(below + 3, 3.5 - field.from_wall)
    # the diaphragm itself: a thin sheet of muscle over fat
    blend(hu, np.maximum(below, 1 - field.from_wall), 50.0, edge_mm=edge)
    blend(hu, cavity, FAT_HU + 5 * fine, edge_mm=edge)
    contrast = 55.0 if habitus.contrast else 0.0
    reach = 32 - 0.8 * np.clip(y + 62, 0, 200) - 0.004 * np.clip(y + 62, 0, 200) ** 2 * (y < 20)
    liver = np.maximum(cavity + 1.0, (x - reach + 3 * coarse) * 0.75)
    hepatic = np.exp(-((np.abs(coarse + 0.6) / 0.12) ** 2))
    blend(hu, liver, 58 + 0.9 * contrast + 2 * fine - 9 * hepatic, edge_mm=edge)
    spleen = ellipsoid_distance(grid, (100, 48, -150), np.diag([1 / 34, 1 / 42, 1 / 46]))
    spleen = np.maximum(spleen + 1.2 * coarse, cavity + 1)
    blend(hu, spleen, 49 + contrast + 2 * fine, edge_mm=edge)
    axes = np.array([[1, 0.35, 0.0], [-0.35, 1, 0.2], [0, -0.2, 1]]) / [[44], [46], [42]]
    stomach = ellipsoid_distance(grid, (60, -28, -150), axes) + 2.0 * coarse
    stomach = np.maximum(stomach, np.maximum(cavity + 1.5, np.maximum(2 - liver, 3 - spleen)))
    blend(hu, stomach, 45 + 0.5 * contrast, edge_mm=edge)
    blend(hu, stomach + 3.5, 24 + 12 * fine, edge_mm=edge)
    level_of_gas = -z - 134 if upright else y + 36
    blend(hu, np.maximum(stomach + 3.5, level_of_gas), -985.0, edge_mm=edge)
    colon = (
        ellipsoid_distance(grid, (98, -46, -196), np.diag([1 / 22, 1 / 27, 1 / 20])) + 3 * coarse
    )
    colon = np.maximum(colon, cavity + 2) + (20 if upright else 0)
    blend(hu, colon, 35.0, edge_mm=edge)
    blend(hu, colon + 3, np.clip(-700 + 500 * fine, -960, 40), edge_mm=edge)
    crus = np.abs(np.sqrt(((x - 3) / 20) ** 2 + ((y - 27) / 15) ** 2) - 1) * 16 - 3
    blend(hu, np.maximum(np.maximum(crus, y - 38), z + 112), 50.0, edge_mm=edge)


def _paint_effusion(hu: np.ndarray, field: LungField, fine, *, edge_mm: float) -> None:
    if field.fluid is not None:
        blend(hu, field.fluid, FLUID_HU + 2 * fine, edge_mm=edge_mm)
    if field.free_air is not None:
        blend(hu, field.free_air, -1000.0, edge_mm=edge_mm)
