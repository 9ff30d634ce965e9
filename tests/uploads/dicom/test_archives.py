import contextlib
import io
import stat
import struct
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets import ct_series, ct_slice, zip_of
from uploads.dicom.archives import Entry, Limits, entries, extract, is_zip
from uploads.dicom.reasons import Reason, Refused

DEFLATED, STORED = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED


def listed(data: bytes, **limits: int) -> list[Entry]:
    return entries(io.BytesIO(data), limits=Limits(**limits))


def ranges_of(data: bytes):
    def read_range(offset: int, length: int) -> bytes:
        return data[offset : offset + length]

    return read_range


def unpacked(data: bytes, **limits: int) -> list[bytes]:
    return [extract(ranges_of(data), entry) for entry in listed(data, **limits)]


def refusal(data: bytes, **limits: int) -> Reason:
    with pytest.raises(Refused) as refused:
        unpacked(data, **limits)
    return refused.value.reason


def archive_of(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for info, content in members:
            archive.writestr(info, content)
    return stream.getvalue()


# --- What is taken ---------------------------------------------------------------


@pytest.mark.parametrize("method", [DEFLATED, STORED])
def test_every_file_of_a_zip_comes_out_as_it_went_in(method):
    slices = ct_series(4)
    data = zip_of({f"PATIENT/CT/IM{n}": content for n, content in enumerate(slices)}, method=method)

    assert unpacked(data) == slices
    assert [entry.index for entry in listed(data)] == [0, 1, 2, 3]
    assert [entry.name for entry in listed(data)] == [f"PATIENT/CT/IM{n}" for n in range(4)]


def test_folders_indexes_and_leftovers_are_skipped():
    image = ct_slice()
    skipped = (
        *("a/", "DICOMDIR", "b/dicomdir", "__MACOSX/._IM1", "a/.DS_Store"),
        *("Thumbs.db", "._IM1", "__MACOSX/a/IM1", "a\\__MACOSX\\IM1"),
    )
    data = zip_of({**dict.fromkeys(skipped, b""), "a/IM1": image})

    assert unpacked(data) == [image]


def test_a_comment_behind_the_archive_is_no_obstacle():
    data = zip_of({"IM1": ct_slice()})
    commented = io.BytesIO(data)
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"sent on a Tuesday " * 100

    assert unpacked(commented.getvalue()) == [ct_slice()]


def test_a_zip_written_to_a_stream_is_read():
    class Stream(io.RawIOBase):
        """Cannot seek, so that sizes stand behind the members, as many tools write them."""

        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, part) -> int:
            self.data += bytes(part)
            return len(part)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", DEFLATED) as archive:
        for number, content in enumerate(ct_series(2)):
            archive.writestr(f"IM{number}", content)

    assert unpacked(stream.data) == ct_series(2)


def test_only_the_directory_is_read_to_list_a_zip():
    data = zip_of({f"IM{n}": ct_slice(number=n) for n in range(20)}, method=STORED)

    class Counted(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            part = super().read(size)
            Counted.taken += len(part)
            return part

    assert len(entries(Counted(data), limits=Limits())) == 20
    assert Counted.taken < len(data) / 2


def test_a_zip_is_known_by_its_first_bytes():
    assert is_zip(zip_of({"a": b"b"}))
    assert is_zip(zip_of({}))
    assert not is_zip(ct_slice())
    assert not is_zip(b"")


def test_a_dicom_file_that_begins_as_a_zip_is_none():
    source = b"PK\x03\x04" + ct_slice()[4:]

    assert not is_zip(source[:132])
    assert unpacked(zip_of({"IM1": source})) == [source]


# --- What is refused -------------------------------------------------------------


def test_an_archive_without_files_is_refused():
    assert refusal(zip_of({})) is Reason.ARCHIVE_EMPTY
    assert refusal(zip_of({"a/": b"", "DICOMDIR": b"x"})) is Reason.ARCHIVE_EMPTY


def test_what_is_no_archive_is_refused():
    data = zip_of({"IM1": ct_slice()})

    for damaged in (b"", b"PK\x03\x04", b"PK\x05\x06", data[:-30], data[: len(data) // 2]):
        assert refusal(damaged) is Reason.ARCHIVE_DAMAGED


def test_more_files_than_may_be_are_refused():
    data = zip_of({f"IM{n}": b"x" for n in range(11)})

    assert len(listed(data, entries=11)) == 11
    assert refusal(data, entries=10) is Reason.ARCHIVE_TOO_MANY_ENTRIES


def test_a_directory_of_very_many_entries_is_refused_before_it_is_parsed():
    data = zip_of({f"{n}/": b"" for n in range(500)})

    assert refusal(data, entries=10) is Reason.ARCHIVE_TOO_MANY_ENTRIES


def test_a_directory_that_hides_its_length_is_refused_soon():
    # the end record counts one entry, the directory has a quarter of a million of them
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 6, *[0] * 3, 1, *[0] * 6) + b"a"
    directory = entry * 250_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    start = time.process_time()

    assert refusal(directory + end, entries=100) is Reason.ARCHIVE_TOO_MANY_ENTRIES
    assert time.process_time() - start < 1


def test_a_long_directory_of_the_large_form_is_refused_soon():
    # the small end record is modest, and the large one (ZIP64) that stands instead is not
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 6, *[0] * 3, 1, *[0] * 6) + b"a"
    directory = entry * 250_000
    size, count = len(directory), 250_000
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, size, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 47, 0xFFFFFFFF, 0)
    start = time.process_time()

    reason = refusal(directory + large + locator + end, entries=100)

    assert reason is Reason.ARCHIVE_TOO_MANY_ENTRIES
    assert time.process_time() - start < 1


