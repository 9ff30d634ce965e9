"""Zip files, read member by member within bounds; nothing is unpacked to a name of the sender's."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from uploads.dicom.reasons import Reason, Refused

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_END_RECORD = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")
_LARGE_END_RECORD = struct.Struct("<4sQ2H2I4Q")
_LOCAL_SIGNATURE, _END_SIGNATURE = b"PK\x03\x04", b"PK\x05\x06"
_LOCATOR_SIGNATURE, _LARGE_END_SIGNATURE = b"PK\x06\x07", b"PK\x06\x06"
_LONGEST_COMMENT = 65_535
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_ENCRYPTED = 0x1
_SKIPPED_NAMES = frozenset({"DICOMDIR", ".DS_STORE", "THUMBS.DB", "DESKTOP.INI"})
_SKIPPED_FOLDERS = frozenset({"__MACOSX"})
_ARCHIVE_ENDINGS = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz"})
# an honest image rarely shrinks so far, and deflate cannot shrink further than 1:1032
_SUSPICIOUS_RATIO, _SUSPICIOUS_BYTES = 250, 10 * 1024**2


# as much of a file as `is_zip` looks at
HEAD_BYTES = 132


@dataclass(frozen=True)
class Limits:
    """The most an archive may hold: members, their bytes in all, and the bytes of one."""

    entries: int = 2_000
    total_bytes: int = 2 * 1024**3
    entry_bytes: int = 512 * 1024**2


@dataclass(frozen=True)
class Entry:
    """One member: its place in the archive, and its name, which only its sender may see."""

    index: int
    offset: int
    compressed_bytes: int
    size_bytes: int
    method: int
    crc: int
    name: str


def is_zip(head: bytes) -> bool:
    """Whether a file that begins with these HEAD_BYTES is a zip, an empty one too.

    A DICOM file may begin as a zip does: its preamble is anybody's, and is zeroed.
    """
    return head[:4] in (_LOCAL_SIGNATURE, _END_SIGNATURE) and head[128:132] != b"DICM"


def entries(archive: IO[bytes], *, limits: Limits) -> list[Entry]:
    """The members of a zip that may be images, in the order of its directory.

    Parameters
    ----------
    archive
        The zip, readable and seekable. Only its directory is read.
    limits
        What it may hold at most.

    Returns
    -------
    list of Entry
        Without folders, DICOMDIR and what operating systems leave behind.

    Raises
    ------
    Refused
        For an archive that is damaged, encrypted, empty, nested, linked, overlapping, compressed
        in another way than stored or deflated, or beyond the limits.
    """
    directory_offset = _check_directory(archive, limits)
    try:
        with zipfile.ZipFile(archive) as read:
            infos = read.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error):
        raise Refused(Reason.ARCHIVE_DAMAGED) from None
    _check_overlap(infos, directory_offset)
    kept = [info for info in infos if not _is_skipped(info)]
    if not kept:
        raise Refused(Reason.ARCHIVE_EMPTY)
    if len(kept) > limits.entries:
        raise Refused(Reason.ARCHIVE_TOO_MANY_ENTRIES)
    if sum(info.file_size for info in kept) > limits.total_bytes:
        raise Refused(Reason.ARCHIVE_BOMB)
    return [_entry(index, info, limits) for index, info in enumerate(kept)]


def extract(read_range: Callable[[int, int], bytes], entry: Entry) -> bytes:
    """The bytes of one member.

    Parameters
    ----------
    read_range
        Gives `length` bytes of the archive from `offset`.
    entry
        As `entries` gave it.

    Raises
    ------
    Refused
        When the member is not what the directory said: other size, other check sum, another zip.
    """
    header = read_range(entry.offset, _LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise Refused(Reason.ARCHIVE_DAMAGED)
    name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)[-2:]
    start = entry.offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    packed = read_range(start, entry.compressed_bytes)
    if len(packed) != entry.compressed_bytes:
        raise Refused(Reason.ARCHIVE_DAMAGED)
    content = _inflated(packed, entry) if entry.method == _DEFLATED else packed
    if len(content) != entry.size_bytes or zlib.crc32(content) != entry.crc:
        raise Refused(Reason.ARCHIVE_DAMAGED)
    if is_zip(content[:132]):
        raise Refused(Reason.ARCHIVE_NESTED)
    return content


def _inflated(packed: bytes, entry: Entry) -> bytes:
    """Inflate to one byte more than was said, at most: a bomb never grows."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.size_bytes + 1)
    except zlib.error:
        raise Refused(Reason.ARCHIVE_DAMAGED) from None


