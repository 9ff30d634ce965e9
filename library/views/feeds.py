"""The library for readers of feeds and for search engines: Atom, sitemap, robots."""

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from library import citing, listing, showing
from library.linked_data import absolute
from library.models import SearchEntry
from library.search import asked, facets, words
from library.search.finding import Found
from library.views.images import public

MOST_ENTRIES = 50
DOCUMENTS = ("about", "privacy", "accessibility", "dpia", "security")


@public
def atom(request: HttpRequest) -> HttpResponse:
    """The newest cases of the whole library, or of the search that the address names."""
    known = facets.known_values()
    question = asked.read(request.GET, known)
    synonyms = words.synonyms() if question.words else {}
    found = Found(question, words.query_of(question.words, synonyms))
    entries = list(found.newest()[:MOST_ENTRIES])
    chosen = [each["words"] for each in listing.chosen_filters(question, known)]
    feed = Atom1Feed(
        title=": ".join([citing.COLLECTION, ", ".join([*chosen, question.words]).strip(", ")])
        if not question.is_everything
        else citing.COLLECTION,
        link=absolute(question.url),
        feed_url=absolute(question.feed_url),
        description="",
        subtitle="Teaching cases, the newest first",
        author_name=citing.AUTHOR,
        language="en-GB",
    )
    for entry in entries:
        feed.add_item(**_item(entry))
    if not entries:
        # an empty feed would say that it changed now, each time anew
        feed.latest_post_date = lambda: datetime(2020, 1, 1, tzinfo=timezone.get_current_timezone())
    return HttpResponse(feed.writeString("utf-8"), content_type=f"{feed.content_type}")


def _item(entry: SearchEntry) -> dict[str, Any]:
    edition = entry.edition
    address = absolute(showing.edition_url(edition))
    return {
        "title": edition.title,
        "link": address,
        "unique_id": address,
        "description": edition.summary,
        "pubdate": edition.published_at,
        "updateddate": edition.published_at,
        "categories": [entry.category] if entry.category else [],
        "item_copyright": edition.get_licence_display(),
    }


@public
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page that a search engine should know, cases with their day."""
    rows = SearchEntry.objects.public().select_related("edition__teaching_case")
    places = [(reverse("home"), ""), (reverse("library:cases"), "")]
    places += [(reverse(name), "") for name in DOCUMENTS]
    places += [
        (
            showing.edition_url(entry.edition),
            timezone.localdate(entry.edition.published_at).isoformat(),
        )
        for entry in rows.order_by("edition__teaching_case__number")
    ]
    lines = [
        f"  <url><loc>{escape(absolute(path))}</loc>"
        f"{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
        for path, day in places
    ]
    content = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *lines,
        "</urlset>",
    ]
    return HttpResponse("\n".join(content) + "\n", content_type="application/xml")


@public
def robots(request: HttpRequest) -> HttpResponse:
    """What needs a sign-in is nobody's to index; a search engine is asked to leave it."""
    lines = [
        "User-agent: *",
        "Disallow: /accounts/",
        "Disallow: /audit/",
        "Disallow: /review/",
        "Disallow: /library/desk/",
        f"Sitemap: {absolute(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
