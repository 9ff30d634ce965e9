"""What may happen to a case, what may not, and what the trail keeps of it."""

from functools import partial

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from audit.lifecycles import IllegalMove
from review import services
from review.blinding import readings_visible_to
from review.models import Case, Category, Opening, Reading, ReportingScheme
from review.services import StudyAnswer
from tests.factories import organisation
from tests.review import making
from uploads.lifecycle import UploadStatus

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    return [entry.additional_data["verb"] for entry in LogEntry.objects.order_by("pk")]


def save(case, reader, version=0, **changes):
    making.assigned(case, reader)
    return services.save_draft(
        case=case,
        actor=making.actor(reader),
        version=version,
        answers=making.answers(case, **changes),
        at=timezone.now(),
    )


def decide(case, chair, outcome="accepted", **changes):
    fields = {"reason": "Clear.", "teaching_value": 4, "at": timezone.now()}
    return services.decide_case(
        case=case, actor=making.actor(chair), outcome=outcome, **fields | changes
    )


def withdraw(upload):
    type(upload).objects.filter(pk=upload.pk).update(status=UploadStatus.WITHDRAWN)


# --- Opening ------------------------------------------------------------------------


def test_an_accepted_upload_of_a_new_patient_opens_a_case_with_its_studies():
    upload = making.accepted_upload(modalities=("CT", "CR"))

    case = making.open_case(upload)

    assert case.status == Case.Status.OPEN
    assert case.follows is None
    assert {row.study for row in case.case_studies.all()} == set(upload.studies.all())
    assert verbs() == ["case.opened"]


def test_a_later_upload_joins_the_open_case_of_its_patient():
    first = making.accepted_upload()
    case = making.open_case(first)

    joined = making.open_case(making.accepted_upload(first.patient))

    assert joined == case
    assert case.case_studies.count() == 2
    assert verbs() == ["case.opened", "case.joined"]


def test_a_later_upload_waits_while_a_reading_of_the_open_case_is_locked():
    first = making.accepted_upload()
    case = making.open_case(first)
    making.submitted_reading(case, making.panellist())
    later = making.accepted_upload(first.patient)

    with pytest.raises(services.CaseBeingRead):
        making.open_case(later)

    assert case.case_studies.count() == 1
    making.submitted_reading(case, making.panellist())
    assert making.open_case(later).follows == case


@pytest.mark.parametrize("status", ["accepted", "declined"])
def test_after_a_settled_case_a_later_upload_opens_one_that_follows(status):
    first = making.accepted_upload()
    settled = making.decided_case(status, upload=first)

    case = making.open_case(making.accepted_upload(first.patient))

    assert case != settled
    assert case.follows == settled
    assert settled.case_studies.count() == 1


def test_opening_twice_opens_one_case():
    upload = making.accepted_upload()
    making.open_case(upload)

    with pytest.raises(services.NothingToOpen):
        making.open_case(upload)

    assert Case.objects.count() == 1


def test_a_withdrawn_upload_opens_no_case():
    upload = making.accepted_upload()
    withdraw(upload)

    with pytest.raises(services.NothingToOpen):
        making.open_case(upload)


def test_opening_a_study_leaves_one_row_a_sitting():
    study, member = making.accepted_upload().studies.get(), making.panellist()
    for sitting, new in [("one", 1), ("one", 0), ("two", 1)]:
        opened = services.record_opening(
            studies=[study], actor=making.actor(member), sitting=sitting, at=timezone.now()
        )
        assert opened == new

    assert verbs() == ["study.opened"] * 2
    assert Opening.objects.count() == 2


# --- Reading ------------------------------------------------------------------------


def test_a_draft_keeps_what_was_entered_and_counts_its_versions():
    case, reader = making.open_case(), making.panellist()

    first = save(case, reader, comment="Ground glass")
    second = save(case, reader, version=1, comment="Ground glass, lower lobes", include=None)

    assert (first.version, second.version) == (1, 2)
    reading = Reading.objects.get()
    assert reading.comment == "Ground glass, lower lobes"
    assert reading.include is None
    assert reading.submitted_at is None
    assert reading.assessments.get().severity == 2


def test_saving_a_draft_again_and_again_leaves_one_row_in_the_trail():
    case, reader = making.open_case(), making.panellist()
    for version in range(3):
        save(case, reader, version=version, comment=str(version))

    assert verbs() == ["case.opened", "case.assigned", "reading.begun"]


