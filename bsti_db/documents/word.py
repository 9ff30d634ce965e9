"""A document as a Word file that a trust can fill in and keep."""

from collections.abc import Iterator
from io import BytesIO

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from markdown_it.token import Token

from bsti_db.documents.text import Text

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TO_COMPLETE = "to complete"

_TEAL = RGBColor(0x00, 0x3D, 0x3D)
_AUTHOR = "British Society of Thoracic Imaging"


def to_word(text: Text) -> bytes:
    """The whole of `text` as a .docx file: headings, lists and tables as Word's own."""
    word = _blank(text.title)
    word.add_heading(text.title, level=0)
    word.add_paragraph(text.lede)
    tokens = iter(text.tokens)
    lists: list[str] = []
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append("List Bullet" if token.tag == "ul" else "List Number")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "heading_open":
            _write(word.add_heading(level=int(token.tag[1]) - 1), next(tokens))
        elif token.type == "paragraph_open":
            _write(word.add_paragraph(style=lists[-1] if lists else None), next(tokens))
        elif token.type == "table_open":
            _add_table(word, list(_rows(tokens)))
    file = BytesIO()
    word.save(file)
    return file.getvalue()


def _blank(title: str) -> WordDocument:
    word = Document()
    word.core_properties.title = title
    word.core_properties.author = _AUTHOR
    word.core_properties.language = "en-GB"
    word.core_properties.comments = ""
    for style in word.styles:
        if style.name == "Normal" or style.name == "Title" or style.name.startswith("Heading "):
            style.font.name = "Arial"
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            # the theme's fonts would win over the name
            for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{kind}"), None)
            if style.name != "Normal":
                style.font.color.rgb = _TEAL
    word.styles["Normal"].font.size = Pt(11)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    word.styles["Normal"].element.get_or_add_rPr().append(language)
    for section in word.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.footer.paragraphs[0].text = f"{title}. {_AUTHOR}."
    return word


def _rows(tokens: Iterator[Token]) -> Iterator[list[Token]]:
    """The cells of a table, row by row, up to its end."""
    row: list[Token] = []
    for token in tokens:
        if token.type == "table_close":
            return
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(token)
        elif token.type == "tr_close":
            yield row


def _add_table(word: WordDocument, rows: list[list[Token]]) -> None:
    table = word.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, inline in zip(row.cells, cells, strict=True):
            _write(cell.paragraphs[0], inline)
    # screen readers say it, and Word repeats it on the next page
    header = table.rows[0]._tr.get_or_add_trPr()
    header.append(OxmlElement("w:tblHeader"))
    for cell in table.rows[0].cells:
        for run in cell.paragraphs[0].runs:
            run.bold = True
    word.add_paragraph()


def _write(paragraph: Paragraph, inline: Token) -> None:
    """Write a line with its emphasis; an address follows the words that link to it."""
    is_strong, address = False, ""
    for token in inline.children or []:
        if token.type in ("strong_open", "strong_close"):
            is_strong = token.nesting == 1
        elif token.type == "link_open":
            address = str(token.attrGet("href"))
        elif token.type == "link_close":
            if address.startswith("http"):
                paragraph.add_run(f" ({address})")
        elif token.type in ("softbreak", "hardbreak"):
            paragraph.add_run(" ")
        else:
            run = paragraph.add_run(token.content)
            run.bold = is_strong or None
            if TO_COMPLETE in token.content:
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW
