"""What was done to a file, attribute by attribute, without a single value. Reports add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydicom.datadict import DicomDictionary, dictionary_description, dictionary_keyword


class Done(StrEnum):
    REMOVED = "removed"
    REPLACED = "replaced"
    SHIFTED = "shifted"
    EMPTIED = "emptied"
    CLEANED = "cleaned"
    KEPT = "kept"
    ADDED = "added"

    # an enumeration's own is no faster than a call; this is as good for what equals its text
    __hash__ = str.__hash__


PRIVATE = "private"
UNKNOWN = "unknown"
# places outside the data set
PREAMBLE = "preamble"
FILE_META = "file meta information"
BEHIND = "bytes behind the image"


@dataclass
class Report:
    """Counts by place and by what was done; a place is an attribute's tag or a name from above.

    The numbers of private and unknown attributes are not told: whoever made the file chose them.
    """

    counts: Counter[tuple[str, Done]] = field(default_factory=Counter)

    def add(self, tag: int, done: Done) -> None:
        self.counts[place_of(tag), done] += 1

    def add_place(self, place: str, done: Done, count: int = 1) -> None:
        if count:
            self.counts[place, done] += count

    def merge(self, other: "Report", *, times: int = 1) -> None:
        """Add another file's report, or that of so many files that were treated alike."""
        for place, count in other.counts.items():
            self.counts[place] += times * count

    def to_json(self) -> dict[str, dict[str, int]]:
        result: dict[str, dict[str, int]] = {}
        for (place, done), count in sorted(self.counts.items()):
            result.setdefault(place, {})[done.value] = count
        return result

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, int]]) -> "Report":
        return cls(
            Counter(
                {
                    (place, Done(done)): count
                    for place, counts in data.items()
                    for done, count in counts.items()
                }
            )
        )

    def rows(self) -> list[dict[str, Any]]:
        """For a page: tag, keyword, name and a count for each thing done, in tag order."""
        return [_row(place, counts) for place, counts in self.to_json().items()]


@lru_cache(maxsize=4096)
def place_of(tag: int) -> str:
    if tag >> 16 & 1:
        return PRIVATE
    return f"{tag:08X}" if tag in DicomDictionary else UNKNOWN


def _row(place: str, counts: Mapping[str, int]) -> dict[str, Any]:
    is_tag = place not in (PRIVATE, UNKNOWN, PREAMBLE, FILE_META, BEHIND)
    if not is_tag:
        names = {PRIVATE: "Private attributes", UNKNOWN: "Attributes the standard does not know"}
        name = names.get(place, place.capitalize())
        return {"tag": "", "keyword": "", "name": name, **counts}
    tag = int(place, 16)
    return {
        "tag": f"({place[:4]},{place[4:]})",
        "keyword": dictionary_keyword(tag),
        "name": dictionary_description(tag),
        **counts,
    }
