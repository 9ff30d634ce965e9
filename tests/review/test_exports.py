"""Readings for research: what leaves, under which names, and for whom."""

import csv
import io
import zipfile

import numpy as np
import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse

from audit.actors import Actor
from bsti_db.accounts.models import Member
from review.exports.dictionary import FINDINGS, READINGS
from review.models import Case, Category, ReportingScheme
from review.services import CodedFinding, Placement
from review.services.schemes import use_scheme
from tests.factories import member
from tests.review import making
from tests.review.test_vocabulary import answer, code, scored
from tests.signing_in import sign_in
from tests.uploads.dicom.dciodvfy import errors_of, needs_dciodvfy
from uploads.addresses import short_uid
from uploads.dicom.graphics import pairs_of
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db

OUTLINE = [0.1, 1.0, 3.3, 1.0, 2.0, 3.0, 0.1, 1.0]


@pytest.fixture
def chair(client) -> Member:
    chair = making.chair()
    sign_in(client, chair)
    return chair


@pytest.fixture
def readers() -> tuple[Member, Member]:
    return making.panellist(), making.panellist()


@pytest.fixture
def case(readers) -> Case:
    """A settled case whose first reader said all that can be said, and drew on an image."""
    case = making.open_case()
    first, second = readers
    seen = CodedFinding(code("Ground-glass opacity"), code("Lower lobe"), code("Peripheral"))
    said = answer(
        case,
        confidence=3,
        scores=scored(case, "0", "1", "5", "2", "4"),
        findings=(seen, CodedFinding(code("Consolidation")), _drawn_on(case)),
    )
    making.submitted_reading(case, first, studies=said, comment=f"I agree with {second.name}")
    making.submitted_reading(case, second)
    case.refresh_from_db()
    return case


def _drawn_on(case: Case) -> CodedFinding:
    image = case.case_studies.get().study.series.get().instances.get()
    name = f"{short_uid(image.sop_instance_uid)}-1"
    return CodedFinding(
        code("Consolidation"), placement=Placement(name, "polygon", tuple(pairs_of(OUTLINE)))
    )


def address(name: str, **asked: object) -> str:
    return reverse(f"review:{name}", query=asked)


