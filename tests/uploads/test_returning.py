"""A patient who seems to have been sent before: asked about and shown, not joined silently."""

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.test import Client
from django.urls import reverse

from audit.actors import Actor
from review.models import Case
from review.services import CaseBeingRead, open_case
from tests import datasets
from tests.factories import organisation
from tests.review import making
from tests.signing_in import sign_in
from tests.uploads.entering import come_in
from tests.uploads.sending import submitted
from uploads import tasks
from uploads.models import Returning, Upload
from uploads.services import returning

pytestmark = pytest.mark.django_db


def sent(trust, number: int, **fields) -> Upload:
    upload = submitted(
        [datasets.ct_slice(study=number, number=number, **fields)], organisation=trust
    )
    tasks.process_upload(str(upload.pk))
    upload.refresh_from_db()
    return upload


@pytest.fixture
def both():
    """Two accepted uploads of one trust under one patient identifier."""
    trust = organisation()
    return sent(trust, 1), sent(trust, 2)


def say(upload: Upload, said: str) -> None:
    returning.answer(upload=upload, said=said, actor=Actor.of_submitter(upload.submitter))
    upload.refresh_from_db()


def test_the_second_of_two_is_asked_about_and_the_first_is_not(both):
    first, second = both

    assert first.patient == second.patient
    assert (first.returning, second.returning) == ("", Returning.ASKED)
    assert "say on the page of the upload whether it is the same patient" in mail.outbox[-1].body


def test_another_trusts_patient_of_the_same_identifier_is_nobody_known():
    assert [sent(organisation(), number).returning for number in (1, 2)] == ["", ""]


def test_the_submitter_answers_on_the_status_page(both):
    _, second = both
    client = come_in(Client(), second.submitter)

    page = client.get(reverse("uploads:detail", args=[second.pk])).content.decode()
    assert "The same patient as before?" in page
    assert f"upload {both[0].reference}" in page
    address = reverse("uploads:returning-patient", args=[second.pk])
    assert client.post(address, {}).status_code == 422
    client.post(address, {"said": "other"})

    second.refresh_from_db()
    assert second.returning == Returning.OTHER
    row = LogEntry.objects.filter(additional_data__verb="upload.patient_answered").get()
    assert row.additional_data["facts"]["said"] == "other"


def test_nobody_is_asked_where_there_is_nothing_earlier(both):
    with pytest.raises(returning.NothingToSay):
        say(both[0], "same")


def test_images_of_the_same_patient_join_the_open_case(both):
    first, second = both
    chair = making.actor(making.chair())
    say(second, "same")

    case = open_case(patient=first.patient, actor=chair, at=first.settled_at)

    assert {row.study.upload_id for row in case.case_studies.all()} == {first.pk, second.pk}


def test_images_of_another_patient_get_a_case_of_their_own_when_the_first_is_settled(both):
    first, second = both
    chair = making.actor(making.chair())
    say(second, "other")

    case = open_case(patient=first.patient, actor=chair, at=first.settled_at)
    with pytest.raises(CaseBeingRead, match="of another patient"):
        open_case(patient=first.patient, actor=chair, at=first.settled_at)
    Case.objects.update(status="declined", settled_at=first.settled_at)
    apart = open_case(patient=first.patient, actor=chair, at=first.settled_at)

    assert [row.study.upload_id for row in case.case_studies.all()] == [first.pk]
    assert [row.study.upload_id for row in apart.case_studies.all()] == [second.pk]
    assert apart.follows is None


def test_later_images_of_the_first_patient_neither_join_nor_follow_the_other_patients_case(both):
    first, second = both
    say(second, "other")
    given = {"patient": first.patient, "actor": making.actor(making.chair())}
    case = open_case(**given, at=first.settled_at)
    Case.objects.update(status="declined", settled_at=first.settled_at)
    apart = open_case(**given, at=second.settled_at)
    third = sent(first.organisation, 3)
    say(third, "same")

    with pytest.raises(CaseBeingRead, match="of another patient"):
        open_case(**given, at=third.settled_at)
    assert not apart.case_studies.filter(study__upload=third).exists()
    Case.objects.filter(pk=apart.pk).update(status="declined", settled_at=third.settled_at)

    assert open_case(**given, at=third.settled_at).follows == case


def test_the_panel_is_told_what_the_trust_says(both):
    client = sign_in(Client(), making.chair())

    page = client.get(reverse("review:worklist"), {"show": "to-open"}).content.decode()
    assert Returning.ASKED.label in page
    say(both[1], "same")
    case = open_case(
        patient=both[0].patient, actor=making.actor(making.chair()), at=both[0].settled_at
    )

    page = client.get(reverse("review:case", args=[case.number])).content.decode()
    assert Returning.SAME.label in page