def _check_directory(archive: IO[bytes], limits: Limits) -> int:
    """Look at the end record before anything is parsed; gives where the directory begins."""
    size = archive.seek(0, io.SEEK_END)
    tail_bytes = min(size, _LONGEST_COMMENT + _END_RECORD.size)
    archive.seek(size - tail_bytes)
    tail = archive.read(tail_bytes)
    place = tail.rfind(_END_SIGNATURE)
    if place < 0 or len(tail) - place < _END_RECORD.size:
        raise Refused(Reason.ARCHIVE_DAMAGED)
    count, directory_bytes, directory_offset = _END_RECORD.unpack_from(tail, place)[4:7]
    before = tail[max(0, place - _LOCATOR.size) : place]
    if before.startswith(_LOCATOR_SIGNATURE):
        # the large form's record stands instead of the small one; zipfile of Python 3.11 looks
        # for it before the locator and nowhere else, so it must not be said to be elsewhere
        offset = size - tail_bytes + place - _LOCATOR.size - _LARGE_END_RECORD.size
        if _LOCATOR.unpack(before)[2] != offset or offset < 0:
            raise Refused(Reason.ARCHIVE_DAMAGED)
        count, directory_bytes, directory_offset = _large_end(archive, offset)
    # folders are entries too, so some room is left above the limit of files
    if count > 4 * limits.entries or directory_bytes > 4096 * 4 * limits.entries:
        raise Refused(Reason.ARCHIVE_TOO_MANY_ENTRIES)
    archive.seek(0)
    return int(directory_offset)


def _large_end(archive: IO[bytes], offset: int) -> tuple[int, int, int]:
    """Count, length and offset of the directory, as the ZIP64 end record says."""
    archive.seek(offset)
    record = archive.read(_LARGE_END_RECORD.size)
    if len(record) < _LARGE_END_RECORD.size or not record.startswith(_LARGE_END_SIGNATURE):
        raise Refused(Reason.ARCHIVE_DAMAGED)
    count, directory_bytes, directory_offset = _LARGE_END_RECORD.unpack(record)[7:10]
    return count, directory_bytes, directory_offset


def _check_overlap(infos: Iterable[zipfile.ZipInfo], directory_offset: int) -> None:
    end = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise Refused(Reason.ARCHIVE_OVERLAPS)
        end = info.header_offset + _LOCAL_HEADER.size + info.compress_size
    if end > directory_offset:
        raise Refused(Reason.ARCHIVE_OVERLAPS)


def _is_skipped(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    is_left_behind = path.name.upper() in _SKIPPED_NAMES or path.name.startswith("._")
    # a name may be empty: what stands behind a NUL is no part of it
    is_folder = info.filename.endswith("/")
    return is_folder or is_left_behind or not _SKIPPED_FOLDERS.isdisjoint(path.parts)


def _entry(index: int, info: zipfile.ZipInfo, limits: Limits) -> Entry:
    if info.flag_bits & _ENCRYPTED:
        raise Refused(Reason.ARCHIVE_ENCRYPTED)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused(Reason.ARCHIVE_HAS_LINKS)
    if info.compress_type not in (_STORED, _DEFLATED):
        raise Refused(Reason.ARCHIVE_METHOD_NOT_ACCEPTED)
    if PurePosixPath(info.filename).suffix.lower() in _ARCHIVE_ENDINGS:
        raise Refused(Reason.ARCHIVE_NESTED)
    is_swollen = info.file_size > _SUSPICIOUS_RATIO * max(1, info.compress_size)
    if info.file_size > limits.entry_bytes or (is_swollen and info.file_size > _SUSPICIOUS_BYTES):
        raise Refused(Reason.ARCHIVE_BOMB)
    return Entry(
        index=index,
        offset=info.header_offset,
        compressed_bytes=info.compress_size,
        size_bytes=info.file_size,
        method=info.compress_type,
        crc=info.CRC,
        name=info.filename,
    )
