"""Where a finding lies, as the reading form carries it: whatever is sent is answered."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.forms.places import read_place, written_place
from review.services import PLACING_TOOLS, Placement
from uploads.dicom.graphics import NotAGraphic

_FINITE = st.floats(allow_nan=False, allow_infinity=False)
PLACEMENTS = st.builds(
    Placement,
    image=st.text(max_size=30),
    tool=st.sampled_from(PLACING_TOOLS),
    pairs=st.lists(st.tuples(_FINITE, _FINITE), min_size=1, max_size=20).map(tuple),
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
_ALMOST = st.fixed_dictionaries({"image": _VALUES, "tool": _VALUES, "graphic_data": _VALUES})


@given(PLACEMENTS)
def test_a_place_is_read_as_it_was_written(placement):
    assert read_place(written_place(placement)) == placement


def test_no_place_is_nothing():
    assert (written_place(None), read_place("")) == ("", None)


@given(st.text() | _VALUES.map(json.dumps) | _ALMOST.map(json.dumps))
def test_anything_else_is_a_place_or_said_to_be_none(sent):
    placement = None
    with suppress(NotAGraphic):
        placement = read_place(sent)
    assert placement is None or placement.pairs


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_too_large_for_a_coordinate_is_no_number(digits):
    column = "1" * digits
    with pytest.raises(NotAGraphic):
        read_place(f'{{"image": "k-1", "tool": "arrow", "graphic_data": [[{column}, 1]]}}')
