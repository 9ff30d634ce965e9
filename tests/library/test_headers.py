import json

from library.headers import (
    AGE,
    BLANK,
    KEPT,
    PATIENT_ID,
    PATIENT_NAME,
    SEX,
    UIDS,
    age_band_start,
    public_header,
)


def private_header() -> dict:
    """A header with a date, a time, a nested sequence, and a value in every kept attribute."""
    header = {tag: {"vr": "DS", "Value": [1]} for tag in KEPT}
    header |= {
        "00080018": {"vr": "UI", "Value": ["2.25.1"]},
        "0020000D": {"vr": "UI", "Value": ["2.25.2"]},
        "0020000E": {"vr": "UI", "Value": ["2.25.3"]},
        "00200052": {"vr": "UI", "Value": ["2.25.4"]},
        "00080020": {"vr": "DA", "Value": ["20190304"]},
        "00080022": {"vr": "DA", "Value": ["20190305"]},
        "00080030": {"vr": "TM", "Value": ["101112"]},
        "00080032": {"vr": "TM", "Value": ["131415"]},
        "0008002A": {"vr": "DT", "Value": ["20190306101112"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "BSTIXPSEUDONYM"}]},
        "00100020": {"vr": "LO", "Value": ["BSTIXPSEUDONYM"]},
        "00100040": {"vr": "CS", "Value": ["F"]},
        "00101010": {"vr": "AS", "Value": ["067Y"]},
        "00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["2.25.5"]}}]},
        "00180015": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["NESTED"]}}]},
    }
    return header


def published() -> dict:
    return public_header(private_header(), name="Teaching case 7", uid=lambda uid: f"{uid}.9")


def test_every_uid_of_a_public_header_is_replaced():
    header = published()

    for tag in UIDS:
        assert header[tag]["Value"][0].endswith(".9")
    assert "2.25.5" not in json.dumps(header)


def test_a_public_header_has_no_date_and_no_time():
    header = published()

    text = json.dumps(header)
    for value in ("2019", "101112", "131415"):
        assert value not in text
    assert all("Value" not in header[tag] for tag in BLANK)


def test_a_public_header_names_the_teaching_case_and_not_the_pseudonym():
    header = published()

    assert header["00100020"]["Value"] == ["Teaching case 7"]
    assert "PSEUDONYM" not in json.dumps(header)


def test_the_age_becomes_the_lower_end_of_its_band():
    assert published()["00101010"]["Value"] == ["060Y"]
    assert age_band_start("093Y") == 90
    assert age_band_start("003M") is None
    assert age_band_start("067Y\\068Y") is None


def test_an_attribute_nobody_allowed_is_left_out_nested_or_not():
    header = published()

    replaced = {PATIENT_NAME, PATIENT_ID, SEX, AGE}
    allowed = KEPT | UIDS | BLANK.keys() | replaced
    assert header.keys() <= allowed
    assert "NESTED" not in json.dumps(header)
