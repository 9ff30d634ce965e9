"""What is refused, a forged form and a page of another role's, and what the trail says of it."""

import re

import pytest
from auditlog.models import LogEntry
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver, resolve, reverse

from audit.actors import Actor
from bsti_db.accounts.middleware import RefusalMiddleware
from bsti_db.accounts.roles import Role
from tests import factories
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

VALUES = {"uuid": "6f1d9b5e-2f5c-4e0a-9c53-0a3b0a2c1d11", "int": "1", "slug": "a"}


CHECKED_BY_THEMSELVES = [
    # before a byte is read: tests/uploads/test_files_view.py
    "/uploads/6f1d9b5e-2f5c-4e0a-9c53-0a3b0a2c1d11/files/",
    # without a cookie, by where the form stood: tests/library/test_concerns.py
    "/library/1-a/v1/concern/",
]


def addresses_of_the_site():
    """One address for every pattern of the resolver, with its view."""
    found = []

    def walk(patterns, prefix):
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if hasattr(entry, "url_patterns"):
                walk(entry.url_patterns, route)
            else:
                path = re.sub(r"<(?:(\w+):)?\w+>", lambda part: VALUES.get(part[1], "1.2"), route)
                found.append((path, entry.callback))

    walk(get_resolver().url_patterns, "/")
    return found


def strict(member) -> Client:
    return sign_in(Client(enforce_csrf_checks=True), member)


def rows():
    return [
        (row.additional_data["verb"], row.additional_data["facts"], row.actor)
        for row in LogEntry.objects.order_by("pk")
    ]


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-csrftoken": "a" * 64}, {"origin": "https://evil.example"}],
    ids=["no token", "a made-up token", "another site"],
)
def test_a_forged_form_is_refused_at_every_address_and_changes_nothing(headers):
    client = strict(factories.member(roles=tuple(Role)))
    walked, exempt = 0, []

    for path, view in addresses_of_the_site():
        if getattr(view, "csrf_exempt", False):
            exempt.append(path)
            continue
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(path, headers=headers)
            assert answer.status_code == 403, (method, path)
            walked += 1
        if "/dicom-web/" not in path:
            assert "This form was open for too long" in answer.content.decode(), path

    assert walked > 300
    assert exempt == CHECKED_BY_THEMSELVES
    assert rows() == []


def test_a_real_form_of_the_same_session_is_taken():
    member = factories.member()
    client = strict(member)
    page = client.get("/accounts/gmc-number/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]

    answer = client.post(
        "/accounts/gmc-number/", {"gmc_number": "1234567", "csrfmiddlewaretoken": token}
    )

    assert answer.status_code == 302


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_refusal_of_right_has_its_sentence_and_one_row(method):
    member = factories.member(roles=("editor",))
    client = sign_in(Client(), member)

    answer = getattr(client, method)(reverse("review:profile"), {"q": "something secret"})

    assert answer.status_code == 403
    if method != "head":
        assert "You may not do this" in answer.content.decode()
    assert rows() == [
        ("page.refused", {"page": "review:profile", "method": method.upper()}, member)
    ]


def test_a_method_that_nobody_knows_is_not_written_down():
    request = RequestFactory().generic("SECRET", "/review/")
    request.resolver_match = resolve("/review/")
    request.actor = Actor.of_member(factories.member())

    RefusalMiddleware(lambda _: HttpResponse(status=403))(request)

    assert rows()[0][1]["method"] == "other"


def test_a_program_is_refused_in_its_own_words_and_in_the_trail():
    member = factories.member(roles=("administrator",))
    client = sign_in(Client(), member)

    answer = client.get("/review/dicom-web/studies", headers={"accept": "application/dicom+json"})

    assert answer.status_code == 403
    assert answer.json() == {"status": 403}
    assert [verb for verb, _, _ in rows()] == ["page.refused"]


def test_what_does_not_exist_and_what_is_not_seen_leave_no_row():
    client = sign_in(Client(), making.panellist())
    case = making.open_case()
    before = rows()

    answer = client.get(reverse("review:case", args=[case.number]))
    missing = client.get(reverse("review:case", args=[999_999]))

    assert answer.status_code == missing.status_code == 404
    assert rows() == before


def test_nobody_signed_in_is_led_to_sign_in_and_leaves_no_row():
    for path in ("/review/", "/accounts/members/", "/audit/"):
        assert Client().get(path).status_code == 302
    assert rows() == []
