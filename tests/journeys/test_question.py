"""A reader asks the trust, the submitter answers on the upload's page, and the case is read on."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from review.models import Case
from tests.journeys.accessibility import check_page
from tests.review import making
from tests.signing_in import sign_in
from tests.uploads import entering

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Was contrast given for this study?"
ANSWER = "Yes, for suspected embolism."


def page_of(browser: Browser, live_server, client: Client) -> Page:
    context = browser.new_context(base_url=live_server.url)
    for name, morsel in client.cookies.items():
        context.add_cookies([{"name": name, "value": morsel.value, "url": live_server.url}])
    return context.new_page()


def test_a_question_goes_to_the_submitter_and_the_answer_comes_back(
    browser: Browser, live_server
) -> None:
    reader = making.panellist()
    case = making.given_case(reader)
    upload = case.case_studies.get().study.upload
    panel = page_of(browser, live_server, sign_in(Client(), reader))
    trust = page_of(browser, live_server, entering.come_in(Client(), upload.submitter))

    panel.goto(reverse("review:case", args=[case.number]))
    panel.get_by_text("Ask the submitter").first.click()
    panel.get_by_label("Question to the submitter").fill(TEXT)
    panel.get_by_role("button", name="Ask the submitter").click()
    expect(panel.get_by_role("heading", name=re.compile("waits for the submitter"))).to_be_visible()
    check_page(panel, "case-queried")
    assert panel.get_by_role("button", name="Submit reading").count() == 0

    [asked] = mail.outbox
    trust.goto(re.search(r"https?://[^/]+(/uploads/\S+)", asked.body)[1])
    expect(trust.get_by_text(TEXT)).to_be_visible()
    check_page(trust, "upload-asked")
    trust.get_by_label(re.compile("answer", re.IGNORECASE)).fill(ANSWER)
    trust.get_by_role("button", name="Send the answer").click()
    expect(trust.get_by_text("Your answer has reached the expert panel.")).to_be_visible()
    expect(trust.get_by_text(ANSWER)).to_be_visible()

    assert mail.outbox[-1].to == [reader.email]
    panel.reload()
    expect(panel.get_by_text(ANSWER)).to_be_visible()
    expect(panel.get_by_role("button", name="Submit reading")).to_be_visible()
    check_page(panel, "case-answered")
    case.refresh_from_db()
    assert case.status == Case.Status.OPEN
    for page in (panel, trust):
        page.context.close()
