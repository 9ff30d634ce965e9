"""Make the CT volume of a synthetic chest, and reconstruct its slices with a kernel."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from .anatomy import Habitus, habitus_of
from .bodies import body_slab
from .lungs import Disease, lung_trees, parenchyma
from .mediastinum import blood_hu, paint_hila
from .painting import Grid, blend, doubled, paint_strand
from .skeleton import CARTILAGE_HU, CORTEX_HU, bones, paint_vertebrae

COVERAGE_Z = (118.0, -198.0)
"""From above the apices to below the recesses, in body millimetres."""
SLAB = 20
BONE_PARTS = (("arch", 0.8, 20.0), ("thin", 1.1, -10.0), ("thick", 2.4, -20.0))
"""Part of the skeleton, thickness of its cortex in mm, marrow against that of the spine in HU."""
AIR_HU = -1000
OUTSIDE_HU = -1024
"""What a scanner writes outside its circular field of view."""


@dataclass(frozen=True)
class Volume:
    """A chest as scanned, before the noise of a reconstruction.

    `hu` is int16 (slices, rows, columns), first slice nearest the head, rows to the back,
    columns to the patient's left; `spacing_mm` follows the same order. `origin_mm` is x, y, z
    of the first voxel in patient coordinates.
    """

    hu: np.ndarray
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    habitus: Habitus
    disease: Disease

    def position_mm(self, index: int) -> tuple[float, float, float]:
        """Return Image Position (Patient) of one slice."""
        x, y, z = self.origin_mm
        return x, y, z - index * self.spacing_mm[0]


def chest_volume(
    seed: int, disease: Disease | None = None, *, slices: int = 120, matrix: int = 512
) -> Volume:
    """Make the synthetic chest of the person that belongs to `seed`.

    The same seed with another disease is the same person on another day. `matrix` is even;
    128 is quick and coarse.
    """
    habitus, disease = habitus_of(seed), disease or Disease()
    grid, spacing, origin = _scan_grid(habitus, slices, matrix)
    couch, couch_share = _couch(grid, habitus)
    hu = np.empty(grid.shape, np.int16)
    for start in range(0, slices, SLAB):
        slab = grid.slab(start, min(start + SLAB, slices))
        painted = _paint_slab(slab, habitus, disease)
        air = np.clip((-850 - painted) / 100, 0, 1) * couch_share
        painted += air * (couch - painted)
        hu[start : start + SLAB] = np.clip(np.rint(painted), -1000, 3000)
    return Volume(hu, spacing, origin, habitus, disease)


def _scan_grid(habitus: Habitus, slices: int, matrix: int):
    sx, sy, sz = habitus.scale
    width = min(2 * (158 + 1.1 * habitus.fat_mm) * sx + 8, 440)
    pixel = round(width / matrix, 6)
    step = round((COVERAGE_Z[0] - COVERAGE_Z[1]) * sz / slices, 3)
    rng = np.random.default_rng([habitus.seed, 53])
    shift_x, shift_y = rng.normal(0, 3, 2)
    centre = (np.arange(matrix) - (matrix - 1) / 2) * pixel
    top = COVERAGE_Z[0] * sz - step / 2
    z = top - np.arange(slices) * step
    grid = Grid(z / sz, (centre + shift_y + 4) / sy, (centre + shift_x) / sx)
    table_z = float(np.round(rng.uniform(-260, -120), 1))
    origin = (round(float(centre[0]), 3), round(float(centre[0] - 170), 3), round(table_z, 3))
    return grid, (step, pixel, pixel), origin


def _paint_slab(slab: Grid, habitus: Habitus, disease: Disease) -> np.ndarray:
    coarse = slab if len(slab.x) < 256 else Grid(slab.z, _paired(slab.y), _paired(slab.x))
    soft, field = body_slab(coarse, habitus, disease)
    tissue = parenchyma(coarse, field, habitus, disease)
    outside = field.outside
    if coarse is not slab:
        soft, tissue, outside = doubled(soft), doubled(tissue), doubled(outside)
    edge = float(abs(slab.x[1] - slab.x[0]))
    blend(soft, outside, tissue, edge_mm=edge)
    blood = blood_hu(habitus)
    lung, skeleton = lung_trees(habitus, detail=1.0 if edge < 1.6 else 0.2), bones(habitus)
    fine = float(np.clip(edge * 0.75, 0.45, 1.2))
    vessel_hu = 0.5 * (blood["left"] + blood["right"])
    paint_strand(soft, slab, lung.vessels, vessel_hu, spacing_mm=fine)
    paint_strand(soft, slab, lung.bronchi.shrunk(-0.65), -200.0, spacing_mm=fine)
    paint_strand(soft, slab, lung.bronchi, -985.0, spacing_mm=fine, fullness=1.3)
    paint_hila(soft, slab, habitus, edge_mm=edge)
    paint_vertebrae(soft, slab, habitus, edge_mm=edge)
    paint_strand(soft, slab, skeleton["cartilage"], CARTILAGE_HU, spacing_mm=fine * 1.4)
    for part, wall, marrow in BONE_PARTS:
        paint_strand(soft, slab, skeleton[part], CORTEX_HU, spacing_mm=fine * 1.15)
        core = skeleton[part].shrunk(wall)
        marrow_hu = habitus.marrow_hu + marrow
        paint_strand(soft, slab, core, marrow_hu, spacing_mm=fine * 1.15, fullness=1.35)
    return soft


def _paired(axis: np.ndarray) -> np.ndarray:
    return (axis[0::2] + axis[1::2]) / 2


def _couch(grid: Grid, habitus: Habitus) -> tuple[np.ndarray, np.ndarray]:
    """Return the couch's HU and where it is, (rows, columns): a shell of carbon round foam."""
    y, x = grid.y[:, None] * habitus.scale[1], grid.x[None, :] * habitus.scale[0]
    lowest = 122 * habitus.scale[1] + habitus.fat_mm * 0.9 + 7
    top = lowest - (x / 58) ** 2
    bottom = lowest + 34 - np.clip(np.abs(x) - 110, 0, None) * 0.55
    edge = abs(x[0, 1] - x[0, 0])
    inside = np.clip(0.5 + np.minimum(y - top, bottom - y) / edge, 0, 1) * (np.abs(x) < 205)
    shell = np.clip(1.2 - np.minimum(np.abs(y - top - 1), np.abs(y - bottom + 0.7)) / 1.1, 0, 1)
    hu = -955 + shell * 790
    return hu.astype(np.float32), inside.astype(np.float32)


