"""Grow arteries, bronchi and veins into the lobes of the synthetic lungs.

A branch grows towards the middle of the points it has to supply, then divides them between two
daughters, until one point is left: trees that fill a lung the way real ones do.
"""

from dataclasses import dataclass

import numpy as np

from .painting import Strand

# where the artery (with its bronchus) and the vein of each lobe enter it
LOBES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "right upper": ((-44, 6, -13), (-44, -14, -26)),
    "right middle": ((-48, -1, -54), (-46, -15, -34)),
    "right lower": ((-51, 22, -58), (-43, 13, -73)),
    "left upper": ((51, 4, -20), (47, -14, -16)),
    "left lower": ((52, 30, -50), (45, 19, -71)),
}


LOBAR_MM = 4.7
"""Radius of the largest vessel that enters a lobe."""


@dataclass(frozen=True)
class Branches:
    """Curved branches: three control points (n, 3, 3) and the radius at both ends (n, 2)."""

    control: np.ndarray
    radius: np.ndarray


def lobe_of(points: np.ndarray) -> np.ndarray:
    """Return the lobe (an index into LOBES) of each point (n, 3) of the lungs."""
    x, y, z = points.T
    right = x < 0
    below = z < oblique_fissure(x, y)
    middle = (z < minor_fissure(x, y)) & right & ~below
    return np.where(right, np.where(below, 2, np.where(middle, 1, 0)), np.where(below, 4, 3))


def oblique_fissure(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the level of the major fissure at a place."""
    return 34 - (72 - y) * 0.98 + 0.0011 * (np.abs(x) - 70) ** 2 - 3


def minor_fissure(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the level of the minor fissure of the right lung at a place."""
    return -34 - 0.12 * (y + 40) - 0.0012 * (np.abs(x) - 80) ** 2


def grow(
    root, direction, points: np.ndarray, *, leaf_mm: float, power: float, seed: int
) -> Branches:
    """Grow one tree from `root` towards all `points` (n, 3)."""
    rng = np.random.default_rng(seed)
    control, radius = [], []
    waiting = [(np.array(root, float), np.array(direction, float), points)]
    while waiting:
        start, heading, supplied = waiting.pop()
        count = len(supplied)
        centre = supplied.sum(axis=0) / count
        reach = centre - start
        distance = float(np.sqrt(reach @ reach)) + 1e-6
        step = 1.0 if count == 1 else 0.42
        end = start + reach * step + rng.normal(0, 0.012 * distance, 3)
        bend = start + (0.5 * heading + 0.5 * reach / distance) * distance * step * 0.45
        control.append((start, bend, end))
        own = min(leaf_mm * count**power, LOBAR_MM)
        if count == 1:
            radius.append((own, own * 0.55))
            continue
        onward = end - bend
        onward /= np.sqrt(onward @ onward) + 1e-6
        away = supplied - centre
        away = away - np.outer(away @ onward, onward) * 0.9
        # the farthest point is as good a long axis as an eigenvector, and far quicker
        side = away @ away[np.argmax(np.einsum("ij,ij->i", away, away))]
        # an uneven division now and then keeps the tree from looking drawn
        cut = min(
            max(round(count * rng.choice([0.5, 0.28, 0.72], p=[0.2, 0.4, 0.4])), 1), count - 1
        )
        order = np.argsort(side)
        larger = max(cut, count - cut)
        radius.append((own, min(own, leaf_mm * larger**power * 1.08)))
        waiting += [(end, onward, supplied[half]) for half in (order[:cut], order[cut:])]
    return Branches(np.array(control), np.array(radius))


def bezier(branches: Branches, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places (n, len(t), 3) and tangents of the curves."""
    a, b, c = (branches.control[:, k, None, :] for k in range(3))
    t = t[None, :, None]
    return (
        (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c,
        2 * (1 - t) * (b - a) + 2 * t * (c - b),
    )


def strand_of(branches: Branches, *, step_mm: float = 0.6) -> Strand:
    """Turn branches into round strands."""
    length = np.linalg.norm(np.diff(branches.control, axis=1), axis=2).sum(axis=1)
    counts = np.clip(2 ** np.ceil(np.log2(length / step_mm)), 4, 128).astype(int)
    pieces: list[list[np.ndarray]] = [[], [], [], []]
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        part = Branches(branches.control[chosen], branches.radius[chosen])
        t = (np.arange(count) + 0.5) / count
        place, tangent = bezier(part, t)
        speed = np.linalg.norm(tangent, axis=2, keepdims=True) + 1e-9
        tangent = tangent / speed
        other = np.where(np.abs(tangent[..., 2:]) < 0.8, [0.0, 0, 1], [1.0, 0, 0])
        u = np.cross(tangent, other)
        u /= np.linalg.norm(u, axis=2, keepdims=True) + 1e-9
        v = np.cross(tangent, u)
        r = part.radius[:, :1] + (part.radius[:, 1:] - part.radius[:, :1]) * t[None, :]
        pieces[0].append(place.reshape(-1, 3))
        pieces[1].append((u * r[..., None]).reshape(-1, 3))
        pieces[2].append((v * r[..., None]).reshape(-1, 3))
        pieces[3].append((speed[..., 0] / count).reshape(-1))
    return Strand(*(np.concatenate(piece) for piece in pieces))


def bronchi_beside(arteries: Branches) -> Branches:
    """Return the bronchi that run beside the arteries that are large enough to have one seen."""
    seen = arteries.radius[:, 0] > 1.25
    control, radius = arteries.control[seen], arteries.radius[seen]
    # a bronchus lies towards the middle and the back of its artery
    offset = np.array([-0.55, 0.6, 0.25])
    offset = offset * np.where(control[:, :1, :1] < 0, [[[-1.0, 1, 1]]], [[[1.0, 1, 1]]])
    gap = np.stack([radius[:, 0], radius.mean(axis=1), radius[:, 1]], axis=1) * 1.5 + 0.7
    return Branches(control + offset * gap[..., None], radius * 0.5)
