"""Radiographs and localisers with and without text, made from the synthetic chest.

Every picture comes from one seed and is always the same. Those with text carry one line that tells
an identity; those without carry what innocent pictures carry: side markers, tubes, wires, clips.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import imagecodecs
import numpy as np

from bsti_db.demonstration.phantoms import Disease, chest_volume
from bsti_db.demonstration.phantoms.projection import path_lengths, processed
from tests.datasets.lettering import FACES, burned, lettered

IDENTITIES = (
    "TESTERBY, Harold",
    "HAROLD TESTERBY 04/05/1950",
    "DOB 04-05-1950",
    "943 476 5919",
    "ZZ48213377",
    "Imogen Phantomworth",
    "St Nowhere's Hospital",
    "INVENTED ROYAL INFIRMARY",
    "Dr Nora Notareal",
    "31.03.2020 10:15:22",
)
MARKERS = ("L", "R", "AP", "PA", "AP ERECT", "SUPINE", "MOBILE", "LT", "RT", "L ERECT", "PORTABLE")
# how high a capital is, as a part of the picture's rows
HEIGHTS = (1 / 72, 1 / 50, 1 / 36, 1 / 24, 1 / 15)
SMALLEST_PIXELS = 9
KINDS = ("radiograph", "radiograph", "large radiograph", "localiser")


@dataclass(frozen=True)
class Picture:
    """A frame of stored values, how it is to be shown, and the text burned into it, if any."""

    frame: np.ndarray
    photometric: str
    text: str
    told: str


def pictures(count: int, *, with_text: bool, first: int = 0) -> Iterator[Picture]:
    for seed in range(first, first + count):
        yield picture(seed, with_text=with_text)


def picture(seed: int, *, with_text: bool) -> Picture:
    """One picture; every property comes round, in steps that have no common factor."""
    rng = np.random.default_rng([seed, int(with_text)])
    kind = KINDS[seed // len(FACES) % len(KINDS)]
    frame, top = _chest(kind, seed, rng)
    for add in (_collimation, _tubes, _clips, _wires, _electrodes, _device):
        if rng.random() < 0.3:
            frame = add(frame, top, rng)
    told, text = [kind], ""
    is_free = np.ones(frame.shape, bool)
    if rng.random() < 0.6 or not with_text:
        before = frame
        frame, marker = _marked(frame, top, rng)
        is_free = frame == before
        told.append(marker)
    if with_text:
        text = IDENTITIES[seed // len(HEIGHTS) % len(IDENTITIES)]
        frame, how = _identified(frame, is_free, top, text, seed, rng)
        told.append(how)
    if rng.random() < 0.25:
        quality = int(rng.integers(40, 80))
        frame = damaged(frame, top, quality)
        told.append(f"JPEG {quality}")
    if kind != "localiser" and rng.random() < 0.3:
        return Picture((top - frame).astype(frame.dtype), "MONOCHROME1", text, ", ".join(told))
    if kind == "localiser":
        frame = frame.astype(np.int16) - 1024
    return Picture(frame, "MONOCHROME2", text, ", ".join(told))


def damaged(frame: np.ndarray, top: int, quality: int) -> np.ndarray:
    """The frame after a lossy JPEG of 8 bits."""
    grey = np.rint(frame.astype(np.float32) * (255 / top)).clip(0, 255).astype(np.uint8)
    lossy = imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(grey, level=quality))
    return np.rint(lossy.astype(np.float32) * (top / 255)).astype(frame.dtype)


# --- The chest ----------------------------------------------------------------------


@cache
def _projected(person: int) -> np.ndarray:
    disease = (Disease(), Disease(ground_glass=0.7), Disease(consolidation=0.6))[person % 3]
    volume = chest_volume(40 + person, disease, slices=12, matrix=64)
    view = ("PA", "AP")[person % 2]
    path, pixel_mm = path_lengths(volume.habitus, volume.disease, view=view, columns=1200)
    return processed(path, pixel_mm, seed=person)


def _chest(kind: str, seed: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Stored values from 0 to `top`, in the size of its kind."""
    # every thousand seeds have three people of their own
    base = _projected(seed % 3 + 3 * (seed // 1000)).astype(np.float32)
    if rng.random() < 0.5:
        base = base[:, ::-1]
    columns = {"radiograph": 1200, "large radiograph": 2500, "localiser": 512}[kind]
    rows = round(base.shape[0] * columns / base.shape[1])
    method = cv2.INTER_AREA if columns < base.shape[1] else cv2.INTER_CUBIC
    base = cv2.resize(np.ascontiguousarray(base), (columns, rows), interpolation=method)
    top = 3071 if kind == "localiser" else (4095, 1023, 16383)[seed % 3]
    # makers map the same shadow to other greys
    tone = np.clip(base / 4095, 0, 1) ** rng.uniform(0.7, 1.4) * rng.uniform(0.75, 1.0)
    grain = rng.standard_normal(tone.shape, dtype=np.float32)
    if kind == "large radiograph":
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 2
    tone += grain * rng.uniform(0.002, 0.012)
    return np.rint(np.clip(tone, 0, 1) * top).astype(np.uint16), top


# --- Innocent things ----------------------------------------------------------------


def _collimation(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    rows, columns = frame.shape
    level = int(rng.choice([0, top, round(0.98 * top)]))
    edges = rng.uniform(0.01, 0.07, 4)
    changed = np.full_like(frame, level)
    inside = (
        slice(int(edges[0] * rows), int((1 - edges[1]) * rows)),
        slice(int(edges[2] * columns), int((1 - edges[3]) * columns)),
    )
    changed[inside] = frame[inside]
    return changed


def _brightened(frame: np.ndarray, ink: np.ndarray, top: int, part: float) -> np.ndarray:
    bright = frame + ink.astype(np.float32) * part * (top - frame.astype(np.float32))
    return np.rint(np.clip(bright, 0, top)).astype(frame.dtype)


def _page(frame: np.ndarray) -> tuple[np.ndarray, float]:
    return np.zeros(frame.shape, np.uint8), frame.shape[1] / 1200


def _tubes(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    page, scale = _page(frame)
    for _ in range(int(rng.integers(1, 4))):
        places = np.cumsum(rng.normal(0, 60, (24, 2)), axis=0) * scale
        places += np.array(frame.shape[::-1]) * rng.uniform(0.2, 0.8, 2)
        for side in (-3, 3):
            line = np.rint(places + side * scale).astype(np.int32)
            cv2.polylines(page, [line], False, 255, max(1, round(1.5 * scale)), cv2.LINE_AA)
    return _brightened(frame, page / 255, top, 0.35)


def _clips(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    page, scale = _page(frame)
    middle = np.array(frame.shape[::-1]) * rng.uniform(0.25, 0.75, 2)
    for _ in range(int(rng.integers(3, 9))):
        start = middle + rng.normal(0, 70, 2) * scale
        end = start + rng.normal(0, 9, 2) * scale
        ends = [tuple(int(v) for v in np.rint(place)) for place in (start, end)]
        cv2.line(page, *ends, 255, max(1, round(3 * scale)), cv2.LINE_AA)
    return _brightened(frame, page / 255, top, 1.0)


def _wires(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    page, scale = _page(frame)
    column = frame.shape[1] * rng.uniform(0.46, 0.54)
    for number in range(int(rng.integers(4, 8))):
        middle = (round(column), round(frame.shape[0] * (0.25 + 0.07 * number)))
        axes = (round(rng.uniform(12, 20) * scale), round(rng.uniform(5, 10) * scale))
        turn = float(rng.uniform(-20, 20))
        cv2.ellipse(page, middle, axes, turn, 20, 340, 255, max(1, round(2 * scale)), cv2.LINE_AA)
    return _brightened(frame, page / 255, top, 0.9)


def _electrodes(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    page, scale = _page(frame)
    for _ in range(int(rng.integers(2, 5))):
        middle = np.array(frame.shape[::-1]) * rng.uniform(0.15, 0.85, 2)
        at = tuple(int(v) for v in middle)
        cv2.circle(page, at, round(11 * scale), 130, max(1, round(2 * scale)), cv2.LINE_AA)
        cv2.circle(page, at, round(5 * scale), 255, -1, cv2.LINE_AA)
        way = np.cumsum(rng.normal(0, 35, (20, 2)), axis=0) * scale + middle
        line = np.rint(way).astype(np.int32)
        cv2.polylines(page, [line], False, 200, max(1, round(2 * scale)), cv2.LINE_AA)
    return _brightened(frame, page / 255, top, 0.8)


def _device(frame: np.ndarray, top: int, rng: np.random.Generator) -> np.ndarray:
    """A pacemaker with its lead."""
    page, scale = _page(frame)
    middle = np.array(frame.shape[::-1]) * (rng.choice([0.25, 0.72]), 0.28)
    at = tuple(int(v) for v in middle)
    axes = (round(38 * scale), round(30 * scale))
    cv2.ellipse(page, at, axes, float(rng.uniform(0, 90)), 0, 360, 150, -1, cv2.LINE_AA)
    cv2.circle(page, at, round(14 * scale), 255, -1, cv2.LINE_AA)
    way = np.cumsum(rng.normal((0, 18), 20, (16, 2)), axis=0) * scale + middle
    line = np.rint(way).astype(np.int32)
    cv2.polylines(page, [line], False, 255, max(2, round(3 * scale)), cv2.LINE_AA)
    return _brightened(frame, page / 255, top, 1.0)


# --- Letters ------------------------------------------------------------------------


def _marked(frame: np.ndarray, top: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """A marker of lead, soft at its edges, or one that the machine drew; sometimes in a circle."""
    marker = str(rng.choice(MARKERS))
    height = max(SMALLEST_PIXELS + 3, round(frame.shape[0] * rng.uniform(1 / 45, 1 / 20)))
    ink = lettered(marker, face=str(rng.choice(FACES[:4])), height=height)
    if len(marker) == 1 and rng.random() < 0.4:
        ink = _circled(ink)
    is_lead = rng.random() < 0.6
    if is_lead:
        ink = cv2.GaussianBlur(ink, (0, 0), max(0.7, height / 40)) * 0.85
    # clear of the collimation, which may be as bright
    last = int(0.92 * frame.shape[1]) - ink.shape[1]
    column = min(int(rng.choice([0.08, 0.78]) * frame.shape[1]), last)
    row = int(rng.uniform(0.08, 0.25) * frame.shape[0])
    told = f"{'lead' if is_lead else 'drawn'} {marker}"
    return burned(frame, ink, at=(column, row), level=top), told


def _circled(ink: np.ndarray) -> np.ndarray:
    side = round(max(ink.shape) * 1.9)
    page = np.zeros((side, side), np.float32)
    row, column = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    page[row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    thickness = max(1, side // 22)
    cv2.circle(page, (side // 2, side // 2), side // 2 - thickness, 1.0, thickness, cv2.LINE_AA)
    return page


def _free_place(
    is_free: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[int, int]:
    """A place clear of the marker: two lines over each other are no line of text."""
    last = [whole - part - 6 for whole, part in zip(is_free.shape, shape, strict=True)]
    for _ in range(100):
        row, column = (int(rng.integers(3, max(4, left))) for left in last)
        if is_free[row : row + shape[0], column : column + shape[1]].all():
            break
    return row, column


def _identified(
    frame: np.ndarray, is_free: np.ndarray, top: int, text: str, seed: int, rng: np.random.Generator
) -> tuple[np.ndarray, str]:
    face = FACES[seed % len(FACES)]
    height = max(SMALLEST_PIXELS, round(frame.shape[0] * HEIGHTS[seed % len(HEIGHTS)]))
    degrees = (0, 0, 0, 90, 180, 270)[int(rng.integers(6))]
    ink = lettered(text, face=face, height=height, degrees=degrees)
    while max(ink.shape) > 0.95 * min(frame.shape):
        height = round(height * 0.8)
        ink = lettered(text, face=face, height=height, degrees=degrees)
    row, column = _free_place(is_free, ink.shape, rng)
    place = frame[row : row + ink.shape[0], column : column + ink.shape[1]]
    near = float(np.median(place))
    how = ("bright", "bright", "dark", "weak")[int(rng.integers(4))]
    place = frame[row : row + ink.shape[0], column : column + ink.shape[1]]
    near = float(np.median(place))
    if how == "dark" and near < 0.2 * top:
        how = "bright"
    level = {"bright": top, "dark": 0}.get(how)
    if level is None:
        # a tenth of the range, towards the side that has room
        level = near + 0.12 * top if near < 0.5 * top else near - 0.12 * top
    if how == "bright" and near > 0.8 * top:
        level = 0
    told = f"{face} {height} px, {degrees} degrees, {how}"
    return burned(frame, ink, at=(column, row), level=level), told
