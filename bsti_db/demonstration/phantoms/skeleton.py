"""Spine, ribs, sternum, clavicles and scapulae of the synthetic chest."""

from functools import lru_cache

import numpy as np

from .anatomy import ANGLES, CENTRE, PLEURA, SPINE, Habitus, at_level, pleura_radius
from .painting import Grid, Strand, blend, box, joined, smooth_noise, strand_along, within

CORTEX_HU = 1050.0
CARTILAGE_HU = 95.0

# middles of the vertebral bodies, C4 to L3; the disc of T4 and T5 lies at the carina
VERTEBRAE_Z = np.array(
    [166, 149, 132, 115, 95, 74.5, 53.5, 32, 10.5, -11.5, -34, -57, -80.5, -104.5, -129.5]
)
VERTEBRAE_Z = np.append(VERTEBRAE_Z, [-156, -184, -213])
FIRST_THORACIC = 4
# by rib: level of the costochondral junction, its direction from the front, level at the sternum
RIB_ENDS = [
    (47, 34, 44), (8, 27, 2), (-26, 27, -22), (-57, 29, -44), (-84, 33, -62), (-106, 38, -76),
    (-124, 43, -86), (-138, 50, -92), (-148, 60, None),
    (-156, 70, None), (-166, 100, None), (-172, 132, None),
]  # fmt: skip


def _around(
    theta: float | np.ndarray, z: np.ndarray, habitus: Habitus, beyond: float
) -> np.ndarray:
    """Return points (n, 3) at directions `theta` a distance outside the pleura."""
    theta, z = np.broadcast_arrays(np.asarray(theta, float), np.asarray(z, float))
    radius = pleura_radius(z, habitus)
    index = np.clip((theta + np.pi) * ANGLES / (2 * np.pi), 0, ANGLES - 1).astype(int)
    r = radius[np.arange(len(z)), index] + beyond
    (centre,) = at_level(CENTRE, z)
    return np.stack([r * np.sin(theta), centre - r * np.cos(theta), z], axis=1)


def rib(number: int, side: int, habitus: Habitus) -> Strand:
    """Return one rib, 1 to 12, of the left (1) or right (-1) side."""
    end_z, end_degrees, _ = RIB_ENDS[number - 1]
    head_z = VERTEBRAE_Z[FIRST_THORACIC + number - 1] + 9
    # no two sides of a real chest are alike
    rng = np.random.default_rng([habitus.seed, 67, number, side + 1])
    end_z += rng.normal(0, 2.2)
    end_degrees += rng.normal(0, 2)
    spine_y, half_depth, half_width = at_level(SPINE, np.array([head_z]))[:, 0]
    start = 157.0 if number > 1 else 140.0
    s = np.linspace(0, 1, 40)
    theta = np.radians(start + (end_degrees - start) * s)
    z = head_z - 7 + (end_z - head_z + 7) * s ** (1.0 if number < 3 else 1.2)
    arc = _around(side * theta, z, habitus, 5.5)
    head = np.array(
        [
            [side * (half_width + 2), spine_y + 0.75 * half_depth, head_z],
            [side * (half_width + 13), spine_y + 1.75 * half_depth, head_z - 2],
        ]
    )
    points = np.concatenate([head, arc])
    thin = np.interp(np.linspace(0, 1, 42), [0, 0.12, 0.3, 0.8, 1], [3.0, 3.2, 3.9, 3.4, 3.6])
    tall = np.interp(np.linspace(0, 1, 42), [0, 0.12, 0.3, 1], [3.6, 4.4, 6.4, 7.2])
    size = 1.0 if habitus.sex == "M" else 0.9
    if number > 10:
        size *= 0.8
    normal = points - np.array([0, 0, 0])
    normal[:, 1] -= at_level(CENTRE, points[:, 2])[0]
    normal[:, 2] = -0.25 * np.linalg.norm(normal[:, :2], axis=1) if number == 1 else 0
    return strand_along(points, width=thin * size, height=tall * size, normal=normal)


def cartilage(number: int, side: int, habitus: Habitus) -> Strand:
    """Return the cartilage that joins a rib, 1 to 8, to the sternum."""
    end_z, end_degrees, sternum_z = RIB_ENDS[number - 1]
    s = np.linspace(0, 1, 16)
    theta = np.radians(end_degrees + (9 - end_degrees) * s)
    z = end_z + (sternum_z - end_z) * s**1.3
    points = _around(side * theta, z, habitus, 6.0)
    normal = points.copy()
    normal[:, 2] = 0
    return strand_along(points, width=np.full(16, 4.2), height=np.full(16, 6.4), normal=normal)


