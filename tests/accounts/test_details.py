"""Who a member is: the GMC number is theirs to give, the organisation an administrator's."""

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse

from bsti_db.accounts.models import Member
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

OWN = "/accounts/gmc-number/"


@pytest.fixture
def administrator():
    return factories.member(roles=("administrator",))


@pytest.fixture
def office(client, administrator):
    return sign_in(client, administrator)


def change(client, who, **fields):
    known = {"name": who.name, "gmc_number": who.gmc_number, "organisation": ""}
    return client.post(reverse("change-details", args=[who.pk]), known | fields)


def facts():
    return [row.additional_data["facts"] for row in LogEntry.objects.order_by("pk")]


def test_a_member_gives_their_own_gmc_number_with_the_spaces_people_type(client):
    member = factories.member()
    sign_in(client, member)

    client.post(OWN, {"gmc_number": " 123 4567 "})

    member.refresh_from_db()
    assert member.gmc_number == "1234567"
    assert "1234567" in client.get("/accounts/").content.decode()
    assert facts() == [{"fields": ["gmc_number"]}]


def test_the_same_number_again_is_no_act(client):
    sign_in(client, factories.member(gmc_number="1234567"))

    client.post(OWN, {"gmc_number": "1234567"})

    assert facts() == []


@pytest.mark.parametrize("typed", ["123456", "12345678", "123456a", "١٢٣٤٥٦٧", "1234567;DROP"])
def test_what_is_not_seven_digits_is_refused_and_stays_in_its_field(client, typed):
    member = factories.member(gmc_number="7654321")
    sign_in(client, member)

    answer = client.post(OWN, {"gmc_number": typed})

    assert answer.status_code == 422
    assert "Enter the 7 digits of the GMC number" in answer.content.decode()
    assert typed in answer.content.decode()
    member.refresh_from_db()
    assert member.gmc_number == "7654321"


def test_a_number_of_another_member_is_refused(client, office):
    factories.member(gmc_number="1234567")
    other = factories.member()

    for answer in (
        change(office, other, gmc_number="1234567"),
        office.post(OWN, {"gmc_number": "1234567"}),
        office.post(
            reverse("accounts:invite"),
            {"email": "new@example.test", "name": "New", "gmc_number": "1234567"},
        ),
    ):
        assert answer.status_code == 422
        assert "Another member has this GMC number." in answer.content.decode()
    assert Member.objects.filter(gmc_number="1234567").count() == 1


@pytest.mark.parametrize("number", ["123456", "123456a", "1234567"])
def test_a_number_of_other_than_seven_digits_or_of_two_members_cannot_be_stored(number):
    factories.member(gmc_number="1234567")

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.member(gmc_number=number)


def test_an_administrator_sees_and_corrects_name_number_and_organisation(office):
    member, trust = factories.member(gmc_number="1234567"), factories.organisation()
    page = reverse("accounts:member", args=[member.pk])
    assert "1234567" in office.get(page).content.decode()
    assert "1234567" in office.get(reverse("accounts:members")).content.decode()

    answer = change(office, member, name="Ada Reader", organisation=trust.pk)

    assert answer["Location"] == page
    member.refresh_from_db()
    assert (member.name, member.organisation) == ("Ada Reader", trust)
    assert facts() == [{"fields": ["name", "organisation"]}]


def test_nobody_changes_their_own_organisation(office, administrator):
    trust = factories.organisation()

    answer = change(office, administrator, organisation=trust.pk)

    assert answer.status_code == 422
    assert "Ask another administrator to change your own details." in answer.content.decode()
    administrator.refresh_from_db()
    assert administrator.organisation is None
    assert (
        "Change name"
        not in office.get(reverse("accounts:member", args=[administrator.pk])).content.decode()
    )


def test_a_member_of_a_closed_organisation_keeps_it_until_somebody_chooses(office):
    trust = factories.organisation(is_active=False)
    member = factories.member(organisation=trust)

    answer = change(office, member, name="Ada Reader", organisation=trust.pk)

    assert answer.status_code == 302
    assert change(office, factories.member(), organisation=trust.pk).status_code == 422


def test_an_invitation_takes_the_gmc_number_along(office):
    office.post(
        reverse("accounts:invite"),
        {"email": "new@example.test", "name": "New", "gmc_number": "123 4567"},
    )

    assert Member.objects.get(email="new@example.test").gmc_number == "1234567"
