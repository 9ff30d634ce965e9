"""Each rule and each action is broken in turn: verification must hold the file.

The rule object is what is broken; verification has no part in it. Each sabotage has a secret of its
own, since the walker remembers what equal elements came to.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import cast

import pytest
from pydicom.datadict import DicomDictionary, keyword_for_tag

from tests.datasets import chest_xray, computed_radiograph, ct_slice, enhanced_ct, uid
from tests.datasets.building import item
from tests.uploads.dicom.canaries import canary
from tests.uploads.dicom.keys import KEYS, deidentified
from uploads.dicom.deid import actions, annex_e, applying, executor
from uploads.dicom.deid.actions import Context
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.deid.released import REQUIRED
from uploads.dicom.deid.rules import Action, Rule
from uploads.dicom.elements import Element, file_of
from uploads.dicom.reading import (
    CR_IMAGE,
    CT_IMAGE,
    DX_IMAGE_FOR_PRESENTATION,
    ENHANCED_CT_IMAGE,
    Source,
    read,
)
from uploads.dicom.reasons import Held, Reason

# who the file is about: what an attribute that is kept by mistake would tell
_IDENTITY = {
    0x00100010: ("PN", b"QUILLFEATHER^QUILFEAT^ZQXJ"),
    0x00100020: ("LO", b"9434765919"),
    0x00100030: ("DA", b"19510923"),
    0x00080020: ("DA", b"20200311"),
}
MAKERS = {
    CT_IMAGE: ct_slice,
    DX_IMAGE_FOR_PRESENTATION: chest_xray,
    CR_IMAGE: computed_radiograph,
    ENHANCED_CT_IMAGE: enhanced_ct,
}
_COUNTER = count()
# an action that the rule object does not know
AS_IT_IS = cast(Action, "as it is")
# the attributes that must be right for the file to be taken at all
NEEDED = {0x00080016, 0x00080008, 0x00280301}
UNUSUAL = {0x00080064}
NOT_IN_A_DATA_SET = {0x7FE00010, 0x7FE00008, 0x7FE00009}
Change = Callable[[Rule], Rule]


@functools.cache
def parsed(sop_class: str) -> Source:
    return read(MAKERS[sop_class]())


def planted(sop_class: str, path: tuple[int, ...], vr: str) -> bytes:
    """A small file with an identity in one place, and the same identity as its patient's."""
    known = parsed(sop_class)
    elements = [Element(tag, vr, value) for tag, (vr, value) in _IDENTITY.items()]
    elements = _with(known.elements, elements)
    meta = [element for element in known.meta if element.tag != 0x00020000]
    return file_of(meta, _with_planted(elements, path, vr), known.transfer_syntax_uid)


def _with(elements: list[Element], others: list[Element]) -> list[Element]:
    by_tag = {element.tag: element for element in (*elements, *others)}
    return [by_tag[tag] for tag in sorted(by_tag)]


def _with_planted(elements: list[Element], path: tuple[int, ...], vr: str) -> list[Element]:
    tag, *rest = path
    if not rest:
        return elements if tag in _IDENTITY else _with(elements, [canary(tag, vr)])
    given = next((each.items for each in elements if each.tag == tag and each.items), ([],))
    items = tuple(_with_planted(each, tuple(rest), vr) for each in given)
    return _with(elements, [Element(tag, "SQ", items=items)])


