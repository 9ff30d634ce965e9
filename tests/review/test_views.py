"""The panel's pages: who gets in, what they show, and what each act leaves behind."""

import re

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from review import services
from review.models import Case, PanelProfile, Reading, ReportingScheme
from tests.factories import member, organisation
from tests.review import making
from tests.signing_in import sign_in
from uploads.addresses import short_uid
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Patient

pytestmark = pytest.mark.django_db


def count_of(verb: str) -> int:
    return LogEntry.objects.filter(additional_data__verb=verb).count()


def address(case: Case, name: str = "case") -> str:
    return reverse(f"review:{name}", args=[case.number])


def filled_in(case: Case, *, version: int = 0, **changes) -> dict[str, str]:
    """The reading form of a case as a browser sends it, fit to be submitted."""
    form = {"version": str(version), "include": "yes", "teaching_value": "4", "comment": ""}
    for row in case.case_studies.select_related("study"):
        scheme = ReportingScheme.objects.default_for(row.study.modality).first()
        form[f"category_{row.study_id}"] = str(scheme.categories.first().pk)
        form[f"severity_{row.study_id}"] = "2"
    return form | changes


@pytest.fixture
def reader(client):
    member = making.panellist()
    sign_in(client, member)
    return member


@pytest.fixture
def chair(client):
    member = making.chair()
    sign_in(client, member)
    return member


# --- Who gets in --------------------------------------------------------------------


def test_nobody_gets_in_without_signing_in(client):
    case = making.open_case()
    for page in [reverse("review:worklist"), address(case)]:
        assert client.get(page).status_code == 302


def test_members_without_the_panels_permission_are_refused(client):
    case = making.open_case()
    sign_in(client, member(("editor",)))
    assert client.get(reverse("review:worklist")).status_code == 403
    assert client.get(address(case)).status_code == 403
    assert client.post(address(case, "set-aside")).status_code == 403


@pytest.mark.parametrize("act", ["decide", "reopen"])
def test_only_the_chair_decides_and_reopens(client, reader, act):
    case = making.open_case()
    making.submitted_reading(case, reader)

    assert client.post(address(case, act)).status_code == 403


@pytest.mark.parametrize(
    "act", ["save-draft", "submit", "hand-back", "decide", "set-aside", "reopen"]
)
def test_every_change_is_a_post(client, chair, act):
    assert client.get(address(making.open_case(), act)).status_code == 405


@pytest.mark.parametrize("act", ["case", "save-draft", "submit", "hand-back", "set-aside"])
def test_a_case_of_ones_own_trust_is_not_found(client, act):
    trust = organisation()
    case = making.open_case(making.accepted_upload(sent_by=trust))
    sign_in(client, making.panellist(trust))

    ask = client.get if act == "case" else client.post
    assert ask(address(case, act)).status_code == 404


def test_an_unknown_case_is_not_found(client, reader):
    assert client.get(reverse("review:case", args=[999_999])).status_code == 404


# --- Worklist -----------------------------------------------------------------------


def test_the_worklist_says_what_will_be_there(client, reader):
    page = client.get(reverse("review:worklist"))

    assert page.status_code == 200
    assert "Nothing waits for you to read" in page.content.decode()


def counts(page) -> dict[str, int]:
    return {tab["name"]: tab["count"] for tab in page.context["tabs"]}


def test_the_worklist_counts_every_list(client, reader):
    making.accepted_upload()
    making.given_case(reader)
    making.open_case()
    making.submitted_reading(making.open_case(), reader)
    making.assigned(making.discordant_case(), reader)
    making.decided_case()

    page = client.get(reverse("review:worklist"))

    assert counts(page) == {
        "to-read": 1, "to-adjudicate": 1, "to-open": 1, "mine": 1, "settled": 1
    }  # fmt: skip


def test_cases_set_aside_are_the_chairs_to_see(client, chair):
    page = client.get(reverse("review:worklist"), {"show": "set-aside"})

    assert counts(page)["set-aside"] == 0
    assert page.context["show"] == "set-aside"


