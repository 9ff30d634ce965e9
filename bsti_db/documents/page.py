"""A document as HTML, with the classes the style sheet knows."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it.token import Token

from bsti_db.documents.text import MARKDOWN, Text

_CLASSES = {
    "h2": "nhsuk-heading-m",
    "h3": "nhsuk-heading-s",
    "p": "nhsuk-u-reading-width",
    "ul": "nhsuk-list nhsuk-list--bullet nhsuk-u-reading-width",
    "ol": "nhsuk-list nhsuk-list--number nhsuk-u-reading-width",
    "table": "nhsuk-table",
    "thead": "nhsuk-table__head",
    "tbody": "nhsuk-table__body",
    "tr": "nhsuk-table__row",
    "td": "nhsuk-table__cell",
}


def to_html(text: Text) -> SafeString:
    """The body of `text`: everything below its first sentence."""
    heading, tables, parts = text.title, 0, []
    for token, after in zip(text.tokens, [*text.tokens[1:], None], strict=True):
        if token.type == "heading_open" and after is not None:
            heading, tables = after.content, 0
        if token.type == "table_open":
            tables += 1
            # two regions of one name could not be told apart
            name = heading if tables == 1 else f"{heading}, table {tables}"
            parts.append(_scroll_region(name))
        parts.append(_rendered(token, after))
        if token.type == "table_close":
            parts.append("</div>\n")
    return mark_safe("".join(parts))  # noqa: S308 — markdown-it escapes, raw HTML is off


def _rendered(token: Token, after: Token | None) -> str:
    if token.nesting == 1:
        if token.tag in _CLASSES:
            token.attrSet("class", _CLASSES[token.tag])
        if token.tag == "h2" and after is not None:
            token.attrSet("id", slugify(after.content))
        if token.tag == "th":
            token.attrSet("scope", "col")
    return MARKDOWN.renderer.render([token], MARKDOWN.options, {})


def _scroll_region(name: str) -> str:
    # a wide table scrolls by itself, and by the keyboard
    return format_html(
        '<div class="app-table-scroll" tabindex="0" role="region" aria-label="{}">\n', name
    )