def content_of(client, name: str, **asked: object) -> bytes:
    answered = client.get(address(name, **asked))
    assert answered.status_code == 200
    return b"".join(answered.streaming_content)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def unpacked(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def reports_of(client, **asked: object) -> dict[str, bytes]:
    files = unpacked(content_of(client, "export-whole", **asked))
    return {name: content for name, content in files.items() if name.endswith(".dcm")}


# --- The tables ----------------------------------------------------------------------


def test_the_readings_are_a_table_with_one_line_a_reading_and_study(client, chair, case):
    study = case.case_studies.get().study

    first, second = table(content_of(client, "export-readings"))

    assert first | {"reader": "", "patient": ""} == {
        "case": str(case.number), "patient": "", "study": "1",
        "study_instance_uid": study.study_instance_uid, "reader": "", "seat": "Reader A",
        "modality": "CT", "days_from_onset": "3", "scheme": "bsti-ct", "scheme_version": "2020",
        "category_code": "CVCX1", "category": "Classic COVID-19", "category_order": "1",
        "severity": first["severity"], "confidence": "3", "score": "ct-severity",
        "score_total": "12", "score_regions":
        "right-upper=0 right-middle=1 right-lower=5 left-upper=2 left-lower=4",
        "findings": "3", "include": "yes", "teaching_value": "4", "comment_given": "yes",
        "addenda": "0", "days_to_reading": "0", "outcome": "accepted",
        "outcome_basis": "agreement", "outcome_category": "Classic COVID-19",
        "outcome_severity": first["outcome_severity"],
    }  # fmt: skip
    assert (second["seat"], second["comment_given"], second["score_total"]) == (
        "Reader B",
        "no",
        "",
    )
    assert first["reader"] != second["reader"]


def test_the_findings_are_a_table_with_their_codes_and_where_they_are_drawn(client, chair, case):
    image = case.case_studies.get().study.series.get().instances.get()

    rows = table(content_of(client, "export-findings"))

    said = {
        (
            row["finding"],
            row["finding_scheme"],
            row["finding_code"],
            row["site"],
            row["distribution"],
        )
        for row in rows
    }
    assert said == {
        ("Ground-glass opacity", "DCM", "112120", "Lower lobe", "Peripheral"),
        ("Consolidation", "", "", "", ""),
    }
    (drawn,) = (row for row in rows if row["graphic_type"])
    assert drawn["series_instance_uid"] == image.series.series_instance_uid
    assert (drawn["sop_instance_uid"], drawn["frame"]) == (image.sop_instance_uid, "1")
    assert (drawn["tool"], drawn["graphic_type"]) == ("polygon", "POLYLINE")
    assert [float(each) for each in drawn["graphic_data"].split()] == OUTLINE


def test_the_dictionary_has_every_column_and_every_scheme(client, chair):
    rows = table(content_of(client, "export-dictionary"))

    named = [(row["table"], row["name"]) for row in rows]
    assert named[: len(READINGS)] == [("readings.csv", each.name) for each in READINGS]
    assert [name for name in named if name[0] == "findings.csv"] == [
        ("findings.csv", each.name) for each in FINDINGS
    ]
    assert len(set(named)) == len(named)
    assert all(row["meaning"] and row["type"] for row in rows)
    (scheme,) = (row for row in rows if row["name"] == "bsti-cxr 2020")
    assert scheme["values"].startswith("1 = Normal; 2 = Classic or probable COVID-19")
    (score,) = (row for row in rows if row["name"] == "ct-severity 2020")
    assert score["values"].startswith("0 = None; 1 = Less than 5 %")


def test_no_cell_is_a_formula_and_a_number_below_zero_stays_one(client, chair):
    upload = making.accepted_upload(days=(-2,))
    scheme = ReportingScheme.objects.create(code="odd", modality="CT", version="9", name="Odd")
    use_scheme(scheme=scheme, actor=Actor.of_task("tests"))
    Category.objects.create(scheme=scheme, code="=1+1", label="@SUM", order=1)
    making.decided_case(upload=upload)

    row, _ = table(content_of(client, "export-readings"))

    assert (row["category_code"], row["category"]) == ("'=1+1", "'@SUM")
    assert row["days_from_onset"] == "-2"


# --- The reports ----------------------------------------------------------------------


def test_highdicom_reads_a_report_of_each_reading_and_study(client, chair, case):
    from highdicom.sr import srread

    first, second = table(content_of(client, "export-readings"))
    files = reports_of(client)
    assert set(files) == {
        f"case-{case.number:05}/study-1-{row['reader']}.dcm" for row in (first, second)
    }

    content = srread(
        io.BytesIO(files[f"case-{case.number:05}/study-1-{first['reader']}.dcm"])
    ).content

    groups = {each.tracking_identifier: each for each in content.get_image_measurement_groups()}
    assessment, decision = groups["Assessment"], groups["Decision about the case"]
    said = {
        each.name.meaning: each.value.meaning for each in assessment.get_qualitative_evaluations()
    }
    assert said["BSTI CT, version 2020"] == "Classic COVID-19"
    assert said["Confidence in the category"] == "High"
    scores = [each.value for each in assessment.get_measurements()]
    assert scores == [12, 0, 1, 5, 2, 4]
    (include,) = decision.get_qualitative_evaluations()
    (teaching_value,) = decision.get_measurements()
    assert (include.value.meaning, teaching_value.value) == ("Yes", 4)
    (drawn,) = content.get_planar_roi_measurement_groups()
    assert drawn.finding_type.meaning == "Consolidation"
    assert drawn.roi.value.tolist() == np.float32(np.reshape(OUTLINE, (4, 2))).tolist()


def test_a_length_leaves_as_a_measurement_along_its_line(client, chair):
    from highdicom.sr import srread

    case = making.open_case()
    image = case.case_studies.get().study.series.get().instances.get()
    place = Placement(f"{short_uid(image.sop_instance_uid)}-1", "length", ((0.0, 1.0), (3.0, 1.0)))
    found = CodedFinding(code("Nodule"), placement=place)
    for _ in range(2):
        said = answer(case, findings=(found,))
        making.submitted_reading(case, making.panellist(), studies=said)

    for content in reports_of(client).values():
        groups = srread(io.BytesIO(content)).content.get_image_measurement_groups()
        (group,) = (each for each in groups if each.tracking_identifier == "Finding 1")
        (length,) = group.get_measurements()
        assert (length.name.meaning, length.value) == ("Length", 3)


@needs_dciodvfy
def test_dciodvfy_finds_no_error_in_a_report(client, chair, case, tmp_path):
    for content in reports_of(client).values():
        assert errors_of(content, tmp_path) == {}


def test_the_whole_holds_the_tables_too_and_is_the_same_again(client, chair, case):
    whole = content_of(client, "export-whole", purpose="Agreement 2026")

    files = unpacked(whole)
    assert files["readings.csv"] == content_of(client, "export-readings", purpose="Agreement 2026")
    assert files["findings.csv"] == content_of(client, "export-findings", purpose="Agreement 2026")
    assert files["dictionary.csv"] == content_of(client, "export-dictionary")
    assert content_of(client, "export-whole", purpose="agreement-2026") == whole


# --- Who and what ------------------------------------------------------------------------


def test_nothing_says_who_read_or_what_they_wrote(client, chair, case, readers):
    everything = b"".join(unpacked(content_of(client, "export-whole")).values())

    for reader in readers:
        assert reader.name.encode() not in everything
        assert reader.email.encode() not in everything
    assert b"I agree with" not in everything


def test_a_reader_has_one_pseudonym_a_purpose_and_another_in_the_next(client, chair, readers):
    first, second = (making.open_case() for _ in range(2))
    for case in (first, second):
        for reader in readers:
            making.submitted_reading(case, reader)

    names = [row["reader"] for row in table(content_of(client, "export-readings", purpose="a"))]
    others = [row["reader"] for row in table(content_of(client, "export-readings", purpose="b"))]

    assert names[:2] == names[2:]
    assert len(set(names)) == 2
    assert not set(names) & set(others)


def test_only_locked_readings_of_settled_cases_leave(client, chair, case):
    being_read = making.open_case()
    making.submitted_reading(being_read, making.panellist())
    making.discordant_case()

    rows = table(content_of(client, "export-readings"))

    assert {row["case"] for row in rows} == {str(case.number)}
    assert client.get(address("export-readings", case=being_read.number)).status_code == 404


def test_a_withdrawn_study_takes_its_assessments_along(client, chair, case):
    Upload.objects.update(status=UploadStatus.WITHDRAWN)

    assert table(content_of(client, "export-readings")) == []
    assert reports_of(client) == {}


def test_one_case_can_be_had_alone(client, chair, case):
    other = making.decided_case()

    rows = table(content_of(client, "export-readings", case=other.number))

    assert {row["case"] for row in rows} == {str(other.number)}
    assert len(reports_of(client, case=other.number)) == 2
    assert client.get(address("export-whole", case=999_999)).status_code == 404
    refused = client.get(address("export-whole", case="x"))
    assert refused.status_code == 422
    assert "whole number" in refused.content.decode()


def test_each_export_is_in_the_trail_without_its_purpose(client, chair, case):
    content_of(client, "export-readings", purpose="for my friend", case=case.number)

    entry = LogEntry.objects.get(additional_data__verb="readings.exported")
    assert entry.actor == chair
    assert entry.additional_data["facts"] == {
        "kind": "readings",
        "readings": 2,
        "case": case.number,
    }


@pytest.mark.parametrize(
    "name", ["exports", "export-readings", "export-findings", "export-dictionary", "export-whole"]
)
def test_only_a_chair_exports(case, name):
    for roles in (("panellist",), ("editor", "publisher", "auditor", "administrator")):
        assert sign_in(Client(), member(roles)).get(address(name)).status_code == 403


def test_the_page_says_what_there_is_and_when_there_is_nothing(client, chair, request):
    assert "nothing to export yet" in client.get(address("exports")).content.decode()

    request.getfixturevalue("case")

    assert "2 readings of 1 case." in client.get(address("exports")).content.decode()


def test_a_settled_case_leads_to_its_own_export_and_one_being_read_does_not(client, chair, case):
    being_read = making.open_case()
    pages = [
        client.get(reverse("review:case", args=[each.number])).content.decode()
        for each in (case, being_read)
    ]

    link = address("exports", case=case.number)
    assert [link in page for page in pages] == [True, False]
    assert "for research" not in pages[1]
    assert f'value="{case.number}"' in client.get(link).content.decode()


def test_many_readings_cost_no_more_questions(client, chair, django_assert_max_num_queries):
    for _ in range(4):
        making.decided_case()

    with django_assert_max_num_queries(30):
        assert len(table(content_of(client, "export-readings"))) == 8
