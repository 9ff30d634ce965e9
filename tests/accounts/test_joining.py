"""An invitation, from the administrator's form to the first sign-in."""

import io
import re
import time
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import second_factor, services
from bsti_db.accounts.mail import invitation_address, send_invitation
from bsti_db.accounts.models import Invitation, Member, TotpDevice
from bsti_db.accounts.seeds import open_seed
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "nine crooked teapots dance slowly"


@pytest.fixture
def administrator():
    return factories.member(roles=("administrator",))


def invited(administrator, **fields):
    return services.invite_member(
        **{"email": "new@example.test", "name": "New Person", "organisation": None} | fields,
        roles=["panellist"],
        actor=Actor.of_member(administrator),
        at=timezone.now(),
    )


def path_of(invitation):
    return "/" + invitation_address(invitation).split("/", 3)[3]


def code_of(member):
    device = TotpDevice.objects.get(user=member)
    seed = open_seed(device.sealed_seed, member_id=member.pk)
    return second_factor.code_at(seed, int(time.time()) // second_factor.STEP_SECONDS)


def choose_password(client, invitation, **changes):
    said = {
        "invitation_code": services.invitation_code(invitation),
        "new_password": PASSWORD,
        "repeated_password": PASSWORD,
    }
    return client.post(reverse("accounts:join"), said | changes)


def join(client, invitation):
    client.get(path_of(invitation))
    choose_password(client, invitation)
    client.get(reverse("accounts:join-second-factor"))
    return client.post(reverse("accounts:join-second-factor"), {"code": code_of(invitation.member)})


def test_an_invited_person_joins_and_signs_in(client, administrator, settings):
    organisation = factories.organisation()
    sign_in(client, administrator)
    asked = {
        "email": "New@Example.test",
        "name": "New Person",
        "organisation": organisation.pk,
        "roles": ["panellist", "chair"],
    }

    answer = client.post(reverse("accounts:invite"), asked)

    member = Member.objects.get(email="new@example.test")
    assert answer["Location"] == reverse("accounts:member", args=[member.pk])
    (letter,) = mail.outbox
    assert letter.to == ["new@example.test"]
    address = re.search(r"https?://\S+", letter.body).group()
    assert address.startswith(settings.SITE_URL)
    visitor = Client()
    page = join(visitor, member.invitations.get())
    codes = re.findall(r"<samp>([A-Z0-9-]{14})</samp>", page.content.decode())
    assert len(codes) == 10
    time_of_next = timezone.now() + timedelta(seconds=60)
    with time_machine.travel(time_of_next):
        visitor.post(
            reverse("accounts:sign-in"), {"email": "new@example.test", "password": PASSWORD}
        )
        visitor.post(reverse("accounts:code"), {"code": code_of(member)})
        shown = visitor.get(reverse("accounts:account")).content.decode()
    assert "Panellist, Chair of the panel" in shown
    assert organisation.name in shown


def test_an_invitation_is_used_once(client, administrator):
    invitation = invited(administrator)
    assert join(client, invitation).status_code == 200

    answer = Client().get(path_of(invitation))

    assert answer.status_code == 410
    assert join(Client(), invitation).status_code == 410


def test_an_invitation_is_over_after_seven_days(client, administrator):
    invitation = invited(administrator)

    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.get(path_of(invitation)).status_code == 410


def test_a_newer_invitation_closes_the_earlier_one(client, administrator):
    first = invited(administrator)
    second = services.invite_again(
        member=first.member, actor=Actor.of_member(administrator), at=timezone.now()
    )

    assert client.get(path_of(first)).status_code == 410
    assert client.get(path_of(second)).status_code == 302


def test_an_address_with_another_signature_opens_nothing(client, administrator):
    path = path_of(invited(administrator))

    assert client.get(path[:-4] + "AAA/").status_code == 410
    assert client.get("/accounts/join/nothing/").status_code == 410


def test_a_mail_scanner_that_opens_the_address_uses_nothing_up(client, administrator):
    invitation = invited(administrator)
    scanner = Client()
    scanner.get(path_of(invitation), follow=True)
    scanner.head(path_of(invitation))

    assert join(client, invitation).status_code == 200


def test_a_password_alone_does_not_complete_an_invitation(client, administrator):
    invitation = invited(administrator)
    client.get(path_of(invitation))
    choose_password(client, invitation)

    answer = Client().post(
        reverse("accounts:sign-in"), {"email": "new@example.test", "password": PASSWORD}
    )

    assert answer.status_code == 422


def test_the_second_factor_is_not_shown_before_the_password_is_set(client, administrator):
    client.get(path_of(invited(administrator)))

    assert client.get(reverse("accounts:join-second-factor")).status_code == 410
    assert client.get(reverse("accounts:join-qr")).status_code == 404


def test_a_wrong_code_shows_the_same_secret_again(client, administrator):
    invitation = invited(administrator)
    client.get(path_of(invitation))
    choose_password(client, invitation)
    first = client.get(reverse("accounts:join-second-factor"))

    answer = client.post(reverse("accounts:join-second-factor"), {"code": "000000"})

    assert answer.status_code == 422
    assert answer.context["secret"] == first.context["secret"]
    assert not invitation.member.recovery_codes.exists()


def test_the_qr_code_is_a_picture_for_this_visit_alone(client, administrator):
    invitation = invited(administrator)
    client.get(path_of(invitation))
    choose_password(client, invitation)

    picture = client.get(reverse("accounts:join-qr"))

    assert picture["Content-Type"] == "image/svg+xml"
    assert "no-store" in picture["Cache-Control"]
    assert b"<svg" in picture.content
    assert Client().get(reverse("accounts:join-qr")).status_code == 404


def test_joining_leaves_one_row_for_the_invitation_and_one_for_the_enrolment(client, administrator):
    join(client, invited(administrator))

    rows = LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True)
    assert list(rows) == ["member.invited", "member.enrolled"]
    assert "new@example.test" not in str(list(LogEntry.objects.values()))


