"""The file around an output's data set: preamble, file meta group, no gap, nothing behind.

References
----------
DICOM PS3.10 7.1 (the file meta group), PS3.5 7.1 (the data set) and A.5 (deflated).
"""

import re
import zlib

from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset

from uploads.dicom.deid.statement import IMPLEMENTATION_CLASS_UID
from uploads.dicom.elements import DEFLATED_LITTLE_ENDIAN
from uploads.dicom.reading import Source

_PIXEL_DATA = 0x7FE00010
_LONG_VRS = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # noqa: SIM905 — shorter so
_UNDEFINED = 0xFFFFFFFF
_END_OF_FRAGMENTS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_GROUP_LENGTH = 12
_VERSION_NAME = re.compile(rb"BSTI-DB [0-9]{1,4}")


def is_enclosed(dataset: FileDataset, output: bytes, source: Source) -> bool:
    """Whether an output is nothing but the meta group we write and the elements that were read.

    Call it before an element of the data set is converted.
    """
    if output[:132] != bytes(128) + b"DICM":
        return False
    start = _end_of_meta(output, source)
    if start is None:
        return False
    if source.transfer_syntax_uid == DEFLATED_LITTLE_ENDIAN:
        machine = zlib.decompressobj(-zlib.MAX_WBITS)
        body = machine.decompress(output[start:])
        return machine.unused_data in (b"", b"\0") and _is_whole(dataset, body, 0)
    return _is_whole(dataset, output, start)


def names_itself(dataset: FileDataset) -> bool:
    """Whether the meta group names the class and the instance that the data set is."""
    meta = dataset.file_meta
    return bool(
        meta.MediaStorageSOPClassUID == dataset.SOPClassUID
        and meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    )


def _end_of_meta(output: bytes, source: Source) -> int | None:
    """Where the data set begins; None when the group is not exactly what we write."""
    if output[132:140] != b"\x02\0\0\0UL\x04\0":
        return None
    position = 132 + _GROUP_LENGTH
    end = position + int.from_bytes(output[140:144], "little")
    values: dict[int, bytes] = {}
    while position < end:
        number = int.from_bytes(output[position + 2 : position + 4], "little")
        head = 12 if output[position + 4 : position + 6] == b"OB" else 8
        width = 4 if head == 12 else 2
        length = int.from_bytes(output[position + head - width : position + head], "little")
        if output[position : position + 2] != b"\x02\0" or number in values:
            return None
        values[number] = output[position + head : position + head + length].rstrip(b"\0 ")
        position += head + length
    expected = {
        0x0001: b"\0\1",
        0x0002: source.sop_class_uid.encode(),
        0x0003: values.get(0x0003, b""),
        0x0010: source.transfer_syntax_uid.encode(),
        0x0012: IMPLEMENTATION_CLASS_UID.encode(),
        0x0013: values.get(0x0013, b""),
    }
    is_right = values == expected and _VERSION_NAME.fullmatch(values[0x0013]) is not None
    return end if is_right and position == end else None


def _is_whole(dataset: FileDataset, body: bytes, position: int) -> bool:
    """Whether one element follows the other without a gap, the pixels last, and no byte after."""
    for key in dataset.keys():  # noqa: SIM118 — to iterate over the data set itself converts values
        raw = dataset.get_item(key, keep_deferred=True)
        if not isinstance(raw, RawDataElement):
            return False
        head = 8 if raw.VR is None or raw.is_implicit_VR or raw.VR not in _LONG_VRS else 12
        if raw.value_tell != position + head:
            return False
        if raw.length == _UNDEFINED:
            return int(key) == _PIXEL_DATA and _ends_with_fragments(raw, body)
        position = raw.value_tell + raw.length
        if int(key) == _PIXEL_DATA:
            return position == len(body)
    return False


def _ends_with_fragments(raw: RawDataElement, body: bytes) -> bool:
    fragments = len(raw.value or b"")
    end = raw.value_tell + fragments
    return body[end:] == _END_OF_FRAGMENTS
