"""Files that are nearly right: each is taken or refused with a reason, and nothing else happens."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import UID

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    chest_xray,
    ct_slice,
    enhanced_ct,
    in_transfer_syntax,
    xray_dataset,
)
from tests.uploads.dicom.keys import deidentified
from uploads.dicom.deid import Deidentified
from uploads.dicom.reasons import Held, Reason, Refused

GOOD = [
    ct_slice(),
    chest_xray(),
    enhanced_ct(2),
    *(in_transfer_syntax(xray_dataset(), UID(uid)) for uid in (*UNCOMPRESSED, *ENCODERS)),
]
# lengths, delimiters and markers: what makes parsers run away
TELLING = [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"SQ", b"UN"]


def outcome_of(source: bytes) -> Reason | Deidentified:
    try:
        return deidentified(source)
    except (Refused, Held) as outcome:
        return outcome.reason


changes = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["replace", "insert", "delete"]),
        st.one_of(st.binary(min_size=1, max_size=12), st.sampled_from(TELLING)),
    ),
    min_size=1,
    max_size=8,
)


def mutated(source: bytes, places: list[tuple[float, str, bytes]], *, whole: bool) -> bytes:
    """The file with bytes replaced, inserted or deleted; in its header alone unless `whole`."""
    data = bytearray(source)
    for fraction, kind, content in places:
        end = len(data) if whole else min(len(data), 3500)
        place = 132 + int(fraction * max(end - 132, 1))
        if kind == "insert":
            data[place:place] = content
        else:
            data[place : place + len(content)] = content if kind == "replace" else b""
    return bytes(data)


@settings(
    max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(source=st.sampled_from(GOOD), places=changes, whole=st.booleans())
def test_a_changed_file_is_taken_or_refused_with_a_reason(source, places, whole):
    outcome = outcome_of(mutated(source, places, whole=whole))

    assert isinstance(outcome, Reason) or outcome.data[:132] == bytes(128) + b"DICM"


@settings(max_examples=60, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(source=st.sampled_from(GOOD), length=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused(source, length):
    cut = source[: int(len(source) * length)]

    outcome = outcome_of(cut)

    # a padding byte, or the delimiter behind the last frame, may be all that was cut
    assert isinstance(outcome, Reason) or len(source) - len(cut) <= 16
    assert outcome is not Reason.PROCESSING_FAILED