def test_the_case_due_first_comes_first_to_read(client, reader):
    newer, older = making.given_case(reader), making.given_case(reader)
    older.assignments.update(due_on="2020-04-01")

    page = client.get(reverse("review:worklist"))

    assert [row["case"] for row in page.context["rows"]] == [older, newer]
    assert [row["is_overdue"] for row in page.context["rows"]] == [True, False]


def test_the_worklist_is_filtered_by_modality_in_the_address(client, reader):
    ct = making.given_case(reader, making.accepted_upload(modalities=("CT",)))
    radiograph = making.given_case(reader, making.accepted_upload(modalities=("DX",)))

    for modality, case in [("CT", ct), ("CR", radiograph)]:
        page = client.get(reverse("review:worklist"), {"modality": modality})
        assert [row["case"] for row in page.context["rows"]] == [case]
        assert counts(page)["to-read"] == 1


def test_a_list_of_more_than_fifty_has_pages(client, reader):
    now = timezone.now()
    first = making.accepted_upload()
    for number in range(51):
        upload = making.accepted_upload(sent_by=first.organisation)
        case = services.open_case(patient=upload.patient, actor=making.actor(reader), at=now)
        making.assigned(case, reader)
        assert number < 60

    page = client.get(reverse("review:worklist"))
    assert len(page.context["rows"]) == 50
    assert "Page 1 of 2" in page.content.decode()
    assert len(client.get(reverse("review:worklist"), {"page": 2}).context["rows"]) == 1


def test_the_worklist_asks_the_database_as_often_for_many_cases(
    client, reader, django_assert_max_num_queries
):
    for _ in range(6):
        making.open_case()
        making.decided_case()
    client.get(reverse("review:worklist"))
    for show in ["to-read", "settled", "to-open"]:
        # 5 of them are the session's, the member's and their permissions'
        with django_assert_max_num_queries(17):
            client.get(reverse("review:worklist"), {"show": show})


@pytest.mark.parametrize("query", [{"show": "nonsense"}, {"page": "x"}, {"modality": "MR"}])
def test_a_strange_address_shows_the_first_list(client, reader, query):
    page = client.get(reverse("review:worklist"), query)

    assert page.status_code == 200
    assert page.context["show"] == "to-read"


def test_a_patient_is_opened_by_a_button(client, reader):
    upload = making.accepted_upload()
    making.accepted_upload()

    client.post(reverse("review:open"), {"patient": upload.patient_id})

    assert Case.objects.get().patient == upload.patient
    assert count_of("case.opened") == 1


def test_all_patients_are_opened_by_one_button(client, reader):
    for _ in range(3):
        making.accepted_upload()

    client.post(reverse("review:open"))

    assert Case.objects.count() == Patient.objects.count() == 3
    assert count_of("case.opened") == 3


@pytest.mark.parametrize("patient", ["999999", "x", ""])
def test_an_unknown_patient_opens_nothing(client, reader, patient):
    making.accepted_upload()

    assert client.post(reverse("review:open"), {"patient": patient}).status_code == 404
    assert not Case.objects.exists()


def test_a_patient_of_ones_own_trust_is_not_opened(client):
    trust = organisation()
    upload = making.accepted_upload(sent_by=trust)
    sign_in(client, making.panellist(trust))

    assert client.post(reverse("review:open"), {"patient": upload.patient_id}).status_code == 404
    client.post(reverse("review:open"))
    assert not Case.objects.exists()


# --- A case -------------------------------------------------------------------------


def test_a_case_page_shows_images_context_and_form(client, reader):
    upload = making.accepted_upload(modalities=("CT", "DX"), days=(3, 10), slices=2)
    case = making.given_case(reader, upload)

    page = client.get(address(case)).content.decode()

    assert "Day 3 from onset" in page
    assert "Day 10 from onset" in page
    assert "60 to 69" in page
    assert not re.search(r">\s*63\b", page)
    assert "BSTI CT" in page
    assert "BSTI chest radiograph" in page
    for study in upload.studies.all():
        assert f'name="category_{study.pk}"' in page
    instance = Instance.objects.first()
    assert short_uid(instance.sop_instance_uid) in page
    assert f"/instances/{instance.sop_instance_uid}/frames/1/rendered" in page


