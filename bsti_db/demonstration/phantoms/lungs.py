"""The lungs: their shape, their trees, their texture, and what disease does to them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import trees
from .anatomy import APEX_Z, Habitus, Polar, directions, pleura_radius, polar
from .mediastinum import mediastinal_distance
from .painting import Grid, Strand, cells, joined, smooth_noise
from .skeleton import vertebral_distance

DOME_Z = {"right": -92.0, "left": -106.0}


@dataclass(frozen=True)
class Disease:
    """How much of each sign the chest shows, from 0 (none) to 1 (as much as there can be)."""

    ground_glass: float = 0.0
    crazy_paving: float = 0.0
    consolidation: float = 0.0
    reversed_halo: float = 0.0
    effusion: float = 0.0
    pneumothorax: float = 0.0
    emphysema: float = 0.0
    nodule: float = 0.0


def diaphragm_z(grid: Grid, inside_mm: np.ndarray, around: Polar, habitus: Habitus) -> np.ndarray:
    """Return the level of the diaphragm above or below each voxel."""
    _, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    # the recess is deepest at the back, shallow at the front
    ahead = np.cos(directions())
    deep = -143 - 40 * np.clip(-ahead, 0, 1) ** 1.5 + 38 * np.clip(ahead, 0, 1) ** 1.3
    deep = around.look_up(np.broadcast_to(deep, (len(grid.z), len(deep))))
    blend = 1 / (1 + np.exp(-(x - 4) / 9))
    dome = DOME_Z["right"] + (DOME_Z["left"] - DOME_Z["right"]) * blend
    dome = dome - 0.0036 * (np.abs(x) - 62) ** 2 - 0.0012 * (y - 2) ** 2
    rise = 1 - np.clip(1 - inside_mm / 82, 0, 1) ** 2.8
    wave = 2.0 * np.cos(x / 17 + habitus.seed) * np.cos(y / 23 + habitus.seed % 5)
    return (deep + (dome - deep) * rise + wave * rise).astype(np.float32)


@dataclass(frozen=True)
class LungField:
    """Signed distances in mm on one grid: outside the lungs, the fluid and the free air."""

    outside: np.ndarray
    from_wall: np.ndarray
    above_diaphragm: np.ndarray
    mediastinum: np.ndarray
    fluid: np.ndarray | None = None
    free_air: np.ndarray | None = None


def lung_field(
    grid: Grid,
    habitus: Habitus,
    disease: Disease | None = None,
    *,
    around: Polar | None = None,
    upright: bool = False,
) -> LungField:
    """Find the lungs between chest wall, mediastinum, spine, diaphragm, fluid and free air."""
    around = around or polar(grid)
    wall = around.beyond(pleura_radius(grid.z, habitus))
    z = grid.z[:, None, None].astype(np.float32)
    above = z - diaphragm_z(grid, -wall, around, habitus)
    mediastinum = mediastinal_distance(grid, habitus)
    spine = vertebral_distance(grid)
    cavity = np.maximum(wall, -np.minimum(mediastinum, spine))
    cavity = np.maximum(cavity, -above * 0.8)
    if grid.z.max() > APEX_Z - 12:
        cavity = np.maximum(cavity, z - np.float32(APEX_Z + 2))
    outside, fluid, air = cavity, None, None
    if disease and disease.effusion:
        level = _fluid_level(grid, -wall, disease.effusion, habitus, upright=upright)
        fluid = np.maximum(cavity, level)
        outside = np.maximum(outside, -level)
    if disease and disease.pneumothorax:
        gap = _air_gap(grid, -wall, disease.pneumothorax, upright=upright)
        air = np.maximum(cavity, gap)
        outside = np.maximum(outside, 1.2 - gap)
    return LungField(outside, -wall, above, mediastinum, fluid, air)


def _fluid_level(
    grid: Grid, inside_mm, amount: float, habitus: Habitus, *, upright: bool
) -> np.ndarray:
    """Return the distance above free fluid: at the back lying down, at the base upright."""
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    creep = 16 * np.exp(-np.clip(inside_mm, 0, None) / 12)
    # more of it on one side
    less = np.where((x < 0) == (habitus.seed % 2 == 0), 0, 26)
    if upright:
        return z - (-178 + 105 * amount + 2.2 * creep - 1.4 * less)
    depth = 62 * amount * (0.35 + 0.65 / (1 + np.exp((z + 40) / 22)))
    return 96 - depth - 0.6 * creep + less - y


def _air_gap(grid: Grid, inside_mm, amount: float, *, upright: bool) -> np.ndarray:
    """Return the distance outside the air between the right lung and the chest wall."""
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    rise = np.clip((z + 90) / 180, 0, 1) if upright else np.clip((20 - y) / 110, 0, 1)
    width = (4 + 44 * amount) * rise**1.3
    if upright:
        inside_mm = np.minimum(inside_mm, APEX_Z - z)
    return np.where(x < 0, inside_mm - width, np.float32(99))


def coarse_grid(spacing_mm: float = 5.0) -> Grid:
    """Return a grid over both lungs, for sampling and calibration."""
    return Grid(
        np.arange(-182, 102, spacing_mm),
        np.arange(-108, 100, spacing_mm),
        np.arange(-142, 143, spacing_mm),
    )


@lru_cache(maxsize=4)
def lung_points(habitus: Habitus) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 3) all over both lungs and their depth below the pleura."""
    grid = coarse_grid()
    outside = lung_field(grid, habitus).outside
    k, j, i = np.nonzero(outside < -1.5)
    return np.stack([grid.x[i], grid.y[j], grid.z[k]], axis=1), -outside[k, j, i]


