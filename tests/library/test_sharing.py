"""What leaves the library beside its pages: feeds, sitemap, linked data, pictures, paper."""

import io
import json
import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from lxml import etree
from PIL import Image

from audit.actors import Actor
from library import services
from library.models import Edition
from library.showing import edition_url
from tests.library import making, many

pytestmark = pytest.mark.django_db
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
FEED = reverse("library:feed")


def xml(answer) -> etree._Element:
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


def titles(answer) -> list[str]:
    return xml(answer).xpath("//a:entry/a:title/text()", namespaces=ATOM)


def suspend(edition) -> None:
    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )


def address(edition, name: str) -> str:
    case = edition.teaching_case
    return reverse(f"library:{name}", args=[case.number, case.slug, edition.number])


# --- Atom -----------------------------------------------------------------------------


def test_the_feed_holds_every_case_with_all_that_atom_requires(client):
    first, second = many.published(title="First & <oldest>"), many.published(title="Second")

    answer = client.get(FEED)

    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert titles(answer) == ["Second", "First & <oldest>"]
    feed = xml(answer)
    for name in ("id", "title", "updated", "author/a:name"):
        assert feed.xpath(f"/a:feed/a:{name}/text()", namespaces=ATOM), name
    ids = feed.xpath("//a:entry/a:id/text()", namespaces=ATOM)
    assert ids == [settings.SITE_URL + edition_url(each) for each in (second, first)]
    for name in ("title", "updated", "summary", "rights"):
        assert len(feed.xpath(f"//a:entry/a:{name}", namespaces=ATOM)) == 2, name
    (own,) = feed.xpath("/a:feed/a:link[@rel='self']/@href", namespaces=ATOM)
    assert own == settings.SITE_URL + FEED


def test_every_search_has_a_feed_of_its_own_that_the_list_names(client):
    many.published(title="Mild", severity=1)
    many.published(title="Severe", severity=3)

    page = client.get(reverse("library:cases"), {"severity": "severe"}).content.decode()
    (link,) = re.findall(r'rel="alternate"[^>]*href="([^"]+)"', page)

    answer = client.get(link.replace("&amp;", "&"))
    assert titles(answer) == ["Severe"]
    (name,) = xml(answer).xpath("/a:feed/a:title/text()", namespaces=ATOM)
    assert name == "COVID-19 Chest Imaging Database: Severe"


def test_a_feed_of_nothing_is_the_same_each_time(client):
    first = client.get(FEED, {"q": "zebra"})
    second = client.get(FEED, {"q": "zebra"})

    assert titles(first) == []
    assert first["ETag"] == second["ETag"]


@pytest.mark.parametrize("query", ["severity=awful", "q=%00%1b", "q=" + "x" * 10_000, "page=9"])
def test_a_feed_of_what_makes_no_sense_is_a_feed(client, query):
    many.published()

    xml(client.get(f"{FEED}?{query}"))


# --- Sitemap and robots ---------------------------------------------------------------


def test_the_sitemap_names_every_case_with_its_day_and_is_named_by_robots(client):
    edition = many.published()

    found = xml(client.get("/sitemap.xml"))

    places = found.xpath("//s:loc/text()", namespaces=SITEMAP)
    assert settings.SITE_URL + edition_url(edition) in places
    assert settings.SITE_URL + "/privacy/" in places
    day = timezone.localdate(edition.published_at).isoformat()
    assert found.xpath("//s:lastmod/text()", namespaces=SITEMAP) == [day]
    for place in places:
        assert client.get(place.removeprefix(settings.SITE_URL)).status_code == 200
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in client.get("/robots.txt").content.decode()


# --- Linked data and Open Graph -------------------------------------------------------


def linked_data(page: str) -> dict:
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_a_case_says_what_it_is_in_linked_data_with_a_licence_for_each_image(client):
    edition = many.published(title="Title", summary="Summary", days=(3, 9))

    data = linked_data(client.get(edition_url(edition)).content.decode())

    assert data["@context"] == "https://schema.org"
    assert data["@type"] == ["LearningResource", "MedicalWebPage"]
    assert (data["name"], data["description"]) == ("Title", "Summary")
    assert data["url"] == settings.SITE_URL + edition_url(edition)
    assert [image["@type"] for image in data["image"]] == ["ImageObject"] * 2
    for each in (data, *data["image"]):
        assert each["license"] == "https://creativecommons.org/licenses/by/4.0/"
    for image in data["image"]:
        assert image["contentUrl"].startswith(settings.SITE_URL)


def test_what_an_editor_writes_cannot_end_the_script_that_holds_it(client):
    hostile = '</script><script>alert(1)</script><!-- & "'
    edition = many.published(title=hostile)

    page = client.get(edition_url(edition)).content.decode()

    assert "<script>alert" not in page
    assert linked_data(page)["name"] == hostile


def test_the_picture_made_at_publishing_is_named_by_the_page_and_holds_no_metadata(client):
    edition = making.published()

    page = client.get(edition_url(edition)).content.decode()
    (link,) = re.findall(r'property="og:image"\s+content="([^"]+)"', page)
    answer = client.get(link.removeprefix(settings.SITE_URL))

    picture = Image.open(io.BytesIO(answer.content))
    assert answer["Content-Type"] == "image/png"
    assert picture.size == (1200, 630)
    assert picture.info == {}
    # the image on the left, words on the right
    assert len(picture.crop((660, 40, 1150, 300)).getcolors(100_000)) > 2
    assert picture.getpixel((1190, 620)) == (0, 61, 61)


# --- Paper ----------------------------------------------------------------------------


def test_a_case_to_print_has_its_points_with_figures_that_say_what_they_are(client):
    edition = making.published()

    page = client.get(address(edition, "print")).content.decode()

    (figure, words) = re.search(r'<img src="([^"]+)"\s+alt="([^"]+)"', page).groups()
    assert client.get(figure)["Content-Type"] == "image/png"
    assert "Teaching point 1: image 2 of" in words
    assert "<strong>here</strong>" in page
    assert "Cite as: British Society of Thoracic Imaging." in page
    assert "<script type=" not in page.replace('<script type="module"', "")


def test_a_case_to_print_has_what_is_discussed_and_the_images_in_words(client):
    edition = making.published()
    Edition.objects.filter(pk=edition.pk).update(discussion="Why *this* matters.")
    edition.teaching_points.update(alt_text="A patch below the pleura.")

    page = client.get(address(edition, "print")).content.decode()

    assert "Why <em>this</em> matters." in page
    assert 'alt="Teaching point 1: A patch below the pleura."' in page


# --- Taken away -----------------------------------------------------------------------


def test_a_suspended_case_is_in_no_feed_sitemap_picture_or_paper(client):
    edition = making.published()
    places = [address(edition, name) for name in ("preview", "print", "concern")]
    for place in places:
        assert client.get(place).status_code == 200

    suspend(edition)

    for place in places:
        assert client.get(place).status_code == 404
    assert titles(client.get(FEED)) == []
    assert edition_url(edition) not in client.get("/sitemap.xml").content.decode()


def test_nothing_that_leaves_sets_a_cookie(client):
    edition = making.published()
    places = [FEED, "/sitemap.xml", "/robots.txt"]
    places += [address(edition, name) for name in ("preview", "print", "concern")]

    for place in places:
        answer = client.get(place)
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
