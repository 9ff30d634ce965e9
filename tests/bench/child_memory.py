"""Memory of the guarded child, and of its parent, for an enhanced CT of 500 frames.

Target: under 1.5 GB for the child and 300 MB for the parent, native and encapsulated.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.datasets import ct_pixels, enhanced_ct_dataset, in_transfer_syntax
from tests.uploads.dicom.children import children_at_work
from uploads.dicom.batch import Item, Outcome, run_batch
from uploads.dicom.deid.pseudonyms import Pseudonyms

FRAMES = 500
SIDE = 512
TARGET_CHILD_MB = 1500
TARGET_PARENT_MB = 300
_KEYS = Pseudonyms(secret=bytes(32), key_id="bench", organisation_key="b", upload_key="b")
_SYNTAXES = (
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
)


def measure() -> None:
    for syntax in _SYNTAXES:
        for bits_stored in (16, 12):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "source"
                path.write_bytes(enhanced_ct(FRAMES, SIDE, syntax, bits_stored=bits_stored))
                start = time.monotonic()
                outcome, child_mb, parent_mb = worked_on(path)
                seconds = time.monotonic() - start
            is_met = child_mb < TARGET_CHILD_MB and parent_mb < TARGET_PARENT_MB
            print(
                f"  {syntax.name}, {bits_stored} bits: {outcome.reason or outcome.status}, "
                f"child {child_mb:.0f} MB, parent {parent_mb:+.0f} MB, {seconds:.0f} s"
                f"{'' if is_met else '  MISSED'}"
            )


def enhanced_ct(frames: int, side: int, syntax: UID, *, bits_stored: int = 16) -> bytes:
    """A file of noisy frames; with 12 bits stored, the bits above them hold letters."""
    dataset = enhanced_ct_dataset(frames, Rows=side, Columns=side)
    slice_of_it = ct_pixels(1, side)
    pixels = np.empty((frames, side, side), np.int16)
    for frame in range(frames):
        pixels[frame] = np.roll(slice_of_it, frame % 8, axis=0).clip(-1024, 2047)
    if bits_stored < 16:
        dataset.BitsStored, dataset.HighBit = bits_stored, bits_stored - 1
        # above the stored bits: what the child must clear
        pixels[:, 5, 5:9] |= 0x5000
    dataset.PixelData = pixels.tobytes()
    return in_transfer_syntax(dataset, syntax)


def worked_on(path: Path) -> tuple[Outcome, float, float]:
    """The outcome of one file, the child's peak of memory and what the parent's grew by, in MB."""
    before = _megabytes("self", "VmRSS")
    with tempfile.TemporaryDirectory() as folder, _watched_children() as peaks:
        item = Item("a", path, wants_thumbnail=True)
        (outcome,) = run_batch(Path(folder), [item], pseudonyms=_KEYS)
    return outcome, max(peaks), max(_megabytes("self", "VmRSS") - before, 0)


@contextmanager
def _watched_children() -> Iterator[list[float]]:
    """The peaks of the guarded children of this process, read until it is left."""
    peaks, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.01):
            peaks.extend(_megabytes(child.pid, "VmHWM") for child in children_at_work())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        is_over.set()
        watcher.join()


def _megabytes(pid: int | str, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    found = (line.split()[1] for line in lines if line.startswith(name + ":"))
    return int(next(found, "0")) / 1024
