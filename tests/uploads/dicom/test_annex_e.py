"""The standard's table as data, and the proof that no rule of ours breaks it."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from uploads.dicom.deid import annex_e
from uploads.dicom.deid.profile import OPTIONS, PROFILE, PROVED_BY_READING
from uploads.dicom.deid.rules import Action, Rule

# of edition 2026c, 655 rows without the one for private attributes
ROWS = {
    **{"X": 415, "D": 93, "U": 55, "Z": 42, "X/D": 23, "X/Z": 11, "X/Z/D": 8, "Z/D": 6},
    "X/Z/U*": 2,
}


def test_the_table_has_the_rows_of_its_edition():
    assert annex_e.edition() == "2026c"
    assert Counter(row.action for row in annex_e.rows()) == ROWS
    assert len({row.tag for row in annex_e.rows()}) == sum(ROWS.values()) == 655


def test_the_option_columns_are_whole():
    columns = Counter(
        (code, action) for row in annex_e.rows() for code, action in row.options.items()
    )

    assert columns == {
        **{("113103", "C"): 4, ("113104", "C"): 4, ("113105", "C"): 140},
        **{("113106", "K"): 169, ("113107", "C"): 169, ("113108", "K"): 14, ("113108", "C"): 5},
        **{("113109", "K"): 48, ("113109", "C"): 11, ("113110", "K"): 60, ("113112", "K"): 10},
    }


@pytest.mark.parametrize(
    ("tag", "options", "action"),
    [
        (0x00100010, (), "Z"),
        (0x00100010, ("113105", "113107"), "Z"),
        (0x00080020, (), "Z"),
        (0x00080020, ("113107",), "C"),
        (0x00081030, ("113105",), "C"),
        (0x00101010, ("113105",), "X"),
        (0x00101010, ("113108",), "K"),
        (0x0040E012, ("113103", "113105", "113107", "113108"), "X"),
        (0x00280010, (), "K"),
    ],
)
def test_an_option_stands_in_the_place_of_the_basic_action(tag, options, action):
    assert annex_e.action_of(tag, options) == action


@pytest.mark.parametrize(
    "tag", [0x00090010, 0x7FE10010, 0x50002500, 0x501E3000, 0x60003000, 0x60FE4000]
)
def test_private_and_repeating_groups_are_in_the_table_by_pattern(tag):
    assert annex_e.action_of(tag) == "X"


def test_the_other_attributes_of_an_overlay_are_not_in_the_table():
    assert annex_e.row_of(0x60000010) is None


# --- The proof ---------------------------------------------------------------------

CLAIMED = tuple(code for code, _ in OPTIONS)
# what each action of ours does, in the letters of Table E.1-1a; a dummy value satisfies Z as well
LETTERS = {
    Action.CLEAN: "C",
    Action.SHIFT_DATE: "C",
    Action.REPLACE_UID: "U",
    Action.PSEUDONYM: "ZD",
    Action.EMPTY: "Z",
    Action.DUMMY: "ZD",
    Action.KEEP: "CK",  # closed vocabularies and numeric patterns clean a value that stays
    Action.KEEP_ITEMS: "K",
    Action.KEEP_CODES: "CK",
    Action.AGE: "K",
}
# a compound action by the Type of the attribute in its IOD, the strongest that the Type allows
STRONGEST = {
    "X/Z": {"1": "Z", "2": "Z", "3": "X"},
    "X/D": {"1": "D", "2": "X", "3": "X"},
    "X/Z/D": {"1": "D", "2": "Z", "3": "X"},
    "Z/D": {"1": "D", "2": "Z", "3": "Z"},
    "X/Z/U*": {"1": "U", "2": "Z", "3": "X"},
}
every_class = pytest.mark.parametrize("sop_class", PROFILE)


def rules_by_path(rules: Mapping[int, Rule], parent: str = "") -> Iterator[tuple[str, Rule]]:
    for rule in rules.values():
        yield parent + rule.keyword, rule
        if rule.items is not None:
            yield from rules_by_path(rule.items, f"{parent}{rule.keyword}.")


def type_of(sop_class: str, path: str) -> str:
    """1, 2 or 3; an attribute that the IOD does not name is an addition, and so of Type 3."""
    return annex_e.types_of(sop_class).get(path, "3")[0]


@every_class
def test_no_rule_at_any_depth_breaks_the_table_under_the_options_claimed(sop_class):
    broken = []
    for path, rule in rules_by_path(PROFILE[sop_class]):
        asked = annex_e.action_of(rule.tag, CLAIMED)
        asked = STRONGEST.get(asked, {}).get(type_of(sop_class, path), asked)
        if asked != "K" and asked not in LETTERS[rule.action]:
            broken.append((path, asked, rule.action))
    assert broken == []


@every_class
def test_what_the_table_retains_is_a_value_that_a_rule_has_proved(sop_class):
    for path, rule in rules_by_path(PROFILE[sop_class]):
        proofs = {
            Action.KEEP: rule.check,
            Action.KEEP_ITEMS: rule.items,
            Action.KEEP_CODES: rule.codes,
        }
        assert proofs.get(rule.action, True), path


@every_class
@pytest.mark.parametrize("unclaimed", ["113105", "113107", "113108"])
def test_each_claim_is_needed(sop_class, unclaimed):
    options = [code for code in CLAIMED if code != unclaimed]
    asked = {
        annex_e.action_of(rule.tag, options)
        for _, rule in rules_by_path(PROFILE[sop_class])
        if Action(rule.action) in (Action.CLEAN, Action.SHIFT_DATE, Action.AGE)
    }
    assert asked & {"X", "Z", "X/Z", "X/D", "X/Z/D", "Z/D"}


@every_class
def test_type_2_attributes_are_written_even_when_empty(sop_class):
    written = {path for path, rule in rules_by_path(PROFILE[sop_class]) if rule.is_required} | set(
        PROVED_BY_READING
    )
    # there only with the contrast that it describes
    conditional = {"ContrastBolusAgent"}
    asked = {
        path
        for path, kind in annex_e.types_of(sop_class).items()
        if kind == "2" and "." not in path
    }
    assert asked - written <= conditional


@every_class
def test_no_type_3_attribute_is_invented(sop_class):
    for path, rule in rules_by_path(PROFILE[sop_class]):
        assert not rule.is_required or type_of(sop_class, path) in "12", path


@every_class
def test_every_attribute_that_must_have_a_value_has_a_rule(sop_class):
    known = {path for path, _ in rules_by_path(PROFILE[sop_class])} | set(PROVED_BY_READING)
    asked = {
        path
        for path, kind in annex_e.types_of(sop_class).items()
        if kind == "1" and "." not in path
    }
    assert asked <= known
