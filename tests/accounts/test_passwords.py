"""Passwords: strength, renewal, history, and the way back when one is forgotten: T23."""

import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import passwords, second_factor
from bsti_db.accounts.models import TotpDevice
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

NEW = "nine crooked teapots dance slowly"
RENEW = "/accounts/password/renew/"


def expired_member(**fields):
    return factories.member(password_changed_at=timezone.now() - timedelta(days=91), **fields)


def change(client, new=NEW, present=factories.PASSWORD, url="accounts:change-password"):
    asked = {"present_password": present, "new_password": new, "repeated_password": new}
    return client.post(reverse(url), asked)


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars",
        "passwordpassword",
        "bsti covid imaging database",
        "aaaaaaaaaaaaaaaaaaaaaaa",
        "NHS-covid19-chest-radiology-2020",
        "welcome to the british society",
        "Marigold Featherstone",
        "123456789012345678901",
        "abcabcabcabcabcabcabc",
    ],
)
def test_a_weak_password_is_refused(password):
    member = factories.member(email="marigold@example.test", name="Marigold Featherstone")

    with pytest.raises(ValidationError):
        validate_password(password, member)


@pytest.mark.parametrize(
    "password",
    [
        NEW,
        "the radiologist paints blue giraffes",
        "x7#Qm!2vL9@pK4zR",
        "ein sehr länglicher Satz mit Umlauten",
        "a long line of words " * 6,
    ],
)
def test_a_strong_password_is_taken(password):
    validate_password(password, factories.member())


def test_the_last_twelve_passwords_are_refused_and_the_one_before_is_taken():
    member, now = factories.member(), timezone.now()
    used = [f"{word} crooked teapots dance slowly" for word in "abcdefghijkl"]
    for number, password in enumerate(used):
        passwords.change_password(
            member=member,
            password=password,
            actor=Actor.of_member(member),
            at=now + timedelta(minutes=number + 1),
        )

    for password in used:
        with pytest.raises(ValidationError):
            validate_password(password, member)
    # thirteen were set in all, so the very first is forgotten
    validate_password(factories.PASSWORD, member)
    assert member.past_passwords.count() == 12


def urls_of_the_site():
    """Every address that a pattern without arguments gives, with its method-blind view."""
    found = []

    def walk(patterns, prefix):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if hasattr(entry, "url_patterns"):
                walk(entry.url_patterns, route)
            else:
                found.append((route, entry.callback))

    walk(get_resolver().url_patterns, "/")
    values = {"uuid": "6f1d9b5e-2f5c-4e0a-9c53-0a3b0a2c1d11", "int": "1", "slug": "a"}
    return [
        (re.sub(r"<(?:(\w+):)?\w+>", lambda part: values.get(part[1], "1.2"), route), view)
        for route, view in found
    ]


def test_an_expired_password_leads_every_method_of_every_url_to_its_renewal(client):
    roles = ("curator", "panellist", "chair", "editor", "publisher", "auditor", "administrator")
    sign_in(client, expired_member(roles=roles))
    open_to_all, walked = 0, 0

    for path, view in urls_of_the_site():
        is_public = not getattr(view, "login_required", True)
        if is_public or path in (RENEW, "/accounts/sign-out/"):
            open_to_all += 1
            continue
        for method in ("get", "head", "post", "put", "patch", "delete", "options"):
            answer = getattr(client, method)(path)
            if "/dicom-web/" in path:
                assert answer.status_code == 401, (method, path)
            else:
                assert (answer.status_code, answer["Location"]) == (302, RENEW), (method, path)
            walked += 1

    assert client.get("/")["Location"] == RENEW
    assert open_to_all
    assert walked > 100


def test_an_expired_password_is_renewed_and_everything_is_open_again(client):
    sign_in(client, expired_member())
    assert client.get(RENEW).status_code == 200

    answer = change(client, url="accounts:renew-password")

    assert answer["Location"] == reverse("accounts:account")
    assert client.get(reverse("accounts:account")).status_code == 200


def test_renewing_with_the_same_password_is_refused(client):
    sign_in(client, expired_member())

    answer = change(client, new=factories.PASSWORD, url="accounts:renew-password")

    assert answer.status_code == 422
    assert "used this password before" in answer.content.decode()


def test_without_an_age_no_password_expires(client, settings):
    settings.PASSWORD_MAX_AGE_DAYS = 0
    sign_in(client, expired_member())

    assert client.get(reverse("accounts:account")).status_code == 200


