"""Reading an output again, by pydicom, and the verdict on each of its elements.

The slices of a series share most of their elements byte for byte. The verdict on one is remembered
beside everything it depends on: the element's bytes, its original in the source, the identifiers of
people, and whether a person has looked.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import FileDataset
from pydicom.filereader import data_element_generator

from uploads.dicom.deid.comparing import Compared, stands
from uploads.dicom.deid.enclosure import Cut
from uploads.dicom.deid.released import TOP
from uploads.dicom.elements import Element, encoding_of
from uploads.dicom.reading import Source

# what is longer is compared but not remembered
_MAX_REMEMBERED_BYTES = 2048
_REMEMBERED = 2048
_SERIES = 4


class _Verdict(NamedTuple):
    """What came of one element: whether it stands, what was met in it, its value interpreted."""

    original: bytes | Element | None
    stands: bool
    met: Compared
    element: DataElement


@dataclass(frozen=True)
class Reread:
    """An output in pieces: its elements as bytes by tag, in the order of the file, and its pixels.

    `elements` are interpreted, all but the pixels, once they were compared.
    """

    raws: Mapping[int, bytes]
    body: bytes
    pixels_start: int
    pixels_end: int
    is_implicit: bool
    is_big_endian: bool
    elements: dict[int, DataElement] = field(default_factory=dict)

    @property
    def pixels(self) -> memoryview:
        return memoryview(self.body)[self.pixels_start : self.pixels_end]

    @cached_property
    def dataset(self) -> FileDataset:
        """All but the pixels as one data set, without a file meta group."""
        known = self.elements
        unknown = [tag for tag in self.raws if tag not in known]
        elements = known | dict(zip(unknown, self.read(unknown), strict=True))
        return FileDataset(
            None,
            {elements[tag].tag: elements[tag] for tag in self.raws},
            is_implicit_VR=self.is_implicit,
            is_little_endian=not self.is_big_endian,
        )

    def read(self, tags: Sequence[int]) -> list[RawDataElement]:
        """Elements as pydicom reads them, not yet interpreted. Raises ValueError."""
        return read([self.raws[tag] for tag in tags], self.is_implicit, self.is_big_endian)


def reread(data_set: Cut, transfer_syntax_uid: str) -> Reread:
    encoding = encoding_of(transfer_syntax_uid)
    return Reread(*data_set, encoding.is_implicit, encoding.is_big_endian)


def read(raws: Sequence[bytes], is_implicit: bool, is_big_endian: bool) -> list[RawDataElement]:
    """The elements that bytes hold, one each, as pydicom reads them.

    Raises ValueError where pydicom sees one end in another place.
    """
    stream = io.BytesIO(b"".join(raws))
    elements = list(data_element_generator(stream, is_implicit, not is_big_endian))
    ends = [element.value_tell + element.length for element in elements]
    if ends != list(accumulate(map(len, raws))):
        raise ValueError("Elements are not as long as their bytes.")
    return elements


def compare(output: Reread, source: Source, found: Compared) -> bool:
    """Whether every element of the output, but the pixels, may stand beside the source's."""
    # bytes of explicit little endian alone say what an element is
    is_usual = not (output.is_implicit or output.is_big_endian)
    known = _verdicts(found.personal, found.is_cleared) if is_usual else {}
    originals = source.originals
    verdicts: dict[int, _Verdict] = {}
    new = []
    for tag, raw in output.raws.items():
        verdict = known.get(raw)
        if verdict is not None and verdict.original == originals.get(tag):
            verdicts[tag] = verdict
        else:
            new.append(tag)
    for tag, plain in zip(new, output.read(new), strict=True):
        # of other encodings a number's kind depends on other elements
        element = convert_raw_data_element(plain) if is_usual else output.dataset[plain.tag]
        verdicts[tag] = _verdict(plain, element, source, found)
    _remember(known, {output.raws[tag]: verdicts[tag] for tag in new})
    met = []
    for tag, verdict in verdicts.items():
        if not verdict.stands:
            return False
        met.append(verdict.met)
        output.elements[tag] = verdict.element
    return found.add(met)


def _remember(known: dict[bytes, _Verdict], verdicts: Mapping[bytes, _Verdict]) -> None:
    if len(known) > _REMEMBERED:
        known.clear()
    known.update((raw, each) for raw, each in verdicts.items() if len(raw) <= _MAX_REMEMBERED_BYTES)


@lru_cache(_SERIES)
def _verdicts(personal: frozenset[bytes], is_cleared: bool) -> dict[bytes, _Verdict]:
    return {}


def _verdict(
    raw: RawDataElement, element: DataElement, source: Source, found: Compared
) -> _Verdict:
    tag = int(raw.tag)
    items: Sequence[FileDataset] = element.value if element.VR == "SQ" else ()
    met = Compared(found.personal, found.is_cleared)
    is_right = stands(raw, items, source.by_tag.get(tag), met, TOP)
    return _Verdict(source.originals.get(tag), is_right, met, element)
