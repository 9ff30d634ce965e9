"""Project the synthetic chest onto a detector, as a radiograph of the chest does."""

from typing import Literal

import numpy as np
from scipy import ndimage

from .anatomy import Habitus
from .bodies import body_slab
from .lungs import Disease, lung_trees, parenchyma
from .mediastinum import paint_hila
from .painting import Grid, Strand, axis_step, blend, disc_samples
from .skeleton import CARTILAGE_HU, CORTEX_HU, bones, paint_vertebrae

View = Literal["PA", "AP"]

STEP_MM = (1.8, 4.0, 1.8)
FIELD_MM = (400.0, 364.0)
"""Width and height at the detector."""
TOP_Z = 152.0
BONE_PARTS = (("arch", 0.5, 150.0), ("thin", 1.4, 420.0), ("thick", 2.6, 300.0))
"""Part of the skeleton, thickness of its cortex in mm, marrow in HU."""
WALL_HU = 0.0


def _projection_grid(rough: float) -> Grid:
    z = np.arange(TOP_Z + 20, -225, -STEP_MM[0] * rough)
    y = np.arange(-158, 146, STEP_MM[1] * rough)
    x = np.arange(-214, 215, STEP_MM[2] * rough)
    return Grid(z, y, x)


def _coarse_body(grid: Grid, habitus: Habitus, disease: Disease, *, edge_mm: float) -> np.ndarray:
    """Paint everything that is not a strand, in HU."""
    hu = np.empty(grid.shape, np.float32)
    for start in range(0, len(grid.z), 32):
        slab = grid.slab(start, min(start + 32, len(grid.z)))
        soft, field = body_slab(slab, habitus, disease, upright=True)
        tissue = parenchyma(slab, field, habitus, disease)
        blend(soft, field.outside, tissue, edge_mm=edge_mm)
        paint_hila(soft, slab, habitus, edge_mm=edge_mm)
        paint_vertebrae(soft, slab, habitus, edge_mm=edge_mm)
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
    total = ndimage.zoom(total, factor, order=3, mode="nearest", grid_mode=True)
    rest = [(0, whole - part) for whole, part in zip(geometry.shape, total.shape, strict=True)]
    return np.pad(total, rest, mode="edge")


def _resampled(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    for axis, at in ((0, rows), (1, columns)):
        at = np.clip(at, 0, plane.shape[axis] - 1.001)
        low = at.astype(int)
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None, :]
        plane = np.take(plane, low, axis) * (1 - part) + np.take(plane, low + 1, axis) * part
    return plane


def _project_strand(
    strand: Strand,
    value: float,
    replaced: np.ndarray | float,
    grid: Grid,
    geometry: _Geometry,
    *,
    spacing_mm: float,
) -> np.ndarray:
    """Project a strand of `value` HU, less what it replaces: one value, or a body on `grid`."""
    places, volumes = disc_samples(strand, spacing_mm=spacing_mm)
    row, column, m = geometry.pixels(places)
    if isinstance(replaced, np.ndarray):
        index = tuple(
            np.clip(
                np.rint((places[:, 2 - n] - axis[0]) / axis_step(axis)), 0, len(axis) - 1
            ).astype(np.int32)
            for n, axis in enumerate((grid.z, grid.y, grid.x))
        )
        replaced = replaced[index]
    added = _attenuation(value) - _attenuation(replaced)
    weight = added * volumes * float(np.prod(geometry.scale)) * m**2 / geometry.pixel_mm**2
    rows, columns = geometry.shape
    r, c = np.rint(row).astype(np.int64), np.rint(column).astype(np.int64)
    seen = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
    index = r[seen] * columns + c[seen]
    image = np.bincount(index, weights=weight[seen], minlength=rows * columns)
    return image.reshape(rows, columns).astype(np.float32)


def path_lengths(
    habitus: Habitus, disease: Disease, *, view: View, columns: int
) -> tuple[np.ndarray, float]:
    """Return water-equivalent millimetres along each ray (rows, columns), and the pixel in mm."""
    geometry = _Geometry(habitus, view, columns)
    # a small image needs no fine body
    rough = max(1.0, 900 / columns)
    grid = _projection_grid(rough)
    hu = _coarse_body(grid, habitus, disease, edge_mm=2.4 * rough)
    total = _project_coarse(hu, grid, geometry)

    def projected(strand: Strand, value: float, replaced, spacing_mm: float) -> np.ndarray:
        return _project_strand(
            strand, value, replaced, grid, geometry, spacing_mm=spacing_mm * rough
        )

    skeleton, lung = bones(habitus, upright=True), lung_trees(habitus)
    fine = projected(skeleton["cartilage"], CARTILAGE_HU, hu, 0.7)
    for part, wall_mm, marrow_hu in BONE_PARTS:
        fine += projected(skeleton[part], CORTEX_HU, hu, 0.56)
        fine += projected(skeleton[part].shrunk(wall_mm), marrow_hu, CORTEX_HU, 0.56)
    fine += projected(lung.vessels, 45.0, hu, 0.48)
    fine += projected(lung.bronchi.shrunk(-0.7), WALL_HU, hu, 0.48)
    fine += projected(lung.bronchi, -990.0, WALL_HU, 0.48)
    total += ndimage.gaussian_filter(fine, 0.45 / geometry.pixel_mm)
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
