"""Who is told that a case was set aside: every curator, once, and nothing of what was seen."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from review import services, tasks
from review.models import Case
from tests.factories import member
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

WHERE = "Series 1, image 2, the corner"


def set_aside(case: Case) -> Case:
    services.set_aside(
        case=case,
        actor=making.actor(making.panellist()),
        reason="text_in_image",
        where=WHERE,
        at=timezone.now(),
    )
    return case


def test_every_curator_is_told_once_and_nobody_else():
    curators = [member(("curator",)), member(("curator", "panellist"))]
    member(("curator",), is_active=False)
    case = set_aside(making.open_case())

    tasks.resume_telling_curators()
    tasks.resume_telling_curators()
    tasks.tell_curators(case.pk)

    assert sorted(each.to for each in mail.outbox) == sorted([each.email] for each in curators)
    for each in mail.outbox:
        assert f"Case {case.number} was set aside" in each.subject
        assert reverse("held-uploads") in each.body
        assert WHERE not in each.subject + each.body
        assert case.patient.pseudonym not in each.subject + each.body


def test_the_page_tells_the_curators_at_once(client: Client, django_capture_on_commit_callbacks):
    curator, reader = member(("curator",)), making.panellist()
    case = making.given_case(reader)
    sign_in(client, reader)

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("review:set-aside", args=[case.number]), {"set-aside-reason": "face"})

    assert [each.to for each in mail.outbox] == [[curator.email]]


def test_without_a_curator_the_mail_stays_due():
    case = set_aside(making.open_case())
    tasks.resume_telling_curators()
    assert not mail.outbox

    curator = member(("curator",))
    tasks.resume_telling_curators()

    assert [each.to for each in mail.outbox] == [[curator.email]]
    case.refresh_from_db()
    assert case.curators_told_at is not None


def test_a_case_set_aside_again_is_told_again_and_a_reopened_one_is_not():
    member(("curator",))
    case = set_aside(making.open_case())
    services.reopen_case(case=case, actor=making.actor(making.chair()))
    tasks.resume_telling_curators()
    assert not mail.outbox

    case.refresh_from_db()
    set_aside(case)
    tasks.resume_telling_curators()
    case.refresh_from_db()
    services.reopen_case(case=case, actor=making.actor(making.chair()))
    case.refresh_from_db()
    set_aside(case)
    tasks.resume_telling_curators()

    assert len(mail.outbox) == 2