@dataclass(frozen=True)
class Trees:
    """The vessels and bronchi of both lungs as strands."""

    vessels: Strand
    bronchi: Strand


@lru_cache(maxsize=4)
def lung_trees(habitus: Habitus, *, detail: float = 1.0) -> Trees:
    """Grow the trees of all lobes; the same for the same person."""
    points, depth = lung_points(habitus)
    lobe = trees.lobe_of(points)
    vessels, bronchi = [], []
    for index, (hilum, vein) in enumerate(trees.LOBES.values()):
        rng = np.random.default_rng([habitus.seed, 31, index])
        own = points[(lobe == index) & (depth > 3)]
        count = min(int(len(own) * 0.16 * detail) + 8, len(own))
        for kind, root in enumerate((hilum, vein)):
            chosen = own[rng.choice(len(own), count, replace=False)] + rng.normal(
                0, 1.8, (count, 3)
            )
            heading = own.mean(axis=0) - np.array(root)
            heading /= np.linalg.norm(heading)
            tree = trees.grow(
                root,
                heading,
                chosen,
                leaf_mm=0.56 - 0.04 * kind,
                power=0.385,
                seed=habitus.seed * 10 + index * 2 + kind,
            )
            vessels.append(trees.strand_of(tree))
            if kind == 0:
                bronchi.append(trees.strand_of(trees.bronchi_beside(tree)))
    return Trees(joined(vessels), joined(bronchi))


@dataclass(frozen=True)
class _Score:
    """What the spread of disease depends on, on one grid."""

    ground_glass: np.ndarray
    consolidation: np.ndarray


def _logistic(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))


def _scores(grid: Grid, field: LungField, seed: int) -> _Score:
    z, y, _ = (axis.astype(np.float32) for axis in grid.broadcast())
    edge = np.minimum(field.from_wall, field.above_diaphragm * 0.8)
    rim = np.exp(-np.maximum(edge, 0) / np.float32(20))
    low = (np.clip((y + 90) / 180, 0, 1) * 1.1 + np.clip((50 - z) / 220, 0, 1) * 0.9).astype(
        np.float32
    )
    large = smooth_noise(grid, seed=seed + 101, spacing_mm=15)
    small = smooth_noise(grid, seed=seed + 102, spacing_mm=6)
    _, shade = cells(grid, spacing_mm=11, warp=2.2 * small)
    ground = 1.9 * rim + low + 0.75 * large + 0.28 * small + 0.16 * shade
    other = smooth_noise(grid, seed=seed + 103, spacing_mm=11)
    band = np.exp(-np.maximum(edge, 0) / np.float32(13))
    solid = 2.1 * band + 1.4 * low + 0.45 * large + 0.4 * other + 0.2 * small + 0.24 * shade
    return _Score(ground, solid)