def test_a_large_end_record_that_is_said_to_be_elsewhere_is_refused():
    # readers differ in where they look for it, so that one may be shown another directory
    data = zip_of({"IM1": ct_slice()})
    end = data.index(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 49, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 3, 1)

    assert refusal(data[:end] + large + locator + data[end:]) is Reason.ARCHIVE_DAMAGED


def test_an_archive_of_the_large_form_is_read():
    data = zip_of({"IM1": ct_slice()})
    place, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - place, place)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    small = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)

    assert unpacked(data[:end] + large + locator + small) == [ct_slice()]


def test_more_bytes_in_all_than_may_be_are_refused():
    data = zip_of({f"IM{n}": ct_slice(number=n) for n in range(4)})

    assert refusal(data, total_bytes=20_000) is Reason.ARCHIVE_BOMB
    assert refusal(data, entry_bytes=5_000) is Reason.ARCHIVE_BOMB


def test_a_file_that_swells_a_thousandfold_is_refused():
    data = zip_of({"IM1": bytes(20 * 1024**2)})

    assert len(data) < 30_000
    assert refusal(data) is Reason.ARCHIVE_BOMB


def test_a_member_that_lies_about_its_size_never_grows_beyond_it():
    data = zip_of({"IM1": bytes(20 * 1024**2)})
    honest = struct.pack("<I", 20 * 1024**2)
    lying = data.replace(honest, struct.pack("<I", 1000))
    assert lying != data

    assert refusal(lying) is Reason.ARCHIVE_DAMAGED


def test_members_that_overlap_are_refused():
    # a directory that names one member many times, as overlapping bombs do
    data = zip_of({"IM1": ct_slice()})
    place = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    directory = data[place:end] * 50
    record = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 50, 50, len(directory), place, 0)

    assert refusal(data[:place] + directory + record) is Reason.ARCHIVE_OVERLAPS


def test_a_member_that_reaches_into_the_directory_is_refused():
    data = bytearray(zip_of({"IM1": ct_slice()}, method=STORED))
    place = data.index(b"PK\x01\x02")
    size = struct.unpack_from("<I", data, place + 20)[0]
    struct.pack_into("<II", data, place + 20, size + 60, size + 60)

    assert refusal(bytes(data)) is Reason.ARCHIVE_OVERLAPS


def test_a_protected_archive_is_refused():
    data = bytearray(zip_of({"IM1": ct_slice()}))
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1

    assert refusal(bytes(data)) is Reason.ARCHIVE_ENCRYPTED


def test_links_are_refused():
    link = zipfile.ZipInfo("IM1")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert refusal(archive_of((link, b"/etc/passwd"))) is Reason.ARCHIVE_HAS_LINKS


@pytest.mark.parametrize("name", ["inner.zip", "a/INNER.ZIP", "x.7z", "x.tar.gz", "IM1"])
def test_an_archive_in_an_archive_is_refused_whatever_its_name(name):
    inner = zip_of({"IM1": ct_slice()})

    assert refusal(zip_of({name: inner})) is Reason.ARCHIVE_NESTED


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused(method):
    data = zip_of({"IM1": ct_slice()}, method=method)

    assert refusal(data) is Reason.ARCHIVE_METHOD_NOT_ACCEPTED


def test_a_member_whose_bytes_were_changed_is_refused():
    data = bytearray(zip_of({"IM1": ct_slice()}, method=STORED))
    data[5000] ^= 1

    assert refusal(bytes(data)) is Reason.ARCHIVE_DAMAGED


def test_names_that_climb_are_only_names():
    names = ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\x", "a\0b", "nul"]
    data = zip_of({name: ct_slice(number=n) for n, name in enumerate(names)})

    assert unpacked(data) == [ct_slice(number=n) for n in range(len(names))]


def test_a_file_may_have_an_empty_name():
    data = zip_of({"IM1": ct_slice()}).replace(b"IM1", b"\0M1")

    assert unpacked(data) == [ct_slice()]


GOOD = zip_of({"a/IM1": b"one" * 50, "a/IM2": b"two" * 70})


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6
    ),
    cut=st.integers(0, len(GOOD)),
    is_cut=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_mutated_archive_gives_its_files_or_a_reason(changes, cut, is_cut):
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    mutated = bytes(data[:cut] if is_cut else data)
    with contextlib.suppress(Refused):
        # whatever else is raised fails the test
        assert set(unpacked(mutated)) <= {b"one" * 50, b"two" * 70}
