"""The short and the general way: the same bytes and the same report, or the short way declines."""

import io
from dataclasses import replace

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.datasets import (
    ENCODERS,
    UNCOMPRESSED,
    chest_xray,
    computed_radiograph,
    ct_dataset,
    ct_slice,
    enhanced_ct,
    held_xray,
    in_transfer_syntax,
    mr_image,
    truncated,
    written,
    xray_dataset,
)
from tests.datasets.building import item
from tests.uploads.dicom.canaries import with_canaries
from tests.uploads.dicom.keys import KEYS, another_organisation
from tests.uploads.dicom.test_mutations import changes, mutated
from uploads.dicom.deid import applying, deidentify_source, rereading, walker
from uploads.dicom.deid.identifiers import gathered
from uploads.dicom.deid.walker import MAX_HEADER_BYTES, walked
from uploads.dicom.elements import file_meta
from uploads.dicom.reading import Source, read
from uploads.dicom.reasons import Held, Reason, Refused


def up_to_pixels(data: bytes) -> bytes:
    """The file without what stands behind its pixels."""
    pixels = read(data).pixel_data.value
    return data[: data.index(pixels) + len(pixels)]


ORDINARY = [
    ct_slice(),
    ct_slice(number=2),
    ct_slice(patient="B"),
    ct_slice(PatientBirthDate=None, PatientAge="043Y"),
    chest_xray(),
    computed_radiograph(),
    held_xray(),
    enhanced_ct(2),
    mr_image(),
    up_to_pixels(with_canaries(ct_slice())),
    up_to_pixels(with_canaries(chest_xray(), as_unknown=True)),
    *(in_transfer_syntax(xray_dataset(), UID(syntax)) for syntax in ENCODERS),
]


def outcome(source: Source, data: bytes, keys=KEYS) -> object:
    try:
        result = deidentify_source(source, preamble=data[:128], pseudonyms=keys)
    except (Refused, Held) as problem:
        return problem.reason
    return result.data, result.report, result.attributes, result.pixel_digest


def read_by(reader, data: bytes) -> Source | Reason | None:
    try:
        return reader(data)
    except Refused as refused:
        return refused.reason


def differ(data: bytes, keys=KEYS) -> bool:
    """Whether the two ways come to different ends; that the short way declines is no difference."""
    walk, source = read_by(walked, data), read_by(read, data)
    if walk is None:
        return False
    if isinstance(walk, Reason) or isinstance(source, Reason):
        return walk is not source
    return outcome(walk, data, keys) != outcome(source, data, keys)


@pytest.mark.parametrize("data", ORDINARY)
def test_both_ways_give_the_same_bytes_and_the_same_report(data):
    assert read_by(walked, data) is not None
    # the second time it remembers
    assert not differ(data)
    assert not differ(data)


