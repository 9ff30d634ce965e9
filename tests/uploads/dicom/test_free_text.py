"""Nobody's text stands where a word or a number may, whatever the attribute, at any depth."""

from collections.abc import Callable

import pytest
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import FileDataset

from tests.datasets import CT_IMAGE, ENHANCED_CT_IMAGE, chest_xray, ct_slice
from tests.datasets.full import FULL_CLASSES, full_dataset
from tests.datasets.writing import written
from tests.uploads.dicom.keys import deidentified, planted_in, reread
from tests.uploads.dicom.test_annex_e import rules_by_path
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.rules import Action
from uploads.dicom.deid.values import age, decimal, integer
from uploads.dicom.elements import (
    EXPLICIT_LITTLE_ENDIAN,
    Element,
    data_set,
    file_meta,
    file_of,
)

every_class = pytest.mark.parametrize("sop_class", FULL_CLASSES)

# an image without these is no image
_NAMING = {0x00080060, 0x00080016}
TEXT_VRS = ("CS", "LO", "SH", "ST", "DS", "IS", "TM", "DA", "DT", "AS")
# each with a name, a number or an address that test files know as planted
PAYLOADS = {
    "a name": "QUILLFEATHER",
    "a name beside a word": "LUNG QUILLFEATHER",
    "a name as a second value": "CHEST\\QUILLFEATHER",
    "a name before a word": "QUILLFEATHER\\CHEST\\LUNG",
    "a name behind a NUL": "12\0QUILLFEATHER",
    "a name behind a number": "1.25 QUILLFEATHER",
    "an NHS number": "9434765919",
    "an NHS number as a second value": "1\\9434765919",
    "a telephone number": "01632960943",
    "a number with an exponent": "9434765919e0",
    "a birth date": "19510923",
    "a name in a time": "101502QUILLFEATHER",
    "a name in a date": "20200331QUILLFEATHER",
    "a name in an age": "068YQUILLFEATHER",
}


CODE_TEXTS = {0x00080104: "LO", 0x0008010F: "CS", 0x00080105: "CS", 0x0008010B: "CS"}


def rewritten(dataset: FileDataset, change: Callable[[Element], Element]) -> bytes:
    """The file with other bytes in its elements: no library looks at what they are."""
    source = written(dataset)
    meta, position = file_meta(source)
    elements, _ = data_set(source, position, EXPLICIT_LITTLE_ENDIAN)
    return file_of(meta, [_changed(each, change) for each in elements], EXPLICIT_LITTLE_ENDIAN)


def _changed(element: Element, change: Callable[[Element], Element]) -> Element:
    if element.items is None:
        return change(element)
    items = tuple([_changed(each, change) for each in item] for item in element.items)
    return element._replace(items=items)


@every_class
@pytest.mark.parametrize("value", PAYLOADS.values(), ids=PAYLOADS)
def test_a_text_in_every_attribute_that_may_stay_is_gone(sop_class, value):
    kept = {rule.tag for path, rule in rules_by_path(PROFILE[sop_class])}
    kept = (kept | CODE_TEXTS.keys()) - _NAMING

    def change(element: Element) -> Element:
        is_text = element.tag in kept and element.vr in TEXT_VRS
        return element._replace(value=value.encode("ascii")) if is_text else element

    source = rewritten(full_dataset(sop_class), change)
    output = deidentified(source).data

    assert source.count(value.encode()) > 30
    assert not planted_in(output)
    assert b"01632960943" not in output


WORDS_OF_OTHERS = ("3D", "CT", "YES", "NONE", "ORIGINAL", "LUNG", "HU", "FOR PRESENTATION", "00")


@every_class
@pytest.mark.parametrize("word", WORDS_OF_OTHERS)
def test_a_word_that_another_attribute_knows_holds_no_file(sop_class, word):
    kept = {rule.tag for _, rule in rules_by_path(PROFILE[sop_class])} - _NAMING
    # YES there rightly holds a file
    kept -= {int(tag_for_keyword("BurnedInAnnotation") or 0)}

    def change(element: Element) -> Element:
        is_word = element.tag in kept and element.vr in ("CS", "LO", "SH")
        return element._replace(value=word.encode("ascii")) if is_word else element

    assert deidentified(rewritten(full_dataset(sop_class), change)).data


@every_class
def test_a_code_of_a_local_scheme_is_gone(sop_class):
    dataset = full_dataset(sop_class)
    rules = [rule for rule in PROFILE[sop_class].values() if rule.action is Action.KEEP_CODES]
    for rule in rules:
        code = dataset[rule.tag].value[0]
        code.CodeValue, code.CodingSchemeDesignator = "QUILLFEATHER", "99ELSEWHERE"

    result = deidentified(written(dataset))

    assert not planted_in(result.data)
    for rule in rules:
        assert not reread(result).get(rule.keyword)


