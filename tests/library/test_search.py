"""The list of cases: facets with counts, words with synonyms, and what cannot be asked."""

import re
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from library import services
from library.models import Edition, SearchEntry
from library.search import indexing
from review.models import Verdict
from tests.library import making, many
from tests.review.making import chair
from uploads.lifecycle import UploadStatus
from uploads.models import Upload

pytestmark = pytest.mark.django_db
LIST = reverse("library:cases")


def search(client, **asked):
    answer = client.get(LIST, asked)
    assert answer.status_code == 200
    return answer


def titles(answer) -> list[str]:
    return [re.sub(r"<.*?>", "", str(card["title"])) for card in answer.context["cards"]]


def counts(answer, facet: str) -> dict[str, int]:
    for group in answer.context["facets"]:
        if group["name"] == facet:
            return {option["value"]: option["count"] for option in group["options"]}
    return {}


# --- Facets ---------------------------------------------------------------------------


def test_a_case_is_found_by_each_of_its_facets(client):
    many.published(
        title="Wanted",
        days=(8,),
        category="Indeterminate",
        severity=3,
        severities=(2, 3),
        value=5,
        findings=("Crazy-paving",),
        distributions=("Peripheral",),
        record={"age_years": 67, "rt_pcr": "positive"},
    )
    many.published(
        title="Unlike",
        modality="DX",
        days=(None,),
        category="Non-COVID",
        severity=None,
        severities=(None, None),
        basis="chair",
        value=3,
        record={"age_years": None, "rt_pcr": "positive"},
    )

    wanted = {
        "modality": "ct",
        "category": "bsti-ct-2020-indeterminate",
        "severity": "severe",
        "finding": "crazy-paving",
        "distribution": "peripheral",
        "day": "7-10",
        "agreement": "one-grade",
        "value": "5",
        "age": "60-69",
    }
    for facet, value in wanted.items():
        assert titles(search(client, **{facet: value})) == ["Wanted"], facet
    assert titles(search(client, **wanted)) == ["Wanted"]
    unlike = {
        "modality": "radiograph",
        "category": "bsti-cxr-2020-non-covid",
        "severity": "not-graded",
        "day": "not-known",
        "pcr": "positive-imaging-against",
        "agreement": "chair",
        "value": "3",
        "age": "not-known",
    }
    for facet, value in unlike.items():
        assert titles(search(client, **{facet: value})) == ["Unlike"], facet


def test_of_one_facet_any_value_is_enough_but_findings_are_shown_together(client):
    many.published(title="Mild", severity=1, findings=("Ground-glass opacity",))
    many.published(title="Severe", severity=3, findings=("Ground-glass opacity", "Consolidation"))
    many.published(title="Moderate", severity=2)

    any_of = search(client, severity=["mild", "severe"])
    all_of = search(client, finding=["ground-glass-opacity", "consolidation"])

    assert set(titles(any_of)) == {"Mild", "Severe"}
    assert titles(all_of) == ["Severe"]
    # what a further choice would add, and what it would leave
    assert counts(any_of, "severity") == {"mild": 1, "moderate": 1, "severe": 1}
    assert counts(all_of, "finding") == {"ground-glass-opacity": 1, "consolidation": 1}
    assert counts(any_of, "finding") == {"ground-glass-opacity": 2, "consolidation": 1}


def test_with_200_cases_any_combination_is_counted_right_and_asks_8_times_at_most(
    client, django_assert_max_num_queries
):
    plans = [many.varied(number) for number in range(200)]
    for plan in plans:
        many.published(plan)
    entries = [set(entry.facets) for entry in SearchEntry.objects.all()]
    combinations = [
        {},
        {"modality": ["ct"]},
        {"modality": ["ct"], "severity": ["mild", "severe"]},
        {"finding": ["crazy-paving"], "day": ["7-10", "4-6"], "category": [
            "bsti-ct-2020-indeterminate"]},
        {"finding": ["crazy-paving", "consolidation"], "agreement": ["adjudicated"]},
        {"q": ["patches pleura"], "pcr": ["negative-imaging-for"], "age": ["60-69", "70-79"]},
        {"q": ["no such wrods"], "value": ["5"]},
    ]  # fmt: skip
    for asked in combinations:
        with django_assert_max_num_queries(8):
            answer = search(client, **asked)
        if "q" not in asked:
            expected = expected_counts(entries, asked)
            shown = {
                f"{group['name']}:{option['value']}": option["count"]
                for group in answer.context["facets"]
                for option in group["options"]
            }
            assert {value: n for value, n in shown.items() if n} == expected
    assert search(client).context["page"].paginator.num_pages == 9