def sternum(habitus: Habitus) -> list[Strand]:
    """Return manubrium, body and xiphoid."""
    parts = [
        ((50, 36, 20, 5), (24, 28, 22, 16)),
        ((2, -30, -60, -86), (16, 17, 19, 13)),
        ((-89, -112), (8, 4)),
    ]
    strands = []
    for levels, widths in parts:
        z = np.array(levels, dtype=float)
        points = _around(np.zeros(len(z)), z, habitus, 9.0)
        points[:, 1] = np.minimum(points[:, 1], at_level(PLEURA, z)[1] - 8)
        thick = 6.2 if len(levels) > 2 else 3.5
        strands.append(
            strand_along(
                points,
                width=np.array(widths, float),
                height=np.full(len(z), thick),
                normal=[1.0, 0, 0],
            )
        )
    return strands


def clavicle(side: int, *, upright: bool) -> Strand:
    """Return one collar bone, an S from the manubrium to the shoulder."""
    rise = 10.0 if upright else 26.0
    points = np.array(
        [
            [side * 22, -62, 52], [side * 48, -66, 55 + 0.1 * rise],
            [side * 80, -52, 60 + 0.4 * rise],
            [side * 112, -30, 64 + 0.75 * rise], [side * 142, -20, 66 + rise],
            [side * 160, -12, 66 + rise],
        ]
    )  # fmt: skip
    wide = np.array([9.5, 6.5, 5.5, 5.5, 7, 8])
    return strand_along(points, width=wide * 0.95, height=wide * 0.75, normal=[0, 0, 1.0])


# from the upper angle to the lower: level; medial border x, y; lateral border x, y
_BLADE = np.array(
    [
        [92, 78, 94, 122, 68],
        [70, 82, 102, 140, 60],
        [45, 88, 107, 146, 60],
        [10, 98, 109, 143, 70],
        [-25, 108, 109, 138, 84],
        [-48, 122, 104, 132, 96],
    ],
    dtype=float,
)
_ASIDE_MM = 9.0
"""How far the blades swing out when the arms are down and rolled forward."""


