from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from tests import factories
from uploads import entrance
from uploads.models import EntryCode, Submitter
from uploads.services import entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust():
    return factories.organisation(name="Northern Test NHS Trust", domains=["northern.nhs.uk"])


def answers(of, **changes):
    return {
        "trust": of.ods_code,
        "name": "Robin Jones",
        "role": "Radiographer",
        "email": "r.jones@nhs.net",
    } | changes


def ask(client, of, **changes):
    return client.post(reverse("uploads:start"), answers(of, **changes))


def mailed_code(index: int = -1) -> str:
    return mail.outbox[index].subject.removeprefix("Your code is ")


def type_in(client, code):
    return client.post(reverse("uploads:code"), {"code": code})


def verbs() -> list[str]:
    return [row.additional_data["verb"] for row in LogEntry.objects.order_by("pk")]


def test_the_mailed_code_opens_a_session_under_a_new_id(client, trust):
    assert ask(client, trust).status_code == 302
    before = client.session.session_key

    answer = type_in(client, mailed_code())

    assert answer.url == reverse("uploads:mine")
    assert client.session.session_key != before
    submitter = Submitter.objects.get()
    assert (submitter.email, submitter.organisation) == ("r.jones@nhs.net", trust)
    assert client.get(reverse("uploads:mine")).status_code == 200
    assert verbs() == ["code.made", "submitter.signed_in"]


def test_a_code_is_taken_in_small_letters_and_without_its_hyphen(client, trust):
    ask(client, trust)

    answer = type_in(client, mailed_code().replace("-", " ").lower())

    assert answer.url == reverse("uploads:mine")


def test_a_code_has_eight_characters_without_look_alikes(client, trust):
    ask(client, trust)

    code = mailed_code().replace("-", "")

    assert len(code) == 8
    assert not set(code) & set("0O1IL5S8B2ZUV")


def test_the_code_is_stored_and_mailed_but_nowhere_in_an_address(client, trust):
    ask(client, trust)

    code = mailed_code().replace("-", "")
    row = EntryCode.objects.get()
    assert code not in row.digest
    assert "http://testserver" not in mail.outbox[0].body
    assert mail.outbox[0].to == ["r.jones@nhs.net"]
    assert f"/{code}" not in mail.outbox[0].body


def test_a_code_of_another_browser_opens_nothing(client, trust):
    ask(client, trust)
    stranger = Client()

    answer = type_in(stranger, mailed_code())

    assert answer.url == reverse("uploads:start")
    assert not Submitter.objects.exists()


def test_a_code_is_used_once(client, trust):
    ask(client, trust)
    code = EntryCode.objects.get()
    typed = entry.typed_code(mailed_code())
    acts = {"code_id": code.pk, "code": typed, "actor": Actor.nobody(), "at": timezone.now()}
    entry.enter(**acts)

    with pytest.raises(entry.CodeNoLongerValid):
        entry.enter(**acts)


def test_a_code_is_old_after_ten_minutes(client, trust):
    ask(client, trust)

    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        answer = type_in(client, mailed_code())

    assert answer.status_code == 422
    assert "no longer valid" in answer.content.decode()
    assert not Submitter.objects.exists()


def test_five_wrong_tries_end_a_code(client, trust):
    ask(client, trust)

    told = [type_in(client, "AAAAAAAA").content.decode() for _ in range(5)]
    last = type_in(client, mailed_code())

    assert "You have 4 tries left" in told[0]
    assert "Ask for a new one" in told[4]
    assert last.status_code == 422
    assert not Submitter.objects.exists()
    assert verbs().count("code.refused") == 5


@pytest.mark.parametrize(
    "address",
    [
        "a@nhs.net.evil.com",
        "a@evilnhs.uk",
        "a@evil-nhs.net",
        "a@xn--nhs-8ma.net",
        "a@nhś.net",
        "a+b@nhs.net",
        '"a@gmail.com"@nhs.net',
        "a@nhs.net\nbcc: b@gmail.com",
        "a@nhs.net,b@gmail.com",
        "someone@gmail.com",
        "a@northern.nhs.uk.",
        "a@other.northern.nhs.uk",
        "a..b@nhs.net",
    ],
)
def test_an_address_that_only_looks_like_one_gets_no_code(client, trust, address):
    answer = ask(client, trust, email=address)

    assert answer.status_code == 422
    assert mail.outbox == []
    assert not EntryCode.objects.exists()


