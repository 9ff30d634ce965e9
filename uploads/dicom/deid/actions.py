"""One small function for each action of a rule: what becomes of one element."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from uploads.dicom.deid import vocabulary
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.deid.report import Done, Report
from uploads.dicom.deid.rules import Action, Rule
from uploads.dicom.deid.values import age, parts_of, plain, years_as_age
from uploads.dicom.elements import Element

_DATE = re.compile(rb"(\d{4})\.?(\d\d)\.?(\d\d)")
_DATE_TIME = re.compile(
    rb"(\d{8})((?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?)?"
)
_DESCRIPTOR_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)(MM)?")
_SEPARATORS = re.compile(r"[\s,;:/|()\[\]_^\\]+")
# an identifier of four digits is met in numbers by chance
_MIN_ECHO_LENGTH = 5


@dataclass(frozen=True)
class Context:
    """What the actions know of the file besides the element in hand."""

    pseudonyms: Pseudonyms
    patient_pseudonym: bytes
    shift_days: int
    is_signed: bool
    personal: frozenset[bytes]
    age_from_dates: bytes | None
    report: Report = field(default_factory=Report)


def applied(rules: Mapping[int, Rule], elements: list[Element], context: Context) -> list[Element]:
    """What stays of one data set, in tag order. What has no rule is gone."""
    found = {element.tag: element for element in elements}
    kept = []
    for tag, rule in rules.items():
        element = found.pop(tag, None)
        if element is None and not rule.is_required and rule.action is not Action.AGE:
            continue
        result = applied_to(rule, element, context)
        if result is not None:
            kept.append(result)
    for tag in found:
        context.report.add(tag, Done.REMOVED)
    return kept


def applied_to(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """What becomes of one element, or of an attribute that the file does not have."""
    result = _ACTIONS[rule.action](rule, element, context)
    if result is None and (rule.is_required or (rule.is_conditional and element is not None)):
        result = _element(rule, rule.dummy, context)
        _tell_required(rule, element, context)
    elif result is None and element is not None:
        context.report.add(rule.tag, Done.REMOVED)
    return result


def date_of(value: bytes) -> datetime.date | None:
    """A DA, also in the old form with full stops; None for what is no date."""
    found = _DATE.fullmatch(plain(value))
    try:
        return datetime.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def shifted_date(value: bytes, days: int) -> bytes | None:
    """A DA moved back by so many days, or None for what is no date."""
    original = date_of(value)
    if original is None or original.toordinal() <= days:
        return None
    date = original - datetime.timedelta(days=days)
    return f"{date.year:04d}{date.month:02d}{date.day:02d}".encode()


def age_at(birth_date: str, study_date: str) -> bytes | None:
    """The age in years at a study, for a file that gives the dates but not the age."""
    born, at = date_of(birth_date.encode()), date_of(study_date.encode())
    if born is None or at is None:
        return None
    years = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    return years_as_age(years) if 0 <= years < 130 else None


def cleaned_text(value: bytes, personal: frozenset[bytes]) -> bytes | None:
    """The tokens of a description that are in the vocabulary and echo no identifier."""
    text = plain(value).decode("latin-1")
    tokens = [token.strip(".-'\"*#+!?") or token for token in _SEPARATORS.split(text)]
    kept = []
    is_after_number = False
    for place, token in enumerate(tokens):
        following = tokens[place + 1].upper() if place + 1 < len(tokens) else ""
        is_word = token.upper() in vocabulary.DESCRIPTOR_WORDS
        is_unit = is_after_number and token.upper() == "MM"
        is_after_number = _is_thickness(token, following)
        is_echo = token.upper().encode("latin-1", "replace") in personal
        if (is_word or is_unit or is_after_number) and not is_echo:
            kept.append(token)
    return " ".join(kept)[:64].strip().encode("ascii") or None


def _is_thickness(token: str, following: str) -> bool:
    """Whether a number is a slice thickness: 1.25, 2.5mm or 5 MM, but no bare whole number."""
    found = _DESCRIPTOR_NUMBER.fullmatch(token.upper())
    if not found:
        return False
    number, unit = found.groups()
    has_unit = unit is not None or following == "MM"
    return float(number) in vocabulary.DESCRIPTOR_NUMBERS and (has_unit or "." in number)


def _keep(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is not None or rule.check is None:
        return None
    value = rule.check(element.value)
    if value is None or _echoes(rule, value, context):
        return None
    context.report.add(rule.tag, Done.KEPT)
    return _element(rule, value, context)


def _echoes(rule: Rule, value: bytes, context: Context) -> bool:
    if rule.vr not in ("IS", "DS", "SH", "LO"):
        return False
    return any(
        len(part) >= _MIN_ECHO_LENGTH and part.upper() in context.personal
        for part in parts_of(value)
    )


def _clean(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is not None:
        return None
    value = cleaned_text(element.value, context.personal)
    if value is None:
        return None
    is_same = value == plain(element.value)
    context.report.add(rule.tag, Done.KEPT if is_same else Done.CLEANED)
    return _element(rule, value, context)


def _replace_uid(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is not None:
        return None
    uids = [part for part in parts_of(element.value) if part]
    if not uids:
        return None
    context.report.add(rule.tag, Done.REPLACED)
    replaced = [context.pseudonyms.uid(part.decode("latin-1")) for part in uids]
    return _element(rule, "\\".join(replaced).encode("ascii"), context)


def _shift_date(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is not None:
        return None
    if rule.vr == "DT":
        found = _DATE_TIME.match(plain(element.value))
        date = shifted_date(found[1], context.shift_days) if found else None
        value = date + (found[2] or b"") if found and date else None
    else:
        value = shifted_date(element.value, context.shift_days)
    if value is None:
        return None
    context.report.add(rule.tag, Done.SHIFTED)
    return _element(rule, value, context)


def _pseudonym(rule: Rule, element: Element | None, context: Context) -> Element | None:
    context.report.add(rule.tag, Done.REPLACED if element is not None else Done.ADDED)
    return _element(rule, context.patient_pseudonym, context)


def _nothing(rule: Rule, element: Element | None, context: Context) -> None:
    """EMPTY and DUMMY: no value of the file stays; `applied` writes what the module asks for."""


def _keep_items(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is None or rule.items is None:
        return None
    kept = tuple(applied(rule.items, item, context) for item in element.items)
    context.report.add(rule.tag, Done.KEPT)
    return Element(rule.tag, "SQ", items=kept) if any(kept) else None


def _keep_codes(rule: Rule, element: Element | None, context: Context) -> Element | None:
    if element is None or element.items is None or rule.codes is None:
        return None
    kept = []
    for item in element.items:
        values = {part.tag: plain(part.value).decode("latin-1") for part in item}
        key = values.get(0x00080102, ""), values.get(0x00080100, "")
        if key in rule.codes:
            kept.append(code_item(key[1], key[0], rule.codes[key]))
    if not kept:
        return None
    context.report.add(rule.tag, Done.KEPT)
    return Element(rule.tag, "SQ", items=tuple(kept))


def _age(rule: Rule, element: Element | None, context: Context) -> Element | None:
    value = age(element.value) if element is not None else None
    if value is not None and element is not None:
        done = Done.KEPT if value == plain(element.value) else Done.REPLACED
    elif context.age_from_dates is not None:
        value, done = context.age_from_dates, Done.ADDED
    if value is None:
        return None
    context.report.add(rule.tag, done)
    return _element(rule, value, context)


def code_item(value: str, scheme: str, meaning: str) -> list[Element]:
    """One item of a code sequence (PS3.3 8.8)."""
    return [
        Element(0x00080100, "SH", value.encode("ascii")),
        Element(0x00080102, "SH", scheme.encode("ascii")),
        Element(0x00080104, "LO", meaning.encode("ascii")),
    ]


def _tell_required(rule: Rule, element: Element | None, context: Context) -> None:
    done = Done.REPLACED if rule.dummy else Done.EMPTIED
    context.report.add(rule.tag, Done.ADDED if element is None else done)


def _element(rule: Rule, value: bytes, context: Context) -> Element:
    if rule.vr == "SQ":
        return Element(rule.tag, "SQ", items=())
    vr = ("SS" if context.is_signed else "US") if rule.vr == "US or SS" else rule.vr
    return Element(rule.tag, vr, value)


_ACTIONS: dict[Action, Callable[[Rule, Element | None, Context], Element | None]] = {
    Action.KEEP: _keep,
    Action.CLEAN: _clean,
    Action.REPLACE_UID: _replace_uid,
    Action.SHIFT_DATE: _shift_date,
    Action.PSEUDONYM: _pseudonym,
    Action.EMPTY: _nothing,
    Action.DUMMY: _nothing,
    Action.KEEP_ITEMS: _keep_items,
    Action.KEEP_CODES: _keep_codes,
    Action.AGE: _age,
}