def blade_edges(z: np.ndarray, *, upright: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return x, y of the left blade's medial and lateral border at each level, (2, levels)."""
    rows = np.stack([np.interp(z, _BLADE[::-1, 0], _BLADE[::-1, n]) for n in range(1, 5)])
    rows = rows.astype(np.float32)
    rows[[0, 2]] += _ASIDE_MM if upright else 0
    return rows[:2], rows[2:]


def scapula(side: int, *, upright: bool) -> list[Strand]:
    """Return the blade, its two borders, its spine, acromion, neck and coracoid."""
    z = _BLADE[:, 0]
    medial, lateral = (
        np.concatenate([edge * [[side], [1]], z[None]]).T
        for edge in blade_edges(z, upright=upright)
    )
    across = lateral - medial
    half = np.linalg.norm(across, axis=1) / 2
    middle = (medial + lateral) / 2

    def bar(points, width, height, normal) -> Strand:
        aside = np.array([_ASIDE_MM if upright else 0, 0, 0])
        places = (np.array(points) + aside) * [side, 1, 1]
        return strand_along(places, width=width, height=height, normal=normal)

    up, out = [0, 0, 1.0], [1.0, 0, 0]
    return [
        strand_along(middle, width=half, height=1.3, normal=across, rounded=False),
        strand_along(lateral, width=4.6, height=3.6, normal=across),
        strand_along(medial, width=2.2, height=1.9, normal=across),
        bar([[86, 103, 60], [115, 102, 72], [150, 68, 88]], [4, 6, 8], [2.5, 3, 4], [0, 0.6, 0.8]),
        bar([[150, 68, 88], [168, 38, 95], [166, 8, 95]], [8, 9, 6], [4, 4.5, 4], out),
        bar([[134, 60, 54], [146, 42, 60], [153, 31, 62]], [6, 12, 16], [5, 8, 8], up),
        bar([[142, 36, 74], [138, 8, 84], [146, -12, 76]], [7, 6, 5], [5, 5, 4.5], up),
    ]


def humerus_line(*, upright: bool) -> np.ndarray:
    """Return x, y, z, radius along the left humerus from its lowest painted level up."""
    if upright:
        rows = [
            [206, 26, -120, 11], [202, 24, -60, 11], [196, 20, 10, 12], [190, 16, 40, 14],
            [183, 14, 60, 20], [178, 14, 74, 22.5], [176, 14, 92, 14],
        ]  # fmt: skip
    else:
        rows = [
            [168, 14, 52, 12], [172, 14, 62, 20], [176, 14, 76, 22.5], [180, 12, 94, 18],
            [186, 9, 118, 13], [196, 4, 190, 11],
        ]  # fmt: skip
    return np.array(rows, dtype=float)


def humerus(side: int, *, upright: bool) -> Strand:
    """Return the head and the upper shaft, pointing up with raised arms, down otherwise."""
    rows = humerus_line(upright=upright)
    places = rows[:, :3] * [side, 1, 1]
    return strand_along(places, width=rows[:, 3], height=rows[:, 3], normal=[0, 1.0, 0])


def vertebral_arch(index: int) -> list[Strand]:
    """Return pedicles, laminae, transverse processes, facets and spinous process."""
    z0 = VERTEBRAE_Z[index]
    y0, depth, _ = at_level(SPINE, np.array([z0]))[:, 0]
    back = y0 + depth
    drop = 24 if FIRST_THORACIC + 3 < index < FIRST_THORACIC + 9 else 14
    up, out = [0, 0, 1.0], [1.0, 0, 0]
    # pedicle, lamina, transverse process, facets: x, distance behind the body, height
    paired = [
        ([[11.5, -4, 5], [12.5, 12, 4]], 3.0, 6.0, out),
        ([[13, 11, 1], [8, 19, -4], [0, 24, -9]], 9.0, 2.8, up),
        ([[13, 12, 3], [24, 19, 5], [34, 26, 7]], [5, 4.5, 5.5], [5, 4, 4.5], up),
        ([[13, 9, 13], [13.5, 13, -12]], 5.5, 3.0, out),
    ]
    here = np.array([0, back, z0])
    strands = [
        strand_along(np.array(points) * [side, 1, 1] + here, width=wide, height=tall, normal=normal)
        for points, wide, tall, normal in paired
        for side in (-1, 1)
    ]
    spinous = np.array([[0, 21, -5], [0, 34, -5 - drop * 0.5], [0, 46, -6 - drop]]) + here
    return [*strands, strand_along(spinous, width=[7, 6, 5], height=[2.8, 2.6, 3.6], normal=up)]


@lru_cache(maxsize=4)
def bones(habitus: Habitus, *, upright: bool = False) -> dict[str, Strand]:
    """Return the strands of the skeleton, grouped by thickness of their cortex."""
    ribs = [rib(number, side, habitus) for number in range(1, 13) for side in (-1, 1)]
    arches = [part for index in range(len(VERTEBRAE_Z)) for part in vertebral_arch(index)]
    girdle = [part for side in (-1, 1) for part in scapula(side, upright=upright)]
    return {
        "cartilage": joined([cartilage(n, side, habitus) for n in range(1, 9) for side in (-1, 1)]),
        "arch": joined(arches),
        "thin": joined(ribs + girdle + sternum(habitus)),
        "thick": joined(
            [clavicle(side, upright=upright) for side in (-1, 1)]
            + [humerus(side, upright=upright) for side in (-1, 1)]
        ),
    }


def vertebral_distance(grid: Grid) -> np.ndarray:
    """Return the distance outside the column of bodies and discs, with its soft tissue."""
    _, y, x = grid.broadcast()
    spine_y, depth, width = (v[:, None, None] for v in at_level(SPINE, grid.z))
    flare = 0.62 * np.clip(y - spine_y - 0.5 * depth, 0, 40)
    across, along = x / (width + 4 + flare), (y - spine_y - 9) / (depth + 17)
    return (np.sqrt(across**2 + along**2) - 1).astype(np.float32) * (width.astype(np.float32) + 8)


def paint_vertebrae(hu: np.ndarray, grid: Grid, habitus: Habitus, *, edge_mm: float) -> None:
    """Paint vertebral bodies, discs and the canal with its cord."""
    part = box(grid, np.array([-34, -20, -999]), np.array([34, 110, 999]))
    if part is None:
        return
    near, view = within(grid, part), hu[part]
    _, y, x = (axis.astype(np.float32) for axis in near.broadcast())
    spine_y, depth, width = (v[:, None, None].astype(np.float32) for v in at_level(SPINE, near.z))
    nearest = np.abs(VERTEBRAE_Z[None, :] - near.z[:, None]).argmin(axis=1)
    height = np.interp(near.z, VERTEBRAE_Z[::-1], np.gradient(-VERTEBRAE_Z)[::-1])
    from_middle = np.abs(near.z - VERTEBRAE_Z[nearest])
    to_endplate = (height / 2 - 2.4 - from_middle)[:, None, None].astype(np.float32)
    flare = np.clip(1 - to_endplate / 7, 0, 1) ** 2
    radius = np.sqrt(
        (x / (width - 1.2 + 3.0 * flare)) ** 2
        + ((y - spine_y) / (depth - 0.6 + 1.8 * flare)) ** 2
        + 1e-6
    )
    body = (radius - 1) * depth
    body = np.maximum(body, 7 - np.sqrt(x * x + (y - spine_y - depth - 5.5) ** 2) * 0.95)
    canal = np.sqrt((x / 9.5) ** 2 + ((y - spine_y - depth - 8) / 8.5) ** 2) * 9 - 9
    marrow = habitus.marrow_hu + 26 * smooth_noise(near, seed=habitus.seed + 7, spacing_mm=1.9)
    disc = np.where(to_endplate > 0, np.float32(1), 0)
    wall = np.minimum(-body, to_endplate * 0.9)
    value = np.where(disc > 0, marrow + np.clip(1 - wall / 1.5, 0, 1) * (480 - marrow), 85)
    blend(view, body, value, edge_mm=edge_mm)
    blend(view, canal, 18.0, edge_mm=edge_mm)
    cord = np.sqrt((x / 5.6) ** 2 + ((y - spine_y - depth - 7.5) / 4.2) ** 2) * 5 - 5
    blend(view, cord, 40.0, edge_mm=edge_mm)
