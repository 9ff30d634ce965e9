"""The panel asks the trust: the case waits, time stands still, and nothing is told too early."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from review import services, tasks
from review.blinding import questions_visible_to
from review.models import Assignment, Case, CaseQuestion
from review.services import asking
from tests.review import making
from tests.signing_in import sign_in
from tests.uploads import entering
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db

TEXT = "Was contrast given for the second study?"
ANSWER = "Yes, for suspected embolism."


def asked(case: Case, by, *, at=None) -> CaseQuestion:
    upload = asking.uploads_of(case).first()
    return asking.ask_submitter(
        case=case, upload=upload, text=TEXT, actor=making.actor(by), at=at or timezone.now()
    )


def submitter_of(question: CaseQuestion) -> Actor:
    return Actor.of_submitter(question.upload.submitter)


def answered(question: CaseQuestion, *, at=None) -> None:
    asking.answer_question(
        question=question, text=ANSWER, actor=submitter_of(question), at=at or timezone.now()
    )


def test_a_case_waits_for_the_answer_and_nobody_reads_it_meanwhile():
    reader = making.panellist()
    case = making.given_case(reader)

    question = asked(case, reader)

    case.refresh_from_db()
    assert case.status == Case.Status.QUERIED
    with pytest.raises(services.CaseNotOpen):
        services.submit_reading(
            case=case,
            actor=making.actor(reader),
            version=0,
            answers=making.answers(case),
            at=timezone.now(),
        )
    answered(question)
    case.refresh_from_db()
    assert case.status == Case.Status.OPEN


def test_due_dates_move_by_the_days_that_the_answer_took():
    reader = making.panellist()
    case = making.given_case(reader)
    due_on = case.assignments.get().due_on
    now = timezone.now()

    answered(asked(case, reader, at=now), at=now + timedelta(days=9))

    assert case.assignments.get().due_on == due_on + timedelta(days=9)


def test_a_discordant_case_is_discordant_again_and_its_readings_stay():
    case = making.discordant_case()
    adjudicator = making.panellist()
    services.assign(
        case=case, member=adjudicator, actor=making.actor(making.chair()), at=timezone.now()
    )

    answered(asked(case, adjudicator))

    case.refresh_from_db()
    assert case.status == Case.Status.DISCORDANT
    assert case.readings.filter(submitted_at__isnull=False).count() == 2
    assert Assignment.objects.standing().get(member=adjudicator, case=case).seat == "adjudicator"


def test_only_who_has_to_do_with_a_case_in_reading_asks_about_it():
    reader = making.panellist()
    case = making.given_case(reader)
    with pytest.raises(services.NotAssigned):
        asked(case, making.panellist())
    own = making.chair(organisation=case.patient.organisation)
    with pytest.raises(services.OwnTrust):
        asked(case, own)
    elsewhere = making.accepted_upload()
    with pytest.raises(services.NotOfThisCase):
        asking.ask_submitter(
            case=case,
            upload=elsewhere,
            text=TEXT,
            actor=making.actor(reader),
            at=timezone.now(),
        )
    with pytest.raises(IllegalMove):
        asked(making.decided_case(), making.chair())


def test_one_question_at_a_time_and_an_answer_once():
    reader = making.panellist()
    case = making.given_case(reader)
    question = asked(case, reader)
    with pytest.raises(IllegalMove):
        asked(case, reader)

    answered(question)
    with pytest.raises(asking.NothingAsked):
        answered(question)


def test_who_asked_and_a_chair_go_on_without_an_answer_and_nobody_else():
    reader, other = making.panellist(), making.panellist()
    case = making.assigned(making.given_case(reader), other)
    question = asked(case, reader)
    with pytest.raises(services.NotAssigned):
        asking.go_on_without_answer(case=case, actor=making.actor(other), at=timezone.now())

    asking.go_on_without_answer(case=case, actor=making.actor(reader), at=timezone.now())

    question.refresh_from_db()
    assert (question.answer, question.closed_at is None) == ("", False)
    with pytest.raises(asking.NothingAsked):
        answered(question)


def test_setting_a_case_aside_closes_its_question_and_another_can_be_asked_later():
    reader = making.panellist()
    case = making.given_case(reader)
    question = asked(case, reader)

    services.set_aside(
        case=case, actor=making.actor(reader), reason="face", where="", at=timezone.now()
    )

    question.refresh_from_db()
    assert (question.answer, question.closed_at is not None) == ("", True)
    with pytest.raises(asking.NothingAsked):
        answered(question)
    services.reopen_case(case=case, actor=making.actor(making.chair()))
    asked(case, reader)
    case.refresh_from_db()
    assert case.status == Case.Status.QUERIED


def test_an_answer_settles_no_case_that_was_opened_again_with_both_readings():
    case, chair = making.decided_case(), making.chair()
    services.set_aside(
        case=case, actor=making.actor(chair), reason="face", where="", at=timezone.now()
    )
    services.reopen_case(case=case, actor=making.actor(chair))

    answered(asked(case, chair))

    case.refresh_from_db()
    assert case.status == Case.Status.OPEN
    assert case.verdicts.count() == 1


def test_a_withdrawn_upload_is_asked_nothing_more():
    reader = making.panellist()
    case = making.given_case(reader)
    question = asked(case, reader)
    Upload.objects.filter(pk=question.upload_id).update(status=UploadStatus.WITHDRAWN)

    with pytest.raises(asking.NothingAsked):
        answered(question)
    assert not CaseQuestion.objects.waiting().exists()
    assert not CaseQuestion.objects.awaiting_mail().exists()


def test_another_reader_sees_neither_question_nor_answer_until_they_may_see_readings():
    reader, other = making.panellist(), making.panellist()
    case = making.assigned(making.given_case(reader), other)
    answered(asked(case, reader))

    assert questions_visible_to(case, making.actor(reader)).count() == 1
    assert questions_visible_to(case, making.actor(other)).count() == 0
    page = sign_in(Client(), other).get(reverse("review:case", args=[case.number]))
    assert TEXT not in page.content.decode()
    assert ANSWER not in page.content.decode()

    for member in (reader, other):
        making.submitted_reading(case, member)
    case.refresh_from_db()
    assert questions_visible_to(case, making.actor(other)).count() == 1


def test_each_mail_is_sent_once_and_says_nothing_of_the_case():
    reader = making.panellist()
    case = making.given_case(reader)
    now = timezone.now()
    question = asked(case, reader, at=now - timedelta(days=8))
    for _ in range(2):
        tasks.resume_question_mails()
        tasks.resume_question_mails()
    answered(question)
    for _ in range(2):
        tasks.resume_question_mails()

    first, reminder, told = mail.outbox
    assert first.to == reminder.to == [question.upload.submitter.email]
    assert told.to == [reader.email]
    assert f"/uploads/{question.upload_id}/" in first.body
    assert "still waits" in reminder.body
    for each in mail.outbox:
        assert TEXT not in each.body
        assert ANSWER not in each.body


def test_the_page_screens_what_is_asked(client):
    reader = making.panellist()
    case = making.given_case(reader)
    sign_in(client, reader)
    upload = asking.uploads_of(case).get()
    fields = {"question-upload": upload.pk, "question-text": "Was it on 12/03/2020?"}

    answer = client.post(reverse("review:ask", args=[case.number]), fields, follow=True)

    assert "looks like a date" in answer.content.decode()
    assert not CaseQuestion.objects.exists()


def test_another_submitter_cannot_answer(client):
    reader = making.panellist()
    question = asked(making.given_case(reader), reader)
    entering.come_in(client, entering.submitter())
    address = reverse("answer-panel", args=[question.upload_id, question.pk])

    assert client.post(address, {"text": ANSWER}).status_code == 404
    question.refresh_from_db()
    assert question.closed_at is None


@pytest.mark.parametrize("door", ["answer", "go on"])
def test_a_seat_given_back_while_the_case_waits_is_given_to_another_afterwards(client, door):
    reader, asker = making.panellist(), making.panellist()
    case = making.given_case(reader)
    making.assigned(case, asker)
    question = asked(case, asker)
    services.hand_back(case=case, actor=making.actor(reader), reason="Busy", at=timezone.now())
    other = making.panellist()

    if door == "answer":
        entering.come_in(client, question.upload.submitter)
        address = reverse("answer-panel", args=[question.upload_id, question.pk])
        client.post(address, {"text": ANSWER})
    else:
        sign_in(client, asker)
        client.post(reverse("review:go-on", args=[case.number]))

    case.refresh_from_db()
    assert case.status == Case.Status.OPEN
    assert case.assignments.get(member=other).handed_back_at is None
