"""Everything a visitor can reach without signing in, followed from the home page."""

import json
import re
import shutil
from collections import deque
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from lxml import etree

from audit.actors import Actor
from library import services
from library.showing import edition_url
from tests import html_checker
from tests.library import making, many

pytestmark = pytest.mark.django_db
CASES = 40
SITE = "http://testserver"
# forms that need a cookie lie there: the way in for members and for trusts, not the library
WITH_COOKIES = ("/accounts/", "/uploads/")
HOSTILE = '<script>alert("x")</script> & <b>bold</b>'


class Page(HTMLParser):
    """What a page links to, what a browser fetches for it, and its pictures' words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.without_words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        if tag == "meta" and given.get("property") == "og:image":
            self.links.add(given["content"].replace(settings.SITE_URL, SITE))
        if tag == "link" and given.get("rel") in ("canonical", "alternate"):
            self.links.add(given["href"].replace(settings.SITE_URL, SITE))
        elif tag in ("img", "script", "link"):
            self.fetched |= {given[name] for name in ("src", "href") if given.get(name)}
        if given.get("data-hx-get"):
            self.fetched.add(given["data-hx-get"])
        if tag == "img" and not given.get("alt"):
            self.without_words.append(given.get("src", ""))


class Crawl:
    """Follows every link of this site; `answers` holds what each address gave."""

    def __init__(self) -> None:
        self.client = Client()
        self.answers: dict[str, object] = {}
        self.pages: dict[str, Page] = {}
        self.from_page: dict[str, str] = {}

    def run(self, *starts: str) -> None:
        waiting = deque(starts)
        while waiting:
            address = waiting.popleft()
            if address in self.answers or self._is_built(address):
                continue
            answer = self.answers[address] = self.client.get(address)
            if answer.streaming:
                assert sum(map(len, answer.streaming_content)) > 0
            if answer.status_code != 200 or address.startswith(WITH_COOKIES):
                continue
            if not answer["Content-Type"].startswith("text/html"):
                continue
            page = self.pages[address] = Page(answer.content.decode())
            for link in sorted(page.links | page.fetched):
                split = urlsplit(urldefrag(urljoin(SITE + address, link))[0])
                place = split.path + (f"?{split.query}" if split.query else "")
                # a person may follow a link to elsewhere, no browser fetches from there
                if split.netloc != "testserver":
                    assert link not in page.fetched, f"{address} fetches from elsewhere"
                else:
                    self.from_page.setdefault(place, address)
                    waiting.append(place)

    def _is_built(self, address: str) -> bool:
        if not address.startswith("/static/"):
            return False
        assert finders.find(address.removeprefix("/static/")), address
        return True


@pytest.fixture
def crawl() -> Crawl:
    """All of the site with many cases: some serial, some that say hostile things."""
    for number in range(CASES - 2):
        many.store(many.published(many.varied(number)))
    many.store(many.published(title=HOSTILE, summary=HOSTILE, point=HOSTILE, days=(2, 8, 20)))
    making.published()
    crawl = Crawl()
    crawl.run("/", "/sitemap.xml", "/robots.txt", "/library/?q=lower+lobes&severity=mild")
    return crawl


def test_a_visitor_meets_no_dead_link_no_cookie_and_no_picture_without_words(
    crawl: Crawl, tmp_path: Path
):
    dead = {
        address: (answer.status_code, crawl.from_page.get(address))
        for address, answer in crawl.answers.items()
        if answer.status_code != 200
    }
    assert dead == {}
    # every case, and what lies below it
    cases = {address for address in crawl.pages if re.fullmatch(r"/library/\d+-[a-z-]+/", address)}
    assert len(cases) == CASES
    assert len(crawl.answers) > 10 * CASES

    for address, answer in crawl.answers.items():
        if not address.startswith(WITH_COOKIES):
            assert not answer.cookies, address
    for address, page in crawl.pages.items():
        assert page.without_words == [], address
    check_data(crawl)
    check_html(crawl, tmp_path)


def check_data(crawl: Crawl) -> None:
    """What is for programs can be read by them."""
    kinds: dict[str, int] = {}
    for address, answer in crawl.answers.items():
        kind = answer["Content-Type"].partition(";")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
        if kind.endswith("xml"):
            etree.fromstring(answer.content)
        elif kind.endswith("json"):
            json.loads(answer.content)
        elif kind == "text/html":
            for found in re.findall(
                r'<script type="application/ld\+json">(.*?)</script>', answer.content.decode()
            ):
                assert json.loads(found)["@context"] == "https://schema.org", address
    assert kinds["application/atom+xml"] >= 1
    assert kinds["application/json"] >= CASES
    assert kinds["image/png"] >= 2 * CASES
    assert kinds["application/zip"] == CASES


def check_html(crawl: Crawl, folder: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("the HTML is not checked: Java is not there")
    names = {}
    for number, address in enumerate(crawl.pages):
        # a fragment that is empty for who is not signed in is no page
        if content := crawl.answers[address].content:
            names[f"{number}.html"] = address
            (folder / f"{number}.html").write_bytes(content)
    # each complaint once, with a page that has it
    found: dict[str, str] = {}
    for each in html_checker.complaints(folder):
        place, _, words = each.partition(" ")
        found.setdefault(words, f"{names[place.partition(':')[0]]} {place}")
    assert found == {}


def test_every_address_of_a_case_that_is_suspended_tells_nothing_of_it():
    edition = making.published()
    number = edition.teaching_case.number
    crawl = Crawl()
    crawl.run(edition_url(edition))
    own = [each for each in crawl.answers if each.startswith(f"/library/{number}-")]
    assert len(own) > 10

    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    for address in own:
        answer = Client().get(address)
        # the page itself says so in a neutral notice
        is_notice = answer.status_code == 200 and b'content="noindex"' in answer.content
        assert is_notice or answer.status_code == 404, address
        assert edition.title.encode() not in answer.content
        assert answer["Cache-Control"] == "no-store"
    again = Crawl()
    again.run("/", "/sitemap.xml", "/library/feed.atom")
    for address, answer in again.answers.items():
        assert edition.title.encode() not in answer.content, address
