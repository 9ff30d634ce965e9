"""The rules applied to a walked file: what equals an element met before is not worked out again.

What the rules make of an element depends on its bytes and on what its series has in common: the
SOP class, the secret and whose it is, the patient's pseudonym and shift, the identifiers of people.
All of that is what is remembered by, within bounds; nothing else reaches an action.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from uploads.dicom.deid.actions import Context, applied_to, shifted_date
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.report import Done, place_of
from uploads.dicom.deid.rules import Action, Rule
from uploads.dicom.deid.values import plain
from uploads.dicom.deid.walker import Walk
from uploads.dicom.elements import EXPLICIT_LITTLE_ENDIAN, Element, written

_MAX_REMEMBERED_BYTES = 2048
_REMEMBERED = 2048
_SERIES = 16
_PLANS = 64
_DATED = frozenset(("DA", "DT", ""))
# of a date with its time and zone
_MAX_DATE_BYTES = 26

_Counts = tuple[tuple[str, Done], ...]


@dataclass(frozen=True, eq=False)
class _Made:
    """What became of one element: its output, its date where it has one, the report's counts."""

    output: bytes | None
    date: bytes | None
    counts: _Counts


@dataclass(frozen=True, eq=False)
class _Series:
    """Files that the rules treat alike: they share everything the rules know besides the values."""

    rules: Mapping[int, Rule]
    context: Context
    # by the element's bytes
    made: dict[bytes, _Made] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What files of a series with the same tags have in common."""

    kept: tuple[int, ...]
    # of what is written whether the file has it or not
    outputs: Mapping[int, bytes]
    counts: Counter[tuple[str, Done]]


def made_of(
    walk: Walk, context: Context, *, but: frozenset[int]
) -> tuple[dict[int, bytes], set[bytes]]:
    """What the rules let stay, as bytes by tag, and the shifted dates. The report is told.

    Parameters
    ----------
    but
        The tags of elements that others write.
    """
    series = _series(
        walk.sop_class_uid,
        context.pseudonyms,
        context.patient_pseudonym,
        context.shift_days,
        context.is_signed,
        context.personal,
        context.age_from_dates,
    )
    plan = _plan(series, tuple(walk.raws), but)
    known, raws = series.made, walk.raws
    made = [known.get(raws[tag]) or _made(series, walk, tag) for tag in plan.kept]
    outputs = dict(plan.outputs)
    outputs.update(
        (tag, each.output)
        for tag, each in zip(plan.kept, made, strict=True)
        if each.output is not None
    )
    context.report.counts.update(_counted(plan, tuple(each.counts for each in made)))
    return outputs, {each.date for each in made if each.date is not None}


@lru_cache(_SERIES)
def _series(sop_class_uid: str, *known: object) -> _Series:
    return _Series(PROFILE[sop_class_uid], Context(*known))  # type: ignore[arg-type]


@lru_cache(_PLANS)
def _plan(series: _Series, tags: tuple[int, ...], but: frozenset[int]) -> _Plan:
    rules, met = series.rules, frozenset(tags)
    absent = {
        tag: _applied(series, tag, None)
        for tag, rule in rules.items()
        if (rule.is_required or rule.action is Action.AGE) and tag not in met and tag not in but
    }
    counts = Counter(
        (place_of(tag), Done.REMOVED) for tag in tags if tag not in rules and tag not in but
    )
    for each in absent.values():
        counts.update(each.counts)
    outputs = {tag: each.output for tag, each in absent.items() if each.output is not None}
    return _Plan(tuple(tag for tag in tags if tag in rules and tag not in but), outputs, counts)


def _made(series: _Series, walk: Walk, tag: int) -> _Made:
    raw = walk.raws[tag]
    made = _applied(series, tag, walk.by_tag[tag])
    if len(series.made) >= _REMEMBERED:
        series.made.clear()
    if len(raw) <= _MAX_REMEMBERED_BYTES:
        series.made[raw] = made
    return made


@lru_cache(_PLANS)
def _counted(plan: _Plan, counts: tuple[_Counts, ...]) -> Counter[tuple[str, Done]]:
    return plan.counts + Counter(each for some in counts for each in some)


def _applied(series: _Series, tag: int, element: Element | None) -> _Made:
    context = series.context
    context.report.counts.clear()
    kept = applied_to(series.rules[tag], element, context)
    output = None if kept is None else written((kept,), EXPLICIT_LITTLE_ENDIAN)
    date = None if element is None else _date_made(element, context.shift_days)
    counts = tuple(each for each, times in context.report.counts.items() for _ in range(times))
    return _Made(output, date, counts)


def dates_made(elements: Iterable[Element], shift_days: int) -> set[bytes]:
    """The shifted dates of elements that may hold one."""
    dates = {_date_made(element, shift_days) for element in elements}
    return {date for date in dates if date is not None}


def _date_made(element: Element, shift_days: int) -> bytes | None:
    if element.vr not in _DATED or len(element.value) > _MAX_DATE_BYTES:
        return None
    return shifted_date(plain(element.value)[:8], shift_days)
