"""A document as text: its Markdown template with the facts filled in, cut into tokens."""

from dataclasses import dataclass, field
from itertools import pairwise

from django.template.loader import render_to_string
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bsti_db.documents.facts import facts

# raw HTML is off: what is written in a document is text
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Section:
    """A second-level heading and the address of its place on the page."""

    anchor: str
    heading: str


@dataclass(frozen=True)
class Text:
    """A document: the title, the sentence below it, and the tokens of the rest."""

    title: str
    lede: str
    tokens: list[Token]
    sections: list[Section] = field(default_factory=list)


def read_text(name: str) -> Text:
    """The document of the template `documents/<name>.md`.

    Raises ValueError for a template that does not begin with a title and a paragraph.
    """
    tokens = MARKDOWN.parse(render_to_string(f"documents/{name}.md", facts()))
    opening = [token.type for token in tokens[:6:3]]
    if opening != ["heading_open", "paragraph_open"]:
        raise ValueError(f"documents/{name}.md does not begin with a title and a paragraph.")
    rest = tokens[6:]
    sections = [
        Section(anchor=slugify(after.content), heading=after.content)
        for token, after in pairwise(rest)
        if token.type == "heading_open" and token.tag == "h2"
    ]
    return Text(title=tokens[1].content, lede=tokens[4].content, tokens=rest, sections=sections)
