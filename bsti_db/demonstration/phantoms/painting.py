"""Paint shapes into voxels: signed distances, tubes and smooth noise.

Everything works in *body millimetres*: patient axes (x to the left, y to the back, z to the
head) divided by the habitus, with z = 0 at the carina. Arrays are (z, y, x).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

LATTICE_MM = 300.0
"""Noise lattices reach from minus this to plus this on every axis."""


@dataclass(frozen=True)
class Grid:
    """Voxel centres along each axis, evenly spaced; z may run either way."""

    z: np.ndarray
    y: np.ndarray
    x: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along z, y and x."""
        return len(self.z), len(self.y), len(self.x)

    def slab(self, start: int, stop: int) -> "Grid":
        """Return the planes from `start` up to but not including `stop`."""
        return Grid(self.z[start:stop], self.y, self.x)

    def broadcast(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return z, y and x shaped to combine into a volume."""
        return self.z[:, None, None], self.y[None, :, None], self.x[None, None, :]


@dataclass(frozen=True)
class Strand:
    """A row of thin elliptical discs: ribs, processes and small vessels.

    `centre`, `u` and `v` have shape (n, 3) in x, y, z; `u` and `v` are the half axes of each
    disc and `thickness` (n) its extent along the tube.
    """

    centre: np.ndarray
    u: np.ndarray
    v: np.ndarray
    thickness: np.ndarray

    def shrunk(self, wall_mm: float) -> "Strand":
        """Return what is inside a wall of this thickness."""
        return Strand(
            self.centre, _shorter(self.u, wall_mm), _shorter(self.v, wall_mm), self.thickness
        )


def _shorter(axes: np.ndarray, by_mm: float) -> np.ndarray:
    length = np.linalg.norm(axes, axis=1, keepdims=True)
    return axes * np.maximum(1 - by_mm / np.maximum(length, 1e-6), 0.02)


def joined(strands: list[Strand]) -> Strand:
    """Put strands into one, to be painted together."""
    return Strand(
        np.concatenate([strand.centre for strand in strands]),
        np.concatenate([strand.u for strand in strands]),
        np.concatenate([strand.v for strand in strands]),
        np.concatenate([strand.thickness for strand in strands]),
    )


def strand_along(
    points: np.ndarray, *, width: np.ndarray, height: np.ndarray, normal: np.ndarray
) -> Strand:
    """Make a strand through `points` (n, 3), about half a millimetre a disc.

    `width` and `height` are half axes in millimetres, given at each point; `width` lies along
    `normal` (made perpendicular to the tube), `height` across it.
    """
    points = np.asarray(points, dtype=np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    n = max(int(np.ceil(along[-1] / 0.5)), 2)
    at = (np.arange(n) + 0.5) * along[-1] / n

    def resample(values: np.ndarray) -> np.ndarray:
        values = np.asarray(values, dtype=np.float64)
        columns = values.reshape(len(points), -1).T
        return np.stack([np.interp(at, along, column) for column in columns], axis=1)

    centre = resample(points)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    u = resample(np.broadcast_to(normal, points.shape))
    u -= tangent * np.sum(u * tangent, axis=1, keepdims=True)
    u /= np.linalg.norm(u, axis=1, keepdims=True) + 1e-9
    v = np.cross(tangent, u)
    width = np.broadcast_to(np.asarray(width, dtype=np.float64), len(points))
    height = np.broadcast_to(np.asarray(height, dtype=np.float64), len(points))
    thickness = np.full(n, along[-1] / n)
    return Strand(centre, u * resample(width), v * resample(height), thickness)


def disc_samples(strand: Strand, *, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points (m, 3) that fill the strand evenly, and the volume of each in mm³."""
    area = np.pi * np.linalg.norm(strand.u, axis=1) * np.linalg.norm(strand.v, axis=1)
    wanted = np.maximum(area / spacing_mm**2, 1)
    # a handful of sample counts, so that each group is one array operation
    counts = np.clip(2 ** np.ceil(np.log2(wanted)), 4, 1024).astype(int)
    places, volumes = [], []
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        index = np.arange(count) + 0.5
        radius = np.sqrt(index / count)
        turn = index * 2.399963 + (chosen * 1.618034 % 1.0)[:, None] * 2 * np.pi
        a, b = radius * np.cos(turn), radius * np.sin(turn)
        place = strand.centre[chosen, None, :] + a[..., None] * strand.u[chosen, None, :]
        place += b[..., None] * strand.v[chosen, None, :]
        places.append(place.reshape(-1, 3))
        volumes.append(np.repeat(area[chosen] * strand.thickness[chosen] / count, count))
    return np.concatenate(places), np.concatenate(volumes)


def paint_samples(
    hu: np.ndarray, grid: Grid, samples: tuple[np.ndarray, np.ndarray], value: float
) -> None:
    """Blend `value` into the voxels that hold the samples, by the fraction they fill."""
    places, volumes = samples
    nz, ny, nx = grid.shape
    step_z, step_y, step_x = axis_step(grid.z), axis_step(grid.y), axis_step(grid.x)
    k = np.rint((places[:, 2] - grid.z[0]) / step_z).astype(np.int64)
    near = np.flatnonzero((k >= 0) & (k < nz))
    j = np.rint((places[near, 1] - grid.y[0]) / step_y).astype(np.int64)
    i = np.rint((places[near, 0] - grid.x[0]) / step_x).astype(np.int64)
    inside = (j >= 0) & (j < ny) & (i >= 0) & (i < nx)
    near, j, i = near[inside], j[inside], i[inside]
    if not len(near):
        return
    index = (k[near] * ny + j) * nx + i
    filled = np.bincount(index, weights=volumes[near], minlength=nz * ny * nx)
    touched = np.flatnonzero(filled)
    fraction = np.minimum(filled[touched] / abs(step_z * step_y * step_x), 1.0)
    flat = hu.reshape(-1)
    flat[touched] += fraction.astype(np.float32) * (value - flat[touched])


def axis_step(axis: np.ndarray) -> float:
    """Return the signed distance between neighbours on an axis."""
    return float(axis[1] - axis[0]) if len(axis) > 1 else 1.0


def box(grid: Grid, low: np.ndarray, high: np.ndarray) -> tuple[slice, slice, slice] | None:
    """Return the part of the grid between two corners (x, y, z), or None if it is empty."""
    parts = []
    for axis, lo, hi in zip(
        (grid.z, grid.y, grid.x), (low[2], low[1], low[0]), (high[2], high[1], high[0]), strict=True
    ):
        within = np.flatnonzero((axis >= lo) & (axis <= hi))
        if not len(within):
            return None
        parts.append(slice(int(within[0]), int(within[-1]) + 1))
    return parts[0], parts[1], parts[2]


def within(grid: Grid, part: tuple[slice, slice, slice]) -> Grid:
    """Return the sub-grid of a box."""
    return Grid(grid.z[part[0]], grid.y[part[1]], grid.x[part[2]])


def tube_pieces(grid: Grid, tube: np.ndarray, *, reach_mm: float):
    """Yield (box, distance in mm) for each piece of a tube of rows (x, y, z, radius)."""
    for start, end in pairwise(tube):
        reach = max(start[3], end[3]) + reach_mm
        low = np.minimum(start[:3], end[:3]) - reach
        high = np.maximum(start[:3], end[:3]) + reach
        part = box(grid, low, high)
        if part is None:
            continue
        z, y, x = within(grid, part).broadcast()
        axis = end[:3] - start[:3]
        dx, dy, dz = (
            value.astype(np.float32) for value in (x - start[0], y - start[1], z - start[2])
        )
        t = (dx * axis[0] + dy * axis[1]) + dz * axis[2]
        t = np.clip(t / float(axis @ axis), 0, 1).astype(np.float32)
        distance = np.sqrt(
            (dx - t * axis[0]) ** 2 + (dy - t * axis[1]) ** 2 + (dz - t * axis[2]) ** 2
        )
        yield part, distance - (start[3] + t * (end[3] - start[3]))


def paint_tube(
    hu: np.ndarray, grid: Grid, tube: np.ndarray, value: float, *, edge_mm: float, grow: float = 0.0
) -> None:
    """Blend `value` into a tube of rows (x, y, z, radius), `grow` mm wider than given."""
    for part, distance in tube_pieces(grid, tube, reach_mm=grow + edge_mm):
        blend(hu[part], distance - grow, value, edge_mm=edge_mm)


def blend(hu: np.ndarray, distance: np.ndarray, value, *, edge_mm: float) -> None:
    """Set `hu` to `value` where the signed distance is negative, with a soft edge."""
    cover = np.clip(0.5 - distance / edge_mm, 0, 1)
    hu += cover * (value - hu)


def ellipsoid_distance(grid: Grid, centre, matrix: np.ndarray) -> np.ndarray:
    """Return about the distance to an ellipsoid; rows of `matrix` are axes over half lengths."""
    z, y, x = grid.broadcast()
    dx, dy, dz = (
        value.astype(np.float32) for value in (x - centre[0], y - centre[1], z - centre[2])
    )
    inner = np.zeros(grid.shape, np.float32)
    outer = np.zeros(grid.shape, np.float32)
    for row in matrix:
        part = dx * np.float32(row[0]) + dy * np.float32(row[1]) + dz * np.float32(row[2])
        np.square(part, out=part)
        inner += part
        outer += part * np.float32(row @ row)
    inner = np.sqrt(inner)
    return inner * (inner - 1) / (np.sqrt(outer) + np.float32(1e-6))


@lru_cache(maxsize=16)
def _lattice(seed: int, spacing_mm: float) -> np.ndarray:
    side = int(2 * LATTICE_MM / spacing_mm) + 4
    rng = np.random.default_rng([seed, int(spacing_mm * 100)])
    return rng.standard_normal((side, side, side), dtype=np.float32)


def _spline_weights(axis: np.ndarray, side: int, spacing_mm: float) -> np.ndarray:
    place = (np.asarray(axis, dtype=np.float64) + LATTICE_MM) / spacing_mm + 1
    away = np.abs(place[:, None] - np.arange(side)[None, :])
    near = 2 / 3 - away**2 + away**3 / 2
    weights = np.where(away < 1, near, np.where(away < 2, (2 - away) ** 3 / 6, 0))
    # unit variance whatever the spacing, so that thresholds mean the same on every grid
    weights /= np.sqrt(np.maximum((weights**2).sum(axis=1, keepdims=True), 1e-9))
    return weights.astype(np.float32)


def smooth_noise(grid: Grid, *, seed: int, spacing_mm: float) -> np.ndarray:
    """Return smooth noise of unit variance, the same at the same place on every grid."""
    lattice = _lattice(seed, spacing_mm)
    side = lattice.shape[0]
    noise = np.tensordot(_spline_weights(grid.z, side, spacing_mm), lattice, axes=(1, 0))
    noise = np.matmul(_spline_weights(grid.y, side, spacing_mm), noise)
    return np.matmul(noise, _spline_weights(grid.x, side, spacing_mm).T)


CELL_TILE_MM = 96.0
CELL_TILE = 80


@lru_cache(maxsize=4)
def _cell_tile(spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(int(spacing_mm * 1000))
    count = int((CELL_TILE_MM / spacing_mm) ** 3)
    seeds = rng.uniform(0, CELL_TILE_MM, (count, 3))
    tree = cKDTree(seeds, boxsize=CELL_TILE_MM)
    axis = (np.arange(CELL_TILE) + 0.5) * CELL_TILE_MM / CELL_TILE
    places = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    away, nearest = tree.query(places, k=2, workers=-1)
    shape = (CELL_TILE,) * 3
    border = (away[:, 1] - away[:, 0]).astype(np.float32).reshape(shape)
    shade = rng.standard_normal(count).astype(np.float32)[nearest[:, 0]].reshape(shape)
    return border, shade


def cells(
    grid: Grid, *, spacing_mm: float, warp: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a foam of cells: distance to the nearest wall in mm, and a shade for each cell."""
    border, shade = _cell_tile(spacing_mm)
    z, y, x = grid.broadcast()
    scale = CELL_TILE / CELL_TILE_MM
    index = [
        np.floor((axis + 500 + bend * warp) * scale).astype(np.int32) % CELL_TILE
        for axis, bend in ((z, 1.0), (y, -0.7), (x, 0.8))
    ]
    flat = (index[0] * CELL_TILE + index[1]) * CELL_TILE + index[2]
    return border.reshape(-1)[flat], shade.reshape(-1)[flat]


def doubled(field: np.ndarray) -> np.ndarray:
    """Return a (z, y, x) field at twice the rows and columns, linearly interpolated."""
    for axis in (1, 2):
        field = np.moveaxis(field, axis, -1)
        before = np.concatenate([field[..., :1], field[..., :-1]], axis=-1)
        after = np.concatenate([field[..., 1:], field[..., -1:]], axis=-1)
        wide = np.empty((*field.shape[:-1], field.shape[-1] * 2), np.float32)
        wide[..., 0::2] = 0.75 * field + 0.25 * before
        wide[..., 1::2] = 0.75 * field + 0.25 * after
        field = np.moveaxis(wide, -1, axis)
    return np.ascontiguousarray(field)
