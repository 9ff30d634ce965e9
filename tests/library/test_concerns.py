"""A visitor reports a concern without an account; the desk closes it."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from library import concerns
from library.models import Concern
from tests.factories import member
from tests.library import making, many
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
HERE = {"Sec-Fetch-Site": "same-origin"}
ABOUT = {"kind": "identifies", "text": "Letters at the edge of image 3."}


def place_of(edition) -> str:
    case = edition.teaching_case
    return reverse("library:concern", args=[case.number, case.slug, edition.number])


def send(client, edition, *, headers=HERE, **fields):
    return client.post(place_of(edition), ABOUT | fields, headers=headers)


def test_a_concern_reaches_the_desk_and_home_without_account_or_cookie():
    visitor, edition = Client(enforce_csrf_checks=True), many.published()

    answer = send(visitor, edition)

    assert answer.status_code == 302
    received = visitor.get(answer["Location"])
    assert "Your concern is on the desk" in received.content.decode()
    assert not visitor.cookies
    desk = sign_in(Client(), making.editor())
    page = desk.get(reverse("library:desk")).content.decode()
    assert "Letters at the edge of image 3." in page
    assert "Somebody could be identified" in page
    waiting = {row["words"]: row["count"] for row in desk.get("/").context["waiting"]}
    assert waiting["concerns of visitors"] == 1


def test_the_desk_closes_a_concern_and_its_words_are_gone(client):
    edition = many.published()
    send(client, edition)
    concern = Concern.objects.get()
    sign_in(client, making.editor())
    place = reverse("library:close-concern", args=[concern.pk])

    client.post(place)
    again = client.post(place, follow=True)

    concern.refresh_from_db()
    assert concern.text == ""
    assert concern.closed_by is not None
    assert "This concern was closed before." in again.content.decode()
    assert "Letters at the edge" not in again.content.decode()


def test_only_the_desk_closes_a_concern(client):
    send(client, many.published())
    place = reverse("library:close-concern", args=[Concern.objects.get().pk])

    assert client.post(place).status_code == 302  # to sign in
    sign_in(client, member(("panellist",)))
    assert client.post(place).status_code == 403
    assert Concern.objects.open().count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused(client, headers):
    assert send(client, many.published(), headers=headers).status_code == 403
    assert not Concern.objects.exists()


def test_a_browser_that_names_only_the_origin_is_believed(client):
    answer = send(client, many.published(), headers={"Origin": "http://testserver"})

    assert answer.status_code == 302


def test_the_sixth_concern_of_one_network_within_an_hour_waits(client):
    edition = many.published()
    with time_machine.travel(timezone.now().replace(minute=5), tick=False) as clock:
        for _ in range(5):
            assert send(client, edition).status_code == 302
        refused = send(client, edition, text="The sixth.")
        assert refused.status_code == 429
        assert "Try again in an hour" in refused.content.decode()
        # what was written is not lost
        assert "The sixth." in refused.content.decode()
        other = client.post(place_of(edition), ABOUT, headers=HERE, REMOTE_ADDR="192.0.2.7")
        assert other.status_code == 302
        clock.shift(timedelta(minutes=61))
        assert send(client, edition).status_code == 302


def test_all_networks_together_are_limited_too(client, monkeypatch):
    monkeypatch.setattr(concerns, "MOST_OF_ALL", 2)
    edition = many.published()
    answers = [
        client.post(place_of(edition), ABOUT, headers=HERE, REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(3)
    ]

    assert answers == [302, 302, 429]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "nonsense"}, "Select a valid choice"),
        ({"kind": ""}, "What is it about?"),
        ({"text": "x" * 1001}, "1000"),
    ],
)
def test_what_is_missing_or_too_long_is_told_and_kept(client, fields, sentence):
    answer = send(client, many.published(), **fields)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Concern.objects.exists()


def test_markup_and_a_null_byte_in_a_concern_harm_nothing(client):
    edition = many.published()
    assert send(client, edition, text="a\x00b").status_code == 422
    send(client, edition, text="<script>alert(1)</script>")

    page = sign_in(client, making.editor()).get(reverse("library:desk")).content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_neither_words_nor_addresses_stand_in_the_trail_or_the_row(client):
    client.post(place_of(many.published()), ABOUT, headers=HERE, REMOTE_ADDR="192.0.2.77")

    entry = LogEntry.objects.get(additional_data__verb="concern.reported")
    assert entry.additional_data["facts"] == {"kind": "identifies"}
    assert "Letters" not in str(entry.__dict__)
    assert "192.0.2.77" not in str(entry.__dict__)
    assert "192.0.2.77" not in str(Concern.objects.values().get())


def test_a_closed_concern_without_a_name_cannot_be(client):
    send(client, many.published())

    with pytest.raises(IntegrityError), transaction.atomic():
        Concern.objects.update(closed_at=timezone.now())
