"""An administrator keeps schemes, scores and codes; what readings were made by stays as it was."""

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bsti_db.accounts.models import Member
from review import services
from review.models import Assessment, CaseStudy, Finding, FindingCode, Region, ReportingScheme
from review.services import CodedFinding, StudyAnswer
from tests.factories import member
from tests.review import making
from tests.review.test_vocabulary import answer, breaks, code
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client) -> Member:
    administrator = member(("administrator",))
    sign_in(client, administrator)
    return administrator


def scheme(code: str = "bsti-ct", version: str = "2020") -> ReportingScheme:
    return ReportingScheme.objects.get(code=code, version=version)


def post(client: Client, name: str, row: Any, /, **form: Any):
    return client.post(reverse(f"review:{name}", args=[row.pk]), form)


def copied(client: Client, of: ReportingScheme, version: str = "2024", **fields: str):
    sent = {"copy-name": of.name, "copy-code": of.code, "copy-version": version}
    return post(client, "copy-scheme", of, **sent | {f"copy-{k}": v for k, v in fields.items()})


def lines(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    sent = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
    for place, row in enumerate(rows):
        sent |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return sent


TWO = (
    {"place": 2, "label": "Unlikely", "code": "B", "help": "Little."},
    {"place": 1, "label": "Likely", "code": "A", "help": "Much."},
    {"place": "", "label": "", "code": ""},
)


def verbs() -> list[str]:
    rows = LogEntry.objects.filter(additional_data__verb__regex="^(scheme|finding_code)[.]")
    return [row.additional_data["verb"] for row in rows.order_by("pk")]


# --- Versions of a scheme -------------------------------------------------------------------


def test_a_used_scheme_is_changed_by_a_new_version_and_earlier_readings_keep_theirs(
    client, administrator
):
    reader = making.panellist()
    before = making.given_case(reader)
    used = scheme()
    assert used.is_frozen

    copied(client, used)
    newer = scheme(version="2024")
    labels = [each.label for each in used.categories.all()]
    assert [each.label for each in newer.categories.all()] == labels
    post(client, "scheme", newer, name="BSTI CT", **lines("categories", *TWO))
    post(client, "use-scheme", newer)
    after = making.open_case()

    newer.refresh_from_db()
    assert [(each.code, each.label) for each in newer.categories.all()] == [
        ("A", "Likely"),
        ("B", "Unlikely"),
    ]
    assert (before.case_studies.get().scheme, after.case_studies.get().scheme) == (used, newer)
    # the older case is still read by its own version, and takes no category of the newer
    study = before.case_studies.get().study_id
    with pytest.raises(services.NotOfThisCase):
        making.submitted_reading(
            before, reader, studies={study: StudyAnswer(newer.categories.first())}
        )
    making.submitted_reading(before, reader, studies={study: StudyAnswer(used.categories.first())})
    assert Assessment.objects.get().scheme == used
    assert newer.is_frozen
    assert verbs() == ["scheme.copied", "scheme.changed", "scheme.put_to_use"]


def test_a_used_version_is_shown_without_a_form_and_refuses_a_forged_one(client, administrator):
    making.open_case()
    used = scheme()

    page = client.get(reverse("review:scheme", args=[used.pk])).content.decode()
    answered = post(client, "scheme", used, name="Other", **lines("categories", *TWO))

    assert "Save the version" not in page
    assert answered.status_code == 422
    assert "so it stays as it is" in answered.content.decode()
    assert scheme().categories.count() == 5
    assert scheme().name == "BSTI CT"


def test_the_database_freezes_what_a_case_holds_whoever_writes_the_row():
    upload = making.accepted_upload()
    case = making.open_case(upload)
    rads = scheme("co-rads")

    CaseStudy.objects.filter(case=case).update(scheme=rads)

    rads.refresh_from_db()
    assert rads.is_frozen
    with breaks("used scheme is not changed"), transaction.atomic():
        rads.categories.all().delete()


def test_a_version_name_is_used_once_and_a_new_short_name_makes_a_new_scheme(client, administrator):
    taken = copied(client, scheme(), "2020")
    assert taken.status_code == 422
    assert "There is a version 2020 of bsti-ct already" in taken.content.decode()

    copied(client, scheme(), "1", code="trial", name="Trial")

    made = scheme("trial", "1")
    assert (made.modality, made.is_default, made.is_frozen) == ("CT", False, False)


def test_one_version_is_in_use_for_a_modality_and_the_score_is_chosen_by_itself(
    client, administrator
):
    post(client, "use-scheme", scheme("co-rads"))

    assert list(ReportingScheme.objects.default_for("CT")) == [scheme("co-rads")]
    assert ReportingScheme.objects.scores_for("CT").get().code == "ct-severity"
    assert ReportingScheme.objects.default_for("DX").get().code == "bsti-cxr"


def test_a_scores_grades_count_from_nought_in_the_order_of_their_places(client, administrator):
    copied(client, scheme("cxr-severity"))
    newer = scheme("cxr-severity", "2024")
    grades = lines("categories", {"place": 1, "label": "None"}, {"place": 2, "label": "Some"})
    regions = lines("regions", {"place": 1, "label": "Right upper zone"})

    post(client, "scheme", newer, name="Zones", **grades, **regions)

    assert [(each.code, each.label) for each in newer.categories.all()] == [
        ("0", "None"),
        ("1", "Some"),
    ]
    assert Region.objects.get(scheme=newer).code == "right-upper-zone"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (TWO[:1], "Enter at least two categories"),
        ((*TWO[:2], TWO[0]), "Two have the same name"),
        ((*TWO[:1], {"label": "Likely"}), "Enter the published code"),
        ((*TWO[:2], {"code": "C"}), "Enter a name"),
        ((*TWO[:1], {"label": "x" * 61, "code": "A"}), "at most 60 characters"),
    ],
)
def test_what_is_wrong_with_a_version_is_said_and_what_was_entered_stays(
    client, administrator, rows, sentence
):
    rads = scheme("co-rads")

    answered = post(client, "scheme", rads, name="CO-RADS", **lines("categories", *rows))

    page = answered.content.decode()
    assert answered.status_code == 422
    assert sentence in page
    assert 'value="Unlikely"' in page
    assert rads.categories.count() == 7


