"""What we write and store is no worse DICOM than what was sent: dciodvfy, by David Clunie, says."""

import re
from collections.abc import Mapping
from pathlib import Path

import pydicom.data
import pytest
from pydicom.dataset import Dataset

from tests.datasets.full import FULL_CLASSES, full_dataset
from tests.datasets.writing import in_transfer_syntax, written
from tests.uploads.dicom.dciodvfy import errors_of, needs_dciodvfy
from tests.uploads.dicom.keys import deidentified
from tests.uploads.dicom.stored import stored
from tests.uploads.dicom.test_deid import MAKERS
from uploads.dicom.deid.annex_e import types_of
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Action, Rule
from uploads.dicom.reasons import Held, Refused

pytestmark = needs_dciodvfy
every_class = pytest.mark.parametrize("sop_class", FULL_CLASSES)
PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"


def new_errors(source: bytes, folder: Path) -> list[str]:
    result = deidentified(source, is_cleared=True)
    kept, _ = stored(result)
    found = errors_of(result.data, folder) | errors_of(kept, folder)
    return sorted(found - errors_of(source, folder))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_an_ordinary_file_gets_no_new_error(make, tmp_path):
    assert new_errors(make(), tmp_path) == []


@every_class
def test_a_full_file_gets_no_new_error(sop_class, tmp_path):
    assert new_errors(written(full_dataset(sop_class)), tmp_path) == []


@every_class
def test_a_file_whose_texts_no_vocabulary_knows_gets_no_new_error(sop_class, tmp_path):
    dataset = full_dataset(sop_class)
    _write_free_text(dataset, PROFILE[sop_class])

    assert new_errors(written(dataset), tmp_path) == []


def _write_free_text(dataset: Dataset, rules: Mapping[int, Rule]) -> None:
    """Texts for which the standard knows no closed list of terms."""
    for rule in rules.values():
        if rule.items is not None:
            for item in dataset[rule.tag].value:
                _write_free_text(item, rule.items)
        elif rule.action is Action.KEEP and rule.vr in ("LO", "SH", "ST"):
            dataset[rule.tag].value = "Elsewhere 7"


@every_class
def test_a_file_with_nothing_but_what_it_must_have_gets_no_new_error(sop_class, tmp_path):
    dataset = full_dataset(sop_class)
    for rule in PROFILE[sop_class].values():
        if not rule.is_required and rule.action in (Action.KEEP, Action.SHIFT_DATE, Action.CLEAN):
            del dataset[rule.tag]

    assert new_errors(written(dataset), tmp_path) == []


@every_class
def test_a_file_of_empty_values_gets_no_new_error(sop_class, tmp_path):
    dataset = full_dataset(sop_class)
    for rule in PROFILE[sop_class].values():
        may_be_empty = types_of(sop_class).get(rule.keyword, "3") in ("2", "2C", "3")
        if may_be_empty and rule.action in (Action.KEEP, Action.SHIFT_DATE, Action.CLEAN):
            dataset[rule.tag].value = None
    # an explanation of nothing
    dataset.pop("PixelSpacingCalibrationDescription", None)

    assert new_errors(written(dataset), tmp_path) == []


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
def test_another_way_of_writing_gets_no_new_error(syntax, tmp_path):
    for sop_class in FULL_CLASSES:
        dataset = full_dataset(sop_class)
        # pydicom writes its bytes as they are, whatever the byte order
        dataset.pop("VOILUTSequence", None)
        dataset.pop("ModalityLUTSequence", None)
        source = in_transfer_syntax(dataset, syntax)
        assert new_errors(source, tmp_path) == []


def test_pydicoms_own_files_get_no_new_error(tmp_path):
    found, accepted = {}, 0
    for path in sorted(PYDICOM_FILES.rglob("*")):
        if not path.is_file() or not re.fullmatch(r"\.dcm|", path.suffix):
            continue
        source = path.read_bytes()
        try:
            found[path.name] = new_errors(source, tmp_path)
            accepted += 1
        except (Held, Refused):
            continue
    assert accepted >= 10
    assert {name: errors for name, errors in found.items() if errors} == {}
