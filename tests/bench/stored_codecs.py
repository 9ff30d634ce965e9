"""JPEG-LS beside HTJ2K as the codec of stored frames: size, time, and what a slow line brings when.

HTJ2K is cut into a part a resolution, so that byte ranges fetch the coarse picture first. The line
is arithmetic: bytes at its speed and one round trip, without the viewer's own time.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import imagecodecs
import numpy as np

from bsti_db.demonstration.phantoms.volumes import chest_volume, reconstructed
from bsti_db.devserver.folder import PROJECT
from uploads.dicom.reading import read
from uploads.dicom.transcoding import frames

SLICES = 24
STACK = 300
LINE_BITS_A_SECOND = 20_000_000
ROUND_TRIP_SECONDS = 0.04
REAL_CT = PROJECT.parent / "shared" / "data" / "real-ct"
_START_OF_TILE_PART = b"\xff\x90"


def measure() -> None:
    for name, slices in _collections():
        print(f"  {name}, {len(slices)} slices")
        jpeg_ls = [_jpeg_ls(each) for each in slices]
        htj2k = [_htj2k(each) for each in slices]
        for codec, codes, encode, decode in (
            ("JPEG-LS", jpeg_ls, _jpeg_ls, imagecodecs.jpegls_decode),
            ("HTJ2K", htj2k, _htj2k, imagecodecs.htj2k_decode),
        ):
            if not all(
                np.array_equal(decode(c).view(s.dtype), s)
                for c, s in zip(codes, slices, strict=True)
            ):
                raise RuntimeError(f"{codec} does not keep the pixels.")
            print(
                f"    {codec:8} {_kib(codes):5.0f} KiB a slice, encoded in"
                f" {_milliseconds(encode, slices):4.1f} ms, decoded in"
                f" {_milliseconds(decode, codes):4.1f} ms;"
                f" first {_seconds(codes, 1):.2f} s, {STACK} in {_seconds(codes, STACK):.1f} s"
            )
        for skipped, share in ((2, "a quarter"), (1, "half")):
            coarse = [_up_to(code, skipped) for code in htj2k]
            if not np.array_equal(
                imagecodecs.htj2k_decode(coarse[0], skipres=skipped, resilient=True),
                imagecodecs.htj2k_decode(htj2k[0], skipres=skipped),
            ):
                raise RuntimeError("The beginning of a codestream is not the coarse picture.")
            print(
                f"      at {share} of the resolution {_kib(coarse):5.0f} KiB a slice;"
                f" first {_seconds(coarse, 1):.2f} s, {STACK} in {_seconds(coarse, STACK):.1f} s"
            )


def _collections() -> Iterator[tuple[str, Sequence[np.ndarray]]]:
    volume = chest_volume(7, slices=SLICES)
    for kernel in ("lung", "soft"):
        hu = [reconstructed(volume, index, kernel=kernel) for index in range(SLICES)]
        yield f"phantom, {kernel} kernel", [(each.astype("i4") + 1024).astype("u2") for each in hu]
    contents = [path.read_bytes() for path in sorted(REAL_CT.rglob("*.dcm"))]
    images = [read(each) for each in contents if each[128:132] == b"DICM"]
    if images:
        yield "real CT", [next(frames(image)) for image in images]


def _jpeg_ls(pixels: np.ndarray) -> bytes:
    # signed pixels are stored as their bits, as `transcoding.encode_frame` does
    return bytes(imagecodecs.jpegls_encode(pixels.view("u2")))


def _htj2k(pixels: np.ndarray) -> bytes:
    parts_by_resolution = imagecodecs.HTJ2K.TILEPART.RESOLUTIONS
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True, tilepart=parts_by_resolution))


def _up_to(code: bytes, skipped: int) -> bytes:
    """The beginning of a codestream without its `skipped` finest resolutions."""
    ends, position = [], code.index(_START_OF_TILE_PART)
    while code[position : position + 2] == _START_OF_TILE_PART:
        position += int.from_bytes(code[position + 6 : position + 10])
        ends.append(position)
    return code[: ends[-1 - skipped]]


def _kib(codes: Sequence[bytes]) -> float:
    return sum(map(len, codes)) / len(codes) / 1024


def _milliseconds(work: Callable, given: Sequence) -> float:
    start = time.process_time()
    for each in given:
        work(each)
    return 1000 * (time.process_time() - start) / len(given)


def _seconds(codes: Sequence[bytes], count: int) -> float:
    """Until so many frames of this mean size are there."""
    size = sum(map(len, codes)) / len(codes)
    return ROUND_TRIP_SECONDS + 8 * size * count / LINE_BITS_A_SECOND
