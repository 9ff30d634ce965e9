"""Matching as QIDO-RS asks for it (PS3.4 C.2.2.2): values, lists, wildcards and ranges of dates.

The same condition is asked of database columns and of attributes in DICOM JSON.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from uploads.dicom.headers import Header, values
from uploads.dicomweb.question import BadRequest

PARAMETERS = frozenset(("limit", "offset", "fuzzymatching", "includefield", "accept"))
_LISTS = re.compile(r"[,\\]")


@dataclass(frozen=True)
class Condition:
    """What one attribute must be. Without anything it may be whatever it is."""

    one_of: frozenset[str] | None = None
    pattern: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None

    def on(self, column: str) -> Q:
        """As a filter of a database column."""
        if self.one_of is not None:
            return Q(**{f"{column}__in": self.one_of})
        if self.pattern:
            return Q(**{f"{column}__regex": f"^{self.pattern}$"})
        found = Q()
        if self.first:
            found &= Q(**{f"{column}__gte": self.first})
        if self.last:
            found &= Q(**{f"{column}__lte": self.last})
        return found

    def holds_for(self, attribute: Iterable[Any]) -> bool:
        """Whether one of an attribute's values, in DICOM JSON, is as asked."""
        texts = [
            str(each.get("Alphabetic", "")) if isinstance(each, dict) else str(each)
            for each in attribute
        ]
        if self.one_of is not None:
            return any(text in self.one_of for text in texts)
        if self.pattern:
            return any(re.fullmatch(self.pattern, text) for text in texts)
        if self.first or self.last:
            low = f"{self.first:%Y%m%d}" if self.first else ""
            high = f"{self.last:%Y%m%d}" if self.last else "9"
            return any(low <= text <= high for text in texts)
        return True


def asked(request: HttpRequest, supported: Iterable[str]) -> tuple[dict[str, Condition], list[str]]:
    """The conditions on supported attributes by keyword, and the names that cannot be matched.

    Raises BadRequest for a value that the attribute cannot have.
    """
    known = frozenset(supported)
    conditions, others = {}, []
    for name, text in request.GET.items():
        if name in PARAMETERS:
            continue
        keyword = _keyword(name)
        if keyword in known:
            conditions[keyword] = _condition(keyword, text)
        else:
            others.append(name)
    return conditions, others


def matches(row: Header, conditions: Mapping[str, Condition]) -> bool:
    return all(
        condition.holds_for(values(row, keyword)) for keyword, condition in conditions.items()
    )


def included(request: HttpRequest) -> Callable[[str], bool]:
    """Whether an attribute, by its tag in DICOM JSON, is asked for beyond the usual ones."""
    names = [name for text in request.GET.getlist("includefield") for name in text.split(",")]
    if "all" in names:
        return lambda tag: True
    tags = {f"{tag_for_keyword(keyword) or 0:08X}" for keyword in map(_keyword, names) if keyword}
    return tags.__contains__


def _keyword(name: str) -> str:
    """The keyword of a name given as keyword or as tag; empty when the standard has none."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return keyword_for_tag(int(name, 16))
    return name if tag_for_keyword(name) else ""


def _condition(keyword: str, text: str) -> Condition:
    vr = dictionary_VR(tag_for_keyword(keyword) or 0)
    if not text or set(text) == {"*"}:
        return Condition()
    if vr == "UI":
        return Condition(one_of=frozenset(_LISTS.split(text)))
    if vr == "DA":
        return _range(keyword, text)
    if vr in ("IS", "US", "UL"):
        if not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise BadRequest(f"{keyword} is a whole number.")
        return Condition(one_of=frozenset((str(int(text)),)))
    if "*" in text or "?" in text:
        parts = (_WILD.get(letter, re.escape(letter)) for letter in text)
        return Condition(pattern="".join(parts))
    return Condition(one_of=frozenset(_LISTS.split(text)))


_WILD = {"*": ".*", "?": "."}


def _range(keyword: str, text: str) -> Condition:
    first, separator, last = text.partition("-")
    try:
        begins, ends = (_date(part) for part in (first, last if separator else first))
    except ValueError:
        raise BadRequest(f"{keyword} is a date, 20200331, or a range, 20200301-20200331.") from None
    return Condition(first=begins, last=ends)


def _date(text: str) -> datetime.date | None:
    if text and not re.fullmatch(r"\d{8}", text):
        raise ValueError(text)
    return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None
