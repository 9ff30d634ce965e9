"""Markdown as an editor writes it, to the HTML a page may hold."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(
    ["image", "html_block", "html_inline"]
)
_TAGS = {
    "p",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "a",
    "code",
    "blockquote",
    "br",
    "h3",
    "h4",
    "sup",
    "sub",
}


def to_html(markdown: str) -> SafeString:
    """Safe HTML: no script, no style, no picture, links without referrer."""
    html = nh3.clean(
        _MARKDOWN.render(markdown),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return mark_safe(html)  # noqa: S308  (nh3 has just cleaned it)
