import pytest

from uploads.dicom.deid.identifiers import gathered, spellings
from uploads.dicom.elements import Element


@pytest.mark.parametrize(
    "written",
    [
        *("19500312", "12031950", "1950-03-12", "12/03/1950", "12-03-1950", "12.03.1950"),
        *("12.03.50", "12/3/50", "03/12/1950", "12MAR1950", "12-MAR-1950", "12 MAR 1950"),
        *("12 MARCH 1950", "MARCH 12 1950", "MARCH 12, 1950", "MAR 12 1950"),
    ],
)
def test_a_birth_date_is_known_as_people_write_it(written):
    assert written.encode() in spellings(b"19500312")
    assert written.encode() in spellings(b"1950.03.12")


@pytest.mark.parametrize("written", [b"", b"1950", b"19501332", b"unknown"])
def test_what_is_no_date_has_no_spellings(written):
    assert spellings(written) == set()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"SMITH^JOHN^^MR", {b"SMITH", b"JOHN"}),
        (b"SMITH-JONES^ANNE", {b"SMITH", b"JONES", b"ANNE"}),
        (b"O'NEIL^SE\xc1N", {b"NEIL", b"SE\xc1N"}),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", {b"YAMADA", b"TAROU"}),
        ("ŁUKASZ^ÅNGSTRÖM".encode(), {"ŁUKASZ".encode()}),
    ],
)
def test_the_parts_of_a_name_are_identifiers(value, words):
    found = gathered([Element(0x00100010, "PN", value)])

    assert words <= {word.upper() for word in found.personal} | found.personal


@pytest.mark.parametrize("number", [b"943 476 5919", b"943-476-5919", b"9434765919"])
def test_a_number_is_known_without_its_spaces(number):
    assert b"9434765919" in gathered([Element(0x00100020, "LO", number)]).personal


def test_names_and_numbers_are_found_at_every_depth_and_behind_an_unknown_vr():
    name = Element(0x00081048, "UN", b"PENHALIGON^MORWENNA")
    place = Element(0x00080080, "", b"St Elsewhere General Hospital")
    found = gathered([Element(0x00081110, "SQ", items=([name], [place]))])

    assert {b"PENHALIGON", b"MORWENNA"} <= found.personal
    assert {b"ELSEWHERE", b"ST ELSEWHERE GENERAL HOSPITAL"} <= found.other
