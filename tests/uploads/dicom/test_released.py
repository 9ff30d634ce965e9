"""The second list of what may stand, against the rule object and the standard's table."""

from collections.abc import Iterator, Mapping

import pytest
from pydicom.datadict import keyword_for_tag

from uploads.dicom.deid import annex_e, comparing, released
from uploads.dicom.deid.profile import OPTIONS, PROFILE
from uploads.dicom.deid.released import CHILDREN, CONSTANTS_BY_TAG, MANNERS, TOP, Manner
from uploads.dicom.deid.rules import Action, Rule
from uploads.dicom.deid.values import accepted_by

every_class = pytest.mark.parametrize("sop_class", PROFILE)
# what is done to a value → what the second list may say of it
MANNERS_OF = {
    Action.KEEP: {
        *(Manner.SAME, Manner.WORDS, Manner.KERNEL, Manner.ORIENTATION, Manner.TIME),
        Manner.STANDARD_UID,
    },
    Action.CLEAN: {Manner.DESCRIPTION},
    Action.REPLACE_UID: {Manner.NEW_UID},
    Action.SHIFT_DATE: {Manner.DATE},
    Action.PSEUDONYM: {Manner.PSEUDONYM},
    Action.EMPTY: {Manner.EMPTY},
    Action.DUMMY: {Manner.WORDS},
    Action.KEEP_ITEMS: {Manner.ITEMS},
    Action.KEEP_CODES: {Manner.CODE},
    Action.AGE: {Manner.AGE},
}


def rules_in_place(
    rules: Mapping[int, Rule], allowed: frozenset[int] = TOP
) -> Iterator[tuple[Rule, frozenset[int]]]:
    for rule in rules.values():
        yield rule, allowed
        if rule.items is not None:
            yield from rules_in_place(rule.items, CHILDREN.get(rule.tag, frozenset()))


@every_class
def test_whatever_a_rule_keeps_the_second_list_knows_in_that_place(sop_class):
    missing = [
        rule.keyword
        for rule, allowed in rules_in_place(PROFILE[sop_class])
        if rule.tag not in allowed
    ]

    assert missing == []


@every_class
def test_both_lists_treat_an_attribute_alike(sop_class):
    differing = [
        rule.keyword
        for rule, _ in rules_in_place(PROFILE[sop_class])
        if MANNERS[rule.tag] not in MANNERS_OF[rule.action]
    ]

    assert differing == []


@every_class
def test_a_word_that_a_rule_keeps_is_known_to_verification(sop_class):
    for rule, _ in rules_in_place(PROFILE[sop_class]):
        if rule.check is None or MANNERS[rule.tag] is not Manner.WORDS:
            continue
        for word in accepted_by(rule.check).words:
            assert comparing.is_vocabulary(word.upper().encode("ascii")), (rule.keyword, word)


@every_class
def test_a_dummy_is_a_constant_that_verification_expects(sop_class):
    for rule, _ in rules_in_place(PROFILE[sop_class]):
        if rule.dummy:
            parts = set(rule.dummy.split(b"\\"))
            assert parts <= set(CONSTANTS_BY_TAG.get(rule.tag, ())), rule.keyword


def test_the_second_list_keeps_nothing_that_the_table_removes():
    claimed = tuple(code for code, _ in OPTIONS)
    # an empty or a made value is what Z and D ask for, a moved date and a known word what C does
    done = {
        Manner.NEW_UID: "UZD",
        Manner.EMPTY: "ZD",
        Manner.PSEUDONYM: "ZD",
        Manner.DATE: "CZD",
        Manner.DESCRIPTION: "CZD",
        Manner.STATEMENT: "KCUXZD",
    }
    broken = []
    for tag, manner in MANNERS.items():
        asked = annex_e.action_of(tag, claimed)
        may_be = set(asked.replace("*", "").split("/"))
        # where the table asks for nothing, more may be done
        if not may_be & {"K", *done.get(manner, "KCZD")}:
            broken.append((keyword_for_tag(tag), manner.name, asked))

    assert broken == []


def test_every_sequence_of_the_second_list_says_what_its_items_hold():
    sequences = {tag for tag, manner in MANNERS.items() if manner is Manner.ITEMS}

    assert sequences == set(CHILDREN)
    nested = {tag for children in CHILDREN.values() for tag in children}
    assert nested | TOP == set(MANNERS)
    assert released.REQUIRED <= TOP
