"""A zip that is sent while it is written."""

import io
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo


class _Sink(io.RawIOBase):
    """Keeps what a zip writes until it is taken; a stream that cannot be sought."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def zipped(files: Iterable[tuple[str, bytes]], *, packed: bool = True) -> Iterator[bytes]:
    """A zip of these files, one file in memory at a time; the same files are the same bytes.

    `packed` is False for what is compressed already.
    """
    method = ZIP_DEFLATED if packed else ZIP_STORED
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for name, content in files:
            archive.writestr(ZipInfo(name), content, compress_type=method)
            yield sink.taken()
    yield sink.taken()
