"""Questions of curators to submitters, and the clock that stands still meanwhile."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from tests import factories
from tests.signing_in import sign_in
from tests.uploads.entering import come_in
from tests.uploads.sending import add_file, describe, draft
from uploads import tasks
from uploads.lifecycle import UploadStatus
from uploads.models import Upload, UploadQuestion
from uploads.services import asking, deciding

pytestmark = pytest.mark.django_db

TEXT = "Is the writing at the top part of the film holder?"


@pytest.fixture
def member():
    return factories.member(roles=("curator",))


@pytest.fixture
def curator(member) -> Actor:
    return Actor.of_member(member)


@pytest.fixture
def upload() -> Upload:
    upload = draft()
    add_file(upload, b"DICM", outcome="held", reason="burned_in_annotation")
    describe(upload, days_from_onset=3)
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk).update(
        status=UploadStatus.HELD,
        reason="files_held",
        mailed_status="held",
        declared_at=now,
        submitted_at=now,
        settled_at=now,
    )
    upload.refresh_from_db()
    return upload


def asked(upload: Upload, curator: Actor, *, days_ago: float = 0) -> UploadQuestion:
    at = timezone.now() - timedelta(days=days_ago)
    question = asking.ask_submitter(upload=upload, text=TEXT, actor=curator, at=at)
    upload.refresh_from_db()
    return question


def test_a_question_stands_on_the_page_and_not_in_the_mail(client, upload, member):
    sign_in(client, member)

    client.post(reverse("uploads:ask", args=[upload.pk]), {"text": TEXT})
    tasks.send_outcome_mail(str(upload.pk))
    client.logout()
    come_in(client, upload.submitter)
    page = client.get(reverse("uploads:detail", args=[upload.pk])).content.decode()

    assert TEXT in page
    (sent,) = mail.outbox
    assert upload.reference in sent.subject
    assert "film holder" not in sent.subject + sent.body


def test_an_answer_brings_the_upload_back_to_the_curators(client, upload, curator, member):
    asked(upload, curator)
    come_in(client, upload.submitter)

    client.post(reverse("uploads:answer", args=[upload.pk]), {"text": "It is the holder."})
    client.logout()
    sign_in(client, member)
    page = client.get(reverse("uploads:held-upload", args=[upload.pk])).content.decode()

    upload.refresh_from_db()
    assert upload.status == UploadStatus.HELD
    assert "It is the holder." in page


def test_the_list_tells_what_was_asked_and_what_was_answered(client, upload, curator, member):
    sign_in(client, member)
    asked(upload, curator)
    waiting = client.get(reverse("held-uploads")).content.decode()
    submitter = Actor.of_submitter(upload.submitter)
    asking.answer_question(upload=upload, text="Yes.", actor=submitter, at=timezone.now())
    back = client.get(reverse("held-uploads")).content.decode()

    assert "Asked" in waiting
    assert "Answered" not in waiting
    assert "Answered" in back


def test_another_submitter_does_not_answer(client, upload, curator):
    asked(upload, curator)
    come_in(client, draft().submitter)

    response = client.post(reverse("uploads:answer", args=[upload.pk]), {"text": "Mine."})

    assert response.status_code == 404
    upload.refresh_from_db()
    assert upload.status == UploadStatus.QUERIED


@pytest.mark.parametrize("text", ["Is this John Quillfeather?", "Is it of 12/03/1961?", ""])
def test_a_question_with_a_name_or_date_in_it_is_not_asked(client, upload, member, text):
    sign_in(client, member)

    response = client.post(reverse("uploads:ask", args=[upload.pk]), {"text": text})

    assert response.status_code == 422
    assert not UploadQuestion.objects.exists()


def test_an_answer_with_a_name_in_it_is_not_kept(client, upload, curator):
    asked(upload, curator)
    come_in(client, upload.submitter)

    response = client.post(
        reverse("uploads:answer", args=[upload.pk]), {"text": "It is John Quillfeather."}
    )

    assert response.status_code == 422
    assert UploadQuestion.objects.get().answer == ""


def test_nothing_is_decided_while_a_question_is_open(client, upload, curator, member):
    asked(upload, curator)
    sign_in(client, member)
    file = upload.files.get()

    page = client.get(reverse("uploads:held-upload", args=[upload.pk])).content.decode()

    for name in ("held-file", "release", "refuse-file"):
        address = reverse(f"uploads:{name}", args=[upload.pk, file.pk])
        assert client.get(address).status_code == 404
        assert address not in page
    with pytest.raises(IllegalMove):
        deciding.refuse_upload(upload=upload, actor=curator, at=timezone.now())


def test_there_is_one_open_question_at_a_time(upload, curator):
    asked(upload, curator)

    with pytest.raises(IllegalMove):
        asking.ask_submitter(upload=upload, text=TEXT, actor=curator, at=timezone.now())


def test_nobody_asks_while_workers_have_a_file(upload, curator):
    upload.files.update(outcome="waiting")

    with pytest.raises(asking.FilesAtWork):
        asking.ask_submitter(upload=upload, text=TEXT, actor=curator, at=timezone.now())


def test_a_curator_may_go_on_without_an_answer(client, upload, curator, member):
    asked(upload, curator)
    sign_in(client, member)

    client.post(reverse("uploads:go-on", args=[upload.pk]))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.HELD
    with pytest.raises(asking.NothingAsked):
        asking.answer_question(
            upload=upload,
            text="Late.",
            actor=Actor.of_submitter(upload.submitter),
            at=timezone.now(),
        )


def test_the_days_of_a_question_do_not_count(upload, curator):
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk).update(settled_at=now - timedelta(days=40))
    upload.refresh_from_db()
    asked(upload, curator, days_ago=20)
    assert deciding.expire_uploads(actor=curator, at=now) == 0

    asking.go_on_without_answer(upload=upload, actor=curator, at=now)

    assert deciding.expire_uploads(actor=curator, at=now + timedelta(days=9)) == 0
    assert deciding.expire_uploads(actor=curator, at=now + timedelta(days=11)) == 1


def test_a_question_that_nobody_answers_ends_the_upload(upload, curator):
    asked(upload, curator)
    later = timezone.now() + timedelta(days=31)

    deciding.expire_uploads(actor=curator, at=later)

    upload.refresh_from_db()
    assert (upload.status, upload.reason) == (UploadStatus.EXPIRED, "not_answered_in_time")
    assert not upload.questions.filter(closed_at=None).exists()


def test_no_number_of_questions_keeps_a_held_upload_longer_than_60_days(upload, curator):
    began = upload.settled_at
    asking.ask_submitter(upload=upload, text=TEXT, actor=curator, at=began)
    day_20 = began + timedelta(days=20)
    asking.go_on_without_answer(upload=upload, actor=curator, at=day_20)
    upload.refresh_from_db()
    asking.ask_submitter(upload=upload, text=TEXT, actor=curator, at=day_20)

    upload.refresh_from_db()
    assert deciding.kept_until(upload) == began + timedelta(days=30)
    assert deciding.expire_uploads(actor=curator, at=began + timedelta(days=29)) == 0
    assert deciding.expire_uploads(actor=curator, at=began + timedelta(days=31)) == 1


def test_the_second_question_is_mailed_too(upload, curator):
    asked(upload, curator)
    tasks.send_outcome_mail(str(upload.pk))
    submitter = Actor.of_submitter(upload.submitter)
    asking.answer_question(upload=upload, text="Yes.", actor=submitter, at=timezone.now())
    tasks.send_outcome_mail(str(upload.pk))
    upload.refresh_from_db()
    asked(upload, curator)
    tasks.send_outcome_mail(str(upload.pk))

    assert ["needs an answer" in sent.subject for sent in mail.outbox] == [True, True]


def test_the_trail_holds_neither_question_nor_answer(upload, curator):
    asked(upload, curator)
    submitter = Actor.of_submitter(upload.submitter)
    asking.answer_question(
        upload=upload, text="It is the holder.", actor=submitter, at=timezone.now()
    )

    rows = list(LogEntry.objects.values_list("additional_data", "object_repr", "changes"))
    assert {"upload.queried", "upload.answered"} <= {row[0]["verb"] for row in rows}
    assert "holder" not in repr(rows)


def test_what_was_asked_is_erased_with_the_upload(upload, curator):
    asked(upload, curator)
    deciding.withdraw_upload(upload=upload, actor=curator, at=timezone.now())

    upload.refresh_from_db()
    deciding.erase_upload(upload=upload, actor=curator, at=timezone.now())

    assert UploadQuestion.objects.get().text == ""
