"""The value rules one by one: what may stand in the output, or nothing."""

import struct

import pytest

from uploads.dicom.deid import vocabulary as words
from uploads.dicom.deid.values import (
    accepted_by,
    all_of,
    binary,
    image_type,
    integer,
    lut_data,
    lut_descriptor,
    matching,
    one_in_any_case,
    one_of,
    orientation,
    some_of,
    standard_uid,
    tag_pointer,
    time,
)


def words16(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


RISING = words16(*range(0, 4096, 16))
FALLING = words16(*range(4095, 0, -16))


@pytest.mark.parametrize(
    ("check", "value", "kept"),
    [
        (one_of("LUNG"), b"LUNG ", b"LUNG"),
        (one_of("LUNG"), b"LUNG\0JONES", b"LUNG"),
        (one_of("LUNG"), b"lung", None),
        (one_of("LUNG"), b"LUNG\\LUNG", None),
        (one_in_any_case("CHEST"), b"Chest", b"Chest"),
        (one_in_any_case("CHEST"), b"cHEST", None),
        (some_of("A", "B"), b"A\\JONES\\B", b"A\\B"),
        (some_of("A"), b"JONES", None),
        (some_of("A"), b"", None),
        (all_of("A", "B"), b"A \\B", b"A\\B"),
        (all_of("A"), b"A\\JONES", None),
        (all_of("A"), b"", None),
        (image_type("AXIAL"), b"ORIGINAL\\PRIMARY\\AXIAL\\JONES", b"ORIGINAL\\PRIMARY\\AXIAL"),
        (image_type("AXIAL"), b"JONES", b"DERIVED\\SECONDARY"),
        (
            image_type("VOLUME", has_four=True),
            b"MIXED\\PRIMARY\\VOLUME",
            b"MIXED\\PRIMARY\\VOLUME\\OTHER",
        ),
        (
            image_type("VOLUME", has_four=True),
            b"DERIVED\\PRIMARY\\JONES\\VOLUME\\JONES",
            b"DERIVED\\PRIMARY\\OTHER\\VOLUME",
        ),
        (matching(r"\d{1,4}", "digits"), b"12", b"12"),
        (matching(r"\d{1,4}", "digits"), b"12\\13", None),
        (matching(r"\d{1,4}", "digits"), b"", None),
        (time, b"10:15:02.5", b"101502.5"),
        (time, b"101502.123456", b"101502.123456"),
        (time, b"10", b"10"),
        (time, b"251502", None),
        (time, b"101502.1234567", None),
        (time, b"101502 JONES", None),
        (orientation, b"L\\FH", b"L\\FH"),
        (orientation, b"L", None),
        (orientation, b"L\\JONES", None),
        (standard_uid, b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.2"),
        (standard_uid, b"1.2.840.10008.9434765919", None),
        (tag_pointer, b"\x20\x00\x57\x90", b"\x20\x00\x57\x90"),
        (tag_pointer, b"\x09\x00\x10\x00", None),
        (tag_pointer, b"\x20\x00", None),
        (integer(0, 9, least=2, most=3), b"1\\2\\3", b"1\\2\\3"),
        (integer(0, 9, least=2, most=3), b"1", None),
        (binary("H", 1, 99), words16(7), words16(7)),
        (binary("H", 1, 99), words16(100), None),
        (binary("H", 1, 99), b"\x07", None),
        (binary("H", 1, 99), b"", None),
        (binary("d", -10, 10), struct.pack("<d", -0.0), struct.pack("<d", -0.0)),
        (binary("d", -10, 10), struct.pack("<d", float("nan")), None),
        (binary("d", -10, 10), struct.pack("<d", float("inf")), None),
        (binary("d", -10, 10), struct.pack("<d", 1e-7), None),
        (lut_descriptor, words16(256, 0, 12), words16(256, 0, 12)),
        (lut_descriptor, words16(256, 0, 7), None),
        (lut_descriptor, words16(256, 0, 17), None),
        (lut_descriptor, b"JONES", None),
        (lut_data, RISING, RISING),
        (lut_data, FALLING, FALLING),
        (lut_data, words16(5) * 16, words16(5) * 16),
        (lut_data, RISING[:30], None),
        (lut_data, RISING + b"\xff", None),
        (lut_data, RISING + FALLING, None),
        (lut_data, b"THE PATIENT IS CALLED JONES AND IS 47 YEARS OLD.", None),
        (lut_data, "JONES, BORN IN 1951".encode("utf-16-le"), None),
        (lut_data, RISING * 600, None),
    ],
)
def test_a_value_stands_when_it_is_proved(check, value, kept):
    assert check(value) == kept


@pytest.mark.parametrize(
    "kernel",
    [
        *("LUNG", "BONEPLUS", "STND+", "B70f", "Br59d", "I70f\\3", "Bl57d\\2", "FC52", "FC08-H"),
        *("YA", "L", "EB", "B_SHARP_C", "HD_LUNG", "QDS"),
    ],
)
def test_a_reconstruction_kernel_of_a_scanner_stays(kernel):
    check = matching(words.KERNELS, words.KERNELS_IN_WORDS, most=2)

    assert check(kernel.encode("ascii")) == kernel.encode("ascii")


@pytest.mark.parametrize("kernel", ["JONES", "LUNG JONES", "B9434765919", "SMITH52", "123456"])
def test_a_reconstruction_kernel_of_a_person_goes(kernel):
    assert matching(words.KERNELS, "", most=2)(kernel.encode("ascii")) is None


def test_a_rule_tells_what_it_accepts():
    assert accepted_by(one_of("A", "B")) == ("one of", ("A", "B"))
    assert accepted_by(integer(0, 5000, least=2, most=2)).sentence == (
        "2 values, each a whole number from 0 to 5,000"
    )
    assert accepted_by(binary("d", 0, 0.5, most=3)).sentence == (
        "up to 3 values, each a binary number from 0 to 0.5"
    )