def test_a_case_page_names_no_trust_submitter_or_date_of_a_study(client, reader):
    upload = making.accepted_upload()
    page = client.get(address(making.given_case(reader, upload))).content.decode()

    assert upload.organisation.name not in page
    assert upload.submitter.email not in page
    assert "2020-03" not in page
    assert "March 2020" not in page


def test_studies_count_from_the_first_when_onset_is_not_known(client, reader):
    upload = making.accepted_upload(days=(None,))
    study = upload.studies.get()
    later = making.study(upload, "CT", days=None)
    type(later).objects.filter(pk=later.pk).update(
        study_date=study.study_date + timezone.timedelta(days=4)
    )

    page = client.get(address(making.given_case(reader, upload)))

    assert [label for _, label in page.context["studies"]] == [
        "Day 0 from the first study",
        "Day 4 from the first study",
    ]


def test_two_studies_of_one_day_are_told_apart(client, reader):
    case = making.given_case(reader, making.accepted_upload(modalities=("CT", "CT"), days=(3, 3)))

    page = client.get(address(case))

    assert [label for _, label in page.context["studies"]] == [
        "Day 3 from onset, study 1",
        "Day 3 from onset, study 2",
    ]


def test_without_script_a_page_shows_one_image_with_links_to_its_neighbours(client, reader):
    case = making.given_case(reader, making.accepted_upload(slices=3))
    images = client.get(address(case)).context["series"][0]["images"]
    names = [f"{image['uid']}-{image['frame']}" for image in images]

    shown = client.get(address(case), {"image": names[1]}).context["fallback"]

    assert shown["url"].startswith(images[1]["url"])
    assert shown["previous_url"] == f"?image={names[0]}"
    assert shown["next_url"] == f"?image={names[2]}"
    assert client.get(address(case), {"image": names[2]}).context["fallback"]["next_url"] == ""


def test_a_series_that_is_not_whole_yet_is_not_shown(client, reader):
    upload = making.accepted_upload()
    upload.studies.get().series.update(settled_at=None)

    page = client.get(address(making.given_case(reader, upload)))

    assert page.context["series"] == []
    assert "being prepared" in page.content.decode()


def test_opening_a_case_leaves_one_row_a_study_and_sitting(client, reader):
    case = making.given_case(reader, making.accepted_upload(modalities=("CT", "CT")))
    for _ in range(3):
        client.get(address(case))
    assert count_of("study.opened") == 2

    client.logout()
    sign_in(client, reader)
    client.get(address(case))
    assert count_of("study.opened") == 4


def test_a_withdrawn_study_leaves_the_page_at_once(client, reader):
    first = making.accepted_upload()
    case = making.given_case(reader, first)
    second = making.accepted_upload(first.patient)
    making.open_case(second)
    type(second).objects.filter(pk=second.pk).update(status=UploadStatus.WITHDRAWN)

    page = client.get(address(case))

    assert [study for study, _ in page.context["studies"]] == [first.studies.get()]


# --- Reading ------------------------------------------------------------------------


def test_a_draft_is_saved_and_comes_back_in_the_form(client, reader):
    case = making.given_case(reader)

    answer = client.post(address(case, "save-draft"), filled_in(case, comment="Halo sign"))

    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert re.fullmatch(r"Draft saved at \d\d:\d\d:\d\d\.", answer.json()["message"])
    page = client.get(address(case)).content.decode()
    assert "Halo sign" in page
    assert 'name="version" value="1"' in page


def test_an_empty_form_is_a_draft(client, reader):
    case = making.given_case(reader)

    answer = client.post(address(case, "save-draft"), {"version": "0"})

    assert answer.status_code == 200
    assert Reading.objects.get().include is None


