"""No identity survives, and what reading needs does."""

import datetime
import io

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from tests.datasets import (
    LEGACY_ENHANCED_CT_IMAGE,
    chest_xray,
    computed_radiograph,
    ct_dataset,
    ct_series,
    ct_slice,
    enhanced_ct,
    held_xray,
    in_transfer_syntax,
    stored_pixels,
    uid,
    written,
    xray_dataset,
)
from tests.uploads.dicom.canaries import CANARIES, SOURCE_UID, with_canaries
from tests.uploads.dicom.keys import (
    KEYS,
    another_organisation,
    another_upload,
    deidentified,
    planted_in,
    reread,
)
from uploads.dicom.deid import patient_key
from uploads.dicom.deid.pseudonyms import Pseudonyms, is_placeholder, normalised
from uploads.dicom.elements import Element, file_of
from uploads.dicom.reading import read
from uploads.dicom.reasons import Held, Reason, Refused

MAKERS = {
    "ct": ct_slice,
    "dx": chest_xray,
    "cr": computed_radiograph,
    "enhanced": enhanced_ct,
    "legacy": lambda **changes: enhanced_ct(SOPClassUID=LEGACY_ENHANCED_CT_IMAGE, **changes),
}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


# --- No identity ------------------------------------------------------------------


@every_kind
def test_no_planted_identity_survives(make):
    for patient in "ABC":
        assert not planted_in(deidentified(make(patient=patient)).data)


@every_kind
@pytest.mark.parametrize("as_unknown", [False, True], ids=["typed", "UN"])
def test_an_identity_in_every_attribute_at_every_depth_is_gone(make, as_unknown):
    source = with_canaries(make(), as_unknown=as_unknown)
    assert all(canary in source for canary in CANARIES)

    output = deidentified(source).data

    upper = output.upper()
    for canary in (*CANARIES, SOURCE_UID):
        assert canary not in upper
        assert canary.decode().encode("utf-16-le") not in upper


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_way_of_writing_is_freed_of_identities(syntax):
    result = deidentified(in_transfer_syntax(ct_dataset(), syntax))

    # deflated, the names would not stand there as they are
    assert not planted_in(reread(result).to_json().encode())
    assert not planted_in(result.data)


def test_no_uid_of_the_source_survives_and_references_stay_true():
    source = ct_slice()
    known = {
        str(value)
        for element in pydicom.dcmread(io.BytesIO(source)).iterall()
        if element.VR == "UI"
        for value in ([element.value] if isinstance(element.value, str) else element.value)
        if not str(value).startswith("1.2.840.10008")
    }

    dataset = reread(deidentified(source))

    text = str(dataset) + str(dataset.file_meta)
    assert not any(one in text for one in known)
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.SOPInstanceUID == KEYS.uid(uid("A", 1, 1, 1))


def test_the_preamble_the_meta_and_what_stands_behind_are_ours():
    dataset = ct_dataset()
    source = written(
        dataset,
        preamble=b"MZ" + b"QUILLFEATHER" * 10 + b"\0" * 6,
        behind=b"\0\0QUILLFEATHER",
        ImplementationVersionName="ZEBEDEE 1",
        SendingApplicationEntityTitle="GLOXINIA",
    )

    output = deidentified(source).data

    assert output[:128] == bytes(128)
    assert not planted_in(output)
    assert output.endswith(stored_pixels(dataset).tobytes()[-100:])


@pytest.mark.parametrize(
    "keyword", ["SeriesDescription", "FrameOfReferenceUID", "ContentDate", "KVP"]
)
def test_an_attribute_that_is_written_as_a_sequence_says_nothing(keyword):
    tag = tag_for_keyword(keyword)
    sequence = Element(tag, "SQ", items=([Element(0x00100010, "PN", b"QUILLFEATHER^ZEBEDEE")],))
    source = with_element(ct_slice(), sequence)
    assert b"QUILLFEATHER" in source

    result = deidentified(source)

    assert b"QUILLFEATHER" not in result.data
    assert tag not in reread(result) or not reread(result)[tag].value


def test_for_a_uid_without_a_value_none_is_made_up():
    tag = tag_for_keyword("FrameOfReferenceUID")

    for empty in (b"", b"\0", b"\\"):
        output = reread(deidentified(with_element(ct_slice(), Element(tag, "UI", empty))))
        assert "2.25." not in str(output.get("FrameOfReferenceUID"))


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "AnatomicRegionSequence"])
def test_a_sequence_that_is_written_as_text_says_nothing(keyword):
    tag = tag_for_keyword(keyword)
    source = with_element(computed_radiograph(), Element(tag, "LO", b"QUILLFEATHER"))
    assert b"QUILLFEATHER" in source

    result = deidentified(source)

    assert b"QUILLFEATHER" not in result.data
    assert tag not in reread(result)