def test_a_draft_may_be_all_but_empty():
    case, reader = making.open_case(), making.panellist()
    study = case.case_studies.get().study
    save(case, reader, include=None, teaching_value=None, studies={study.pk: StudyAnswer()})

    assert Reading.objects.get().assessments.get().category is None


def test_a_stale_version_is_told_and_changes_nothing():
    case, reader = making.open_case(), making.panellist()
    save(case, reader, comment="First window")

    with pytest.raises(services.StaleReading) as refused:
        save(case, reader, comment="Second window")

    assert refused.value.reading.version == 1
    assert Reading.objects.get().comment == "First window"


def test_the_same_save_arriving_twice_is_one():
    reader = making.panellist()
    case = making.given_case(reader)
    answers = making.answers(case)
    for _ in range(2):
        reading = services.save_draft(
            case=case,
            actor=making.actor(reader),
            version=0,
            answers=answers,
            at=timezone.now(),
        )

    assert reading.version == 1


def test_submitting_locks_the_reading():
    case, reader = making.open_case(), making.panellist()
    reading = making.submitted_reading(case, reader)

    assert reading.submitted_at is not None
    with pytest.raises(services.ReadingLocked):
        save(case, reader, version=1)
    with pytest.raises(services.ReadingLocked):
        making.submitted_reading(case, reader)
    assert verbs() == ["case.opened", "case.assigned", "reading.begun", "reading.submitted"]


@pytest.mark.parametrize("missing", [{"include": None}, {"teaching_value": None}, {"studies": {}}])
def test_an_incomplete_reading_is_not_submitted(missing):
    case = making.open_case(making.accepted_upload(modalities=("CT", "CR")))

    with pytest.raises(services.ReadingIncomplete):
        making.submitted_reading(case, making.panellist(), **missing)

    assert not Reading.objects.exists()


def test_a_case_to_decline_needs_no_teaching_value():
    reading = making.submitted_reading(
        making.open_case(), making.panellist(), include=False, teaching_value=None
    )

    assert reading.include is False


def test_each_study_is_read_by_the_scheme_of_its_modality():
    case = making.open_case(making.accepted_upload(modalities=("CT", "DX")))
    reading = making.submitted_reading(case, making.panellist())

    assert {row.study.modality: row.scheme.code for row in reading.assessments.all()} == {
        "CT": "bsti-ct",
        "DX": "bsti-cxr",
    }


def test_a_category_of_another_scheme_is_refused():
    case = making.open_case()
    study = case.case_studies.get().study
    foreign = Category.objects.filter(scheme__code="co-rads").first()

    with pytest.raises(services.NotOfThisCase):
        save(case, making.panellist(), studies={study.pk: StudyAnswer(foreign)})


def test_a_study_of_another_case_is_refused():
    other = making.open_case().case_studies.get().study

    with pytest.raises(services.NotOfThisCase):
        save(making.open_case(), making.panellist(), studies={other.pk: StudyAnswer()})


def test_who_joins_the_sending_trust_reads_the_case_no_more():
    trust, reader = organisation(), making.panellist()
    case = making.given_case(reader, making.accepted_upload(sent_by=trust))
    reader.organisation = trust
    reader.save(update_fields=["organisation"])

    with pytest.raises(services.OwnTrust):
        making.submitted_reading(case, reader)


def test_nobody_reads_a_case_that_was_not_given_to_them():
    case = making.open_case()

    with pytest.raises(services.NotAssigned):
        services.save_draft(
            case=case,
            actor=making.actor(making.panellist()),
            version=0,
            answers=making.answers(case),
            at=timezone.now(),
        )


def test_a_settled_case_takes_no_reading_and_no_reader():
    case = making.decided_case()

    with pytest.raises(services.NoSeatFree):
        making.submitted_reading(case, making.panellist())
    with pytest.raises(services.CaseNotOpen):
        services.save_draft(
            case=case,
            actor=making.actor(making.panellist()),
            version=0,
            answers=making.answers(case),
            at=timezone.now(),
        )


def test_a_case_without_images_takes_no_reading():
    upload, reader = making.accepted_upload(), making.panellist()
    case = making.given_case(reader, upload)
    withdraw(upload)

    with pytest.raises(services.CaseNotOpen):
        making.submitted_reading(case, reader)


def test_a_study_withdrawn_after_the_draft_does_not_stop_the_reading():
    first = making.accepted_upload()
    case = making.open_case(first)
    second = making.accepted_upload(first.patient)
    making.open_case(second)
    reader = making.panellist()
    save(case, reader, studies={second.studies.get().pk: StudyAnswer()})
    withdraw(second)

    reading = services.submit_reading(
        case=case,
        actor=making.actor(reader),
        version=1,
        answers=making.answers(case),
        at=timezone.now(),
    )

    assert [row.study for row in reading.assessments.all()] == [first.studies.get()]