def test_a_stale_draft_is_told_with_the_version_to_go_on_from(client, reader):
    case = making.given_case(reader)
    client.post(address(case, "save-draft"), filled_in(case, comment="One"))

    answer = client.post(address(case, "save-draft"), filled_in(case, comment="Two"))

    assert answer.status_code == 409
    assert (answer.json()["is_stale"], answer.json()["version"]) == (True, 1)
    assert Reading.objects.get().comment == "One"


@pytest.mark.parametrize(
    "forged", [{"teaching_value": "9"}, {"include": "maybe"}, {"version": "-1"}, {"version": ""}]
)
def test_a_forged_form_is_refused(client, reader, forged):
    case = making.given_case(reader)

    assert client.post(address(case, "save-draft"), filled_in(case, **forged)).status_code == 400
    assert client.post(address(case, "submit"), filled_in(case, **forged)).status_code == 422
    assert not Reading.objects.exists()


def test_a_category_of_another_scheme_is_refused(client, reader):
    case = making.given_case(reader)
    study = case.case_studies.get().study
    foreign = ReportingScheme.objects.get(code="co-rads").categories.first()
    form = filled_in(case, **{f"category_{study.pk}": str(foreign.pk)})

    assert client.post(address(case, "submit"), form).status_code == 422


def test_a_submitted_reading_is_locked_and_shown(client, reader):
    case = making.given_case(reader)

    client.post(address(case, "submit"), filled_in(case))

    page = client.get(address(case)).content.decode()
    assert "Locked on" in page
    assert "Submit reading" not in page
    assert client.post(address(case, "save-draft"), filled_in(case)).status_code == 409
    assert count_of("reading.submitted") == 1


def test_submitting_twice_leaves_one_reading_and_one_row(client, reader):
    case = making.given_case(reader)
    for _ in range(2):
        client.post(address(case, "submit"), filled_in(case))

    assert Reading.objects.count() == 1
    assert count_of("reading.submitted") == 1


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"include": ""}, "Say whether to include the case."),
        ({"teaching_value": ""}, "Give the case a teaching value."),
    ],
)
def test_an_incomplete_reading_is_told_what_is_missing_and_keeps_the_rest(
    client, reader, missing, sentence
):
    case = making.given_case(reader)

    page = client.post(address(case, "submit"), filled_in(case, comment="Kept", **missing))

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert "Kept" in page.content.decode()
    assert not Reading.objects.exists()


def test_a_missing_category_names_its_study(client, reader):
    case = making.given_case(reader)
    study = case.case_studies.get().study

    page = client.post(address(case, "submit"), filled_in(case, **{f"category_{study.pk}": ""}))

    assert "Choose a category for Day 3 from onset (CT)." in page.content.decode()


def test_a_stale_submission_loses_nothing_and_can_be_sent_again(client, reader):
    case = making.given_case(reader)
    client.post(address(case, "save-draft"), filled_in(case, comment="Other window"))

    page = client.post(address(case, "submit"), filled_in(case, comment="This window"))

    assert page.status_code == 409
    text = page.content.decode()
    assert "This window" in text
    assert 'name="version" value="1"' in text
    client.post(address(case, "submit"), filled_in(case, version=1, comment="This window"))
    assert Reading.objects.get().comment == "This window"


def test_without_script_a_draft_is_saved_by_its_button(client, reader):
    case = making.given_case(reader)

    client.post(address(case, "submit"), {"version": "0", "comment": "Half", "draft": "1"})

    assert Reading.objects.get().submitted_at is None


def test_after_a_reading_the_next_case_is_one_link_away(client, reader):
    case, following = making.given_case(reader), making.given_case(reader)

    client.post(address(case, "submit"), filled_in(case))

    assert client.get(address(case)).context["next_case"] == following


