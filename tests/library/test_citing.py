"""How an edition is cited: in words, and as reference managers read it."""

import json
from datetime import date

import pytest
from django.urls import reverse

from library import citing
from library.showing import edition_url
from tests.library import making

SOURCE = citing.Source(
    number=7,
    edition=2,
    title="Crazy-paving in 50 % of lobes & a {halo\nof 3 cm_",
    published_on=date(2026, 5, 9),
    url="https://covid.example/library/7-chest-ct/v2/",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
)
ONE_LINE = "Crazy-paving in 50 % of lobes & a {halo of 3 cm_"


def test_in_words_it_says_who_what_where_when_and_the_lasting_address():
    assert citing.in_words(SOURCE) == (
        f"British Society of Thoracic Imaging. {ONE_LINE}. COVID-19 Chest Imaging Database, "
        "teaching case 7, edition 2, 2026. https://covid.example/library/7-chest-ct/v2/"
    )


def test_bibtex_keeps_the_society_whole_and_orders_of_latex_harmless():
    assert citing.bibtex(SOURCE) == (
        "@misc{bsti-covid-19-7-v2,\n"
        "  author = {{British Society of Thoracic Imaging}},\n"
        "  title = {{Crazy-paving in 50 \\% of lobes \\& a \\textbraceleft{}halo of 3 cm\\_}},\n"
        "  howpublished = {COVID-19 Chest Imaging Database, teaching case 7},\n"
        "  edition = {2},\n"
        "  year = {2026},\n"
        "  month = {5},\n"
        "  note = {Licence: CC BY 4.0},\n"
        "  url = {https://covid.example/library/7-chest-ct/v2/},\n"
        "}\n"
    )


def test_ris_is_one_record_of_tagged_lines():
    lines = citing.ris(SOURCE).split("\r\n")

    assert (lines[0], lines[-2:]) == ("TY  - ELEC", ["ER  - ", ""])
    assert all(line[2:6] == "  - " for line in lines[:-1])
    assert f"TI  - {ONE_LINE}" in lines
    assert "DA  - 2026/05/09" in lines


def test_csl_json_is_a_list_of_one_item():
    (item,) = json.loads(citing.csl_json(SOURCE))

    assert (item["id"], item["type"]) == ("bsti-covid-19-7-v2", "webpage")
    assert item["author"] == [{"literal": "British Society of Thoracic Imaging"}]
    assert item["issued"] == {"date-parts": [[2026, 5, 9]]}
    assert (item["title"], item["URL"]) == (ONE_LINE, SOURCE.url)


@pytest.mark.django_db
def test_a_published_edition_is_cited_on_its_page_and_in_files(client, settings):
    settings.SITE_URL = "https://covid.example/"
    edition = making.published()
    case = edition.teaching_case
    lasting = f"https://covid.example{edition_url(edition)}v1/"

    page = client.get(edition_url(edition)).content.decode()

    assert lasting in page
    for form in ("bib", "ris", "json", "txt"):
        address = reverse("library:citation", args=[case.number, case.slug, 1, form])
        answer = client.get(address)
        assert f'href="{address}"' in page
        assert lasting in answer.content.decode()
        assert "s-maxage=60" in answer["Cache-Control"]
        assert answer["Content-Disposition"].endswith(f'v1.{form}"')
    for unknown in (f"v1/citation.{form}x", "v2/citation.bib"):
        assert client.get(f"{edition_url(edition)}{unknown}").status_code == 404