def test_a_case_given_back_is_read_no_more_and_its_draft_is_kept():
    case, reader = making.open_case(), making.panellist()
    save(case, reader, comment="Half done")

    services.hand_back(case=case, actor=making.actor(reader), reason="On leave", at=timezone.now())

    with pytest.raises(services.NotAssigned):
        save(case, reader, version=1)
    assert Reading.objects.get().comment == "Half done"
    assert case.assignments.get().reason == "On leave"
    assert verbs()[-1] == "case.handed_back"


def test_a_correction_is_an_addendum_beside_the_locked_reading():
    case, reader = making.open_case(), making.panellist()
    reading = making.submitted_reading(case, reader, comment="Left")
    write = partial(
        services.add_addendum, reading=reading, text="Right, not left.", at=timezone.now()
    )

    write(actor=making.actor(reader))

    reading.refresh_from_db()
    assert reading.comment == "Left"
    assert reading.addenda.get().text == "Right, not left."
    assert verbs()[-1] == "reading.addendum_written"
    with pytest.raises(services.NotTheirs):
        write(actor=making.actor(making.panellist()))


def test_a_draft_has_no_addendum():
    case, reader = making.open_case(), making.panellist()

    with pytest.raises(services.NotTheirs):
        services.add_addendum(
            reading=save(case, reader),
            actor=making.actor(reader),
            text="Right.",
            at=timezone.now(),
        )


# --- Settling -----------------------------------------------------------------------


def adjudicate(case, member, outcome="accepted", **changes):
    fields = {"reason": "B is right.", "teaching_value": 4, "at": timezone.now()}
    return services.adjudicate(
        case=case, actor=making.actor(member), outcome=outcome, **fields | changes
    )


def read_twice(*second, **changes) -> Case:
    """A case with two locked readings, the second as told."""
    case = making.open_case()
    making.submitted_reading(case, making.panellist())
    making.submitted_reading(case, making.panellist(), *second, **changes)
    case.refresh_from_db()
    return case


def test_two_readings_that_agree_settle_the_case():
    case = read_twice(teaching_value=3)

    verdict = case.verdicts.get()
    assert case.status == Case.Status.ACCEPTED
    assert case.settled_at == verdict.decided_at
    assert (verdict.basis, verdict.decided_by, verdict.reason) == ("agreement", None, "")
    assert (verdict.category.label, verdict.severity) == ("Classic COVID-19", 2)
    assert verdict.teaching_value == 4
    assert verbs()[-1] == "case.accepted"


def test_two_readings_that_decline_decline_the_case():
    case = making.decided_case("declined")

    assert case.status == Case.Status.DECLINED
    assert case.verdicts.get().teaching_value is None


def test_one_reading_settles_nothing():
    case = making.open_case()
    making.submitted_reading(case, making.panellist())

    case.refresh_from_db()
    assert case.status == Case.Status.OPEN
    assert not case.verdicts.exists()


def read_as(case, label, severity):
    """The answers of one study: that category of its scheme, that grade."""
    study = case.case_studies.get().study
    return {study.pk: StudyAnswer(making.category(case, label), severity)}


@pytest.mark.parametrize(
    ("label", "severity", "status"),
    [
        ("Classic COVID-19", 2, "accepted"),
        ("Classic COVID-19", 3, "accepted"),
        ("Classic COVID-19", 1, "accepted"),
        ("Classic COVID-19", None, "discordant"),
        ("Probable COVID-19", 2, "discordant"),
    ],
)
def test_readings_agree_in_category_and_within_one_grade(label, severity, status):
    case = making.open_case()
    making.submitted_reading(case, making.panellist())

    making.submitted_reading(case, making.panellist(), studies=read_as(case, label, severity))

    case.refresh_from_db()
    assert case.status == status


def test_readings_of_several_studies_agree_in_every_one():
    case = making.open_case(making.accepted_upload(modalities=("CT", "CT"), days=(3, 9)))
    first, second = (row.study_id for row in case.case_studies.in_order())
    classic, normal = making.category(case), making.category(case, "Normal")
    making.submitted_reading(case, making.panellist())

    making.submitted_reading(
        case,
        making.panellist(),
        studies={first: StudyAnswer(classic, 2), second: StudyAnswer(normal, 2)},
    )

    case.refresh_from_db()
    assert case.status == Case.Status.DISCORDANT
    assert [(each.what, each.study) for each in services.differences_of(case)] == [
        ("category", second)
    ]