def expected_counts(entries: list[set[str]], asked: dict[str, list[str]]) -> dict[str, int]:
    """Counted by hand: every facet beside what the others ask."""

    def shows(entry: set[str], but: str) -> bool:
        for name, values in asked.items():
            wanted = {f"{name}:{value}" for value in values}
            if name in ("finding", "distribution"):
                if not wanted <= entry:
                    return False
            elif name != but and not wanted & entry:
                return False
        return True

    return dict(
        Counter(
            value for entry in entries for value in entry if shows(entry, value.partition(":")[0])
        )
    )


def test_a_filter_is_taken_away_by_a_link_that_keeps_the_rest(client):
    many.published(severity=1)

    answer = search(client, q="case", severity="mild", modality="ct", sort="day")

    links = {each["words"]: each["url"] for each in answer.context["chosen"]}
    left = parse_qs(urlsplit(links["Mild"]).query)
    assert left == {"q": ["case"], "modality": ["ct"], "sort": ["day"]}
    assert f'href="{links["Mild"]}"'.replace("&", "&amp;") in answer.content.decode()


# --- Words ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("GGO", "Ground-glass opacities in both lungs."),
        ("ground glass", "GGO in both lungs."),
        ("crazy paving", "The crazy-paving pattern."),
        ("crazy-paving", "A pattern of crazy paving."),
        ("PE", "There is a pulmonary embolism."),
        ("pulmonary embolism", "No PE."),
        ("atoll sign", "A reversed halo."),
        ("covid", "Changes of COVID-19."),
        ("opacity", "Opacities."),
        ('"lower lobes"', "In the lower lobes."),
    ],
)
def test_words_find_what_means_the_same(client, asked, text):
    many.published(title="Found", point=text)
    many.published(title="Not this", point="Nothing of interest.", category="Normal")

    assert titles(search(client, q=asked)) == ["Found"]


def test_a_radiograph_is_found_as_cxr_and_a_category_by_its_name(client):
    many.published(title="Film", modality="CR", category="Indeterminate")
    many.published(title="Scan", modality="CT", category="Normal")

    assert titles(search(client, q="CXR indeterminate")) == ["Film"]
    assert titles(search(client, q="ct normal")) == ["Scan"]


def test_words_of_the_discussion_and_of_an_image_in_words_are_found(client):
    edition = many.published(title="Found")
    Edition.objects.filter(pk=edition.pk).update(discussion="Think of **sarcoidosis** too.")
    edition.teaching_points.update(alt_text="A sickle of air beside the lung.")
    edition.refresh_from_db()
    indexing.index_edition(edition, at=timezone.now())

    assert titles(search(client, q="sarcoidosis")) == ["Found"]
    assert titles(search(client, q="sickle")) == ["Found"]


def test_words_in_quotes_stay_together(client):
    many.published(title="Together", summary="In the lower lobes.")
    many.published(title="Apart", summary="Lobes that hang lower.")

    assert titles(search(client, q='"lower lobes"')) == ["Together"]
    assert set(titles(search(client, q="lower lobes"))) == {"Together", "Apart"}


def test_a_title_weighs_more_than_a_teaching_point_and_the_best_comes_first(client):
    many.published(title="Bronchogram in the left lung")
    many.published(title="Another", point="One bronchogram, far from the rest.")

    assert titles(search(client, q="bronchogram")) == ["Bronchogram in the left lung", "Another"]
    assert titles(search(client, q="bronchogram", sort="newest"))[0] == "Another"


def test_what_was_found_is_marked_and_nothing_else_of_the_text_is_markup(client):
    many.published(title="Ground-glass <b>opacity</b>", point="Here & there: GGO <i>again</i>.")

    page = search(client, q="ggo").content.decode()

    assert "<mark>Ground</mark>-<mark>glass</mark> &lt;b&gt;<mark>opacity</mark>" in page
    assert "<mark>GGO</mark>" in page
    assert "<b>opacity" not in page


def test_a_misspelled_word_is_helped(client):
    many.published(title="Consolidation of a lobe")

    answer = search(client, q="consolidaton lobe")

    assert answer.context["better"] == "consolidation lobe"
    link = answer.context["better_url"]
    assert titles(client.get(link)) == ["Consolidation of a lobe"]


def test_an_empty_answer_offers_the_words_without_the_filters(client):
    many.published(title="Effusion", severity=1)
    many.published(title="Another", severity=3)

    answer = search(client, q="effusion", severity="severe")

    assert answer.context["unfiltered"] == 1
    assert "Show the 1 case with these words without filters" in answer.content.decode()
    assert titles(client.get(answer.context["unfiltered_url"])) == ["Effusion"]