def test_what_is_remembered_of_one_patient_is_not_given_to_another():
    for keys in (KEYS, another_organisation(), KEYS):
        for patient in "ABAB":
            assert not differ(ct_slice(patient=patient), keys)


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": bytes(32)},
        {"organisation_key": "99ffee00"},
        {"upload_key": "0b7b8f0e-5d7c-4b1e-9d53-000000000002"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_equal_files_come_out_different_under_another_key_organisation_or_upload(changed):
    # nobody's PatientID: the upload stands in for it
    data = ct_slice(PatientID="ANON")
    others = replace(KEYS, **changed)
    results = [
        deidentify_source(walked(data), preamble=bytes(128), pseudonyms=keys, is_cleared=is_cleared)
        for keys in (KEYS, others, KEYS, others)
        for is_cleared in (False, True)
    ]
    again = [result.data for result in results[4:]]
    facts = [result.attributes for result in results[:4]]

    assert again == [result.data for result in results[:4]]
    assert len(set(again)) == 4
    assert facts[0].patient_id != facts[2].patient_id
    assert facts[0].study_date != facts[2].study_date
    assert b"113101" not in again[0]
    assert b"113101" in again[1]
    for keys in (KEYS, others):
        assert not differ(data, keys)


def test_whatever_is_forgotten_the_result_is_the_same(monkeypatch):
    files = [ct_slice(number=number) for number in (1, 2, 3, 1)]
    expected = [
        deidentify_source(read(data), preamble=bytes(128), pseudonyms=KEYS).data for data in files
    ]
    keys = replace(KEYS, key_id="nothing of it is remembered")
    for module in (applying, rereading):
        monkeypatch.setattr(module, "_REMEMBERED", 1)
        monkeypatch.setattr(module, "_MAX_REMEMBERED_BYTES", 24)

    for data, known in zip(files, expected, strict=True):
        result = deidentify_source(walked(data), preamble=bytes(128), pseudonyms=keys)
        assert result.data == known


def test_an_identifier_of_this_file_alone_is_no_longer_an_innocent_word():
    assert not differ(ct_slice(SeriesDescription="CHEST LUNG"))
    assert not differ(ct_slice(SeriesDescription="CHEST LUNG", PatientName="LUNG^ADA"))

    walk = walked(ct_slice(SeriesDescription="CHEST LUNG", PatientName="LUNG^ADA"))
    result = deidentify_source(walk, preamble=bytes(128), pseudonyms=KEYS)
    assert result.attributes.series_description == "CHEST"


@settings(max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(source=st.sampled_from(ORDINARY), places=changes, whole=st.booleans())
def test_a_changed_file_comes_to_the_same_end_both_ways(source, places, whole):
    assert not differ(mutated(source, places, whole=whole))


text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)
elements = st.dictionaries(
    st.sampled_from(
        [
            *("StudyDescription", "SeriesDescription", "PatientID", "PatientName", "StudyDate"),
            *("AccessionNumber", "KVP", "SliceThickness", "PatientAge", "BodyPartExamined"),
            *("ContentDate", "AcquisitionDateTime", "ConvolutionKernel", "InstanceNumber"),
            *("ImageType", "FrameOfReferenceUID", "PatientBirthDate", "InstitutionName"),
        ]
    ),
    st.one_of(
        text,
        st.sampled_from(["20200311", "20200311101502", "120", "1.25", "1.2.3", "CHEST", "043Y"]),
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.too_slow])
@given(values=elements, nested=elements, is_undefined=st.booleans(), number=st.integers(1, 3))
def test_a_generated_file_comes_to_the_same_end_both_ways(values, nested, is_undefined, number):
    with pydicom.config.disable_value_validation():
        dataset = ct_dataset(number=number)
        _set(dataset, values)
        inner = item(ReferencedSOPInstanceUID="1.2.3.4")
        _set(inner, nested)
        dataset.SourceImageSequence = [inner, item()]
        dataset["SourceImageSequence"].is_undefined_length = is_undefined
        data = written(dataset)

    assert not differ(data)


def _set(dataset: Dataset, values: dict[str, str]) -> None:
    for keyword, value in values.items():
        try:
            setattr(dataset, keyword, value)
        except (ValueError, TypeError, OverflowError):
            continue


# --- What the walker leaves to the general way -----------------------------------------


@pytest.mark.parametrize("syntax", [uid for uid in UNCOMPRESSED if uid != ExplicitVRLittleEndian])
def test_another_byte_order_or_way_of_writing_goes_the_general_way(syntax):
    assert walked(in_transfer_syntax(ct_dataset(), syntax)) is None


def test_what_is_not_strictly_in_order_goes_the_general_way():
    data = ct_slice()
    rows = data.index(b"\x28\x00\x10\x00US")
    many = ct_dataset()
    block = many.private_block(0x0011, "PETTIFOGGER", create=True)
    for place in range(5):
        block.add_new(place, "UN", bytes(MAX_HEADER_BYTES // 5))
    for odd in (
        data + b"behind the pixels",
        truncated(data),
        data[:rows] + data[rows : rows + 10] * 2 + data[rows + 10 :],
        data.replace(b"\x28\x00\x10\x00US", b"\x28\x00\x10\x00us"),
        data.replace(b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00ZZ"),
        data[: data.rindex(b"\xe0\x7f\x10\x00")],
        written(many),
    ):
        assert walked(odd) is None


def test_a_file_without_a_data_set_goes_the_general_way():
    data = ct_slice()
    _, position = file_meta(data)

    for length in (0, 4, 11):
        assert walked(data[: position + length]) is None


def test_a_file_that_is_too_large_goes_the_general_way(monkeypatch):
    assert walked(ct_slice()) is not None
    monkeypatch.setattr(walker, "MAX_FILE_BYTES", 1000)

    assert walked(ct_slice()) is None


@pytest.mark.parametrize(
    "of_another_kind",
    [
        ct_slice(PatientBirthDate=None),
        ct_slice(Rows=None, PatientComments="CHEST"),
        ct_slice(OtherPatientNames="QUILLFEATHER^A"),
        chest_xray(),
    ],
)
def test_a_file_with_other_attributes_than_the_last_is_read_as_it_is(of_another_kind):
    for data in (ct_slice(), of_another_kind, ct_slice(number=2), of_another_kind):
        walk, source = read_by(walked, data), read_by(read, data)
        if isinstance(source, Reason):
            assert walk is source
            continue
        assert walk.elements == source.elements
        assert walk.meta == source.meta
        assert walk.identifiers == gathered((*source.meta, *source.elements))


@pytest.mark.parametrize("vr", [b"SQ\0\0", b"US\0\0", b"OWQU"])
def test_pixels_of_a_strange_kind_go_the_general_way(vr):
    assert walked(ct_slice().replace(b"\xe0\x7f\x10\0OW\0\0", b"\xe0\x7f\x10\0" + vr)) is None


def test_a_sequence_without_a_length_is_walked():
    dataset = pydicom.dcmread(io.BytesIO(ct_slice()))
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for each in element.value:
                each.is_undefined_length_sequence_item = True
    data = written(dataset)

    assert walked(data) is not None
    assert not differ(data)
