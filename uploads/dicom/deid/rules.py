"""What a rule is: one attribute, what happens to it, and the value rule that proves what stays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from pydicom.datadict import dictionary_VR, tag_for_keyword

from uploads.dicom.deid.values import Check


class Action(StrEnum):
    """The actions of PS3.15 Table E.1-1a that we take. What has no rule is removed (X)."""

    KEEP = "K"
    CLEAN = "C"
    REPLACE_UID = "U"
    SHIFT_DATE = "shift"
    PSEUDONYM = "pseudonym"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP_ITEMS = "items"
    KEEP_CODES = "codes"
    AGE = "age"


@dataclass(frozen=True)
class Rule:
    """One attribute of one module.

    `is_required` marks Type 1 and 2 attributes: when no value may stay they are written empty, or
    as `dummy` where the module forbids an empty one. `is_conditional` marks Type 2C and what one
    optional module demands: the same, where the file has the attribute.
    """

    tag: int
    keyword: str
    vr: str
    action: Action
    check: Check | None = None
    items: Mapping[int, "Rule"] | None = None
    codes: Mapping[tuple[str, str], str] | None = None
    is_required: bool = False
    is_conditional: bool = False
    dummy: bytes = b""


Rules = tuple[Rule, ...]


@dataclass(frozen=True)
class Module:
    """The rules of one module of PS3.3, with its section."""

    name: str
    section: str
    rules: Rules

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)


def keep(keyword: str, check: Check, *, required: bool = False, dummy: str = "") -> Rule:
    return _rule(
        keyword, Action.KEEP, check=check, is_required=required or bool(dummy), dummy=dummy.encode()
    )


def clean(keyword: str) -> Rule:
    return _rule(keyword, Action.CLEAN)


def replace_uid(keyword: str) -> Rule:
    return _rule(keyword, Action.REPLACE_UID)


def shift_date(keyword: str, *, required: bool = False) -> Rule:
    return _rule(keyword, Action.SHIFT_DATE, is_required=required)


def when_given(rule: Rule, *, dummy: str = "") -> Rule:
    """The rule of an attribute of Type 1C or 2C: a dummy, or empty, when its value may not stay.

    Not invented where the file does not have it.
    """
    return replace(rule, is_required=False, is_conditional=True, dummy=dummy.encode())


def pseudonym(keyword: str) -> Rule:
    return _rule(keyword, Action.PSEUDONYM, is_required=True)


def empty(keyword: str) -> Rule:
    return _rule(keyword, Action.EMPTY, is_required=True)


def dummy(keyword: str, value: str) -> Rule:
    return _rule(keyword, Action.DUMMY, is_required=True, dummy=value.encode())


def items(keyword: str, *rules: Rule) -> Rule:
    """A sequence whose items hold only what these rules let stay."""
    return _rule(keyword, Action.KEEP_ITEMS, items=by_tag(rules))


def codes(keyword: str, table: Mapping[tuple[str, str], str], *, required: bool = False) -> Rule:
    """A code sequence of which the known codes stay, with our own meanings."""
    return _rule(keyword, Action.KEEP_CODES, codes=table, is_required=required)


def patient_age() -> Rule:
    return _rule("PatientAge", Action.AGE)


def by_tag(rules: Iterable[Rule]) -> Mapping[int, Rule]:
    """The rules in the order of their tags, as a data set must be written."""
    return MappingProxyType({rule.tag: rule for rule in sorted(rules, key=lambda rule: rule.tag)})


def _rule(
    keyword: str,
    action: Action,
    *,
    check: Check | None = None,
    items: Mapping[int, Rule] | None = None,
    codes: Mapping[tuple[str, str], str] | None = None,
    is_required: bool = False,
    dummy: bytes = b"",
) -> Rule:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is no keyword of PS3.6.")
    vr = dictionary_VR(tag)
    # a whole lookup table may be longer than a US can say
    vr = "OW" if vr == "US or OW" else vr
    return Rule(
        int(tag),
        keyword,
        vr,
        action,
        check=check,
        items=items,
        codes=codes,
        is_required=is_required,
        dummy=dummy,
    )