def test_a_case_given_back_goes_to_somebody_else(client, reader):
    case = making.given_case(reader)
    making.assigned(case, making.panellist())
    making.panellist()

    client.post(address(case, "hand-back"), {"hand-back-reason": "On leave"})

    assert client.get(address(case)).status_code == 404
    others = case.assignments.standing().values_list("member", flat=True)
    assert len(others) == 2
    assert reader.pk not in others


def test_giving_back_asks_for_a_reason(client, reader):
    case = making.given_case(reader)

    assert client.post(address(case, "hand-back")).status_code == 422
    assert case.assignments.standing().exists()


def test_a_reader_learns_nothing_of_anothers_reading(client, reader):
    case = making.given_case(reader)
    other = making.assigned(case, making.panellist()).assignments.last().member
    before = client.get(address(case)).content.decode()
    making.submitted_reading(case, other, comment="CANARY")

    after = client.get(address(case)).content.decode()

    without_tokens = [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page) for page in (before, after)
    ]
    assert without_tokens[0] == without_tokens[1]


# --- The chair ------------------------------------------------------------------------


def test_the_chair_decides_a_discordant_case_and_sees_a_and_b(client, chair):
    case = making.open_case()
    making.submitted_reading(case, making.panellist(), comment="Their words")
    assert "decision_form" not in client.get(address(case)).context
    making.submitted_reading(case, making.panellist(), include=False)

    page = client.get(address(case)).content.decode()
    assert "Their words" in page
    assert "Reader A" in page
    assert "Reader B" in page
    assert "whether to include the case" in page
    client.post(address(case, "decide"), DECISION)

    case.refresh_from_db()
    assert case.status == "accepted"
    assert count_of("case.accepted") == 1
    assert "Verdict" in client.get(address(case)).content.decode()


DECISION = {
    "decision-outcome": "accepted",
    "decision-reason": "Clear.",
    "decision-teaching_value": "4",
}


def test_the_adjudicator_decides_by_the_same_form(client, reader):
    case = making.discordant_case()
    assert client.get(address(case)).status_code == 404
    making.assigned(case, reader)

    page = client.get(address(case)).content.decode()
    assert address(case, "adjudicate") in page
    client.post(address(case, "adjudicate"), DECISION)

    case.refresh_from_db()
    assert case.status == "accepted"
    assert case.verdicts.get().decided_by == reader


def test_who_declines_a_case_as_adjudicator_is_sent_to_the_worklist(client, reader):
    case = making.assigned(making.discordant_case(), reader)

    answer = client.post(
        address(case, "adjudicate"),
        {"decision-outcome": "declined", "decision-reason": "Too blurred."},
    )

    assert answer.url == reverse("review:worklist")


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision-reason": ""},
        {"decision-outcome": ""},
        {"decision-teaching_value": ""},
        {"decision-teaching_value": "6"},
        {"decision-category": "999999"},
    ],
)
def test_an_incomplete_decision_settles_nothing(client, chair, wrong):
    case = making.discordant_case()

    assert client.post(address(case, "decide"), DECISION | wrong).status_code == 422
    case.refresh_from_db()
    assert case.status == "discordant"


# --- Who has a case ---------------------------------------------------------------------


def test_opening_a_case_gives_it_to_two_readers(client, reader):
    making.panellist()
    making.accepted_upload()

    client.post(reverse("review:open"))

    assert Case.objects.get().assignments.standing().count() == 2


def test_a_second_reading_that_differs_brings_in_an_adjudicator(client, reader):
    case, third = making.given_case(reader), making.panellist()
    making.submitted_reading(case, making.panellist(), include=False)

    client.post(address(case, "submit"), filled_in(case))

    adjudicator = case.assignments.get(seat="adjudicator").member
    assert adjudicator == third or adjudicator.has_perm("accounts.review_chair")


