"""What stays, stays exactly: every attribute that a rule may keep, in every SOP class."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from tests.datasets.full import FULL_CLASSES, full_dataset
from tests.datasets.writing import in_transfer_syntax, written
from tests.uploads.dicom.keys import deidentified, planted_in, reread
from tests.uploads.dicom.test_annex_e import rules_by_path
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Action, Rule

every_class = pytest.mark.parametrize("sop_class", FULL_CLASSES)


def exact(dataset: Dataset, rule: Rule) -> bytes:
    """A value as it is written, without padding and whichever VR says how it is signed."""
    item = dataset.get_item(rule.tag)
    value = item.value
    return bytes(value).rstrip(b" \0") if rule.vr not in ("US", "SS", "UL", "FD") else bytes(value)


def lost(before: Dataset, after: Dataset, rules: dict[int, Rule], parent: str = "") -> list[str]:
    found = []
    for rule in rules.values():
        path = parent + rule.keyword
        if rule.action not in (Action.KEEP, Action.KEEP_ITEMS, Action.KEEP_CODES):
            continue
        if rule.tag not in before or rule.tag not in after:
            found.append(path)
        elif rule.items is not None:
            pairs = zip(before[rule.tag].value, after[rule.tag].value, strict=True)
            for number, (theirs, ours) in enumerate(pairs):
                found += lost(theirs, ours, rule.items, f"{path}[{number}].")
        elif rule.codes is not None:
            theirs, ours = before[rule.tag].value[0], after[rule.tag].value[0]
            if (theirs.CodeValue, theirs.CodingSchemeDesignator) != (
                ours.CodeValue,
                ours.CodingSchemeDesignator,
            ):
                found.append(path)
        elif exact(before, rule) != exact(after, rule):
            found.append(path)
    return found


def test_the_full_files_are_of_the_classes_that_are_accepted():
    assert set(FULL_CLASSES) == set(PROFILE)


@every_class
def test_every_attribute_that_may_stay_stays_with_its_exact_value(sop_class):
    source = written(full_dataset(sop_class))
    result = deidentified(source)
    before = pydicom.dcmread(io.BytesIO(source))

    assert lost(before, reread(result), PROFILE[sop_class]) == []
    assert not planted_in(result.data)


@every_class
def test_what_stays_is_the_same_when_no_vr_is_written(sop_class):
    source = in_transfer_syntax(full_dataset(sop_class), ImplicitVRLittleEndian)
    before = pydicom.dcmread(io.BytesIO(source))

    assert lost(before, reread(deidentified(source)), PROFILE[sop_class]) == []


@every_class
def test_dates_and_uids_at_every_depth_are_others(sop_class):
    source = written(full_dataset(sop_class))
    after = reread(deidentified(source))

    for path, rule in rules_by_path(PROFILE[sop_class]):
        if rule.action in (Action.SHIFT_DATE, Action.REPLACE_UID) and "." not in path:
            assert after[rule.tag].value
            assert after[rule.tag].value != pydicom.dcmread(io.BytesIO(source))[rule.tag].value
    text = str(after)
    assert "1.2.826.0.1.3680043" not in text
    assert "20200331" not in text
    assert "+0100" not in text
