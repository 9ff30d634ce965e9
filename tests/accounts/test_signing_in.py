"""Signing in, as a browser does it: T13, T18, T19 and T22."""

import time
from datetime import timedelta
from statistics import median

import pytest
import time_machine
from auditlog.models import LogEntry
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import second_factor, sessions, throttle
from bsti_db.accounts.models import NameFailures, RecoveryCode, SignIn, TotpDevice
from bsti_db.accounts.seeds import open_seed
from bsti_db.accounts.services import deactivate_member
from bsti_db.accounts.views.sign_in import REFUSED
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/sign-in/"
CODE = "/accounts/sign-in/code/"
WRONG = "a wrong password of some length"


def give_password(client, email, password=factories.PASSWORD, **extra):
    return client.post(SIGN_IN, {"email": email, "password": password}, **extra)


def code_now(seed=factories.SEED, steps=0):
    return second_factor.code_at(seed, int(time.time()) // second_factor.STEP_SECONDS + steps)


def verbs():
    rows = LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True)
    return list(rows)


def session_key(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_member_signs_in_with_password_and_code(client):
    member = factories.member()

    first = give_password(client, member.email.upper())
    second = client.post(CODE, {"code": code_now()})

    assert (first.status_code, first["Location"]) == (302, CODE)
    assert (second.status_code, second["Location"]) == (302, "/")
    assert client.get(reverse("accounts:account")).status_code == 200
    assert SignIn.objects.get().member == member
    assert verbs() == ["member.signed_in"]


def test_a_password_alone_reaches_nothing(client):
    member = factories.member(roles=("administrator", "auditor", "panellist"))
    give_password(client, member.email)

    for name in ("accounts:account", "accounts:members", "audit:trail", "review:worklist"):
        for method in (client.get, client.post, client.put, client.delete, client.head):
            answer = method(reverse(name))
            assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert client.get(reverse("home"))["Location"] == CODE


def test_a_password_alone_is_over_after_ten_minutes(client):
    member = factories.member()
    with time_machine.travel(timezone.now() - timedelta(minutes=11)):
        give_password(client, member.email)

    answer = client.post(CODE, {"code": code_now()})

    assert answer["Location"].startswith(SIGN_IN)


def test_five_wrong_codes_end_the_session(client):
    member = factories.member()
    give_password(client, member.email)

    answers = [client.post(CODE, {"code": "000000"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 302]
    assert answers[-1]["Location"] == SIGN_IN
    assert client.get(CODE)["Location"].startswith(SIGN_IN)
    assert verbs() == ["member.sign_in_failed"] * 5


def test_a_code_is_not_taken_twice(client):
    member, code = factories.member(), code_now()
    give_password(client, member.email)
    client.post(CODE, {"code": code})

    other = Client()
    give_password(other, member.email)
    answer = other.post(CODE, {"code": code})

    assert answer.status_code == 422


def test_an_older_code_is_not_taken_after_a_newer_one():
    member = factories.member()
    now = timezone.now()
    step = int(now.timestamp()) // second_factor.STEP_SECONDS
    newer = second_factor.code_at(factories.SEED, step + 1)
    older = second_factor.code_at(factories.SEED, step)

    assert second_factor.take_code(member=member, code=newer, at=now)
    assert second_factor.take_code(member=member, code=older, at=now) is None


def test_wrong_codes_bring_a_pause_that_a_right_code_does_not_shorten():
    member, now = factories.member(), timezone.now()
    for _ in range(6):
        second_factor.take_code(member=member, code="000000", at=now)
    right = code_now()

    assert second_factor.take_code(member=member, code=right, at=now) is None
    later = now + timedelta(seconds=11)
    step = int(later.timestamp()) // second_factor.STEP_SECONDS
    assert second_factor.take_code(
        member=member, code=second_factor.code_at(factories.SEED, step), at=later
    )


def test_a_recovery_code_signs_in_once_and_is_stored_as_a_hash(client):
    member = factories.member()
    codes = second_factor.set_recovery_codes(member=member)
    give_password(client, member.email)

    first = client.post(CODE, {"code": codes[3].lower()})
    other = Client()
    give_password(other, member.email)
    second = other.post(CODE, {"code": codes[3]})

    assert (first.status_code, second.status_code) == (302, 422)
    assert len(codes) == len(set(codes)) == 10
    stored = " ".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(second_factor.fold_code(code) in stored.upper() for code in codes)
    assert SignIn.objects.get().by_recovery_code


def test_the_seed_is_encrypted_at_rest_and_bound_to_its_member():
    member, other = factories.member(), factories.member()
    device = TotpDevice.objects.get(user=member)

    assert factories.SEED not in bytes(device.sealed_seed)
    assert open_seed(device.sealed_seed, member_id=member.pk) == factories.SEED
    with pytest.raises(Exception, match="cannot be read"):
        open_seed(device.sealed_seed, member_id=other.pk)


def test_the_code_is_that_of_rfc_6238():
    # appendix B, SHA-1, at 59 s and 1111111109 s, the last six of eight digits
    seed = b"12345678901234567890"

    assert second_factor.code_at(seed, 59 // 30) == "287082"
    assert second_factor.code_at(seed, 1_111_111_109 // 30) == "081804"


def test_every_step_of_signing_in_gets_a_new_session_id_and_the_old_one_is_dead(client):
    member = factories.member()
    client.get(SIGN_IN)
    session = client.session
    session["something"] = "planted"
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted

    give_password(client, member.email)
    after_password = session_key(client)
    client.post(CODE, {"code": code_now()})
    after_code = session_key(client)

    assert len({planted, after_password, after_code}) == 3
    for old in (planted, after_password):
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = old
        assert thief.get(reverse("accounts:account")).status_code == 302


def test_a_session_is_over_after_20_idle_minutes(client):
    member = factories.member()
    start = timezone.now()
    with time_machine.travel(start - timedelta(minutes=21), tick=False):
        sign_in(client, member)
        assert client.get(reverse("accounts:account")).status_code == 200

    answer = client.get(reverse("accounts:account"))

    assert answer["Location"].startswith(SIGN_IN)
    assert verbs() == ["member.timed_out"]


def test_use_keeps_a_session_alive_but_not_beyond_ten_hours(client):
    member = factories.member()
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client, member)
        for _ in range(40):
            clock.shift(timedelta(minutes=15))
            assert client.get(reverse("accounts:account")).status_code == 200
        clock.shift(timedelta(minutes=15))
        assert client.get(reverse("accounts:account")).status_code == 302


def test_background_polling_does_not_keep_a_session_alive(client):
    member = factories.member()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client, member)
        for _ in range(2):
            clock.shift(timedelta(minutes=9))
            polled = client.get(reverse("accounts:account"), HTTP_HX_REQUEST="true")
            assert polled.status_code == 200
        clock.shift(timedelta(minutes=9))
        answer = client.get(reverse("accounts:account"), HTTP_HX_REQUEST="true")

    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith(SIGN_IN)


def test_deactivating_a_member_ends_their_sessions(client):
    member, administrator = factories.member(), factories.member(roles=("administrator",))
    sign_in(client, member)

    deactivate_member(member=member, actor=Actor.of_member(administrator))

    assert client.get(reverse("accounts:account"))["Location"].startswith(SIGN_IN)
    member.is_active = True
    member.save()
    assert client.get(reverse("accounts:account"))["Location"].startswith(SIGN_IN)


def test_signing_out_everywhere_ends_the_sessions_of_other_browsers(client):
    member, other = factories.member(), Client()
    sign_in(client, member)
    sign_in(other, member)

    answer = client.post(reverse("accounts:sign-out-everywhere"))

    assert answer["Location"] == SIGN_IN
    assert other.get(reverse("accounts:account")).status_code == 302
    assert verbs() == ["member.signed_out_everywhere"]


def test_signing_out_needs_a_post_and_leaves_one_row(client):
    sign_in(client, factories.member())

    assert client.get(reverse("accounts:sign-out")).status_code == 405
    assert client.post(reverse("accounts:sign-out"))["Location"] == "/"
    assert client.get(reverse("accounts:account")).status_code == 302
    assert verbs() == ["member.signed_out"]


def test_after_signing_in_as_another_nothing_of_the_first_is_left(client):
    first, second = factories.member(), factories.member()
    sign_in(client, first)

    give_password(client, second.email)

    assert client.get(reverse("accounts:account"))["Location"] == CODE


def answers_of(client, email, password=WRONG):
    answer = give_password(client, email, password)
    body = answer.content.decode().replace(email, "ADDRESS")
    # the token of the form differs from page to page
    body = "\n".join(line for line in body.splitlines() if "csrfmiddlewaretoken" not in line)
    # the hour of the answer, and the length of the address typed, are all that may differ
    headers = {
        name: value for name, value in answer.items() if name not in ("Expires", "Content-Length")
    }
    return answer.status_code, headers, body


def locked_member():
    member = factories.member()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        give_password(Client(), member.email, WRONG)
    return member


def test_signing_in_answers_the_same_for_unknown_inactive_locked_and_known_names():
    known = factories.member()
    inactive = factories.member(is_active=False)
    without_factor = factories.member(is_enrolled=False)
    locked = locked_member()

    answers = [
        answers_of(Client(), "nobody@example.test"),
        answers_of(Client(), known.email),
        answers_of(Client(), inactive.email),
        answers_of(Client(), locked.email),
        # even with the right password
        answers_of(Client(), inactive.email, factories.PASSWORD),
        answers_of(Client(), without_factor.email, factories.PASSWORD),
        answers_of(Client(), locked.email, factories.PASSWORD),
    ]

    for answer in answers[1:]:
        assert answer == answers[0]
    assert answers[0][0] == 422
    assert REFUSED in answers[0][2]


def test_signing_in_takes_the_same_time_for_every_name(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    names = {
        "unknown": "nobody@example.test",
        "inactive": factories.member(is_active=False).email,
        "locked": locked_member().email,
    }
    known = [factories.member().email for _ in range(4)]
    times = {name: [] for name in (*names, "known")}
    for attempt in range(8):
        # two tries a known name, so that none is locked; one client address each for the others
        asked = {**names, "known": known[attempt % 4]}
        for name, email in asked.items():
            address = "127.0.0.1" if name == "locked" else f"10.0.0.{attempt}"
            # of this process alone: what else the machine does is no difference between names
            start = time.process_time()
            give_password(Client(), email, WRONG, REMOTE_ADDR=address)
            times[name].append(time.process_time() - start)

    middle = {name: median(found) for name, found in times.items()}
    assert max(middle.values()) < min(middle.values()) * 1.6


def test_a_lock_is_for_one_name_from_one_address_and_ends_by_itself(client):
    member = locked_member()

    assert give_password(client, member.email).status_code == 422
    elsewhere = give_password(Client(), member.email, REMOTE_ADDR="10.9.8.7")
    assert elsewhere.status_code == 302
    assert give_password(client, factories.member().email).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert give_password(Client(), member.email).status_code == 302


def test_attempts_during_a_lock_do_not_lengthen_it():
    member = locked_member()
    start = timezone.now()
    for minutes in (5, 10, 14):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            assert give_password(Client(), member.email).status_code == 422

    with time_machine.travel(start + timedelta(minutes=16)):
        assert give_password(Client(), member.email).status_code == 302


def test_spellings_of_one_name_are_counted_together():
    member = factories.member()
    for spelling in (str.upper, str.title, str.lower, str.swapcase, str.capitalize):
        give_password(Client(), spelling(member.email), WRONG)

    assert give_password(Client(), member.email).status_code == 422


def test_many_addresses_that_guess_one_name_are_slowed_but_its_member_is_not():
    member = factories.member()
    SignIn.objects.create(member=member, at=timezone.now(), address="192.0.2.1")
    for number in range(throttle.FREE_FAILURES):
        give_password(Client(), member.email, WRONG, REMOTE_ADDR=f"10.1.0.{number}")

    stranger = give_password(Client(), member.email, REMOTE_ADDR="10.1.1.1")
    themselves = give_password(Client(), member.email, REMOTE_ADDR="192.0.2.1")

    assert stranger.status_code == 422
    assert themselves.status_code == 302
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        patient = give_password(Client(), member.email, REMOTE_ADDR="10.1.1.1")
    assert patient.status_code == 302


def test_each_failure_leaves_exactly_one_row_without_the_name():
    member = factories.member()
    for _ in range(settings.AXES_FAILURE_LIMIT + 1):
        give_password(Client(), member.email, WRONG)

    assert verbs() == ["member.sign_in_failed"] * 4 + ["member.locked_out"] * 2
    rows = " ".join(str(list(LogEntry.objects.values())))
    assert member.email not in rows
    assert member.email not in str(list(NameFailures.objects.values()))


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "/%5Cevil.example/..//",
        "\x00//evil.example",
        "/\t/evil.example",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "data:text/html,x",
    ],
)
def test_signing_in_leads_nowhere_but_to_this_site(client, wanted):
    member = factories.member()
    client.post(SIGN_IN, {"email": member.email, "password": factories.PASSWORD, "next": wanted})

    answer = client.post(CODE, {"code": code_now()})

    location = answer["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/\t"))


def test_signing_in_leads_to_the_page_that_was_asked_for(client):
    member = factories.member()
    asked = client.get(reverse("accounts:change-password"))
    page = client.get(asked["Location"])
    assert 'name="next" value="/accounts/password/"' in page.content.decode()

    wanted = "/accounts/password/"
    client.post(SIGN_IN, {"email": member.email, "password": factories.PASSWORD, "next": wanted})
    answer = client.post(CODE, {"code": code_now()})

    assert answer["Location"] == wanted


def test_the_limits_are_those_of_the_settings():
    assert timedelta(minutes=20) == settings.IDLE_TIMEOUT
    assert timedelta(hours=10) == settings.ABSOLUTE_TIMEOUT
    assert sessions.end_of({sessions.SIGNED_IN: 0}, at=timezone.now()) == "absolute"
