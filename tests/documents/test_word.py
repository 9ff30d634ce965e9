from io import BytesIO

import pytest
from django.urls import reverse
from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml.ns import qn

from bsti_db.documents.text import read_text
from bsti_db.documents.word import CONTENT_TYPE


@pytest.fixture(params=["dpia", "security"])
def name(request):
    return request.param


def downloaded(client, name):
    return Document(BytesIO(client.get(reverse(f"{name}-docx")).content))


def test_the_page_links_to_a_word_file_that_everybody_may_have(client, name):
    address = reverse(f"{name}-docx")
    answer = client.get(address)

    assert address in client.get(reverse(name)).content.decode()
    assert answer["Content-Type"] == CONTENT_TYPE
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert not answer.cookies


def test_the_word_file_says_what_the_page_says(client, name):
    text, word = read_text(name), downloaded(client, name)
    said = " ".join(element.text or "" for element in word.element.iter(qn("w:t")))

    assert word.core_properties.title == text.title
    for token in text.tokens:
        for part in token.children or []:
            if part.type == "text":
                assert part.content in said


def test_the_word_file_has_headings_and_tables_that_word_knows(client, name):
    text, word = read_text(name), downloaded(client, name)
    headings = [each.text for each in word.paragraphs if each.style.name == "Heading 1"]

    assert headings == [section.heading for section in text.sections]
    assert len(word.tables) == sum(token.type == "table_open" for token in text.tokens)
    for table in word.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_what_a_trust_has_to_complete_is_marked(client):
    word = downloaded(client, "dpia")
    marked = [
        run.text
        for table in word.tables
        for row in table.rows
        for cell in row.cells
        for run in cell.paragraphs[0].runs
        if run.font.highlight_color == WD_COLOR_INDEX.YELLOW
    ]

    assert len(marked) >= 10
