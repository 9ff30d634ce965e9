"""PS3.15 Table E.1-1 as data: what the standard asks of each attribute, and the IODs' Types.

Both files are made by `tests/annex_e/make.py`; nothing that de-identifies a file reads them. They
are what the rule object is proved against and what docs/deid-profile.md says beside each rule.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent

# the action of an attribute that the table does not name
UNLISTED = "K"


@dataclass(frozen=True)
class Row:
    """One row: the basic action, and the action of each option by its code (PS3.16 CID 7050)."""

    tag: str
    keyword: str
    name: str
    action: str
    options: Mapping[str, str]


@cache
def edition() -> str:
    return str(_table()["edition"])


@cache
def rows() -> tuple[Row, ...]:
    """The rows of the table, without the one for all private attributes."""
    return tuple(
        Row(row["tag"], row["keyword"], row["name"], row["action"], row.get("options", {}))
        for row in _table()["rows"]
    )


def row_of(tag: int) -> Row | None:
    """The row that speaks of a tag, by itself or by a group pattern; None when there is none."""
    if tag >> 16 & 1:
        private = _table()["private"]
        return Row(private["tag"], "", private["name"], private["action"], {})
    by_tag, patterns = _index()
    text = f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
    return by_tag.get(text) or next(
        (row for pattern, row in patterns if pattern.fullmatch(text)), None
    )


def action_of(tag: int, options: Iterable[str] = ()) -> str:
    """What the table asks of an attribute under the options claimed, by their codes.

    An option's K or C stands in the place of the basic action, K before C; `UNLISTED` for what the
    table does not name.
    """
    row = row_of(tag)
    if row is None:
        return UNLISTED
    granted = {row.options[code] for code in options if code in row.options}
    return "K" if "K" in granted else "C" if "C" in granted else row.action


@cache
def types_of(sop_class_uid: str) -> Mapping[str, str]:
    """The Types (1, 1C, 2, 2C, 3) of an IOD's attributes by path: `Sequence.Attribute`."""
    text = (_FOLDER / "iod_types.json").read_text(encoding="utf-8")
    types: Mapping[str, str] = json.loads(text)["iods"][sop_class_uid]
    return types


@cache
def _table() -> Mapping[str, Any]:
    text = (_FOLDER / "annex_e_2026c.json").read_text(encoding="utf-8")
    table: Mapping[str, Any] = json.loads(text)
    return table


@cache
def _index() -> tuple[Mapping[str, Row], tuple[tuple[re.Pattern[str], Row], ...]]:
    by_tag = {row.tag: row for row in rows() if row.keyword or "xx" not in row.tag}
    patterns = tuple(
        (re.compile(row.tag.replace("x", "[0-9A-F]")), row) for row in rows() if "xx" in row.tag
    )
    return by_tag, patterns
