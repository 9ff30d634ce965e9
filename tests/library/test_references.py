import pytest

from library.references import Link, Reference, malformed, references


@pytest.mark.parametrize(
    "line",
    [
        "Salehi S. Imaging of COVID-19. 10.2214/AJR.20.23034",
        "Salehi S. Imaging of COVID-19. doi:10.2214/AJR.20.23034.",
        "Salehi S. Imaging of COVID-19. https://doi.org/10.2214/AJR.20.23034",
    ],
)
def test_a_doi_becomes_a_link_however_it_is_written(line):
    link = Link("doi:10.2214/AJR.20.23034", "https://doi.org/10.2214/AJR.20.23034")

    assert references(line) == [Reference("Salehi S. Imaging of COVID-19.", (link,))]


def test_a_number_of_pubmed_becomes_a_link_beside_the_doi():
    (found,) = references("A study. doi:10.1148/ryct.2020200152 PMID: 33778571")

    assert found.words == "A study."
    assert [link.url for link in found.links] == [
        "https://doi.org/10.1148/ryct.2020200152",
        "https://pubmed.ncbi.nlm.nih.gov/33778571/",
    ]


def test_a_doi_cannot_leave_its_link():
    (found,) = references("10.1000/a'onclick=x")

    assert found.links[0].url == "https://doi.org/10.1000/a%27onclick%3Dx"


def test_empty_lines_and_repetitions_are_left_out():
    assert references("A book\n\n  A   book \nAnother") == [
        Reference("A book"),
        Reference("Another"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Fine\ndoi:11.1/x", "Reference 2: a DOI begins with 10. and has a slash."),
        ("PMID unknown", "Reference 1: a PMID has 1 to 8 digits."),
    ],
)
def test_what_is_no_doi_and_no_number_of_pubmed_is_said(text, sentence):
    assert malformed(text) == [sentence]


def test_a_reference_without_numbers_is_none_that_is_malformed():
    assert not malformed("The Royal College of Radiologists, guidance\n10.1000/182")