@lru_cache(maxsize=8)
def _calibrated(habitus: Habitus) -> tuple[np.ndarray, np.ndarray]:
    grid = coarse_grid()
    field = lung_field(grid, habitus)
    score = _scores(grid, field, habitus.seed)
    inside = field.outside < -1
    return np.sort(score.ground_glass[inside]), np.sort(score.consolidation[inside])


def _threshold(ordered: np.ndarray, share: float) -> float:
    return float(ordered[int((1 - min(share, 0.98)) * (len(ordered) - 1))])


def parenchyma(grid: Grid, field: LungField, habitus: Habitus, disease: Disease) -> np.ndarray:
    """Return the density of the lung tissue between the vessels, in Hounsfield units."""
    seed = habitus.seed
    z, y, _ = (axis.astype(np.float32) for axis in grid.broadcast())
    # supine lungs are denser at the back
    hu = -872 + 62 * np.clip((y + 90) / 180, 0, 1) ** 2.2
    hu = hu + 13 * smooth_noise(grid, seed=seed + 1, spacing_mm=9)
    hu += 24 * smooth_noise(grid, seed=seed + 2, spacing_mm=2.2)
    # vessels too small to be grown, seen as a faint web
    for key, spacing in ((5, 5.0), (6, 8.0)):
        web = smooth_noise(grid, seed=seed + key, spacing_mm=spacing)
        hu += 55 * np.exp(-((web / 0.13) ** 2))
    _paint_fissures(hu, grid, seed)
    if disease.emphysema:
        _add_emphysema(hu, grid, z, seed, disease.emphysema)
    if disease.ground_glass or disease.crazy_paving or disease.consolidation:
        _add_pneumonia(hu, grid, field, habitus, disease)
    if disease.reversed_halo:
        _add_reversed_halo(hu, grid, habitus, disease.reversed_halo)
    if disease.nodule:
        _add_nodule(hu, grid, habitus, disease.nodule)
    return hu.astype(np.float32)


def _paint_fissures(hu: np.ndarray, grid: Grid, seed: int) -> None:
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    bend = 4.5 * smooth_noise(grid, seed=seed + 3, spacing_mm=32)
    seen = np.clip(0.75 + 0.45 * smooth_noise(grid, seed=seed + 4, spacing_mm=20), 0, 1)
    oblique = (z - trees.oblique_fissure(x, y) + bend) * np.float32(0.71)
    minor = z - trees.minor_fissure(x, y) + bend
    hu += seen * 150 * np.exp(-((oblique / 0.9) ** 2))
    hu += np.where((x < 0) & (oblique > 0), seen * 110 * np.exp(-((minor / 1.1) ** 2)), 0)


def _add_emphysema(hu: np.ndarray, grid: Grid, z: np.ndarray, seed: int, amount: float) -> None:
    holes = smooth_noise(grid, seed=seed + 61, spacing_mm=5)
    regions = smooth_noise(grid, seed=seed + 62, spacing_mm=16)
    upper = np.clip((z + 140) / 200, 0, 1)
    share = _logistic((holes + 0.6 * regions + 1.9 * amount + upper * 1.3 - 2.1) * 6)
    hu += share * (-985 - hu)
    hu -= 25 * amount


