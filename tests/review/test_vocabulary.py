"""Schemes, scores and coded findings as rows: what ships, what is frozen, what a reading keeps."""

import re
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from review import services, vocabulary
from review.models import (
    Case,
    Category,
    Finding,
    FindingCode,
    Region,
    ReportingScheme,
    Score,
)
from review.services import CodedFinding, StudyAnswer, schemes
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


def breaks(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def code(meaning: str) -> FindingCode:
    return FindingCode.objects.get(meaning=meaning)


def scored(case: Case, *grades: str) -> dict[Region, Category]:
    """Grades by their code for the regions of the score that the first study is read by."""
    scoring = case.case_studies.first().scoring
    by_code = {each.code: each for each in scoring.categories.all()}
    return dict(zip(scoring.regions.all(), (by_code[grade] for grade in grades), strict=False))


def answer(case: Case, **said: Any) -> dict[int, StudyAnswer]:
    study = case.case_studies.get().study_id
    return {study: StudyAnswer(making.category(case), 2, **said)}


# --- What ships -------------------------------------------------------------------------


def test_the_two_scores_reach_from_nothing_to_their_published_most():
    most = {
        score.code: score.regions.count() * (score.categories.count() - 1)
        for score in ReportingScheme.objects.filter(kind="score")
    }

    assert most == {"ct-severity": 25, "cxr-severity": 8}


def test_the_shipped_codes_are_those_of_the_standards_and_some_have_none():
    codes = set(FindingCode.objects.values_list("kind", "designator", "code", "meaning"))

    assert len(codes) == len(vocabulary.FINDINGS) == 33
    assert ("finding", "DCM", "112120", "Ground-glass opacity") in codes
    assert ("finding", "", None, "Crazy-paving") in codes
    assert ("site", "SCT", "90572001", "Lower lobe") in codes
    assert ("distribution", "SCT", "14414005", "Peripheral") in codes


def test_seeding_twice_adds_nothing():
    vocabulary.seed_scores(ReportingScheme, Category, Region)
    vocabulary.seed_findings(FindingCode)

    assert ReportingScheme.objects.filter(kind="score").count() == 2
    assert Region.objects.count() == 7
    assert FindingCode.objects.count() == 33


def test_a_score_is_never_taken_for_the_scheme_of_a_study():
    assert ReportingScheme.objects.default_for("CT").get().code == "bsti-ct"
    assert ReportingScheme.objects.scores_for("DX").get().code == "cxr-severity"


# --- What is frozen ---------------------------------------------------------------------


def test_opening_a_case_freezes_the_versions_it_is_read_by():
    case = making.open_case()
    held = case.case_studies.get()
    frozen = set(ReportingScheme.objects.filter(is_frozen=True))

    assert frozen == {held.scheme, held.scoring}
    with breaks("used scheme is not changed"), transaction.atomic():
        held.scheme.categories.update(label="Another")
    with breaks("used scheme is not changed"), transaction.atomic():
        Category.objects.create(scheme=held.scheme, code="x", label="New", order=90)
    with breaks("used scheme is not changed"), transaction.atomic():
        held.scoring.regions.update(label="Another")
    unused = ReportingScheme.objects.get(code="co-rads").categories.first()
    with breaks("used scheme is not changed"), transaction.atomic():
        Category.objects.filter(pk=unused.pk).update(scheme=held.scheme, order=91)
    for change in ({"name": "Another"}, {"is_frozen": False}, {"version": "1"}):
        with breaks("used scheme is not changed"), transaction.atomic():
            ReportingScheme.objects.filter(pk=held.scheme.pk).update(**change)
    ReportingScheme.objects.filter(pk=held.scheme.pk).update(is_default=False)


def test_a_version_nobody_read_by_can_be_changed():
    ReportingScheme.objects.get(code="co-rads").categories.filter(code="1").update(help="New.")


def test_both_readers_read_by_the_version_of_the_day_the_case_was_opened():
    case = making.open_case()
    newer = ReportingScheme.objects.create(
        code="bsti-ct", modality="CT", version="2024", name="BSTI CT"
    )
    schemes.use_scheme(scheme=newer, actor=Actor.of_task("tests"))
    new = Category.objects.create(scheme=newer, code="x", label="New", order=1)
    study = case.case_studies.get().study_id

    with pytest.raises(services.NotOfThisCase):
        making.submitted_reading(case, making.panellist(), studies={study: StudyAnswer(new)})

    assert case.case_studies.get().scheme.version == "2020"


def test_a_used_code_is_retired_but_never_changed():
    case = making.open_case()
    halo = code("Reversed halo")
    found = answer(case, findings=(CodedFinding(halo),))
    making.submitted_reading(case, making.panellist(), studies=found)

    with breaks("used code is not changed"), transaction.atomic():
        FindingCode.objects.filter(pk=halo.pk).update(meaning="Atoll sign")
    with breaks("used code is not changed"), transaction.atomic():
        FindingCode.objects.filter(pk=halo.pk).update(is_frozen=False)
    FindingCode.objects.filter(pk=halo.pk).update(is_active=False)
    FindingCode.objects.filter(meaning="Nodule").update(meaning="Lung nodule")


# --- What a reading keeps ---------------------------------------------------------------


def test_a_reading_keeps_scores_confidence_and_findings_with_site_and_distribution():
    case = making.open_case()
    opacity = CodedFinding(code("Ground-glass opacity"), code("Lower lobe"), code("Peripheral"))
    said = answer(
        case,
        confidence=3,
        scores=scored(case, "0", "1", "5", "2", "4"),
        findings=(opacity, CodedFinding(code("Consolidation"))),
    )

    reading = making.submitted_reading(case, making.panellist(), studies=said)

    assessment = reading.assessments.get()
    assert assessment.confidence == 3
    assert [score.grade.code for score in assessment.scores.all()] == ["0", "1", "5", "2", "4"]
    assert [
        (row.finding.meaning, row.site and row.site.meaning, row.instance)
        for row in reading.findings.all()
    ] == [("Ground-glass opacity", "Lower lobe", None), ("Consolidation", None, None)]
    assert services.answers_of(reading).studies == said


def test_saving_again_replaces_the_listed_findings_and_scores():
    reader = making.panellist()
    case = making.given_case(reader)
    for version, meaning in enumerate(["Consolidation", "Nodule"]):
        services.save_draft(
            case=case,
            actor=making.actor(reader),
            version=version,
            answers=making.answers(
                case,
                studies=answer(
                    case,
                    scores=scored(case, str(version)),
                    findings=(CodedFinding(code(meaning)),),
                ),
            ),
            at=timezone.now(),
        )

    assert Finding.objects.get().finding.meaning == "Nodule"
    assert Score.objects.get().grade.code == "1"


def test_scores_and_findings_of_a_submitted_reading_are_never_changed():
    case = making.open_case()
    said = answer(case, scores=scored(case, "1"), findings=(CodedFinding(code("Nodule")),))
    reading = making.submitted_reading(case, making.panellist(), studies=said)
    score, other = Score.objects.get(), scored(case, "2").popitem()[1]

    with breaks("score of a submitted reading is not changed"), transaction.atomic():
        Score.objects.update(grade=other)
    with breaks("score of a submitted reading is not changed"), transaction.atomic():
        score.delete()
    with breaks("is not changed"), transaction.atomic():
        reading.findings.update(site=code("Upper zone"))
    with breaks("is not changed"), transaction.atomic():
        reading.findings.all().delete()
    with breaks("is not changed"), transaction.atomic():
        Finding.objects.create(
            reading=reading,
            study=case.case_studies.get().study,
            finding=code("Nodule"),
            found_at=timezone.now(),
        )


def test_a_grade_or_region_of_another_score_is_refused_by_service_and_database():
    case = making.open_case()
    foreign = ReportingScheme.objects.get(code="cxr-severity")
    region, grade = foreign.regions.first(), foreign.categories.first()

    with pytest.raises(services.NotOfThisCase):
        making.submitted_reading(
            case, making.panellist(), studies=answer(case, scores={region: grade})
        )
    reader = making.panellist()
    making.assigned(case, reader)
    services.save_draft(
        case=case,
        actor=making.actor(reader),
        version=0,
        answers=making.answers(case, studies=answer(case, scores=scored(case, "1"))),
        at=timezone.now(),
    )
    with breaks("score_grade_is_of_its_scheme"), transaction.atomic():
        Score.objects.update(grade=grade)
    with breaks("score_region_is_of_its_scheme"), transaction.atomic():
        Score.objects.update(region=region)


def test_a_site_is_not_a_finding():
    case = making.open_case()

    with pytest.raises(services.NotOfThisCase):
        making.submitted_reading(
            case,
            making.panellist(),
            studies=answer(case, findings=(CodedFinding(code("Lower lobe")),)),
        )


@pytest.mark.parametrize(
    "placed",
    [
        {"frame": 1},
        {"tool": "arrow"},
        {"graphic_type": "POINT", "graphic_data": [1.0, 1.0]},
        {"graphic_data": [1.0]},
    ],
)
def test_a_finding_is_placed_wholly_or_not_at_all(placed):
    reader = making.panellist()
    case = making.given_case(reader)
    reading = services.save_draft(
        case=case,
        actor=making.actor(reader),
        version=0,
        answers=making.answers(case),
        at=timezone.now(),
    )
    with breaks("finding_is_placed_wholly_or_not_at_all"):
        Finding.objects.create(
            pk=uuid.uuid4(),
            reading=reading,
            study=case.case_studies.get().study,
            finding=code("Nodule"),
            found_at=timezone.now(),
            **placed,
        )


# --- The form ---------------------------------------------------------------------------


@pytest.fixture
def reader(client):
    reader = making.panellist()
    sign_in(client, reader)
    return reader


def form_of(case: Case, **more: str) -> dict[str, str]:
    study = case.case_studies.get().study_id
    form = {"version": "0", "include": "yes", "teaching_value": "4", "comment": ""}
    form[f"category_{study}"] = str(making.category(case).pk)
    return form | {name.replace("STUDY", str(study)): value for name, value in more.items()}


def test_the_form_keeps_scores_and_findings_and_shows_them_again(client: Client, reader):
    case = making.given_case(reader)
    region, grade = next(iter(scored(case, "3").items()))
    form = form_of(
        case,
        **{
            f"score_STUDY_{region.pk}": str(grade.pk),
            "confidence_STUDY": "2",
            "finding_STUDY_0": str(code("Crazy-paving").pk),
            "distribution_STUDY_0": str(code("Peripheral").pk),
            "finding_STUDY_1": str(code("Nodule").pk),
        },
    )

    saved = client.post(reverse("review:save-draft", args=[case.number]), form)

    assert saved.status_code == 200
    shown = client.get(reverse("review:case", args=[case.number])).context["reading_form"]
    (part,) = shown.study_parts()
    assert [row["fields"][0].value() for row in part["findings"]] == [
        code("Crazy-paving").pk,
        code("Nodule").pk,
        None,
        None,
    ]
    assert part["findings"][0]["fields"][2].value() == code("Peripheral").pk
    assert [score.value() for score in part["scores"]] == [grade.pk, None, None, None, None]
    client.post(reverse("review:submit", args=[case.number]), form | {"version": "1"})
    page = client.get(reverse("review:case", args=[case.number])).content.decode()
    assert re.findall(r"<li>\s*(Crazy.*|Nodule)\n", page) == ["Crazy-paving, peripheral", "Nodule"]
    assert "3: Right upper lobe 3" in page
    assert "moderate confidence" in page


def test_a_site_without_a_finding_says_what_is_missing(client: Client, reader):
    case = making.given_case(reader)
    form = form_of(case, site_STUDY_0=str(code("Lower lobe").pk))

    answer = client.post(reverse("review:submit", args=[case.number]), form)

    assert answer.status_code == 422
    assert "Choose the finding that is there." in answer.content.decode()


@pytest.mark.parametrize("name", ["score_STUDY_REGION", "finding_STUDY_0", "confidence_STUDY"])
@pytest.mark.parametrize("value", ["999999", "x", "-1"])
def test_a_forged_score_finding_or_confidence_is_refused(client: Client, reader, name, value):
    case = making.given_case(reader)
    region = next(iter(scored(case, "1")))
    form = form_of(case, **{name.replace("REGION", str(region.pk)): value})

    assert client.post(reverse("review:save-draft", args=[case.number]), form).status_code == 400
    assert client.post(reverse("review:submit", args=[case.number]), form).status_code == 422


def test_a_retired_code_is_offered_no_more_but_stays_in_a_draft_that_has_it(client, reader):
    case, nodule = making.given_case(reader), code("Nodule")
    address = reverse("review:save-draft", args=[case.number])
    client.post(address, form_of(case, finding_STUDY_0=str(nodule.pk)))
    FindingCode.objects.filter(pk=nodule.pk).update(is_active=False)

    form = client.get(reverse("review:case", args=[case.number])).context["reading_form"]

    offered = [dict(row["fields"][0].field.choices) for row in form.study_parts()[0]["findings"]]
    assert nodule.pk in offered[0]
    assert nodule.pk not in offered[1]