def paths(rules: Mapping[int, Rule], parent: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    for tag, rule in rules.items():
        yield (*parent, tag)
        if rule.items is not None:
            yield from paths(rule.items, (*parent, tag))


def rule_at(rules: Mapping[int, Rule], path: tuple[int, ...]) -> Rule:
    rule = rules[path[0]]
    return rule if len(path) == 1 else rule_at(rule.items or {}, path[1:])


def with_changed(
    rules: Mapping[int, Rule], path: tuple[int, ...], change: Change
) -> dict[int, Rule]:
    """The rules with one of them changed, at any depth."""
    tag, *rest = path
    old = rules[tag]
    new = (
        replace(old, items=with_changed(old.items or {}, tuple(rest), change))
        if rest
        else change(old)
    )
    return {**rules, tag: new}


def spelt(path: tuple[int, ...]) -> str:
    return ".".join(keyword_for_tag(tag) for tag in path)


def keys_for(name: str) -> Pseudonyms:
    return replace(KEYS, secret=hashlib.sha256(name.encode()).digest())


def is_held(source: bytes, name: str) -> bool:
    try:
        deidentified(source, keys_for(name))
    except Held as holding:
        return holding.reason is Reason.VERIFICATION_FAILED
    return False


# --- Rules ------------------------------------------------------------------------------


def kept_as_it_is(rule: Rule) -> Rule:
    return replace(rule, action=AS_IT_IS)


def as_it_is(rule: Rule, element: Element | None, context: Context) -> Element | None:
    return element


@pytest.mark.parametrize("sop_class", MAKERS, ids=lambda uid: MAKERS[uid].__name__)
def test_a_rule_that_keeps_a_value_as_it_is_holds_the_file(monkeypatch, sop_class):
    rules = PROFILE[sop_class]
    monkeypatch.setitem(actions._ACTIONS, AS_IT_IS, as_it_is)
    released = []
    for path in paths(rules):
        rule = rule_at(rules, path)
        if path[-1] in NEEDED:
            continue
        if rule.items is not None:
            source = planted(sop_class, (*path, 0x00204000), "LT")
        else:
            source = planted(sop_class, path, rule.vr)
        monkeypatch.setitem(PROFILE, sop_class, rules)
        if is_held(source, f"in order {sop_class} {path}"):
            released.append(f"held though in order: {spelt(path)}")
        monkeypatch.setitem(PROFILE, sop_class, with_changed(rules, path, kept_as_it_is))
        if not is_held(source, f"kept {sop_class} {path}"):
            released.append(spelt(path))

    assert released == []


def test_an_attribute_that_has_no_rule_and_stays_holds_the_file(monkeypatch):
    rules = PROFILE[CT_IMAGE]
    monkeypatch.setitem(actions._ACTIONS, AS_IT_IS, as_it_is)
    released, tried = [], 0
    for tag, (vr, *_) in DicomDictionary.items():
        if (
            tag in rules
            or tag in NOT_IN_A_DATA_SET
            or tag in UNUSUAL
            or tag >> 16 in (0, 2, 0xFFFE)
        ):
            continue
        if annex_e.row_of(tag) is None:
            continue
        source = planted(CT_IMAGE, (tag,), vr)
        stays = Rule(tag, keyword_for_tag(tag), vr, AS_IT_IS)
        monkeypatch.setitem(PROFILE, CT_IMAGE, {**rules, tag: stays})
        tried += 1
        if not is_held(source, f"stays {tag}"):
            released.append(keyword_for_tag(tag))

    assert released == []
    assert tried > 500


@pytest.mark.parametrize("tag", [0x00091010, 0x00091001, 0x7FDF1010, 0x50002500, 0x60001500])
def test_a_private_or_repeating_attribute_that_stays_holds_the_file(monkeypatch, tag):
    monkeypatch.setitem(actions._ACTIONS, AS_IT_IS, as_it_is)
    monkeypatch.setitem(
        PROFILE,
        CT_IMAGE,
        {**PROFILE[CT_IMAGE], tag: Rule(tag, "", "LO", AS_IT_IS)},
    )
    known = read(ct_slice())
    elements = {element.tag: element for element in known.elements} | {tag: canary(tag, "LO")}
    meta = [element for element in known.meta if element.tag != 0x00020000]
    source = file_of(meta, (elements[each] for each in sorted(elements)), "1.2.840.10008.1.2.1")

    assert is_held(source, f"private {tag}")


@pytest.mark.parametrize("tag", sorted(set(PROFILE[CT_IMAGE]) & REQUIRED), ids=keyword_for_tag)
def test_a_rule_that_is_missing_for_what_must_stand_holds_the_file(monkeypatch, tag):
    without = {each: rule for each, rule in PROFILE[CT_IMAGE].items() if each != tag}
    monkeypatch.setitem(PROFILE, CT_IMAGE, without)

    try:
        is_whole = not is_held(ct_slice(), f"missing {tag}")
    except KeyError:
        is_whole = False
    assert not is_whole


# --- Actions -----------------------------------------------------------------------------


def untouched(rule: Rule, element: Element | None, context: Context) -> Element | None:
    return element


def shifted_by(days: int) -> Callable[[Rule, Element | None, Context], Element | None]:
    def shift(rule: Rule, element: Element | None, context: Context) -> Element | None:
        return actions._shift_date(rule, element, replace(context, shift_days=days))

    return shift


def shifted_apart(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """Each attribute by another number of weeks."""
    days = 364 + 7 * (rule.tag & 0x3F)
    return actions._shift_date(rule, element, replace(context, shift_days=days))


def one_for_all(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """Every UID becomes the same one."""
    if element is None or not element.value:
        return None
    return Element(rule.tag, "UI", context.pseudonyms.uid("1").encode())


def never_the_same(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """A UID becomes another one in each place."""
    if element is None or not element.value:
        return None
    return Element(rule.tag, "UI", context.pseudonyms.uid(f"{next(_COUNTER)}").encode())


def under_2_25(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """The digits of the original under another root."""
    if element is None or not element.value:
        return None
    digits = element.value.strip(b"\0").replace(b".", b"")[-30:].lstrip(b"0")
    return Element(rule.tag, "UI", b"2.25." + digits)


def of_the_patient(rule: Rule, element: Element | None, context: Context) -> Element | None:
    return Element(rule.tag, rule.vr, element.value if element else b"X")


def whole_description(rule: Rule, element: Element | None, context: Context) -> Element | None:
    return element and Element(rule.tag, rule.vr, element.value[:64])


def echoing(rule: Rule, element: Element | None, context: Context) -> Element | None:
    """Known words stay though they are the patient's name."""
    return actions._clean(rule, element, replace(context, personal=frozenset()))


def of_any_age(rule: Rule, element: Element | None, context: Context) -> Element | None:
    return Element(rule.tag, "AS", b"104Y")


CHEST_IS_A_NAME = ct_slice(PatientName="CHEST^LUNG")
SABOTAGED_ACTIONS = [
    (Action.KEEP, untouched, planted(CT_IMAGE, (0x00181210,), "SH")),
    (Action.CLEAN, untouched, ct_slice()),
    (Action.CLEAN, whole_description, ct_slice(SeriesDescription="CHEST for Mr Smythe")),
    (Action.CLEAN, echoing, CHEST_IS_A_NAME),
    (Action.REPLACE_UID, untouched, ct_slice()),
    (Action.REPLACE_UID, one_for_all, ct_slice()),
    (Action.REPLACE_UID, under_2_25, ct_slice()),
    (Action.SHIFT_DATE, untouched, ct_slice()),
    (Action.SHIFT_DATE, shifted_by(0), ct_slice()),
    (Action.SHIFT_DATE, shifted_by(365), ct_slice()),
    (Action.SHIFT_DATE, shifted_by(51 * 7), ct_slice()),
    (Action.SHIFT_DATE, shifted_by(521 * 7), ct_slice()),
    (Action.SHIFT_DATE, shifted_apart, ct_slice()),
    (Action.PSEUDONYM, untouched, ct_slice()),
    (Action.PSEUDONYM, of_the_patient, ct_slice()),
    (Action.EMPTY, untouched, ct_slice()),
    (Action.DUMMY, untouched, enhanced_ct(DeviceSerialNumber="SN-0099413-KX")),
    (Action.KEEP_ITEMS, untouched, enhanced_ct()),
    (
        Action.KEEP_CODES,
        untouched,
        planted(DX_IMAGE_FOR_PRESENTATION, (0x00082218, 0x00080104), "LO"),
    ),
    (Action.AGE, of_any_age, ct_slice()),
    (Action.AGE, untouched, ct_slice(PatientAge="011M")),
    (Action.AGE, untouched, ct_slice(PatientAge="104Y")),
]


@pytest.mark.parametrize(
    ("action", "sabotage", "source"),
    SABOTAGED_ACTIONS,
    ids=lambda each: getattr(each, "__name__", None) or (each if isinstance(each, str) else "file"),
)
def test_an_action_that_does_something_else_holds_the_file(monkeypatch, action, sabotage, source):
    monkeypatch.setitem(actions._ACTIONS, action, sabotage)

    assert is_held(source, f"{action} {sabotage.__name__} {len(source)}")


def test_a_uid_that_differs_from_place_to_place_holds_the_file(monkeypatch):
    source = enhanced_ct(
        DimensionIndexSequence=[
            item(DimensionOrganizationUID=uid("dimension"), DimensionIndexPointer=0x00209057)
        ],
        DimensionOrganizationSequence=[item(DimensionOrganizationUID=uid("dimension"))],
    )
    assert not is_held(source, "dimensions")
    monkeypatch.setitem(actions._ACTIONS, Action.REPLACE_UID, never_the_same)

    assert is_held(source, "never the same")


def test_every_action_is_sabotaged():
    assert {action for action, _, _ in SABOTAGED_ACTIONS} == set(Action)


# --- Around the rules -----------------------------------------------------------------------


def test_pixels_that_are_not_cleaned_hold_the_file(monkeypatch):
    known = read(chest_xray())
    letters = bytearray(known.pixel_data.value)
    letters[1] |= 0x50
    source = chest_xray(PixelData=bytes(letters))
    assert not is_held(source, "letters")
    monkeypatch.setattr(executor, "cleaned_pixel_data", lambda source: source.pixel_data)

    assert is_held(source, "letters that stay")


def test_the_pixels_of_another_slice_hold_the_file(monkeypatch):
    other = read(ct_slice(number=2)).pixel_data
    monkeypatch.setattr(executor, "cleaned_pixel_data", lambda source: other)

    assert is_held(ct_slice(number=1), "another slice")


def test_an_element_that_is_remembered_from_another_slice_holds_the_file(monkeypatch):
    original = applying._applied
    position = next(each for each in read(ct_slice(number=9)).elements if each.tag == 0x00200032)

    def confused(series, tag, element):
        return original(series, tag, position if tag == position.tag else element)

    monkeypatch.setattr(applying, "_applied", confused)

    assert is_held(ct_slice(number=1), "remembered")
