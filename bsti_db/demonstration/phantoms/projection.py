"""Project the synthetic chest onto a detector, as a radiograph of the chest does."""

from typing import Literal

import numpy as np
from scipy import ndimage

from .anatomy import Habitus
from .bodies import body_slab
from .lungs import Disease, lung_trees, parenchyma
from .mediastinum import paint_hila
from .painting import Grid, blend, disc_samples
from .skeleton import CARTILAGE_HU, CORTEX_HU, bones, paint_vertebrae

View = Literal["PA", "AP"]

STEP_MM = (1.8, 4.0, 1.8)
FIELD_MM = (400.0, 364.0)
"""Width and height at the detector."""
TOP_Z = 152.0


def _projection_grid(habitus: Habitus) -> Grid:
    z = np.arange(TOP_Z + 20, -225, -STEP_MM[0])
    y = np.arange(-158, 146, STEP_MM[1])
    x = np.arange(-214, 215, STEP_MM[2])
    return Grid(z, y, x)


def _coarse_body(grid: Grid, habitus: Habitus, disease: Disease) -> np.ndarray:
    """Paint everything that is not a strand, in HU."""
    hu = np.empty(grid.shape, np.float32)
    for start in range(0, len(grid.z), 32):
        slab = grid.slab(start, min(start + 32, len(grid.z)))
        soft, field = body_slab(slab, habitus, disease, upright=True)
        tissue = parenchyma(slab, field, habitus, disease)
        blend(soft, field.outside, tissue, edge_mm=2.4)
        paint_hila(soft, slab, habitus, edge_mm=2.4)
        paint_vertebrae(soft, slab, habitus, edge_mm=2.4)
        hu[start : start + 32] = soft
    return hu


def _attenuation(hu: np.ndarray | float) -> np.ndarray:
    """Return attenuation relative to water; bone stops more at the energies of a radiograph."""
    water = np.maximum(1 + np.asarray(hu, np.float32) / 1000, 0)
    return water + np.maximum(np.asarray(hu, np.float32) - 120, 0) * np.float32(0.0004)


