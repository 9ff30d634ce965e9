"""What an administrator does to members, and what not: T16, T25 and separation of duties."""

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import services
from bsti_db.accounts.models import FactorReset, Invitation, TotpDevice
from bsti_db.accounts.roles import PERMISSIONS, Role, sync_roles
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return factories.member(roles=("administrator",))


@pytest.fixture
def office(client, administrator):
    return sign_in(client, administrator)


def verbs():
    rows = LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True)
    return list(rows)


def address(name, member):
    # what also takes cases away is composed above the accounts
    is_composed = name in ("change-roles", "deactivate-member", "change-details")
    return reverse(name if is_composed else f"accounts:{name}", args=[member.pk])


def act(client, name, member, **fields):
    return client.post(address(name, member), fields)


@pytest.mark.parametrize("role", Role)
def test_a_role_gives_the_permissions_of_the_table_and_no_others(role):
    member = factories.member(roles=(role,))

    given = {name for name in member.get_all_permissions() if name.startswith("accounts.")}

    assert given == {f"accounts.{codename}" for codename in PERMISSIONS[role]}


def test_an_administrator_has_no_clinical_access():
    assert PERMISSIONS[Role.ADMINISTRATOR] == ("accounts_administer",)


def test_making_the_roles_again_changes_nothing():
    before = {role: factories.member(roles=(role,)).get_all_permissions() for role in Role}

    sync_roles()

    after = {role: factories.member(roles=(role,)).get_all_permissions() for role in Role}
    assert before == after


def test_the_list_shows_each_member_with_roles_and_state(office):
    factories.member(roles=("panellist", "editor"), name="Ada Reader")
    factories.member(is_active=False, name="Bob Gone")

    page = office.get(reverse("accounts:members")).content.decode()

    assert "Panellist, Editor" in page
    assert "Deactivated" in page
    assert verbs() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_sees_or_changes_members(client, role):
    other = factories.member()
    sign_in(client, factories.member(roles=(role,)))

    assert client.get(reverse("accounts:members")).status_code == 403
    assert client.get(reverse("accounts:invite")).status_code == 403
    assert client.get(reverse("accounts:member", args=[other.pk])).status_code == 403
    for name in (
        "change-roles",
        "deactivate-member",
        "reactivate",
        "invite-again",
        "ask-factor-reset",
    ):
        assert act(client, name, other).status_code == 403
    assert set(verbs()) == {"page.refused"}


def test_changing_roles_leaves_one_row_with_what_was_given_and_taken(office):
    member = factories.member(roles=("panellist",))

    act(office, "change-roles", member, roles=["chair", "editor"])

    assert set(member.groups.values_list("name", flat=True)) == {"chair", "editor"}
    (row,) = LogEntry.objects.all()
    assert row.additional_data["verb"] == "member.roles_changed"
    assert row.additional_data["facts"] == {"given": ["chair", "editor"], "taken": ["panellist"]}


def test_a_role_that_does_not_exist_changes_nothing(office):
    member = factories.member(roles=("panellist",))

    act(office, "change-roles", member, roles=["owner"])

    assert list(member.groups.values_list("name", flat=True)) == ["panellist"]
    assert verbs() == []


def test_nobody_changes_their_own_roles_or_deactivates_themselves(office, administrator):
    act(office, "change-roles", administrator, roles=["administrator", "chair"])
    act(office, "deactivate-member", administrator)

    administrator.refresh_from_db()
    assert administrator.is_active
    assert list(administrator.groups.values_list("name", flat=True)) == ["administrator"]
    assert verbs() == ["member.act_refused", "member.act_refused"]


def test_the_last_administrator_stays():
    last = factories.member(roles=("administrator",))

    with pytest.raises(services.NotAllowed):
        services.deactivate_member(member=last, actor=Actor.of_task("tests"))
    with pytest.raises(services.NotAllowed):
        services.change_roles(member=last, roles=["chair"], actor=Actor.of_task("tests"))


def test_deactivating_and_reactivating_leave_one_row_each(office):
    member = factories.member()

    act(office, "deactivate-member", member)
    act(office, "deactivate-member", member)
    act(office, "reactivate", member)

    member.refresh_from_db()
    assert member.is_active
    assert verbs() == ["member.deactivated", "member.reactivated"]


def test_a_second_factor_is_reset_by_two_administrators(office, administrator):
    member, second = factories.member(), factories.member(roles=("administrator",))
    themselves = sign_in(Client(), member)

    act(office, "ask-factor-reset", member)
    act(office, "agree-factor-reset", member)
    assert TotpDevice.objects.filter(user=member).exists()
    assert themselves.get(reverse("accounts:account")).status_code == 200

    act(sign_in(Client(), second), "agree-factor-reset", member)
    assert not TotpDevice.objects.filter(user=member).exists()
    assert themselves.get(reverse("accounts:account")).status_code == 302
    assert mail.outbox[-1].to == [member.email]
    assert Invitation.objects.open(timezone.now()).filter(member=member).count() == 1
    wish = FactorReset.objects.get()
    assert (wish.asked_by, wish.agreed_by) == (administrator, second)
    assert verbs() == [
        "member.factor_reset_asked",
        "member.act_refused",
        "member.factor_reset",
    ]


def test_a_cancelled_reset_is_not_agreed_to_afterwards(office):
    member, second = factories.member(), factories.member(roles=("administrator",))
    act(office, "ask-factor-reset", member)
    act(office, "cancel-factor-reset", member)

    answer = act(sign_in(Client(), second), "agree-factor-reset", member)

    assert answer.status_code == 404
    assert TotpDevice.objects.filter(user=member).exists()


def test_a_member_who_can_sign_in_is_not_simply_invited_again(office):
    member = factories.member()

    act(office, "invite-again", member)

    assert not Invitation.objects.exists()
    assert mail.outbox == []
    assert verbs() == []


def test_every_change_needs_a_post_with_a_token(administrator):
    member = factories.member()
    client = sign_in(Client(enforce_csrf_checks=True), administrator)
    names = (
        "change-roles", "deactivate-member", "reactivate", "invite-again",
        "ask-factor-reset", "agree-factor-reset", "cancel-factor-reset",
    )  # fmt: skip

    for name in names:
        assert act(client, name, member).status_code == 403
        assert client.get(address(name, member)).status_code == 405
    assert verbs() == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda one, two, who: {"asked_by": one, "agreed_by": one},
        lambda one, two, who: {"asked_by": who},
        lambda one, two, who: {"asked_by": one, "agreed_by": who},
        lambda one, two, who: {"asked_by": one, "agreed_by": two, "agreed_at": None},
    ],
)
def test_a_reset_by_fewer_than_two_others_cannot_be_stored(broken):
    one, two, who = (factories.member() for _ in range(3))
    fields = broken(one, two, who)
    if "agreed_by" in fields:
        fields = {"agreed_at": timezone.now()} | fields

    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.create(member=who, asked_at=timezone.now(), **fields)


def test_an_address_belongs_to_one_member_whatever_its_spelling():
    factories.member(email="one@example.test")

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.member(email="ONE@example.test")


def test_a_member_has_one_confirmed_device_and_one_open_invitation():
    member, now = factories.member(), timezone.now()
    Invitation.objects.create(member=member, created_at=now, expires_at=now)

    with pytest.raises(IntegrityError), transaction.atomic():
        TotpDevice.objects.create(user=member, name="second", sealed_seed=b"x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(member=member, created_at=now, expires_at=now)