def test_an_adjudicator_decides_a_discordant_case_with_a_reason():
    case, member = making.discordant_case(), making.panellist()
    making.assigned(case, member)

    verdict = adjudicate(case, member, category=making.category(case), severity=2)

    case.refresh_from_db()
    assert case.status == Case.Status.ACCEPTED
    assert (verdict.basis, verdict.decided_by) == ("adjudication", member)
    assert verbs()[-1] == "case.accepted"


def test_nobody_adjudicates_without_being_given_the_case():
    case = making.discordant_case()

    for member in (making.panellist(), making.chair()):
        with pytest.raises(services.NotAssigned):
            adjudicate(case, member)


def test_a_reader_is_never_given_the_case_to_adjudicate():
    case = making.discordant_case()
    reader = case.readings.first().reader

    with pytest.raises(services.NotEligible):
        services.assign(
            case=case, member=reader, actor=making.actor(making.chair()), at=timezone.now()
        )
    with pytest.raises(services.OwnReading):
        adjudicate(case, reader)


def test_a_case_is_adjudicated_once():
    case, member = making.discordant_case(), making.panellist()
    making.assigned(case, member)
    adjudicate(case, member)

    with pytest.raises(IllegalMove):
        adjudicate(case, member, "declined", teaching_value=None)

    assert case.verdicts.count() == 1


def test_the_chair_decides_a_discordant_case_they_have_not_read():
    case = making.discordant_case()

    verdict = decide(case, making.chair())

    case.refresh_from_db()
    assert case.status == Case.Status.ACCEPTED
    assert verdict.basis == "chair"


def test_a_chair_who_has_read_a_case_does_not_decide_it():
    case, chair = making.open_case(), making.chair()
    making.submitted_reading(case, chair)
    making.submitted_reading(case, making.panellist(), include=False)

    with pytest.raises(services.OwnReading):
        decide(case, chair)


def test_the_chair_declines_a_case_whose_images_are_all_withdrawn():
    upload = making.accepted_upload()
    case = making.open_case(upload)
    withdraw(upload)

    with pytest.raises(services.NotYetRead):
        decide(case, making.chair())
    decide(case, making.chair(), "declined", teaching_value=None)

    case.refresh_from_db()
    assert case.status == Case.Status.DECLINED


def test_a_case_declined_unread_is_not_accepted_by_an_override():
    upload = making.accepted_upload()
    case = making.open_case(upload)
    withdraw(upload)
    decide(case, making.chair(), "declined", teaching_value=None)

    with pytest.raises(services.NotYetRead):
        decide(case, making.chair())

    case.refresh_from_db()
    assert case.status == Case.Status.DECLINED


def test_a_case_nobody_read_is_not_decided():
    case = making.open_case()

    with pytest.raises(services.NotYetRead):
        decide(case, making.chair())

    case.refresh_from_db()
    assert case.status == Case.Status.OPEN
    assert not case.verdicts.exists()


def test_a_draft_beside_a_reading_is_not_a_second_one():
    case = making.open_case()
    save(case, making.panellist())
    making.submitted_reading(case, making.panellist())

    with pytest.raises(services.NotYetRead):
        decide(case, making.chair())


def test_a_chair_of_the_submitting_trust_does_not_decide():
    trust = organisation()
    case = making.discordant_case(making.accepted_upload(sent_by=trust))

    with pytest.raises(services.OwnTrust):
        decide(case, making.chair(trust))


def test_an_override_adds_a_verdict_and_the_newest_rules():
    case = making.decided_case()

    decide(case, making.chair(), "declined", teaching_value=None, reason="Poor quality.")

    case.refresh_from_db()
    assert case.status == Case.Status.DECLINED
    assert case.verdicts.count() == 2
    assert case.verdicts.first().outcome == "declined"


def test_accepting_an_accepted_case_again_is_refused_and_adds_nothing():
    case = making.decided_case()

    with pytest.raises(IllegalMove):
        decide(case, making.chair())

    assert case.verdicts.count() == 1


def test_a_verdicts_category_is_of_a_scheme_of_the_case():
    case = making.discordant_case()
    radiograph = ReportingScheme.objects.get(code="bsti-cxr").categories.first()

    with pytest.raises(services.NotOfThisCase):
        decide(case, making.chair(), category=radiograph)


def set_aside(case, member):
    services.set_aside(
        case=case,
        actor=making.actor(member),
        reason="text_in_image",
        where="slice 40",
        at=timezone.now(),
    )


