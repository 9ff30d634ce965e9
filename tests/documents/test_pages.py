import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from bsti_db.documents.facts import span
from bsti_db.documents.page import to_html
from bsti_db.documents.text import read_text

PAGES = ["about", "privacy", "dpia", "security", "accessibility"]
STEPS = 7


@pytest.fixture(params=PAGES)
def name(request):
    return request.param


class Places(HTMLParser):
    """The ids, the links to places of the page, and the void of unclosed elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if "id" in known:
            self.ids.append(known["id"])
        if tag == "a" and (known.get("href") or "").startswith("#"):
            self.links.append(known["href"][1:])


def test_everybody_reads_a_document_without_a_cookie(client, name):
    answer = client.get(reverse(name))

    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert "s-maxage=60" in answer["Cache-Control"]


def test_a_document_asks_the_database_nothing(client, name):
    # without the mark for it, a test that touches the database fails
    assert client.get(reverse(name)).status_code == 200


def test_an_unchanged_document_is_not_sent_again(client, name):
    etag = client.get(reverse(name))["ETag"]

    assert client.get(reverse(name), headers={"If-None-Match": etag}).status_code == 304


def test_a_document_is_only_read(client, name):
    assert client.post(reverse(name)).status_code == 405


def test_every_entry_of_the_contents_leads_to_a_place(client, name):
    places = Places(client.get(reverse(name)).content.decode())

    assert len(places.links) >= 3
    assert set(places.links) <= set(places.ids)
    assert len(places.ids) == len(set(places.ids))


def test_no_template_sign_or_markdown_is_left_in_a_page(client, name):
    html = client.get(reverse(name)).content.decode()

    for sign in ("{{", "{%", "**", "|---", "]("):
        assert sign not in html


def test_every_table_has_column_headers_and_a_region_of_its_own_name(name):
    html = to_html(read_text(name))
    regions = re.findall(r'role="region" aria-label="([^"]+)"', html)

    assert len(regions) == html.count("<table")
    assert len(set(regions)) == len(regions)
    assert "<th>" not in html


def test_the_security_document_follows_the_headings_of_dtac():
    headings = [section.heading for section in read_text("security").sections]

    assert headings[1:] == [
        "Clinical safety",
        "Data protection",
        "Technical assurance",
        "Interoperability",
        "Usability and accessibility",
    ]


def test_the_impact_assessment_follows_the_seven_steps_of_the_ico():
    headings = [section.heading for section in read_text("dpia").sections]

    assert [heading.split(":")[0] for heading in headings[1:]] == [
        f"Step {number}" for number in range(1, STEPS + 1)
    ]


def test_the_security_document_says_what_the_settings_say(client, settings):
    settings.PASSWORD_MAX_AGE_DAYS = 61
    settings.IDLE_TIMEOUT = timedelta(minutes=17)
    settings.SESSION_COOKIE_NAME = "__Host-other"
    html = client.get(reverse("security")).content.decode()

    assert "must be renewed every 61 days" in html
    assert "17 minutes" in html
    assert "__Host-other" in html


def test_renewal_that_is_off_is_said_to_be_off(client, settings):
    settings.PASSWORD_MAX_AGE_DAYS = 0

    assert "need no renewal" in client.get(reverse("security")).content.decode()


def test_only_a_demonstration_says_that_it_is_one(client, settings):
    settings.IS_DEMONSTRATION = False
    assert "synthetic" not in client.get(reverse("about")).content.decode()

    settings.IS_DEMONSTRATION = True
    assert "synthetic" in client.get(reverse("about")).content.decode()


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(minutes=20), "20 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=90), "90 days"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(0), "none"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_whole_unit(length, words):
    assert span(length) == words