class _Geometry:
    """Where source and detector stand; converts body millimetres to detector pixels."""

    def __init__(self, habitus: Habitus, view: View, columns: int):
        self.scale = np.array(habitus.scale, dtype=np.float32)
        self.pixel_mm = FIELD_MM[0] / columns
        self.shape = (round(FIELD_MM[1] / self.pixel_mm), columns)
        self.sid = 1800.0 if view == "PA" else 1050.0
        reach = 130 * habitus.scale[1] + habitus.fat_mm + 15
        self.detector_y = -reach if view == "PA" else reach
        self.toward = 1.0 if view == "PA" else -1.0
        self.top = TOP_Z * habitus.scale[2]
        rng = np.random.default_rng([habitus.seed, 89])
        # nobody stands quite straight: turned by a degree or two, leaning by some millimetres
        self.turn = float(rng.normal(0, 0.022))
        self.lean_mm = rng.normal(0, [5.0, 3.0])
        self.beam_z = self.top - FIELD_MM[1] / 2

    def magnification(self, y_mm):
        """Return how much larger something at this depth looks on the detector."""
        return self.sid / (self.sid - self.toward * (y_mm - self.detector_y))

    def pixels(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row, column and magnification of places (n, 3) in body millimetres."""
        mm = places * self.scale
        m = self.magnification(mm[:, 1])
        column = (mm[:, 0] + self.turn * mm[:, 1]) * m / self.pixel_mm + (self.shape[1] - 1) / 2
        row = (self.top - self.beam_z - (mm[:, 2] - self.beam_z) * m) / self.pixel_mm
        return row, column, m


def _project_coarse(hu: np.ndarray, grid: Grid, geometry: _Geometry) -> np.ndarray:
    """Sum attenuation along the rays on a coarse detector, then refine it."""
    factor = 5
    rows, columns = geometry.shape[0] // factor, geometry.shape[1] // factor
    total = np.zeros((rows, columns), np.float32)
    row = (np.arange(rows) * factor + (factor - 1) / 2) * geometry.pixel_mm
    column = (np.arange(columns) * factor + (factor - 1) / 2) * geometry.pixel_mm
    column -= (geometry.shape[1] - 1) / 2 * geometry.pixel_mm
    for j, y in enumerate(grid.y):
        m = geometry.magnification(y * geometry.scale[1])
        z_mm = geometry.beam_z + (geometry.top - geometry.beam_z - row) / m
        k = (z_mm / geometry.scale[2] - grid.z[0]) / (grid.z[1] - grid.z[0])
        aside = geometry.turn * y * geometry.scale[1]
        i = ((column / m - aside) / geometry.scale[0] - grid.x[0]) / (grid.x[1] - grid.x[0])
        plane = _attenuation(hu[:, j, :])
        total += _resampled(plane, k, i)
    total *= float(abs(grid.y[1] - grid.y[0]) * geometry.scale[1])
    # planes of the coarse body must not show as contours on sloping shoulders
    total = ndimage.gaussian_filter(total, 1.0)
    return ndimage.zoom(total, factor, order=3, mode="nearest", grid_mode=True)


def _resampled(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    for axis, at in ((0, rows), (1, columns)):
        at = np.clip(at, 0, plane.shape[axis] - 1.001)
        low = at.astype(int)
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None, :]
        plane = np.take(plane, low, axis) * (1 - part) + np.take(plane, low + 1, axis) * part
    return plane


def _project_samples(
    samples, value, hu: np.ndarray | None, grid: Grid, geometry: _Geometry
) -> np.ndarray:
    """Project strand samples of `value` HU; they replace what `hu` holds where they lie."""
    places, volumes = samples
    row, column, m = geometry.pixels(places)
    added = _attenuation(value)
    if hu is not None:
        k = np.clip(
            np.rint((places[:, 2] - grid.z[0]) / (grid.z[1] - grid.z[0])), 0, len(grid.z) - 1
        )
        j = np.clip(
            np.rint((places[:, 1] - grid.y[0]) / (grid.y[1] - grid.y[0])), 0, len(grid.y) - 1
        )
        i = np.clip(
            np.rint((places[:, 0] - grid.x[0]) / (grid.x[1] - grid.x[0])), 0, len(grid.x) - 1
        )
        added = added - _attenuation(hu[k.astype(int), j.astype(int), i.astype(int)])
    weight = added * volumes * float(np.prod(geometry.scale)) * m**2 / geometry.pixel_mm**2
    rows, columns = geometry.shape
    r, c = np.rint(row).astype(np.int64), np.rint(column).astype(np.int64)
    seen = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
    image = np.bincount(r[seen] * columns + c[seen], weights=weight[seen], minlength=rows * columns)
    return image.reshape(rows, columns).astype(np.float32)


def path_lengths(
    habitus: Habitus, disease: Disease, *, view: View, columns: int
) -> tuple[np.ndarray, float]:
    """Return water-equivalent millimetres along each ray (rows, columns), and the pixel in mm."""
    geometry = _Geometry(habitus, view, columns)
    grid = _projection_grid(habitus)
    hu = _coarse_body(grid, habitus, disease)
    total = _project_coarse(hu, grid, geometry)
    total = total[: geometry.shape[0], : geometry.shape[1]]
    skeleton, lung = bones(habitus, upright=True), lung_trees(habitus)
    fine = 0.56
    hard = _project_samples(
        disc_samples(skeleton["cartilage"], spacing_mm=0.6), CARTILAGE_HU, hu, grid, geometry
    )
    for part, wall, marrow in (("arch", 0.5, 150.0), ("thin", 1.4, 420.0), ("thick", 2.6, 300.0)):
        strand = skeleton[part]
        hard += _project_samples(
            disc_samples(strand, spacing_mm=fine), CORTEX_HU, hu, grid, geometry
        )
        core = disc_samples(strand.shrunk(wall), spacing_mm=fine)
        hard += _project_samples(core, marrow, None, grid, geometry)
        hard -= _project_samples(core, CORTEX_HU, None, grid, geometry)
    soft = _project_samples(disc_samples(lung.vessels, spacing_mm=0.48), 45.0, hu, grid, geometry)
    soft += _project_samples(
        disc_samples(lung.bronchi.shrunk(-0.7), spacing_mm=0.48), 0.0, hu, grid, geometry
    )
    lumen = disc_samples(lung.bronchi, spacing_mm=0.48)
    soft += _project_samples(lumen, -990.0, None, grid, geometry)
    soft -= _project_samples(lumen, 0.0, None, grid, geometry)
    total = np.pad(
        total,
        [(0, geometry.shape[0] - total.shape[0]), (0, geometry.shape[1] - total.shape[1])],
        mode="edge",
    )
    total = (
        total
        + ndimage.gaussian_filter(hard, 0.45 / geometry.pixel_mm)
        + ndimage.gaussian_filter(soft, 0.45 / geometry.pixel_mm)
    )
    return _leaning(np.maximum(total, 0), geometry), geometry.pixel_mm


def _leaning(image: np.ndarray, geometry: _Geometry) -> np.ndarray:
    """Shift each row a little, as a back that is not quite straight does."""
    rows, columns = image.shape
    t = np.linspace(0, 1, rows)
    shift = geometry.lean_mm[0] * np.sin(np.pi * t) + geometry.lean_mm[1] * (t - 0.5)
    at = np.arange(columns)
    return np.stack(
        [
            np.interp(at + s / geometry.pixel_mm, at, row)
            for s, row in zip(shift, image, strict=True)
        ]
    ).astype(np.float32)


def processed(path_mm: np.ndarray, pixel_mm: float, *, seed: int) -> np.ndarray:
    """Turn path lengths into what a radiograph shows: uint16, 12 bits, dense tissue bright."""
    rng = np.random.default_rng([seed, 97])
    grain = ndimage.gaussian_filter(rng.standard_normal(path_mm.shape, dtype=np.float32), 0.55)
    path = path_mm + grain * 0.62 * np.exp(np.clip(path_mm, 0, 330) / 150)
    small = ndimage.zoom(path_mm, 1 / 8, order=1)
    broad = ndimage.gaussian_filter(small, 26 / pixel_mm / 8)
    broad = ndimage.zoom(broad, np.array(path.shape) / broad.shape, order=1)
    near = ndimage.gaussian_filter(path, 1.6 / pixel_mm)
    even = 0.78 * broad + 1.0 * (path - broad) + 0.55 * (path - near)
    inside = path_mm > 25
    low, high = np.percentile(even[inside], [1.5, 93]) if inside.any() else (0, 1)
    tone = (even - low) / (high - low) * 1.0 - 0.5
    tone = 1 / (1 + np.exp(-3.9 * tone))
    floor = 1 / (1 + np.exp(3.9 * 0.62))
    tone = (tone - floor) / (1 / (1 + np.exp(-3.9 * 0.62)) - floor)
    tone = np.clip(tone, 0, 1) * np.clip(path_mm / 30, 0.0, 1)
    return np.clip(np.rint(90 + 3850 * tone), 0, 4095).astype(np.uint16)
