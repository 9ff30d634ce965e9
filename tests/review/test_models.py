"""What must never be false of the panel's rows, and who sees them."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from review import vocabulary
from review.models import (
    Addendum,
    Assessment,
    Assignment,
    Case,
    CaseStudy,
    Category,
    Opening,
    PanelProfile,
    Reading,
    ReportingScheme,
    Verdict,
    patients_to_open,
)
from tests.factories import member, organisation
from tests.review import making
from uploads.lifecycle import UploadStatus

pytestmark = pytest.mark.django_db


def breaks(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def draft(case: Case | None = None, **fields) -> Reading:
    case = case or making.open_case()
    return Reading.objects.create(
        case=case, reader=making.panellist(), saved_at=timezone.now(), **fields
    )


# --- Schemes --------------------------------------------------------------------


def test_the_four_schemes_are_there_from_the_first_migration():
    assert {
        (scheme.code, scheme.modality, scheme.categories.count())
        for scheme in ReportingScheme.objects.filter(kind="category")
    } == {("bsti-ct", "CT", 5), ("bsti-cxr", "CR", 4), ("co-rads", "CT", 7), ("rsna-ct", "CT", 4)}


def test_seeding_twice_adds_no_scheme():
    vocabulary.seed(ReportingScheme, Category)
    vocabulary.seed(ReportingScheme, Category)

    assert ReportingScheme.objects.filter(kind="category").count() == 4
    assert Category.objects.filter(scheme__kind="category").count() == 20


@pytest.mark.parametrize(
    ("modality", "code"), [("CT", "bsti-ct"), ("CR", "bsti-cxr"), ("DX", "bsti-cxr")]
)
def test_a_study_is_read_by_the_bstis_scheme_of_its_modality(modality, code):
    assert ReportingScheme.objects.default_for(modality).first().code == code


def test_a_modality_is_read_by_one_version():
    with breaks("modality_is_read_by_one_version"):
        ReportingScheme.objects.create(
            code="bsti-ct", modality="CT", version="2024", name="BSTI CT", is_default=True
        )


def test_a_scheme_version_is_used_once():
    with breaks("scheme_version_is_used_once"):
        ReportingScheme.objects.create(code="bsti-ct", modality="CT", version="2020", name="x")


def test_a_schemes_modality_is_ct_or_radiograph():
    with breaks("scheme_modality_is_one_of_its_choices"):
        ReportingScheme.objects.create(code="x", modality="MR", version="1", name="x")


@pytest.mark.parametrize(
    ("label", "order", "constraint"),
    [
        ("Normal", 99, "category_label_is_used_once_in_its_scheme"),
        ("New", 1, "category_order_is_used_once_in_its_scheme"),
    ],
)
def test_a_category_has_its_own_label_and_order(label, order, constraint):
    scheme = ReportingScheme.objects.default_for("CT").first()
    with breaks(constraint):
        Category.objects.create(scheme=scheme, code="x", label=label, order=order)


# --- Constraints ------------------------------------------------------------------


def test_case_numbers_go_up_by_themselves():
    first, second = making.open_case(), making.open_case()

    assert second.number == first.number + 1


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "lost"}, "case_status_is_one_of_its_choices"),
        ({"status": "accepted"}, "accepted_or_declined_case_says_when"),
        ({"status": "declined"}, "accepted_or_declined_case_says_when"),
        ({"status": "set_aside"}, "case_set_aside_says_why_and_by_whom"),
    ],
)
def test_a_case_is_in_a_whole_state(fields, constraint):
    upload = making.accepted_upload()
    with breaks(constraint):
        Case.objects.create(patient=upload.patient, opened_at=timezone.now(), **fields)


def test_a_case_does_not_follow_itself():
    case = making.open_case()
    case.follows = case
    with breaks("case_does_not_follow_itself"):
        case.save()


def test_a_patient_has_one_case_in_reading():
    case = making.open_case()
    with breaks("patient_has_one_case_in_reading"):
        Case.objects.create(patient=case.patient, opened_at=timezone.now())


def test_a_study_is_in_one_case():
    case = making.open_case()
    with breaks("unique"):
        CaseStudy.objects.create(case=making.open_case(), study=case.case_studies.get().study)


def seat(case, taken="a", **fields) -> Assignment:
    whole = {"member": making.panellist(), "assigned_at": timezone.now(), "seat": taken}
    return Assignment.objects.create(case=case, **whole | fields)


def test_a_case_is_given_to_a_member_once_at_a_time():
    case, reader, now = making.open_case(), making.panellist(), timezone.now()
    seat(case, member=reader, handed_back_at=now, reason="On leave")
    seat(case, member=reader)
    with breaks("case_is_given_to_a_member_once_at_a_time"):
        seat(case, "b", member=reader)


def test_a_seat_of_a_case_is_taken_once():
    case = making.open_case()
    seat(case, handed_back_at=timezone.now(), reason="On leave")
    seat(case)
    seat(case, "b")
    with breaks("seat_of_a_case_is_taken_once"):
        seat(case, "b")


def test_a_seat_is_one_of_its_choices():
    with breaks("seat_is_one_of_its_choices"):
        seat(making.open_case(), "c")


def test_time_away_has_both_ends_in_order():
    for start, end in [("2020-04-02", None), (None, "2020-04-02"), ("2020-04-02", "2020-04-01")]:
        with breaks("time_away_has_both_ends_in_order"), transaction.atomic():
            PanelProfile.objects.create(member=making.panellist(), away_from=start, away_until=end)


def test_an_addendum_is_to_a_submitted_reading_and_never_changed():
    now = timezone.now()
    with breaks("addendum is to a submitted reading"), transaction.atomic():
        Addendum.objects.create(reading=draft(), text="Right.", written_at=now)
    reading = making.submitted_reading(making.open_case(), making.panellist())
    addendum = Addendum.objects.create(reading=reading, text="Right.", written_at=now)

    with breaks("addendum is not changed"), transaction.atomic():
        Addendum.objects.filter(pk=addendum.pk).update(text="Left.")
    with breaks("addendum is not changed"), transaction.atomic():
        addendum.delete()


def test_a_case_handed_back_says_why():
    now = timezone.now()
    with breaks("case_handed_back_says_why"):
        seat(making.open_case(), handed_back_at=now)


def test_a_case_is_read_once_by_a_reader():
    reading = draft()
    with breaks("case_is_read_once_by_a_reader"):
        Reading.objects.create(case=reading.case, reader=reading.reader, saved_at=timezone.now())


def test_a_teaching_value_is_1_to_5():
    with breaks("teaching_value_of_a_reading_is_1_to_5"):
        draft(teaching_value=6)


def test_a_severity_is_1_to_3():
    reading = draft()
    category = making.category(reading.case)
    with breaks("severity_of_an_assessment_is_1_to_3"):
        Assessment.objects.create(
            reading=reading,
            study=reading.case.case_studies.get().study,
            scheme=category.scheme,
            severity=4,
        )


def assessed_draft(**fields) -> Reading:
    reading = draft(**fields)
    category = making.category(reading.case)
    Assessment.objects.create(
        reading=reading,
        study=reading.case.case_studies.get().study,
        scheme=category.scheme,
        category=category,
    )
    return reading


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"include": None}, "submitted_reading_says_whether_to_include"),
        ({"include": True}, "submitted_reading_to_include_has_a_teaching_value"),
    ],
)
def test_a_submitted_reading_is_whole(fields, constraint):
    reading = assessed_draft(**fields)
    reading.submitted_at = timezone.now()
    with breaks(constraint):
        reading.save()


def test_a_submitted_reading_has_a_category_for_every_study():
    reading = assessed_draft(include=False)
    reading.assessments.update(category=None)
    reading.submitted_at = timezone.now()
    with breaks("submitted reading has a category for every study"):
        reading.save()


def test_a_reading_without_an_assessment_cannot_be_submitted():
    reading = draft(include=False, submitted_at=None)
    reading.submitted_at = timezone.now()
    with breaks("submitted reading has a category for every study"):
        reading.save()


def test_a_submitted_reading_is_never_changed_or_deleted():
    reading = making.submitted_reading(making.open_case(), making.panellist())

    with breaks("submitted reading is not changed"), transaction.atomic():
        Reading.objects.filter(pk=reading.pk).update(comment="Changed my mind")
    with breaks("submitted reading is not changed"), transaction.atomic():
        Reading.objects.filter(pk=reading.pk).update(submitted_at=None)
    with breaks("is not changed"), transaction.atomic():
        reading.delete()


def test_an_assessment_of_a_submitted_reading_is_never_changed_added_or_deleted():
    case = making.open_case()
    reading = making.submitted_reading(case, making.panellist())
    assessment = reading.assessments.get()

    with breaks("is not changed"), transaction.atomic():
        Assessment.objects.filter(pk=assessment.pk).update(severity=1)
    with breaks("is not changed"), transaction.atomic():
        Assessment.objects.filter(pk=assessment.pk).delete()
    with breaks("is not changed"), transaction.atomic():
        Assessment.objects.create(reading=reading, study=assessment.study, scheme=assessment.scheme)


def test_an_assessments_category_is_of_its_scheme():
    reading = assessed_draft()
    other = Category.objects.filter(scheme__code="co-rads").first()
    with breaks("assessment_category_is_of_its_scheme"):
        reading.assessments.update(category=other)


def test_a_study_is_assessed_once_in_a_reading():
    assessment = assessed_draft().assessments.get()
    with breaks("study_is_assessed_once_in_a_reading"):
        Assessment.objects.create(
            reading=assessment.reading, study=assessment.study, scheme=assessment.scheme
        )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"outcome": "maybe"}, "verdict_accepts_or_declines"),
        ({"reason": ""}, "verdict_has_a_reason_unless_readings_agree"),
        ({"decided_by": None}, "verdict_is_somebodys_unless_readings_agree"),
        ({"basis": "agreement"}, "verdict_"),
        ({"basis": "whim"}, "verdict_is_somebodys_unless_readings_agree"),
        ({"severity": 0}, "severity_of_a_verdict_is_1_to_3"),
        ({"teaching_value": 9}, "teaching_value_of_a_verdict_is_1_to_5"),
        ({"teaching_value": None}, "accepting_verdict_has_a_teaching_value"),
    ],
)
def test_a_verdict_is_whole(fields, constraint):
    whole = {"outcome": "accepted", "reason": "Clear.", "teaching_value": 3}
    with breaks(constraint):
        Verdict.objects.create(
            case=making.open_case(),
            decided_at=timezone.now(),
            **{"decided_by": making.chair()} | whole | fields,
        )


def test_a_verdict_is_never_changed_or_deleted():
    verdict = making.decided_case().verdicts.get()
    with breaks("verdict is not changed"), transaction.atomic():
        Verdict.objects.filter(pk=verdict.pk).update(reason="Another")
    with breaks("verdict is not changed"), transaction.atomic():
        verdict.delete()


def test_a_study_is_opened_once_a_sitting():
    study, member = making.accepted_upload().studies.get(), making.panellist()
    fields = {"study": study, "member": member, "sitting": "s", "opened_at": timezone.now()}
    Opening.objects.create(**fields)
    with breaks("study_is_opened_once_a_sitting"):
        Opening.objects.create(**fields)


# --- Who sees a case ----------------------------------------------------------------


def sees(member, case) -> bool:
    return Case.objects.visible_to(making.actor(member)).filter(pk=case.pk).exists()


def in_status(status: str, upload) -> Case:
    if status in ("accepted", "declined"):
        return making.decided_case(status, upload=upload)
    case = making.open_case(upload)
    if status == "set_aside":
        Case.objects.filter(pk=case.pk).update(
            set_aside_at=timezone.now(),
            set_aside_by=making.panellist(),
            set_aside_reason="face",
        )
    Case.objects.filter(pk=case.pk).update(status=status)
    case.refresh_from_db()
    return case


@pytest.mark.parametrize(
    ("status", "assigned", "panellist", "own_trust", "chair"),
    [
        ("open", True, False, False, True),
        ("discordant", True, False, False, True),
        ("queried", True, False, False, True),
        ("accepted", True, True, True, True),
        ("declined", False, False, False, True),
        ("set_aside", False, False, False, True),
        ("erased", False, False, False, False),
    ],
)
def test_who_sees_a_case_in_each_status(status, assigned, panellist, own_trust, chair):
    trust, given = organisation(), making.panellist()
    case = in_status(status, making.accepted_upload(sent_by=trust))
    seat(case, "adjudicator", member=given)
    left = seat(case, handed_back_at=timezone.now(), reason="On leave").member

    assert sees(given, case) is assigned
    assert sees(left, case) is panellist
    assert sees(making.panellist(), case) is panellist
    assert sees(making.panellist(organisation=trust), case) is own_trust
    assert sees(making.chair(), case) is chair
    assert not sees(member(("administrator",)), case)
    assert not sees(member(("editor",)), case)


def test_a_declined_case_stays_visible_to_those_who_read_it():
    case, reader = making.open_case(), making.panellist()
    making.submitted_reading(case, reader)
    Case.objects.filter(pk=case.pk).update(status="declined", settled_at=timezone.now())

    assert sees(reader, case)


def test_nobody_signed_in_sees_no_case():
    making.open_case()

    assert not Case.objects.visible_to(Actor.nobody()).exists()


@pytest.mark.parametrize("status", [UploadStatus.WITHDRAWN, UploadStatus.HELD])
def test_a_case_vanishes_with_its_last_upload_but_for_the_chair(status):
    upload = making.accepted_upload()
    case = making.decided_case(upload=upload)
    type(upload).objects.filter(pk=upload.pk).update(status=status)

    assert not sees(making.panellist(), case)
    assert sees(making.chair(), case)
    assert not Case.objects.accepted().exists()
    assert not Case.objects.of_teaching_value().exists()


def test_a_claimed_trust_recuses_like_a_confirmed_one():
    claimed = organisation()
    upload = making.accepted_upload()
    type(upload.submitter).objects.filter(pk=upload.submitter_id).update(organisation=claimed)
    case = making.open_case(upload)

    assert not sees(making.panellist(organisation=claimed), case)


def test_a_submitter_who_is_a_panellist_does_not_see_their_own_case():
    reader = making.panellist()
    case = making.open_case(making.accepted_upload(submitter_email=reader.email.upper()))

    assert not sees(reader, case)


def test_a_case_of_teaching_value_is_an_accepted_one_whose_newest_verdict_says_so():
    valuable = making.decided_case(teaching_value=3)
    making.decided_case(teaching_value=2)
    making.decided_case("declined")
    overridden = making.decided_case(teaching_value=5)
    Verdict.objects.create(
        case=overridden,
        decided_by=making.chair(),
        decided_at=timezone.now(),
        outcome="accepted",
        reason="Less so.",
        teaching_value=1,
    )

    assert list(Case.objects.of_teaching_value()) == [valuable]
    assert Case.objects.accepted().count() == 3


def test_patients_to_open_are_those_with_an_accepted_study_in_no_case():
    waiting = making.accepted_upload()
    making.open_case()
    withdrawn = making.accepted_upload()
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(status=UploadStatus.WITHDRAWN)

    assert list(patients_to_open(making.actor(making.panellist()))) == [waiting.patient]


def test_patients_of_ones_own_trust_are_for_others_to_open():
    trust = organisation()
    making.accepted_upload(sent_by=trust)

    assert not patients_to_open(making.actor(making.panellist(trust))).exists()
    assert patients_to_open(making.actor(making.chair(trust))).exists()
    assert not patients_to_open(making.actor(member(("administrator",)))).exists()


def test_studies_of_a_case_stand_by_days_from_onset():
    upload = making.accepted_upload(modalities=("CR", "CT", "CT"), days=(9, 2, None))
    case = making.open_case(upload)

    days = [row.study.days_from_onset for row in case.case_studies.in_order()]
    assert days == [2, 9, None]