def test_the_chair_gives_a_case_by_name_with_a_day_and_takes_it_back(client, chair):
    case, member = making.open_case(), making.panellist()

    client.post(
        address(case, "assign"), {"assign-member": member.pk, "assign-due_on": "2099-01-31"}
    )

    given = case.assignments.standing().get()
    assert (given.member, given.assigned_by, str(given.due_on)) == (member, chair, "2099-01-31")
    assert member.name in client.get(address(case)).content.decode()
    client.post(
        address(case, "take-back"),
        {"take-back-assignment": given.pk, "take-back-reason": "Too many cases"},
    )
    assert not case.assignments.standing().exists()
    assert count_of("case.taken_back") == 1


@pytest.mark.parametrize("wrong", [{"assign-due_on": "2020-01-01"}, {"assign-member": "999999"}])
def test_a_case_is_not_given_for_a_past_day_or_to_a_stranger(client, chair, wrong):
    case = making.open_case()
    form = {"assign-member": making.panellist().pk} | wrong

    client.post(address(case, "assign"), form)

    assert not case.assignments.exists()


@pytest.mark.parametrize("act", ["assign", "take-back"])
def test_only_the_chair_gives_cases(client, reader, act):
    assert client.post(address(making.given_case(reader), act)).status_code == 403


def test_a_member_says_what_they_read_and_when_they_are_away(client, reader):
    address = reverse("review:profile")
    form = {"reads_ct": "on", "away_from": "2099-08-01", "away_until": "2099-08-14"}

    assert client.post(address, form | {"away_until": "2099-07-01"}).status_code == 422
    assert client.post(address, form | {"away_from": ""}).status_code == 422
    client.post(address, form)

    profile = PanelProfile.objects.get(member=reader)
    assert (profile.reads_ct, profile.reads_radiographs) == (True, False)
    assert str(profile.away_until) == "2099-08-14"
    assert count_of("panel_profile.changed") == 1
    assert 'value="2099-08-01"' in client.get(address).content.decode()


def test_an_addendum_stands_beside_the_locked_reading(client, reader):
    case = making.given_case(reader)
    client.post(address(case, "submit"), filled_in(case))

    assert client.post(address(case, "addendum"), {"addendum-text": ""}).status_code == 422
    client.post(address(case, "addendum"), {"addendum-text": "Right, not left."})

    assert "Right, not left." in client.get(address(case)).content.decode()


def test_the_chair_overrides_with_a_reason(client, chair):
    case = making.decided_case()

    client.post(
        address(case, "decide"),
        {"decision-outcome": "declined", "decision-reason": "A second look."},
    )

    case.refresh_from_db()
    assert case.status == "declined"


def test_a_panellist_sets_a_case_aside_and_its_images_are_gone(client, reader):
    case = making.given_case(reader)

    client.post(
        address(case, "set-aside"),
        {"set-aside-reason": "text_in_image", "set-aside-where": "slice 4"},
    )

    case.refresh_from_db()
    assert case.status == "set_aside"
    assert client.get(address(case)).status_code == 404
    sign_in(client, making.chair())
    page = client.get(address(case))
    assert page.context["series"] == []
    assert "Text in the image identifies somebody" in page.content.decode()
    client.post(address(case, "reopen"))
    assert client.get(address(case)).context["series"]


def test_setting_aside_asks_what_was_seen(client, reader):
    case = making.given_case(reader)

    assert client.post(address(case, "set-aside")).status_code == 422
    case.refresh_from_db()
    assert case.status == "open"


def test_a_settled_case_shows_the_spread_without_readers_names(client, reader):
    case = making.given_case(reader)
    other = making.panellist()
    making.submitted_reading(case, reader)
    making.submitted_reading(case, other, comment="Reversed halo")

    page = client.get(address(case)).content.decode()

    assert "Reversed halo" in page
    assert "Reader B" in page
    # the whole panel is listed to be mentioned, whoever read the case
    assert page.count(other.name) == page.count(f"<li>@{other.name}</li>") == 1


def test_text_of_people_is_shown_as_text(client, reader):
    case = making.given_case(reader)
    making.submitted_reading(case, reader, comment="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(address(case)).content.decode()
