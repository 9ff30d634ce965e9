"""Paint shapes into voxels: signed distances, tubes and smooth noise.

Everything works in *body millimetres*: patient axes (x to the left, y to the back, z to the
head) divided by the habitus, with z = 0 at the carina. Arrays are (z, y, x).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.sparse import csr_array
from scipy.spatial import cKDTree


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

    def chosen(self, which: np.ndarray) -> "Strand":
        """Return some of the discs."""
        return Strand(self.centre[which], self.u[which], self.v[which], self.thickness[which])

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


def strand_along(points, *, width, height, normal, rounded: bool = True) -> Strand:
    """Make a strand along a smooth curve through `points` (n, 3), half a millimetre a disc.

    `width` and `height` are half axes in millimetres, one for all or one a point; `width` lies
    along `normal` (made perpendicular to the curve), `height` across it.
    """
    points = np.asarray(points, dtype=np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    n = max(int(np.ceil(along[-1] / 0.5)), 4)
    at = (np.arange(n) + 0.5) * along[-1] / n

    def spread(values, columns: int) -> np.ndarray:
        values = np.asarray(values, dtype=np.float64)
        if values.ndim == 1 and len(values) == len(points) and columns == 1:
            values = values[:, None]
        return np.broadcast_to(values, (len(points), columns))

    curves = np.hstack([points, spread(normal, 3), spread(width, 1), spread(height, 1)])
    smooth = PchipInterpolator(along, curves, axis=0)(at)
    centre, u, wide, tall = np.split(smooth, [3, 6, 7], axis=1)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    u = u - tangent * np.sum(u * tangent, axis=1, keepdims=True)
    u /= np.linalg.norm(u, axis=1, keepdims=True) + 1e-9
    v = np.cross(tangent, u)
    if rounded:
        end = np.minimum(at, along[-1] - at)[:, None] / np.maximum(np.minimum(wide, tall), 1e-6)
        cap = np.sqrt(np.clip(1 - (1 - np.minimum(end, 1)) ** 2, 0.02, 1))
        wide, tall = wide * cap, tall * cap
    thickness = np.full(n, along[-1] / n)
    return Strand(*(part.astype(np.float32) for part in (centre, u * wide, v * tall, thickness)))


def disc_samples(strand: Strand, *, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points (m, 3) that fill the strand evenly, and the volume of each in mm³."""
    area = np.pi * np.linalg.norm(strand.u, axis=1) * np.linalg.norm(strand.v, axis=1)
    wanted = np.maximum(area / spacing_mm**2, 1)
    # few different counts, so that each group is one array operation
    counts = np.clip(1.3 ** np.ceil(np.log(wanted) / np.log(1.3)), 4, 2048).astype(int)
    places, volumes = [], []
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        index = np.arange(count) + 0.5
        # each disc starts its spiral elsewhere, or their rings would add up to a pattern
        start = (chosen * 0.754878 % 1.0)[:, None] - 0.5
        radius = np.sqrt((index + start) / count)
        turn = index * 2.399963 + (chosen * 1.618034 % 1.0)[:, None] * 2 * np.pi
        turn = turn.astype(np.float32)
        a = (radius * np.cos(turn)).astype(np.float32)[..., None]
        b = (radius * np.sin(turn)).astype(np.float32)[..., None]
        place = strand.centre[chosen, None, :] + a * strand.u[chosen, None, :]
        place += b * strand.v[chosen, None, :]
        places.append(place.reshape(-1, 3))
        volumes.append(np.repeat(area[chosen] * strand.thickness[chosen] / count, count))
    return np.concatenate(places), np.concatenate(volumes)