@pytest.mark.parametrize("status", ["open", "accepted", "declined"])
def test_any_panellist_sets_a_case_aside_at_once(status):
    case = making.open_case() if status == "open" else making.decided_case(status)
    member = making.panellist()

    set_aside(case, member)

    case.refresh_from_db()
    assert case.status == Case.Status.SET_ASIDE
    assert (case.set_aside_by, case.set_aside_reason) == (member, "text_in_image")
    assert verbs()[-1] == "case.set_aside"
    entry = LogEntry.objects.latest("pk")
    assert entry.additional_data["facts"]["reason"] == "text_in_image"
    assert "slice 40" not in str(entry.additional_data)
    assert not Case.objects.accepted().exists()


def test_a_case_is_set_aside_once():
    case = making.open_case()
    set_aside(case, making.panellist())

    with pytest.raises(IllegalMove):
        set_aside(case, making.panellist())

    assert verbs().count("case.set_aside") == 1


def test_the_chair_reopens_a_case_that_was_set_aside():
    case = making.decided_case()
    set_aside(case, making.panellist())

    services.reopen_case(case=case, actor=making.actor(making.chair()))

    case.refresh_from_db()
    assert (case.status, case.settled_at) == (Case.Status.OPEN, None)


def test_a_case_is_not_reopened_beside_another_of_its_patient():
    upload = making.accepted_upload()
    case = making.open_case(upload)
    set_aside(case, making.panellist())
    making.open_case(making.accepted_upload(upload.patient))

    with pytest.raises(services.CaseBeingRead):
        services.reopen_case(case=case, actor=making.actor(making.chair()))


def test_only_a_case_set_aside_is_reopened():
    with pytest.raises(IllegalMove):
        services.reopen_case(case=making.decided_case(), actor=making.actor(making.chair()))


# --- Blinding -----------------------------------------------------------------------


def readings_seen_by(member, case) -> set[Reading]:
    case.refresh_from_db()
    return set(readings_visible_to(case, making.actor(member)))


def test_a_reader_sees_no_reading_of_another_before_the_case_is_settled():
    case, first, second = making.open_case(), making.panellist(), making.panellist()
    theirs = making.submitted_reading(case, first)
    making.assigned(case, second)

    assert readings_seen_by(second, case) == set()
    own = making.submitted_reading(case, second, include=False)
    assert readings_seen_by(second, case) == {own}
    assert readings_seen_by(first, case) == {theirs}
    decide(case, making.chair())
    assert readings_seen_by(second, case) == {theirs, own}


def test_the_chair_sees_readings_when_both_are_locked_unless_they_have_still_to_read():
    case, chair = making.open_case(), making.chair()
    first = making.submitted_reading(case, making.panellist())

    assert readings_seen_by(chair, case) == set()
    second = making.submitted_reading(case, making.panellist(), include=False)
    assert readings_seen_by(chair, case) == {first, second}


def test_a_chair_who_has_still_to_read_a_case_sees_no_reading_of_it():
    case, chair = making.open_case(), making.chair()
    making.assigned(case, chair)
    theirs = making.submitted_reading(case, making.panellist())

    assert readings_seen_by(chair, case) == set()
    own = making.submitted_reading(case, chair, include=False)
    assert readings_seen_by(chair, case) == {theirs, own}


def test_the_adjudicator_sees_both_readings_and_nobody_else_of_the_panel_does():
    case, member = making.discordant_case(), making.panellist()

    assert readings_seen_by(member, case) == set()
    making.assigned(case, member)
    assert len(readings_seen_by(member, case)) == 2


def test_a_draft_is_seen_by_nobody_else():
    case, gone = making.open_case(), making.panellist()
    save(case, gone)
    services.hand_back(case=case, actor=making.actor(gone), reason="On leave", at=timezone.now())
    making.submitted_reading(case, making.panellist())
    making.submitted_reading(case, making.panellist())

    assert len(readings_seen_by(making.chair(), case)) == 2


# --- The trail ------------------------------------------------------------------------


def test_the_trail_holds_no_comment_reason_or_category():
    case = making.open_case()
    making.submitted_reading(case, making.panellist(), comment="CANARY comment")
    reading = making.submitted_reading(case, making.panellist(), include=False)
    decide(case, making.chair(), reason="CANARY reason")
    services.add_addendum(
        reading=reading,
        actor=making.actor(reading.reader),
        text="CANARY addendum",
        at=timezone.now(),
    )

    for entry in LogEntry.objects.all():
        assert "CANARY" not in str(entry.additional_data) + entry.object_repr
        assert "Classic" not in str(entry.additional_data)
