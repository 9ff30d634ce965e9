"""How many identities in pictures are found, and how many innocent pictures are held.

Target: at least 0.98 of the identities, at most 5 % of the innocent pictures, and 1.5 ms a slice
for what is done to ordinary CT.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bsti_db.demonstration.phantoms import Disease, chest_volume
from bsti_db.demonstration.phantoms.volumes import reconstructed
from tests.datasets.pictures import Picture, pictures
from uploads.dicom.burned_in import Look, findings

# other pictures, of other people, than those on which the thresholds were set (which begin at 0)
FIRST_SEED = 10_000
WITH_TEXT = 160
INNOCENT = 160
SLICES = 40
TARGET_RECALL = 0.98
TARGET_FALSE_HOLDS = 0.05
TARGET_MILLISECONDS = 1.5


def measure() -> None:
    print(f"  seeds from {FIRST_SEED} on")
    missed, found, seconds = _looked_at(pictures(WITH_TEXT, with_text=True, first=FIRST_SEED))
    recall = len(found) / WITH_TEXT
    print(f"  recall {recall:.3f} ({len(found)} of {WITH_TEXT}; target {TARGET_RECALL})")
    print(f"  {seconds / WITH_TEXT:.2f} s of one core a picture with text")
    _tell(missed, "not found")
    innocent, held, seconds = _looked_at(pictures(INNOCENT, with_text=False, first=FIRST_SEED))
    print(
        f"  false holds {len(held) / INNOCENT:.3f} ({len(held)} of {INNOCENT}; "
        f"target {TARGET_FALSE_HOLDS})"
    )
    print(
        f"  {seconds / INNOCENT:.2f} s of one core an innocent picture, {len(innocent)} let through"
    )
    _tell(held, "held")
    _measure_slices()


def _looked_at(shown: Iterator[Picture]) -> tuple[list[Picture], list[Picture], float]:
    """Pictures without findings, pictures with, and the seconds that looking took."""
    without, found, seconds = [], [], 0.0
    for one in shown:
        started = time.process_time()
        boxes = findings(one.frame, look=Look.CLOSELY)
        seconds += time.process_time() - started
        # the pixels of hundreds of radiographs would fill the memory
        (found if boxes else without).append(replace(one, frame=np.empty(0)))
    return without, found, seconds


def _tell(wrong: list[Picture], what: str) -> None:
    for one in wrong[:20]:
        print(f"    {what}: {one.told}")
    words = Counter(word for one in wrong for word in one.told.replace(",", "").split())
    if wrong:
        print("    most often:", ", ".join(f"{word} {n}" for word, n in words.most_common(5)))


def _measure_slices() -> None:
    volume = chest_volume(5, Disease(ground_glass=0.5), slices=SLICES)
    for kernel in ("soft", "lung"):
        took, held = [], 0
        for number in range(SLICES):
            frame = reconstructed(volume, number, kernel=kernel).astype(np.int16)
            started = time.process_time()
            held += bool(findings(frame, look=Look.GLYPHS))
            took.append(time.process_time() - started)
        rows, columns = frame.shape
        print(
            f"  drawn letters alone, {kernel} kernel: {1000 * float(np.mean(took)):.2f} ms a slice "
            f"of {rows} x {columns} (target {TARGET_MILLISECONDS}), {held} of {SLICES} held"
        )
