"""The list of teaching cases: words, facets, order and pages, all in the address."""

from dataclasses import replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from library import listing
from library.search import asked, facets, words
from library.search.finding import Found
from library.views.images import public

PAGE_CASES = 24


@public
def cases(request: HttpRequest) -> HttpResponse:
    """What the address asks for. What it asks in error is told, and the rest is answered."""
    known = facets.known_values()
    question = asked.read(request.GET, known)
    synonyms = words.synonyms() if question.words else {}
    found = Found(question, words.query_of(question.words, synonyms))
    page = Paginator(found.entries(), PAGE_CASES).get_page(request.GET.get("page"))
    context = {
        "is_public_page": True,
        "asked": question,
        "page": page,
        "cards": [listing.card(entry) for entry in page],
        "facets": listing.facet_groups(question, known, found.counts()),
        "chosen": listing.chosen_filters(question, known),
        "sorts": listing.sorts(question),
        **_help(page, found, synonyms),
    }
    return render(request, "library/cases.html", context)


def _help(page: Page, found: Found, synonyms: dict[Any, Any]) -> dict[str, Any]:
    """Ways on when nothing was found: another spelling, and the words without the filters."""
    question = found.asked
    if page.object_list or question.is_everything:
        return {}
    unfiltered = found.count_without_facets() if question.chosen else 0
    better = "" if unfiltered else words.respelled(question.words, synonyms)
    return {
        "unfiltered": unfiltered,
        "unfiltered_url": replace(question, chosen={}).url,
        "better": better,
        "better_url": question.with_words(better).url,
    }