def paint_strand(
    hu: np.ndarray,
    grid: Grid,
    strand: Strand,
    value: float,
    *,
    spacing_mm: float,
    fullness: float = 1.0,
) -> None:
    """Blend `value` into the voxels a strand runs through, by the fraction it fills.

    `fullness` above 1 leaves nothing of what was there before inside a wide strand.
    """
    extent = np.maximum(np.abs(strand.u[:, 2]), np.abs(strand.v[:, 2])) + abs(axis_step(grid.z))
    z = strand.centre[:, 2]
    near = (z > grid.z.min() - extent) & (z < grid.z.max() + extent)
    if not near.any():
        return
    places, volumes = disc_samples(strand.chosen(near), spacing_mm=spacing_mm)
    nz, ny, nx = grid.shape
    steps = axis_step(grid.z), axis_step(grid.y), axis_step(grid.x)
    k, j, i = (
        np.rint((places[:, 2 - n] - axis[0]) * (1 / step)).astype(np.int32)
        for n, (axis, step) in enumerate(zip((grid.z, grid.y, grid.x), steps, strict=True))
    )
    inside = (k >= 0) & (k < nz) & (j >= 0) & (j < ny) & (i >= 0) & (i < nx)
    index = ((k * ny + j) * nx + i)[inside]
    if not len(index):
        return
    first = int(index.min())
    filled = np.bincount(index - first, weights=volumes[inside])
    touched = np.flatnonzero(filled)
    fraction = np.minimum(filled[touched] * (fullness / abs(float(np.prod(steps)))), 1.0).astype(
        np.float32
    )
    flat = hu.reshape(-1)
    touched += first
    flat[touched] += fraction * (value - flat[touched])


def axis_step(axis: np.ndarray) -> float:
    """Return the signed distance between neighbours on an axis."""
    return float(axis[1] - axis[0]) if len(axis) > 1 else 1.0


def box(grid: Grid, low: np.ndarray, high: np.ndarray) -> tuple[slice, slice, slice] | None:
    """Return the part of the grid between two corners (x, y, z), or None if it is empty."""
    parts = []
    for axis, lo, hi in zip(
        (grid.z, grid.y, grid.x), (low[2], low[1], low[0]), (high[2], high[1], high[0]), strict=True
    ):
        step = axis_step(axis)
        ends = sorted(((lo - axis[0]) / step, (hi - axis[0]) / step))
        start, stop = max(math.ceil(ends[0]), 0), min(math.floor(ends[1]) + 1, len(axis))
        if start >= stop:
            return None
        parts.append(slice(start, stop))
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


NOISE_SIDE = 64
"""Noise repeats after this many of its own spacings: beyond the body, or too fine to notice."""


@lru_cache(maxsize=24)
def _lattice(seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 64])
    return rng.standard_normal((NOISE_SIDE,) * 3, dtype=np.float32)


@lru_cache(maxsize=256)
def _spline_weights(first: float, step: float, count: int, spacing_mm: float) -> csr_array:
    place = (first + step * np.arange(count)) / spacing_mm
    low = np.floor(place).astype(int)[:, None] + np.array([-1, 0, 1, 2])
    away = np.abs(place[:, None] - low)
    near = 2 / 3 - away**2 + away**3 / 2
    weights = np.where(away < 1, near, (2 - away) ** 3 / 6)
    # unit variance everywhere, so that a threshold means the same on every grid
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    rows = np.repeat(np.arange(count), 4)
    entries = (weights.astype(np.float32).ravel(), (rows, (low % NOISE_SIDE).ravel()))
    return csr_array(entries, shape=(count, NOISE_SIDE))


def smooth_noise(grid: Grid, *, seed: int, spacing_mm: float) -> np.ndarray:
    """Return smooth noise of unit variance, the same at the same place on every grid."""
    # sparse products: a threaded BLAS stalls for seconds on a machine with other work
    along_z, along_y, along_x = (
        _spline_weights(float(axis[0]), axis_step(axis), len(axis), spacing_mm)
        for axis in (grid.z, grid.y, grid.x)
    )
    nz, ny, nx = grid.shape
    planes = np.unique(along_z.indices)
    noise = _lattice(seed)[planes].transpose(2, 1, 0).reshape(NOISE_SIDE, -1)
    noise = (along_x @ noise).reshape(nx, NOISE_SIDE, len(planes)).transpose(1, 2, 0)
    noise = (along_y @ noise.reshape(NOISE_SIDE, -1)).reshape(ny, len(planes), nx)
    noise = noise.transpose(1, 0, 2).reshape(len(planes), -1)
    return (along_z[:, planes] @ noise).reshape(nz, ny, nx)


CELL_TILE_MM = 96.0
CELL_TILE = 64


@lru_cache(maxsize=4)
def _cell_tile(spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(int(spacing_mm * 1000))
    count = int((CELL_TILE_MM / spacing_mm) ** 3)
    seeds = rng.uniform(0, CELL_TILE_MM, (count, 3))
    tree = cKDTree(seeds, boxsize=CELL_TILE_MM)
    axis = (np.arange(CELL_TILE) + 0.5) * CELL_TILE_MM / CELL_TILE
    places = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    away, nearest = tree.query(places, k=2)
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