@dataclass(frozen=True)
class Kernel:
    """How a reconstruction filters the image and what noise it leaves."""

    name: str
    description: str
    blur_px: float
    boost: float
    noise_hu: float
    noise_peak: float
    window: tuple[int, int]


KERNELS = {
    "lung": Kernel("LUNG", "Lung 1.0", 0.30, 0.55, 46.0, 0.30, (-600, 1500)),
    "soft": Kernel("STANDARD", "Mediastinum", 0.62, 0.0, 13.0, 0.13, (40, 400)),
}


@lru_cache(maxsize=8)
def _noise_planes(kernel: str, matrix: int) -> np.ndarray:
    chosen = KERNELS[kernel]
    rng = np.random.default_rng([len(kernel), matrix])
    frequency = _frequency(matrix)
    ramp = frequency * np.exp(-((frequency / (chosen.noise_peak * 1.25)) ** 2)) + 0.012
    ramp *= frequency < 0.5
    planes = rng.standard_normal((12, matrix, matrix), dtype=np.float32)
    planes = fft.irfft2(fft.rfft2(planes) * ramp.astype(np.float32), s=(matrix, matrix))
    return (planes / planes.std()).astype(np.float32)


def _frequency(matrix: int) -> np.ndarray:
    return np.hypot(fft.fftfreq(matrix)[:, None], fft.rfftfreq(matrix)[None, :])


@lru_cache(maxsize=8)
def _response(kernel: str, matrix: int) -> np.ndarray:
    chosen = KERNELS[kernel]
    frequency = _frequency(matrix)
    blur = np.exp(-2 * (np.pi * chosen.blur_px * frequency) ** 2)
    return (blur * (1 + chosen.boost * (1 - np.exp(-((frequency / 0.16) ** 2))))).astype(np.float32)


def reconstructed(volume: Volume, index: int, *, kernel: str = "lung") -> np.ndarray:
    """Return one slice, int16 (rows, columns) in HU, with the sharpness and noise of a kernel."""
    matrix = volume.hu.shape[1]
    rng = np.random.default_rng([volume.habitus.seed, index, len(kernel), hash_of(volume.disease)])
    plane = volume.hu[index].astype(np.float32)
    sharp = fft.irfft2(fft.rfft2(plane) * _response(kernel, matrix), s=(matrix, matrix))
    noise = _noise_planes(kernel, matrix)[rng.integers(12)]
    noise = np.roll(noise, tuple(rng.integers(0, matrix, 2)), axis=(0, 1))
    level = KERNELS[kernel].noise_hu * (512 / matrix) ** -0.3
    sharp += noise * (level * _noise_map(volume, index))
    # where much tissue lies across, few photons are left: noise lies in streaks
    crowded = float(np.clip((plane > -300).mean() - 0.42, 0, 0.4))
    if crowded:
        sharp += _streaks(rng, matrix) * (KERNELS[kernel].noise_hu * 1.6 * crowded)
    sharp[_outside_circle(matrix)] = OUTSIDE_HU
    return np.clip(np.rint(sharp), OUTSIDE_HU, 3071).astype(np.int16)


def hash_of(disease: Disease) -> int:
    """Return a number for a disease, the same in every process."""
    return (
        sum(round(1000 * value) * 31**n for n, value in enumerate(vars(disease).values())) % 2**31
    )


def _noise_map(volume: Volume, index: int) -> np.ndarray:
    """Return how noisy each pixel is: more where rays have crossed more tissue."""
    solid = (volume.hu[index, ::8, ::8] > -300).astype(np.float32)
    across = solid.mean(axis=1)[:, None] + solid.mean(axis=0)[None, :]
    coarse = 0.45 + 0.62 * across
    rows = volume.hu.shape[1]
    at = np.clip(np.arange(rows) // 8, 0, coarse.shape[0] - 1)
    return coarse[at][:, at].astype(np.float32)


def _streaks(rng: np.random.Generator, matrix: int) -> np.ndarray:
    """Return noise drawn out from side to side, unit variance."""
    noise = rng.standard_normal((matrix, matrix), dtype=np.float32)
    frequency = fft.rfftfreq(matrix)[None, :].astype(np.float32)
    noise = fft.irfft(fft.rfft(noise, axis=1) * np.exp(-((frequency * 70) ** 2)), matrix, axis=1)
    return noise / noise.std()


@lru_cache(maxsize=4)
def _outside_circle(matrix: int) -> np.ndarray:
    axis = np.arange(matrix) - (matrix - 1) / 2
    return np.hypot(axis[:, None], axis[None, :]) > matrix / 2
