"""A member sees where they are signed in and ends what is not theirs; and what they did."""

import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts import devices, sessions
from bsti_db.accounts.models import Session
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)


def give_password(client, member, **headers):
    fields = {"email": member.email, "password": factories.PASSWORD}
    answer = client.post(reverse("accounts:sign-in"), fields, headers=headers)
    assert answer.status_code == 302
    return client


def verbs():
    rows = LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True)
    return list(rows)


def handles(page):
    return re.findall(r"/accounts/sessions/([0-9a-f]+)/end/", page)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("", "Unknown browser"),
        ("curl/8.5\r\n\x1b[31mERROR", "Unknown browser"),
    ],
)
def test_a_device_is_named_in_our_words_and_never_in_its_own(user_agent, name):
    assert devices.name_of(user_agent) == name


def test_the_list_shows_device_address_and_both_times_of_each_session(client):
    member, start = factories.member(), timezone.now()
    sign_in(client, member)
    give_password(Client(), member, **{"user-agent": FIREFOX})
    with time_machine.travel(start + timedelta(minutes=2), tick=False):
        client.get("/accounts/")
        page = client.get(PAGE).content.decode()

    assert "Firefox on Windows" in page
    assert "127.0.0.1" in page
    assert "password given, code not yet" in page
    assert f"{timezone.localtime(start):%H:%M}" in page
    assert f"{timezone.localtime(start + timedelta(minutes=2)):%H:%M}" in page
    assert page.count("This session") == 1
    assert len(handles(page)) == 1


def test_a_session_that_is_ended_reaches_nothing_more_and_the_others_go_on(client):
    member = factories.member()
    there, elsewhere = sign_in(Client(), member), sign_in(Client(), member)
    sign_in(client, member)
    before = client.get(PAGE).content.decode()
    there_key = there.session.session_key
    (handle,) = [each for each in handles(before) if each == sessions._handle(there_key)]

    client.post(reverse("accounts:end-session", args=[handle]))

    assert there.get("/accounts/").status_code == 302
    assert elsewhere.get("/accounts/").status_code == 200
    assert client.get("/accounts/").status_code == 200
    assert verbs() == ["member.session_ended"]
    client.post(reverse("accounts:end-session", args=[handle]))
    assert verbs() == ["member.session_ended"]


def test_nobody_ends_or_sees_the_session_of_another(client):
    other = factories.member(name="Somebody Else")
    theirs = sign_in(Client(), other)
    sign_in(client, factories.member())
    handle = sessions._handle(theirs.session.session_key)

    assert handle not in client.get(PAGE).content.decode()
    answer = client.post(reverse("accounts:end-session", args=[handle]), follow=True)

    assert "This session is over already." in answer.content.decode()
    assert theirs.get("/accounts/").status_code == 200
    assert verbs() == []


def test_the_page_holds_nothing_that_opens_a_session(client):
    member = factories.member()
    other = sign_in(Client(), member)
    sign_in(client, member)

    page = client.get(PAGE).content.decode()

    for key in (client.session.session_key, other.session.session_key):
        assert key not in page


def test_sessions_that_are_over_are_not_listed(client):
    member, now = factories.member(), timezone.now()
    sign_in(Client(), member, at=now - timedelta(minutes=30))
    sign_in(Client(), member)
    sign_in(client, member)
    client.post(
        reverse("accounts:change-password"),
        {
            "present_password": factories.PASSWORD,
            "new_password": "nine green harbours whistle",
            "repeated_password": "nine green harbours whistle",
        },
    )

    assert handles(client.get(PAGE).content.decode()) == []
    assert Session.objects.filter(member=member).count() > 1


def test_a_row_is_its_members_from_signing_in_to_signing_out(client):
    member = factories.member()
    client.get(reverse("accounts:sign-in"))
    give_password(client, member)
    row = Session.objects.get(member=member)
    assert row.get_decoded()[SESSION_KEY] == str(member.pk)

    client.post(reverse("accounts:sign-out"))

    assert not Session.objects.filter(member=member).exists()


def test_activity_is_what_the_member_did_and_what_was_done_to_their_account(client):
    member, office = factories.member(), factories.member(name="Ann Office")
    other = factories.member()
    record("member.roles_changed", actor=Actor.of_member(office), subject=member, given=["chair"])
    record("member.signed_in", actor=Actor.of_member(other), subject=other)
    record("study.opened", actor=Actor.of_member(member), subject=other)
    sign_in(client, member)

    page = client.get(reverse("accounts:activity")).content.decode()

    assert "Member roles changed" in page
    assert "Ann Office" in page
    assert "Study opened" in page
    assert "Member signed in" not in page
    assert "given" not in page, "facts are the auditor's"


def test_activity_has_pages_and_an_empty_state(client):
    member = factories.member()
    sign_in(client, member)
    assert "Nothing yet" in client.get(reverse("accounts:activity")).content.decode()

    for _ in range(51):
        record("study.opened", actor=Actor.of_member(member), subject=member)

    first = client.get(reverse("accounts:activity")).content.decode()
    assert "1 to 50 of 51" in first
    assert client.get(reverse("accounts:activity"), {"page": 2}).content.decode().count("<tr") == 2