def with_element(source: bytes, element: Element) -> bytes:
    known = read(source)
    others = [each for each in known.elements if each.tag != element.tag]
    meta = [each for each in known.meta if each.tag != 0x00020000]
    return file_of(meta, sorted([*others, element]), known.transfer_syntax_uid)


def test_text_behind_a_nul_goes():
    result = deidentified(ct_slice(SeriesDescription="CHEST\0QUILLFEATHER"))

    assert reread(result).SeriesDescription == "CHEST"


def test_a_description_keeps_known_words_alone():
    description = "CT THORAX 1.25MM for Mr Smith, tel 07700900123 (LUNG) Nethertown"

    assert reread(deidentified(ct_slice(SeriesDescription=description))).SeriesDescription == (
        "CT THORAX 1.25MM LUNG"
    )


def test_a_known_word_that_is_the_patients_name_goes():
    # there are people whose names are words of radiology
    source = ct_slice(PatientName="CHEST^LUNG", SeriesDescription="CHEST 1.25 MM LUNG")

    assert reread(deidentified(source)).SeriesDescription == "1.25 MM"


def test_a_patient_number_that_stands_in_a_number_goes():
    source = ct_slice(PatientID="4857201", AcquisitionNumber="4857201", SeriesNumber="4857201")

    result = deidentified(source)

    assert b"4857201" not in result.data


def test_an_identifier_in_unknown_characters_is_gone():
    source = ct_slice(SpecificCharacterSet="ISO_IR 192", PatientName="ÅNGSTRÖM^ŁUKASZ")

    output = deidentified(source).data

    assert "ÅNGSTRÖM".encode() not in output
    assert "ŁUKASZ".encode() not in output


def test_ages_over_89_are_one_group_and_the_birth_date_goes():
    ages = {"068Y": "068Y", "089Y": "089Y", "090Y": "090Y", "104Y": "090Y", "011M": "000Y"}
    for given_age, kept in ages.items():
        dataset = reread(deidentified(ct_slice(PatientAge=given_age)))
        assert dataset.PatientAge == kept
        assert dataset.get("PatientBirthDate", "") == ""


def test_an_age_is_reckoned_from_the_dates_when_it_is_not_told():
    assert reread(deidentified(ct_slice(PatientAge=None))).PatientAge == "068Y"
    assert (
        reread(deidentified(ct_slice(PatientAge=None, PatientBirthDate="19200101"))).PatientAge
        == "090Y"
    )


# --- What stays ----------------------------------------------------------------------

_GEOMETRY = """
Rows Columns PixelSpacing ImagePositionPatient ImageOrientationPatient SliceThickness
SpacingBetweenSlices SliceLocation BitsAllocated BitsStored HighBit PixelRepresentation
PhotometricInterpretation RescaleSlope RescaleIntercept RescaleType WindowCenter WindowWidth KVP
Exposure XRayTubeCurrent ExposureTime TableHeight SpiralPitchFactor PatientPosition
BodyPartExamined Modality SeriesNumber InstanceNumber ConvolutionKernel ImageType StudyTime
"""
_PROJECTION = """
Rows Columns ImagerPixelSpacing ViewPosition ImageLaterality PatientOrientation BodyPartExamined
PresentationLUTShape PixelIntensityRelationship PixelIntensityRelationshipSign
LossyImageCompression PresentationIntentType RescaleSlope RescaleIntercept WindowCenter
"""


@pytest.mark.parametrize(
    ("make", "keywords"), [(ct_slice, _GEOMETRY), (chest_xray, _PROJECTION)], ids=["ct", "dx"]
)
def test_what_reading_and_research_need_stays_exactly(make, keywords):
    source = make()
    before, after = pydicom.dcmread(io.BytesIO(source)), reread(deidentified(source))

    for keyword in keywords.split():
        assert before[keyword].value == after[keyword].value, keyword
        if before[keyword].VR in ("DS", "IS"):
            assert str(before[keyword].value) == str(after[keyword].value), keyword
    assert before.PixelData == after.PixelData


@every_kind
def test_pixels_are_bit_identical(make):
    source = make()
    before, after = pydicom.dcmread(io.BytesIO(source)), reread(deidentified(source))

    assert np.array_equal(before.pixel_array, after.pixel_array)
    assert before.pixel_array.dtype == after.pixel_array.dtype


