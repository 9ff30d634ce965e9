"""The pages that no single app owns: home, health, figures."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from bsti_db import health
from bsti_db.accounts import services
from bsti_db.accounts.roles import Role
from bsti_db.devserver.services import free_ports
from tests import factories
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


def test_home_says_what_this_is_and_leads_on(client):
    page = client.get("/").content.decode()

    for name in ("library:cases", "uploads:start", "accounts:sign-in"):
        assert f'href="{reverse(name)}"' in page


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_home_says_when_nothing_waits(client, role):
    sign_in(client, factories.member(roles=(role,)))

    answer = client.get("/")

    assert answer.context["waiting"] == []
    assert "Nothing at the moment." in answer.content.decode()


def test_home_tells_members_what_waits_for_them_and_nobody_else(client):
    making.accepted_upload()
    administrator = factories.member(roles=("administrator",))
    services.invite_member(
        email="new@example.test",
        name="New Person",
        organisation=None,
        roles=["panellist"],
        actor=Actor.of_member(administrator),
        at=timezone.now(),
    )

    def waiting_for(member):
        return {
            (row["words"], row["count"], row["url"])
            for row in sign_in(client, member).get("/").context["waiting"]
        }

    assert waiting_for(administrator) == {
        ("members who have not used their invitation", 1, reverse("accounts:members"))
    }
    assert waiting_for(factories.member(roles=("panellist",))) == {
        ("patients whose case is not opened yet", 1, reverse("review:worklist"))
    }
    assert waiting_for(factories.member(roles=("auditor",))) == {
        ("the audit trail", None, reverse("audit:trail"))
    }
    assert "None" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("panellist", {"Panel"}, {"Members", "Audit trail", "Desk", "Held files"}),
        ("administrator", {"Members"}, {"Panel", "Audit trail", "Desk", "Held files"}),
        ("auditor", {"Audit trail"}, {"Panel", "Members", "Desk", "Held files"}),
    ],
)
def test_the_navigation_holds_what_a_member_may_open(client, role, shown, hidden):
    sign_in(client, factories.member(roles=(role,)))

    labels = {item["label"] for item in client.get("/").context["navigation"]}

    assert shown <= labels
    assert not hidden & labels


def test_the_site_is_live_and_ready_on_its_services(client):
    assert client.get("/health/live").status_code == 200

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (
        200,
        {"database": True, "broker": True, "store": True},
    )


def test_a_store_that_does_not_answer_makes_the_site_not_ready(client, settings, free_port):
    storages = {name: dict(entry) for name, entry in settings.STORAGES.items()}
    options = storages["studies"]["OPTIONS"] | {"endpoint_url": f"http://127.0.0.1:{free_port}"}
    storages["studies"]["OPTIONS"] = options
    settings.STORAGES = storages
    health._client.cache_clear()
    try:
        answer = client.get("/health/ready")
    finally:
        health._client.cache_clear()

    assert answer.status_code == 503
    assert answer.json()["store"] is False


def test_figures_are_for_this_machine_and_for_holders_of_the_token(client, monkeypatch):
    assert b"bsti_queue_messages" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 404

    monkeypatch.setenv("METRICS_TOKEN", "a token of the tests")
    given = {"HTTP_AUTHORIZATION": "Bearer a token of the tests", "REMOTE_ADDR": "192.0.2.1"}
    assert client.get("/metrics", **given).status_code == 200
    wrong = {"HTTP_AUTHORIZATION": "Bearer another", "REMOTE_ADDR": "192.0.2.1"}
    assert client.get("/metrics", **wrong).status_code == 404


@pytest.fixture
def free_port():
    return free_ports(1)[0]
