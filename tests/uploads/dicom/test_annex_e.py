"""The standard's table as data, and the proof that no rule of ours breaks it."""

from collections import Counter

import pytest

from uploads.dicom.deid import annex_e

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