@pytest.mark.parametrize(
    "letters", [b"QUILLFEA", b"94347659", b"Q\0U\0I\0L\0", b"quillfe ", b"4357201A"]
)
def test_letters_in_a_binary_number_are_gone(letters):
    def change(element: Element) -> Element:
        is_binary = element.vr in ("FD", "FL", "UL")
        return element._replace(value=letters) if is_binary else element

    source = rewritten(full_dataset(ENHANCED_CT_IMAGE), change)
    assert source.count(letters) > 20

    assert letters not in deidentified(source).data


# --- People whose names are words ----------------------------------------------------


def test_a_patient_called_as_a_part_of_the_body_keeps_the_image():
    source = ct_slice(
        PatientName="CHEST^LONG", SeriesDescription="LONG CHEST 1.25 MM LUNG", ProtocolName="CHEST"
    )

    dataset = reread(deidentified(source))

    assert dataset.SeriesDescription == "1.25 MM LUNG"
    assert "ProtocolName" not in dataset
    assert dataset.BodyPartExamined == "CHEST"


def test_a_patient_called_as_a_manufacturer_keeps_the_image():
    dataset = reread(deidentified(ct_slice(PatientName="SIEMENS^WERNER", Manufacturer="SIEMENS")))

    assert dataset.Manufacturer == ""
    assert dataset.Rows == 64


def test_a_referrer_called_as_a_word_does_not_stand_in_a_description():
    source = chest_xray(ReferringPhysicianName="LATERAL^MARY", SeriesDescription="CHEST LATERAL")

    assert reread(deidentified(source)).SeriesDescription == "CHEST"


# --- Numbers ------------------------------------------------------------------------


def test_numbers_stay_as_scanners_and_converters_write_them():
    written_so = {
        "ImageOrientationPatient": ["1", "6.123e-017", "-0", "0.", ".5", "+1.0E+00"],
        "PixelSpacing": ["0.976562976837158", " 0.68359375"],
        "ImagePositionPatient": ["-124.00000000000001", "1e2", "-1.4210854715202004e-14"],
        "XRayTubeCurrent": ["310.0"],
        "ExposureTime": ["500.000000"],
        "Exposure": ["+15"],
        "RescaleSlope": ["1.000000e+000"],
    }

    def change(element: Element) -> Element:
        keyword = keyword_for_tag(element.tag)
        if keyword in written_so:
            return element._replace(value="\\".join(written_so[keyword]).encode("ascii"))
        return element

    source = rewritten(full_dataset(CT_IMAGE), change)
    output = deidentified(source).data
    _, position = file_meta(output)
    elements, _ = data_set(output, position, EXPLICIT_LITTLE_ENDIAN)
    values = {keyword_for_tag(element.tag): element.value for element in elements}

    for keyword, parts in written_so.items():
        expected = "\\".join(part.strip() for part in parts)
        assert values[keyword].rstrip().decode("ascii") == expected


@pytest.mark.parametrize(
    "number", ["1e999", "NaN", "inf", "0x10", "1,5", "--1", "12.5.3", "1e9999"]
)
def test_what_is_no_decimal_goes(number):
    assert decimal(-1e6, 1e6)(number.encode("ascii")) is None


@pytest.mark.parametrize("number", ["310.5", "1e3", "", "12345678901", "3 1 0", "12a"])
def test_what_is_no_whole_number_goes(number):
    assert integer(0, 999_999)(number.encode("ascii")) is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("68Y", b"068Y"),
        ("5W", b"000Y"),
        ("024M", b"002Y"),
        ("120Y", b"090Y"),
        ("Y", None),
        ("68", None),
    ],
)
def test_an_age_is_told_in_years_however_it_is_written(told, kept):
    assert age(told.encode("ascii")) == kept


@pytest.mark.parametrize("number", ["0", "7", "20301", "999999", "-3"])
def test_a_series_number_of_a_scanner_stays(number):
    kept = reread(deidentified(ct_slice(SeriesNumber=number))).SeriesNumber

    assert str(kept) == number if number != "-3" else kept is None


@pytest.mark.parametrize("number", ["1000000", "9434765919", "01632960943", "19510923"])
def test_a_series_number_of_a_person_goes(number):
    result = deidentified(ct_slice(SeriesNumber=number, InstanceNumber=number))

    assert number.encode() not in result.data
    assert reread(result).SeriesNumber is None
