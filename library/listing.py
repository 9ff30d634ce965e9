"""What lists of cases show, as plain values for their templates."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, CharField, ExpressionWrapper, Q, Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from library import showing
from library.facts import agreement_of, newest_verdict, spread_of
from library.models import Edition, SearchEntry
from library.search import finding
from library.search.asked import SORTS, Asked
from library.search.facets import BY_NAME, FACETS


def card(entry: SearchEntry) -> dict[str, Any]:
    """What components/card.html shows of a found case, with the words found marked."""
    edition = entry.edition
    modalities = [words for name, words in _MODALITIES if f"modality:{name}" in entry.facets]
    title, passage = getattr(entry, "marked_title", ""), getattr(entry, "marked_passage", "")
    days = ", ".join(map(str, entry.days))
    return {
        "url": showing.edition_url(edition),
        "title": marked(title) if title else edition.title,
        "image_url": picture_url(entry),
        "image_alt": f"{' and '.join(modalities)} of teaching case {edition.teaching_case.number}",
        "tags": [*modalities, *([entry.category] if entry.category else [])],
        "text": format_html("… {} …", marked(passage))
        if finding.MARK in passage
        else edition.summary,
        "meta": f"Day {days} from onset" if days else "Onset not known",
    }


_MODALITIES = (("ct", "CT"), ("radiograph", "Radiograph"))


def picture_url(entry: SearchEntry) -> str:
    root = showing.dicom_web_root(entry.edition)
    return f"{root}studies/{entry.study_instance_uid}/series/{entry.series_instance_uid}/thumbnail"


def marked(text: str) -> SafeString:
    """A text with what was found in <mark>, and everything else escaped."""
    pieces = [
        format_html("<mark>{}</mark>", piece) if is_found else format_html("{}", piece)
        for is_found, piece in finding.split_marks(text)
    ]
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def panel_context(edition: Edition) -> dict[str, Any]:
    """What library/_facts.html tells of the panel."""
    verdict = newest_verdict(edition.teaching_case.case)
    words = BY_NAME["agreement"].words
    return {
        "verdict": verdict,
        "panel_rows": showing.panel_rows(spread_of(edition)),
        "agreement": words[agreement_of(verdict)] if verdict else "",
    }


def case_of_the_week(at: datetime) -> dict[str, Any] | None:
    """The card of one case of high teaching value, the same from Monday to Sunday.

    Drawn by the week and the case's number, so that what is published meanwhile hardly
    ever changes it.
    """
    year, week, _ = at.isocalendar()
    number = Cast("edition__teaching_case__number", CharField())
    draw = MD5(Concat(Value(f"{year}-{week} "), number))
    is_lesser = ExpressionWrapper(~Q(facets__overlap=["value:4", "value:5"]), BooleanField())
    rows = SearchEntry.objects.public().select_related("edition__teaching_case")
    first = rows.order_by(is_lesser, draw, "pk").first()
    return card(first) if first else None


def latest_cards(count: int) -> list[dict[str, Any]]:
    """The cards of the newest public cases, for the home page."""
    rows = SearchEntry.objects.public().select_related("edition__teaching_case")
    return [card(entry) for entry in rows.order_by("-edition__published_at", "-pk")[:count]]


def facet_groups(
    asked: Asked, known: Mapping[str, Mapping[str, str]], counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Every facet with the values that would find something, or are chosen."""
    groups = []
    for facet in FACETS:
        chosen = asked.chosen.get(facet.name, ())
        options = [
            {
                "value": value,
                "words": words,
                "count": counts.get(f"{facet.name}:{value}", 0),
                "is_chosen": value in chosen,
            }
            for value, words in known[facet.name].items()
            if value in chosen or counts.get(f"{facet.name}:{value}")
        ]
        if options:
            hint = "Cases that show all of those chosen" if facet.all_of else ""
            groups.append(
                {
                    "name": facet.name,
                    "label": facet.label,
                    "hint": hint,
                    "options": options,
                    "chosen": len(chosen),
                }
            )
    return groups


def chosen_filters(asked: Asked, known: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """What is chosen, each with the address of the search without it."""
    return [
        {
            "label": BY_NAME[name].label,
            "words": known[name][value],
            "url": asked.without(name, value).url,
        }
        for name, values in asked.chosen.items()
        for value in values
    ]


def sorts(asked: Asked) -> Iterable[tuple[str, str]]:
    return [(name, words) for name, words in SORTS.items() if name != "best" or asked.words]