def test_a_domain_of_the_trust_confirms_it_and_nhs_net_does_not(client, trust):
    ask(client, trust, email="R.Jones@Northern.NHS.uk")
    type_in(client, mailed_code())
    ask(client, trust)
    type_in(client, mailed_code())

    confirmed = dict(Submitter.objects.values_list("email", "is_organisation_confirmed"))
    assert confirmed == {"r.jones@northern.nhs.uk": True, "r.jones@nhs.net": False}


def test_a_domain_of_another_trust_is_refused(client, trust):
    other = factories.organisation()

    answer = ask(client, other, email="r.jones@northern.nhs.uk")

    assert answer.status_code == 422
    assert "another organisation" in answer.content.decode()


def test_every_address_gets_the_same_answer_and_no_mail_after_its_share(client, trust):
    first = [ask(client, trust) for _ in range(entry.CODES_AN_ADDRESS_AND_CLIENT + 2)]
    pages = [client.get(reverse("uploads:code")).status_code for _ in range(1)]
    other = ask(client, trust, email="known.to.nobody@nhs.net")

    assert {(answer.status_code, answer.url) for answer in [*first, other]} == {
        (302, reverse("uploads:code"))
    }
    assert pages == [200]
    sent = [message.to[0] for message in mail.outbox]
    assert sent.count("r.jones@nhs.net") == entry.CODES_AN_ADDRESS_AND_CLIENT
    # a code that was never mailed is refused as a wrong one is
    ask(client, trust)
    assert "You have 4 tries left" in type_in(client, "AAAAAAAA").content.decode()


def test_a_client_that_asks_without_end_is_told_to_wait(client, trust):
    now = timezone.now()
    EntryCode.objects.bulk_create(
        EntryCode(
            email=f"a{number}@nhs.net",
            organisation=trust,
            client="127.0.0.1",
            created_at=now,
            expires_at=now,
        )
        for number in range(entry.CODES_A_CLIENT)
    )

    assert ask(client, trust).status_code == 429


def test_a_mail_that_cannot_be_sent_is_told_and_not_counted(client, trust, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = ask(client, trust)

    assert answer.status_code == 503
    assert "could not be sent" in answer.content.decode()
    assert not EntryCode.objects.exists()


def test_a_trust_is_found_by_name_part_of_it_or_suggestion(client, trust):
    for text in ("northern test", f"{trust.name} ({trust.ods_code})", trust.ods_code.lower()):
        assert ask(client, trust, trust=text).status_code == 302


def test_several_trusts_of_a_name_are_offered_as_a_choice(client, trust):
    other = factories.organisation(name="Northern Coast NHS Trust")

    asked = ask(client, trust, trust="northern")
    chosen = ask(client, trust, trust="northern", organisation=other.pk)

    assert asked.status_code == 422
    assert other.name in asked.content.decode()
    assert chosen.status_code == 302
    assert EntryCode.objects.get().organisation == other


def test_suggestions_come_while_the_name_is_typed(client, trust):
    factories.organisation(name="Southern Test NHS Trust")

    answer = client.get(reverse("uploads:organisations"), {"trust": "north"})

    assert f"{trust.name} ({trust.ods_code})" in answer.content.decode()
    assert "Southern" not in answer.content.decode()


def test_an_idle_session_ends_after_four_hours_and_leads_back(client, trust):
    ask(client, trust)
    type_in(client, mailed_code())
    address = reverse("uploads:mine")

    with time_machine.travel(timezone.now() + entrance.IDLE_LIMIT + timedelta(seconds=5)):
        ended = client.get(address)
        told = client.get(ended.url).content.decode()
        ask(client, trust)
        back = type_in(client, mailed_code())

    assert ended.url == reverse("uploads:start")
    assert "Your upload session has ended" in told
    assert back.url == address


def test_signing_out_ends_the_session(client, trust):
    ask(client, trust)
    type_in(client, mailed_code())

    client.post(reverse("uploads:sign-out"))

    assert client.get(reverse("uploads:mine")).status_code == 302
    assert verbs()[-1] == "submitter.signed_out"


def test_no_row_of_the_trail_holds_an_address_or_a_name(client, trust):
    ask(client, trust)
    type_in(client, mailed_code())

    for row in LogEntry.objects.all():
        assert "jones" not in f"{row.object_repr}{row.additional_data}".lower()
