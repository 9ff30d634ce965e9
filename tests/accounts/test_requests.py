"""What every request passes: client address, sign-in required, caches, headers: T14-T16, T26."""

import pytest
from auditlog.models import LogEntry
from django.test import Client, RequestFactory
from django.urls import reverse

from bsti_db.accounts.addresses import client_address
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (1, "192.0.2.7", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "6.6.6.6", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "not an address", "127.0.0.1"),
        (1, "6.6.6.6, \x00'; DROP", "127.0.0.1"),
        (1, "2001:db8::1%eth0", "2001:db8::1"),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_client_address_is_what_our_own_proxies_say(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == expected


def test_over_a_unix_socket_there_is_no_address():
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None


def test_the_trail_keeps_the_address_the_proxy_saw(client, settings):
    settings.TRUSTED_PROXIES = 1
    asked = {"email": "nobody@example.test", "password": "a wrong password of some length"}

    client.post(reverse("accounts:sign-in"), asked, HTTP_X_FORWARDED_FOR="6.6.6.6, 192.0.2.7")

    assert LogEntry.objects.get().remote_addr == "192.0.2.7"


def test_a_person_is_led_to_sign_in_and_a_program_is_told(client):
    page = client.get("/review/", HTTP_ACCEPT="text/html")
    from_json = client.get("/review/", HTTP_ACCEPT="application/json")
    from_dicom = client.get("/review/", HTTP_ACCEPT="application/dicom+json")
    fragment = client.get("/review/", HTTP_HX_REQUEST="true")

    assert page["Location"] == "/accounts/sign-in/?next=/review/"
    for answer in (from_json, from_dicom):
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/json"
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, page["Location"])


def test_dicomweb_answers_401_whatever_is_accepted(client):
    answer = client.get("/library/desk/dicom-web/studies", HTTP_ACCEPT="text/html,*/*")

    assert answer.status_code == 401


def test_pages_of_members_are_in_no_cache(client):
    member = factories.member(roles=("administrator", "auditor", "panellist"))
    sign_in(client, member)

    for name in ("accounts:account", "accounts:members", "audit:trail", "review:worklist", "home"):
        answer = client.get(reverse(name))
        assert answer.status_code == 200, name
        assert "no-store" in answer["Cache-Control"], name


def test_public_pages_touch_no_session_and_are_the_same_for_members(client):
    anonymous = Client().get("/library/")
    signed_in = sign_in(client, factories.member()).get("/library/")

    for answer in (anonymous, signed_in):
        assert "Cookie" not in answer.get("Vary", "")
        assert not answer.cookies
        assert "no-store" not in answer.get("Cache-Control", "")
    assert anonymous.content == signed_in.content


def test_a_host_that_is_not_ours_is_refused(client):
    answer = client.get("/accounts/sign-in/", HTTP_HOST="evil.example")

    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_a_form_without_its_token_is_refused_with_a_page_that_helps():
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/accounts/sign-in/", {"email": "a@example.test", "password": "x"})

    assert answer.status_code == 403
    assert "This form was open for too long" in answer.content.decode()


@pytest.mark.parametrize("path", ["/nothing/here/", "/accounts/members/999999/"])
def test_what_is_not_there_is_a_page_of_its_own(client, path):
    sign_in(client, factories.member(roles=("administrator",)))

    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1" in answer.content.decode()


def test_what_a_role_does_not_include_is_a_page_of_its_own(client):
    sign_in(client, factories.member(roles=("panellist",)))

    answer = client.get(reverse("accounts:members"))

    assert answer.status_code == 403
    assert "You may not do this" in answer.content.decode()


def test_every_answer_carries_the_headers_of_a_careful_site(client):
    sign_in(client, factories.member())

    for path, status in (("/", 200), ("/accounts/sign-out/", 405), ("/nothing/", 404)):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