def _add_pneumonia(
    hu: np.ndarray, grid: Grid, field: LungField, habitus: Habitus, disease: Disease
) -> None:
    score = _scores(grid, field, habitus.seed)
    ground_levels, solid_levels = _calibrated(habitus)
    fine = smooth_noise(grid, seed=habitus.seed + 104, spacing_mm=3.2)
    extent = max(disease.ground_glass, disease.crazy_paving)
    if extent:
        limit = _threshold(ground_levels, 0.62 * extent)
        haze = _logistic((score.ground_glass - limit + 0.08 * fine) * 6.5)
        depth = 225 + 130 * extent + 55 * smooth_noise(grid, seed=habitus.seed + 105, spacing_mm=10)
        hu += haze * (depth + 26 * fine)
        _add_septa(hu, grid, 0.3 * haze, fine)
        if disease.crazy_paving:
            inner = _threshold(ground_levels, 0.5 * disease.crazy_paving)
            _add_septa(hu, grid, _logistic((score.ground_glass - inner) * 5), fine)
    if disease.consolidation:
        limit = _threshold(solid_levels, 0.34 * disease.consolidation)
        finest = smooth_noise(grid, seed=habitus.seed + 106, spacing_mm=1.8)
        ragged = score.consolidation - limit + 0.13 * fine + 0.09 * finest
        halo = _logistic((ragged + 0.3) * 5)
        hu += halo * 0.55 * (-330 + 40 * fine - hu).clip(0)
        _add_septa(hu, grid, 0.5 * halo, fine)
        hu += _logistic(ragged * 10) * (30 + 10 * fine - hu)


def _add_septa(hu: np.ndarray, grid: Grid, share: np.ndarray, fine: np.ndarray) -> None:
    lobules, _ = cells(grid, spacing_mm=11, warp=1.6 * fine)
    lines, _ = cells(grid, spacing_mm=5.5, warp=1.0 * fine)
    net = 0.75 * np.exp(-((lobules / 1.0) ** 2)) + 0.55 * np.exp(-((lines / 0.9) ** 2))
    hu += share * net * 300


def _spots(
    habitus: Habitus, key: int, count: int, *, deep: tuple[float, float], low: bool
) -> np.ndarray:
    points, depth = lung_points(habitus)
    rng = np.random.default_rng([habitus.seed, key])
    fits = (depth > deep[0]) & (depth < deep[1]) & (np.abs(points[:, 0]) > 50)
    fits &= (points[:, 2] < -30) if low else (points[:, 2] > 10)
    return points[fits][rng.choice(int(fits.sum()), count, replace=False)]


def _ball(grid: Grid, centre: np.ndarray) -> np.ndarray:
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    return np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)


def _add_reversed_halo(hu: np.ndarray, grid: Grid, habitus: Habitus, amount: float) -> None:
    count = 1 + round(3 * amount)
    ragged = smooth_noise(grid, seed=habitus.seed + 71, spacing_mm=7)
    fine = smooth_noise(grid, seed=habitus.seed + 72, spacing_mm=3)
    for n, centre in enumerate(_spots(habitus, 73, count, deep=(12, 24), low=True)):
        away = _ball(grid, centre) + 2.4 * ragged + 0.8 * fine
        radius = 13.0 + 3 * (n % 3)
        inner = _logistic((radius - 3 - away) * 1.2)
        hu += inner * (-590 + 30 * fine - hu).clip(0)
        ring = np.exp(-(((away - radius) / 2.6) ** 4)) * np.clip(0.85 + 0.35 * ragged, 0.15, 1)
        hu += ring * (-20 - hu).clip(0)


def _add_nodule(hu: np.ndarray, grid: Grid, habitus: Habitus, amount: float) -> None:
    (centre,) = _spots(habitus, 83, 1, deep=(10, 30), low=False)
    ragged = smooth_noise(grid, seed=habitus.seed + 81, spacing_mm=4)
    radius = 4 + 10 * amount
    away = _ball(grid, centre)
    z, y, x = (axis.astype(np.float32) for axis in grid.broadcast())
    turn = np.arctan2(y - centre[1], x - centre[0]) * 7 + (z - centre[2]) * 0.5 + 1.6 * ragged
    fade = np.exp(-np.clip(away - radius, 0, None) / 4)
    spikes = 5.5 * np.clip(np.cos(turn), 0, 1) ** 8 * np.clip(0.5 + 0.8 * ragged, 0, 1) * fade
    hu += _logistic((radius - away + 1.2 * ragged + spikes) * 1.6) * (38 - hu)