def test_somebody_signed_in_who_opens_an_invitation_is_signed_out(client, administrator):
    sign_in(client, administrator)

    client.get(path_of(invited(administrator)))

    assert client.get(reverse("accounts:account")).status_code == 302


def test_an_address_that_has_an_account_is_not_invited_again(client, administrator):
    other = factories.member()
    sign_in(client, administrator)

    answer = client.post(
        reverse("accounts:invite"), {"email": other.email.upper(), "name": "Again"}
    )

    assert answer.status_code == 422
    assert "There is a member with this address" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_the_command_invites_the_first_administrator(client):
    out = io.StringIO()

    call_command("invite_administrator", "First@Example.test", stdout=out)

    address = out.getvalue().split()[0]
    member = Member.objects.get(email="first@example.test")
    assert address in mail.outbox[0].body
    assert client.get("/" + address.split("/", 3)[3]).status_code == 302
    assert join(client, member.invitations.get()).status_code == 200
    assert member.has_perm("accounts.accounts_administer")
    with pytest.raises(CommandError, match="a member with this address already"):
        call_command("invite_administrator", "first@example.test", stdout=out)


@pytest.mark.parametrize("typed", ["", "AAAAAAAA", "ACDE"])
def test_without_the_code_of_the_mail_nobody_chooses_a_password(client, administrator, typed):
    invitation = invited(administrator)
    client.get(path_of(invitation))

    answer = choose_password(client, invitation, invitation_code=typed)

    assert answer.status_code == 422
    invitation.member.refresh_from_db()
    assert not invitation.member.has_usable_password()


def test_the_code_of_the_mail_is_taken_as_people_type_it(client, administrator):
    invitation = invited(administrator)
    client.get(path_of(invitation))
    code = services.invitation_code(invitation).lower()

    answer = choose_password(client, invitation, invitation_code=f" {code[:4]} - {code[4:]} ")

    assert answer.status_code == 302


def test_who_guesses_codes_waits(client, administrator):
    invitation = invited(administrator)
    client.get(path_of(invitation))
    for _ in range(20):
        choose_password(client, invitation, invitation_code="AAAAAAAA")

    answer = choose_password(client, invitation)

    assert answer.status_code == 422
    assert "Wait a minute" in answer.content.decode()


def test_the_mail_says_the_code_and_the_address_does_not(administrator, mailoutbox):
    invitation = invited(administrator)
    send_invitation(invitation)
    code = services.invitation_code(invitation)

    assert f"{code[:4]}-{code[4:]}" in mailoutbox[0].body
    assert code not in invitation_address(invitation)