def test_a_version_nobody_read_by_is_discarded_but_not_the_one_in_use(client, administrator):
    post(client, "discard-scheme", scheme("rsna-ct"))
    post(client, "discard-scheme", scheme("bsti-ct"))

    assert not ReportingScheme.objects.filter(code="rsna-ct").exists()
    assert scheme("bsti-ct").categories.count() == 5
    assert verbs() == ["scheme.discarded"]


# --- Codes --------------------------------------------------------------------------------------


def test_a_changed_code_is_a_new_version_and_a_reading_keeps_the_one_it_has(client, administrator):
    case, halo = making.open_case(), code("Halo sign")
    making.submitted_reading(
        case, making.panellist(), studies=answer(case, findings=(CodedFinding(halo),))
    )

    post(client, "code", halo, meaning="Halo", designator="DCM", code="112073")

    halo.refresh_from_db()
    newer = FindingCode.objects.get(meaning="Halo")
    assert (halo.is_active, newer.is_active, newer.order) == (False, True, halo.order)
    assert Finding.objects.get().finding == halo
    assert halo.meaning == "Halo sign"


def test_the_page_does_not_tell_whether_a_code_was_ever_chosen(client, administrator):
    case, halo = making.open_case(), code("Halo sign")
    addresses = [reverse("review:codes"), reverse("review:code", args=[halo.pk])]
    before = [client.get(each).context["form"].as_p() for each in addresses]
    lists = client.get(addresses[0]).context["lists"]

    making.submitted_reading(
        case, making.panellist(), studies=answer(case, findings=(CodedFinding(halo),))
    )

    halo.refresh_from_db()
    assert halo.is_frozen
    assert [client.get(each).context["form"].as_p() for each in addresses] == before
    assert client.get(addresses[0]).context["lists"] == lists


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"meaning": "halo sign"}, "This meaning is offered already"),
        ({"meaning": "Ring", "designator": "DCM", "code": "112073"}, "DCM 112073 is offered"),
        ({"meaning": "Ring", "code": "112073"}, "together with its coding scheme"),
        ({"meaning": "Ring", "designator": "SCT"}, "together with its coding scheme"),
        ({"meaning": "Ring", "designator": "SCT", "code": "12a"}, "Enter the code in digits"),
        ({"meaning": "Ring", "kind": "odd"}, "Select a valid choice"),
    ],
)
def test_a_code_that_cannot_be_offered_is_refused_with_a_sentence(
    client, administrator, form, sentence
):
    answered = client.post(reverse("review:codes"), {"kind": "finding"} | form)

    assert answered.status_code == 422
    assert sentence in answered.content.decode()
    assert FindingCode.objects.count() == 33


def test_a_code_is_added_retired_and_offered_again(client, administrator):
    client.post(reverse("review:codes"), {"kind": "site", "meaning": "Lingula"})
    lingula = code("Lingula")
    post(client, "retire-code", lingula)
    assert not FindingCode.objects.offered("site").filter(pk=lingula.pk).exists()
    post(client, "restore-code", lingula)

    assert FindingCode.objects.offered("site").filter(pk=lingula.pk).exists()
    assert verbs() == ["finding_code.added", "finding_code.retired", "finding_code.restored"]


def test_a_retired_version_is_not_offered_beside_the_newer_one(client, administrator):
    halo = code("Halo sign")
    post(client, "code", halo, meaning="Halo sign", designator="", code="")

    post(client, "restore-code", halo)

    assert FindingCode.objects.offered("finding").get(meaning="Halo sign").version == 2


def test_a_meaning_and_a_code_are_offered_once_in_a_list():
    with breaks("meaning_is_offered_once_in_its_list"), transaction.atomic():
        FindingCode.objects.create(kind="finding", meaning="Halo sign", version=2)
    with breaks("code_is_offered_once_in_its_list"), transaction.atomic():
        FindingCode.objects.create(kind="finding", meaning="Ring", designator="DCM", code="112073")


# --- Who may --------------------------------------------------------------------


@pytest.mark.parametrize("role", ["panellist", "chair", "curator", "editor", "auditor"])
def test_nobody_but_an_administrator_keeps_schemes_and_codes(client, role):
    sign_in(client, member((role,)))
    acts = ["copy-scheme", "use-scheme", "discard-scheme", "scheme"]

    for name in ("schemes", "codes"):
        assert client.get(reverse(f"review:{name}")).status_code == 403
    for name in acts:
        assert post(client, name, scheme("co-rads"), name="x").status_code == 403
    for name in ("code", "retire-code", "restore-code"):
        assert post(client, name, code("Halo sign")).status_code == 403
    assert scheme("co-rads").categories.count() == 7
    assert code("Halo sign").is_active