# --- Order and pages ------------------------------------------------------------------


def test_cases_are_put_in_the_order_asked_for(client):
    many.published(title="Late", days=(12,), severity=1)
    many.published(title="Unknown", days=(None,), severity=None)
    many.published(title="Early", days=(1,), severity=3)

    assert titles(search(client)) == ["Early", "Unknown", "Late"]
    assert titles(search(client, sort="oldest")) == ["Late", "Unknown", "Early"]
    assert titles(search(client, sort="day")) == ["Early", "Late", "Unknown"]
    assert titles(search(client, sort="severity")) == ["Early", "Late", "Unknown"]


def test_the_next_page_keeps_the_search(client):
    for number in range(26):
        many.published(title=f"Case {number}", severity=1)

    first = search(client, severity="mild")
    link = re.search(r'rel="next"\s+href="([^"]+)"', first.content.decode())[1]
    second = client.get(LIST + link.replace("&amp;", "&"))

    assert len(titles(first)) == 24
    assert len(titles(second)) == 2
    assert not set(titles(first)) & set(titles(second))


# --- What cannot be asked -------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("severity=awful", "One filter in the address is not known here"),
        ("colour=red&severity=awful", "2 filters in the address are not known here"),
        ("sort=price", "That order is not known here"),
        ("q=" + "x" * 10_000, "Only the first 200 characters of the search were used."),
        ("q=" + "'%20OR%201=1--", ""),
        ("q=%3Cscript%3Ealert(1)%3C/script%3E", ""),
        ("q=%00%01%1f", ""),
        ("q=%26%7C!()%3A*%27%22%5C", ""),
        ("q=the", ""),
        ("page=99999&q=x", ""),
        ("page=-1", ""),
        ("severity=%3Cscript%3Ealert(1)%3C/script%3E", "One filter in the address"),
        ("severity=" + "&severity=".join("a" * 40 for _ in range(200)), "One filter"),
        ("finding='; DROP TABLE library_edition; --", "One filter in the address"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(client, query, sentence):
    many.published()

    answer = client.get(f"{LIST}?{query}")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    assert "<script>alert" not in page
    assert "DROP TABLE" not in page
    assert bool(sentence) == bool(answer.context["asked"].problems)


# --- Kept current ---------------------------------------------------------------------


def test_publishing_makes_a_case_findable_and_suspending_and_retiring_end_it(client):
    edition = making.published()
    publisher = Actor.of_member(making.publisher())
    assert titles(search(client, q="pleura")) == ["Ground-glass opacity"]

    services.suspend_teaching_case(
        teaching_case=edition.teaching_case, actor=publisher, at=timezone.now()
    )
    assert not SearchEntry.objects.exists()
    assert titles(search(client)) == []

    services.ask_reinstatement(
        teaching_case=edition.teaching_case, actor=publisher, at=timezone.now()
    )
    making._complete(edition)
    assert titles(search(client)) == ["Ground-glass opacity"]

    services.retire_teaching_case(
        teaching_case=edition.teaching_case, reason="outdated", actor=publisher, at=timezone.now()
    )
    assert not SearchEntry.objects.exists()


def test_a_new_edition_takes_the_place_of_the_old_one(client):
    first = making.published()
    second = making.published(first.teaching_case.case)

    assert [entry.edition for entry in SearchEntry.objects.all()] == [second]
    assert len(titles(search(client))) == 1


def test_a_withdrawn_upload_is_found_no_more_before_any_sweep_ran(client):
    edition = many.published()
    uploads = Upload.objects.filter(studies__series__in=edition.shown_series.values("series"))
    uploads.update(status=UploadStatus.WITHDRAWN)

    answer = search(client)
    assert titles(answer) == []
    assert answer.context["facets"] == []

    indexing.refresh(at=timezone.now())
    assert not SearchEntry.objects.exists()


def test_the_sweep_finds_what_was_never_indexed_and_what_the_panel_changed(client):
    lost = many.published(title="Lost")
    SearchEntry.objects.all().delete()
    assert indexing.refresh(at=timezone.now()) == 1
    assert titles(search(client)) == ["Lost"]
    assert indexing.refresh(at=timezone.now()) == 0

    Verdict.objects.create(
        case=lost.teaching_case.case,
        basis="chair",
        decided_by=chair(),
        decided_at=timezone.now(),
        outcome="accepted",
        reason="Seen again.",
        teaching_value=5,
    )
    assert indexing.refresh(at=timezone.now()) == 1
    assert titles(search(client, agreement="chair", value="5")) == ["Lost"]
