"""The next case is sent ahead, and opens at once."""

import time

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from review.models import Case
from tests.journeys.conftest import browser
from tests.library import making as library_making
from tests.review import making
from tests.review.test_pages_in_browser import opened
from tests.signing_in import sign_in

__all__ = ["browser", "opened"]

TRIES = 8  # a machine that is busy with other tests has a quiet moment in between
SENT_AHEAD = "navigational-prefetch"


def verbs_of(case: Case) -> set[str]:
    study = case.case_studies.get().study
    of_case = LogEntry.objects.filter(object_pk__in=[str(case.pk), str(study.pk)])
    found = of_case.values_list("content_type__model", "object_pk", "additional_data__verb")
    wanted = {("case", str(case.pk)), ("study", str(study.pk))}
    return {verb for model, pk, verb in found if (model, pk) in wanted}


@pytest.mark.django_db
def test_a_page_sent_ahead_is_in_the_trail_as_that_and_not_as_opened():
    reader = making.panellist()
    case = making.given_case(reader)
    client, address = sign_in(Client(), reader), reverse("review:case", args=[case.number])

    answer = client.get(address, headers={"sec-purpose": "prefetch"})
    assert "case.sent_ahead" in verbs_of(case)
    assert "study.opened" not in verbs_of(case)
    rules = client.get(answer["Speculation-Rules"].strip('"'))
    assert rules["Content-Type"] == "application/speculationrules+json"
    assert "data-next-case" in rules.json()["prefetch"][0]["where"]["selector_matches"]

    client.get(address)
    assert "study.opened" in verbs_of(case)


def wait_until_sent_ahead(page: Page, case: Case) -> None:
    for _ in range(200):
        if "case.sent_ahead" in verbs_of(case):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the next case was not sent ahead")


@pytest.mark.django_db(transaction=True)
def test_the_next_case_opens_in_under_a_second_on_one_key(opened):
    reader = making.panellist()
    cases = []
    for _ in range(TRIES + 1):
        upload = making.accepted_upload(slices=3)
        library_making._store(upload.studies.get().series.get())
        cases.append(making.given_case(reader, upload))
    page = opened(reader)
    page.goto(reverse("review:case", args=[cases[0].number]))
    expect(page.get_by_text(f"Case 1 of {TRIES + 1} to read")).to_be_visible()

    seconds = []
    for place, case in enumerate(cases[1:], start=2):
        wait_until_sent_ahead(page, case)
        assert "study.opened" not in verbs_of(case)
        start = time.perf_counter()
        page.keyboard.press("j")
        expect(page.get_by_text(f"Case {place} of {TRIES + 1} to read")).to_be_visible()
        page.locator("[data-shown]").first.wait_for()
        seconds.append(time.perf_counter() - start)
        came = page.evaluate("performance.getEntriesByType('navigation')[0].deliveryType")
        assert came == SENT_AHEAD
        assert "study.opened" in verbs_of(case)
        if seconds[-1] < 1:
            return
    raise AssertionError(f"with its image, no case was there within a second: {seconds}")