def test_functional_groups_keep_every_frames_place():
    before = pydicom.dcmread(io.BytesIO(enhanced_ct(5)))
    after = reread(deidentified(enhanced_ct(5)))

    assert after.NumberOfFrames == 5
    for ours, theirs in zip(
        after.PerFrameFunctionalGroupsSequence,
        before.PerFrameFunctionalGroupsSequence,
        strict=True,
    ):
        ours, theirs = ours.PlanePositionSequence[0], theirs.PlanePositionSequence[0]
        assert ours.ImagePositionPatient == theirs.ImagePositionPatient
    shared = after.SharedFunctionalGroupsSequence[0]
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [5, 5]
    assert shared.PixelValueTransformationSequence[0].RescaleIntercept == -1024
    assert "FrameComments" not in str(after)


def test_dates_keep_their_weekday_and_their_distance():
    days = []
    for study in (1, 2, 9):
        dataset = reread(deidentified(ct_slice(study=study)))
        moved = datetime.date.fromisoformat(dataset.StudyDate)
        original = datetime.date(2020, 3, 10 + study)
        assert moved.weekday() == original.weekday()
        days.append((original - moved).days)
        assert dataset.AcquisitionDate == dataset.StudyDate
    assert len(set(days)) == 1
    assert 52 * 7 <= days[0] <= 520 * 7


def test_the_date_of_a_date_time_moves_with_the_others():
    dataset = reread(deidentified(enhanced_ct()))

    moved = datetime.date.fromisoformat(dataset.StudyDate)
    assert dataset.AcquisitionDateTime[8:] == "101502.120000"
    # the study was on 11 March, the acquisition says 31 March
    acquired = datetime.date.fromisoformat(dataset.AcquisitionDateTime[:8])
    assert (acquired - moved).days == 20


def test_a_file_says_that_and_how_it_was_deidentified():
    dataset = reread(deidentified(ct_slice(DeidentificationMethod="by hand, by ARKWRIGHT")))

    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"
    assert dataset.DeidentificationMethod == "BSTI-DB 1"
    codes = {code.CodeValue for code in dataset.DeidentificationMethodCodeSequence}
    assert {"113100", "113103", "113105", "113107"} <= codes
    assert "113101" not in codes
    purpose = dataset.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0]
    assert purpose.CodeValue == "109104"


def test_clean_pixel_data_is_claimed_only_after_a_person_looked():
    dataset = reread(deidentified(held_xray(), is_cleared=True))

    codes = {code.CodeValue for code in dataset.DeidentificationMethodCodeSequence}
    assert "113101" in codes
    assert dataset.BurnedInAnnotation == "NO"


@every_kind
def test_required_attributes_are_there_though_empty(make):
    dataset = reread(deidentified(make(ReferringPhysicianName=None, AccessionNumber=None)))

    for keyword in ("PatientBirthDate", "ReferringPhysicianName", "AccessionNumber", "StudyID"):
        assert keyword in dataset
        assert not dataset[keyword].value


# --- Pseudonyms ------------------------------------------------------------------------


def test_deidentifying_twice_gives_the_same_bytes():
    for make in MAKERS.values():
        assert deidentified(make()).data == deidentified(make()).data


def test_slices_of_one_patient_study_and_series_stay_together():
    outputs = [deidentified(source).attributes for source in ct_series(4)]

    for name in ("patient_id", "study_instance_uid", "series_instance_uid", "study_date"):
        assert len({getattr(output, name) for output in outputs}) == 1
    assert len({output.sop_instance_uid for output in outputs}) == 4
    assert len({output.frame_of_reference_uid for output in outputs}) == 1


def test_two_patients_never_share_a_pseudonym():
    one, other = deidentified(ct_slice()), deidentified(ct_slice(patient="B"))

    assert one.attributes.patient_id != other.attributes.patient_id
    assert reread(one).PatientName == one.attributes.patient_id


def test_two_organisations_share_no_pseudonym_of_one_patient():
    here = deidentified(ct_slice()).attributes
    there = deidentified(ct_slice(), another_organisation()).attributes

    assert here.patient_id != there.patient_id
    assert here.sop_instance_uid != there.sop_instance_uid


def test_a_patient_is_the_same_in_a_later_upload():
    first = deidentified(ct_slice()).attributes
    later = deidentified(ct_slice(study=2), another_upload()).attributes

    assert first.patient_id == later.patient_id


def test_spellings_of_one_number_are_one_patient():
    ids = {
        deidentified(ct_slice(PatientID=spelling)).attributes.patient_id
        for spelling in ("943 476 5919", "9434765919", "943-476-5919 ", "943\xa0476.5919".strip())
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    "placeholder",
    [
        *("", " ", "ANON", "anonymous", "0000000", "1", "ABCD", "PATIENT 12", "Unknown"),
        *("12345", "no-id", "test_patient", "ID0001", "X" * 9),
    ],
)
def test_a_number_that_identifies_nobody_is_keyed_by_the_upload(placeholder):
    here = deidentified(ct_slice(PatientID=placeholder)).attributes.patient_id
    beside = deidentified(ct_slice(PatientID="")).attributes.patient_id
    there = deidentified(ct_slice(PatientID=placeholder), another_upload()).attributes.patient_id

    assert is_placeholder(normalised(placeholder))
    assert here == beside != there