def test_changing_the_password_ends_the_other_sessions_and_gives_this_one_a_new_id(
    client, django_capture_on_commit_callbacks
):
    member, other = factories.member(), Client()
    sign_in(client, member)
    sign_in(other, member)
    before = client.session.session_key

    with django_capture_on_commit_callbacks(execute=True):
        change(client)

    assert client.get(reverse("accounts:account")).status_code == 200
    assert other.get(reverse("accounts:account")).status_code == 302
    assert client.session.session_key != before
    assert [letter.to for letter in mail.outbox] == [[member.email]]
    verbs = LogEntry.objects.values_list("additional_data__verb", flat=True)
    assert list(verbs) == ["member.password_changed"]


def test_changing_the_password_asks_for_the_present_one(client):
    sign_in(client, factories.member())

    answer = change(client, present="not the present password")

    assert answer.status_code == 422
    assert "This is not your present password." in answer.content.decode()


def test_two_different_new_passwords_are_refused(client):
    sign_in(client, factories.member())
    asked = {
        "present_password": factories.PASSWORD,
        "new_password": NEW,
        "repeated_password": NEW + " twice",
    }

    answer = client.post(reverse("accounts:change-password"), asked)

    assert "The two passwords are not the same." in answer.content.decode()


def ask_reset(capture, email):
    mail.outbox.clear()
    with capture(execute=True) as rung:
        answer = Client().post(reverse("accounts:forgotten"), {"email": email})
    return answer, len(rung)


def reset_path():
    return "/" + re.search(r"https?://\S+", mail.outbox[0].body).group().split("/", 3)[3]


def test_asking_for_a_new_password_answers_the_same_for_every_address(
    django_capture_on_commit_callbacks,
):
    asked = {
        "unknown": "nobody@example.test",
        "inactive": factories.member(is_active=False).email,
        "not joined": factories.member(is_enrolled=False).email,
        "known": factories.member().email.upper(),
    }
    answers, letters = [], {}
    for name, email in asked.items():
        answer, rung = ask_reset(django_capture_on_commit_callbacks, email)
        answers.append((answer.status_code, answer["Location"], answer.content, rung))
        letters[name] = len(mail.outbox)

    assert all(answer == answers[0] for answer in answers)
    assert letters == {"unknown": 0, "inactive": 0, "not joined": 0, "known": 1}


def test_a_forgotten_password_is_replaced_and_the_second_factor_stays_on(
    client, django_capture_on_commit_callbacks
):
    member, other = factories.member(), Client()
    sign_in(other, member)
    ask_reset(django_capture_on_commit_callbacks, member.email)

    client.get(reset_path())
    answer = client.post(
        reverse("accounts:choose-password"), {"new_password": NEW, "repeated_password": NEW}
    )

    assert answer["Location"] == reverse("accounts:sign-in")
    assert other.get(reverse("accounts:account")).status_code == 302
    asked = {"email": member.email, "password": NEW}
    assert client.post(reverse("accounts:sign-in"), asked)["Location"] == reverse("accounts:code")
    assert client.get(reverse("accounts:account"))["Location"] == reverse("accounts:code")
    assert TotpDevice.objects.filter(user=member, confirmed=True).exists()


def test_the_address_of_a_reset_is_used_once_and_for_an_hour(
    client, django_capture_on_commit_callbacks
):
    member = factories.member()
    ask_reset(django_capture_on_commit_callbacks, member.email)
    path = reset_path()

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert client.get(path).status_code == 410
    client.get(path)
    client.post(
        reverse("accounts:choose-password"), {"new_password": NEW, "repeated_password": NEW}
    )
    assert client.get(path).status_code == 410
    assert client.get(reverse("accounts:choose-password")).status_code == 410


def test_links_in_mail_are_made_of_site_url_and_not_of_the_host_that_asked(
    settings, django_capture_on_commit_callbacks
):
    settings.ALLOWED_HOSTS = ["evil.example"]
    mail.outbox.clear()
    member = factories.member()
    with django_capture_on_commit_callbacks(execute=True):
        Client().post(
            reverse("accounts:forgotten"), {"email": member.email}, HTTP_HOST="evil.example"
        )

    assert "evil.example" not in mail.outbox[0].body
    assert settings.SITE_URL in mail.outbox[0].body


def test_new_recovery_codes_take_the_password_and_replace_the_old_ones(client):
    member = factories.member()
    old = second_factor.set_recovery_codes(member=member)
    sign_in(client, member)
    url = reverse("accounts:recovery-codes")

    assert client.post(url, {"password": "not the password"}).status_code == 422
    answer = client.post(url, {"password": factories.PASSWORD})

    assert "no-store" in answer["Cache-Control"]
    assert len(answer.context["codes"]) == 10
    now = timezone.now()
    assert second_factor.take_recovery_code(member=member, code=old[0], at=now) is None
    new = answer.context["codes"][0]
    assert second_factor.take_recovery_code(member=member, code=new, at=now)
