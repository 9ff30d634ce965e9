"""What clients ask for and how it is read: Accept, matching and pages."""

import datetime

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from uploads.dicomweb import matching, media, paging
from uploads.dicomweb.accepting import Accepted, NotAcceptable, accepted, takes
from uploads.dicomweb.question import BadRequest


def request(query: str = "", **headers: str):
    return RequestFactory().get(f"/studies{query}", headers=headers)


def test_the_dearest_is_read_first():
    ranges = accepted(request(accept="image/png;q=0.3, image/jpeg;q=0.9, text/html;q=0"))

    assert [each.kind for each in ranges] == ["image/jpeg", "image/png"]


def test_a_type_within_multipart_and_its_syntax_are_read():
    (each,) = accepted(
        request(
            accept='multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80'
        )
    )

    assert (each.inner, each.transfer_syntax) == ("image/jls", "1.2.840.10008.1.2.4.80")


def test_the_query_goes_before_the_header():
    (each,) = accepted(request("?accept=image/jpeg", accept="image/png"))

    assert each.kind == "image/jpeg"


def test_nothing_said_is_everything_taken():
    assert accepted(request()) == [Accepted("*/*")]


@pytest.mark.parametrize(
    "said",
    [
        "image",
        "image/",
        "/png",
        "image/png;q=two",
        "image/png;q=2",
        "image/png; ?",
        "a b/c",
        "*/*;q=0",
    ],
)
def test_an_accept_header_that_says_nothing_takeable_is_not_acceptable(said):
    with pytest.raises(NotAcceptable):
        accepted(request(accept=said))


def test_a_general_range_takes_its_kinds():
    assert takes([Accepted("application/*")], "application/dicom+json")
    assert not takes([Accepted("image/*")], "application/dicom+json")


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("", ("image/jls; transfer-syntax=1.2.840.10008.1.2.4.80", True)),
        ("image/jls", ("image/jls; transfer-syntax=1.2.840.10008.1.2.4.80", False)),
        (
            "application/octet-stream",
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1", False),
        ),
        (
            "multipart/related; type=image/jls; transfer-syntax=1.2.840.10008.1.2.4.90, "
            "multipart/related; type=application/octet-stream; q=0.5",
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1", True),
        ),
    ],
)
def test_frames_come_in_the_codec_that_is_taken(said, given):
    assert media._frame_type(accepted(request(accept=said))) == given


def test_a_codec_nobody_stored_is_not_acceptable():
    with pytest.raises(NotAcceptable):
        media._frame_type(accepted(request(accept="image/jp2")))


# --- Matching -----------------------------------------------------------------------

ROW = {
    "00080020": {"vr": "DA", "Value": ["20200316"]},
    "00080060": {"vr": "CS", "Value": ["CT"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "BSTI-ABC"}]},
    "00200011": {"vr": "IS", "Value": [4]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00080050": {"vr": "SH"},
}


def is_found(query: str) -> bool:
    keywords = ("StudyDate", "Modality", "PatientName", "SeriesNumber", "StudyInstanceUID")
    conditions, _ = matching.asked(request(query), (*keywords, "AccessionNumber"))
    return matching.matches(ROW, conditions)


@pytest.mark.parametrize(
    "query",
    [
        "?StudyDate=20200316",
        "?StudyDate=20200301-20200331",
        "?StudyDate=20200316-",
        "?00080020=-20200316",
        "?Modality=CT",
        "?Modality=C?",
        "?Modality=CR,CT",
        "?PatientName=BSTI*",
        "?PatientName=",
        "?SeriesNumber=04",
        "?StudyInstanceUID=9.9,1.2.3",
        "?AccessionNumber=*",
        "?includefield=all&fuzzymatching=true&limit=1",
    ],
)
def test_a_row_is_found_by(query):
    assert is_found(query)


@pytest.mark.parametrize(
    "query",
    [
        "?StudyDate=20200317-",
        "?StudyDate=-20200315",
        "?Modality=c?",
        "?PatientName=BSTI",
        "?SeriesNumber=5",
        "?StudyInstanceUID=1.2",
        "?AccessionNumber=A1",
    ],
)
def test_a_row_is_not_found_by(query):
    assert not is_found(query)


@pytest.mark.parametrize("query", ["?StudyDate=March", "?StudyDate=20201340", "?SeriesNumber=x"])
def test_a_value_the_attribute_cannot_have_is_a_bad_question(query):
    with pytest.raises(BadRequest):
        is_found(query)


def test_a_name_that_cannot_be_matched_is_told():
    _, others = matching.asked(request("?StudyColour=red&00081030=CHEST"), ("StudyDate",))

    assert others == ["StudyColour", "00081030"]


def test_a_range_is_the_same_of_a_column():
    conditions, _ = matching.asked(request("?StudyDate=20200301-20200331"), ("StudyDate",))

    found = conditions["StudyDate"].on("study_date")

    assert dict(found.children) == {
        "study_date__gte": datetime.date(2020, 3, 1),
        "study_date__lte": datetime.date(2020, 3, 31),
    }


def test_what_is_left_and_what_was_not_done_is_said():
    response = HttpResponse()
    paging.warn(response, request("?fuzzymatching=true"), left=7, others=[])

    assert 'There are 7 additional results that can be requested"' in response["Warning"]
    assert "fuzzymatching parameter is not supported" in response["Warning"]