def test_files_of_two_patients_are_told_apart_without_a_value():
    def key(**changes) -> str:
        return patient_key(read(ct_slice(**changes)), KEYS)

    assert key() == key(number=2) == key(PatientName="QUILLFEATHER^Z", study=2)
    assert key() != key(patient="B")
    assert key(PatientID="ANON") != key(patient="B", PatientID="ANON")
    assert key(PatientID="ANON") == key(PatientID="ANON", number=2)
    assert "RXQ" not in key()


def test_a_secret_is_long_and_never_shown():
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"short", "k", "o", "u")
    assert str(KEYS.secret) not in repr(KEYS)
    assert "secret" not in repr(KEYS)


# --- Held, and verified ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (held_xray(), Reason.BURNED_IN_ANNOTATION),
        (chest_xray(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), Reason.SCREEN_SAVE),
        (ct_slice(ConversionType="WSD"), Reason.CONVERSION_TYPE),
    ],
)
def test_signs_of_text_in_the_picture_hold_a_file_until_a_person_looked(source, reason):
    with pytest.raises(Held) as holding:
        deidentified(source)

    assert holding.value.reason is reason
    assert deidentified(source, is_cleared=True).data


@pytest.mark.parametrize(
    "place", ["Thoracic Imaging", "British Society", "Patient Characteristics Clean Basic Option"]
)
def test_a_place_named_as_our_own_statements_holds_no_file(place):
    source = ct_slice(InstitutionName=place, InstitutionalDepartmentName=place)

    assert reread(deidentified(source)).get("InstitutionName", "") == ""


def test_no_exception_tells_a_value():
    for source in (ct_slice(PatientName="QUILLFEATHER")[:3000], held_xray()):
        with pytest.raises((Held, Refused)) as caught:
            deidentified(source)
        assert not planted_in(repr(caught.value).encode())
        assert caught.value.__cause__ is None


def test_the_report_counts_what_was_done():
    report = deidentified(ct_slice()).report

    told = report.to_json()
    assert told["00100010"] == {"replaced": 1}
    assert told["00081140"] == {"removed": 1}
    assert told["00080020"] == {"shifted": 1}
    assert told["00081030"] == {"cleaned": 1}
    assert told["00400275"] == {"removed": 1}
    assert told["private"] == {"removed": 3}
    assert not planted_in(str(told).encode())
    twice = type(report)()
    twice.merge(report)
    twice.merge(type(report).from_json(told))
    assert twice.to_json()["00100010"] == {"replaced": 2}


def test_attributes_are_those_of_the_output_and_survive_json():
    attributes = deidentified(ct_slice(number=3)).attributes

    assert type(attributes).from_json(attributes.to_json()) == attributes
    assert attributes.pixel_spacing_mm == (5, 5)
    assert attributes.slice_position_mm == pytest.approx(200 - 3.75)
    assert attributes.instance_number == 3
    assert attributes.modality == "CT"
    assert attributes.patient_age_years == 68
    enhanced = deidentified(enhanced_ct()).attributes
    assert enhanced.image_position_patient == (-160, -160, 198.75)
    assert enhanced.pixel_spacing_mm == (5, 5)


# --- Hostile files -------------------------------------------------------------------------

_GOOD = {
    "ct": ct_slice(),
    "enhanced": enhanced_ct(2),
    "implicit": in_transfer_syntax(ct_dataset(), ImplicitVRLittleEndian),
    "big": in_transfer_syntax(ct_dataset(), ExplicitVRBigEndian),
    "deflated": in_transfer_syntax(ct_dataset(), DeflatedExplicitVRLittleEndian),
}
_COMPRESSED = {
    str(syntax): in_transfer_syntax(xray_dataset(), pydicom.uid.UID(syntax))
    for syntax in (
        *("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"),
        *("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"),
    )
}
_EVERY = list((_GOOD | _COMPRESSED).values())


@given(
    source=st.sampled_from(_EVERY),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    ),
    is_in_header=st.booleans(),
    cut=st.none() | st.floats(0, 1),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_mutated_file_is_taken_or_gets_a_reason(source, changes, is_in_header, cut):
    data = bytearray(source)
    span = min(len(data), 4000) if is_in_header else len(data)
    for place, value in changes:
        data[int(place * span)] = value
    if cut is not None:
        del data[int(cut * len(data)) :]
    try:
        result = deidentified(bytes(data))
    except (Refused, Held) as known:
        text = known.sentence
    else:
        text = ""
        assert reread(result).PatientIdentityRemoved == "YES"
    assert not planted_in(text.encode())
