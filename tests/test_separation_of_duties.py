"""One person with every role still does not do both halves of one thing."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bsti_db.accounts.models import FactorReset
from bsti_db.accounts.roles import Role
from library.lifecycle import EditionStatus
from library.models import IntruderCheck
from review.lifecycle import CaseStatus
from review.models import Assignment, Reading, Seat, Verdict
from tests.factories import member, organisation
from tests.library import making as library
from tests.review import making as review
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

DECIDED = {
    "decision-outcome": "accepted",
    "decision-teaching_value": "4",
    "decision-reason": "Seen.",
}
CHECKED = {code: "on" for code, _ in IntruderCheck.QUESTIONS}


@pytest.fixture
def trust():
    return organisation()


@pytest.fixture
def everybody(trust):
    """Who may do everything, and works for a trust that sends images."""
    return member(list(Role), organisation=trust)


@pytest.fixture
def browser(client, everybody):
    return sign_in(client, everybody)


def seated(case, person, seat: str) -> None:
    Assignment.objects.create(case=case, member=person, seat=seat, assigned_at=timezone.now())


def test_nobody_publishes_what_they_wrote(browser, everybody):
    edition = library._propose(library.draft(by=everybody))

    browser.post(reverse("library:publish", args=[edition.pk]), CHECKED)

    edition.refresh_from_db()
    assert (edition.status, edition.publication_asked_at) == (EditionStatus.PROPOSED, None)


def test_somebody_else_publishes_it(browser):
    edition = library.proposed()

    browser.post(reverse("library:publish", args=[edition.pk]), CHECKED)

    edition.refresh_from_db()
    assert edition.publication_asked_at is not None


@pytest.mark.parametrize("act", ["adjudicate", "decide"])
def test_nobody_settles_a_case_that_they_read(browser, everybody, act):
    case = review.open_case()
    review.submitted_reading(case, everybody)
    review.submitted_reading(case, review.panellist(), include=False, teaching_value=None)

    browser.post(reverse(f"review:{act}", args=[case.number]), DECIDED)

    case.refresh_from_db()
    assert case.status == CaseStatus.DISCORDANT
    assert not Verdict.objects.filter(case=case).exists()


@pytest.mark.parametrize("act", ["adjudicate", "decide"])
def test_nobody_settles_a_case_of_their_own_trust(browser, everybody, trust, act):
    case = review.discordant_case(review.accepted_upload(sent_by=trust))
    seated(case, everybody, Seat.ADJUDICATOR)

    browser.post(reverse(f"review:{act}", args=[case.number]), DECIDED)

    case.refresh_from_db()
    assert case.status == CaseStatus.DISCORDANT


def test_a_chair_of_another_trust_settles_it(browser, trust):
    case = review.discordant_case(review.accepted_upload())

    browser.post(reverse("review:decide", args=[case.number]), DECIDED)

    case.refresh_from_db()
    assert case.status == CaseStatus.ACCEPTED


def test_nobody_reads_a_case_of_their_own_trust_though_they_were_given_it(
    browser, everybody, trust
):
    case = review.open_case(review.accepted_upload(sent_by=trust))
    seated(case, everybody, Seat.READER_A)

    browser.post(reverse("review:submit", args=[case.number]), {"version": "0", "draft": "1"})

    assert not Reading.objects.filter(case=case).exists()


def test_nobody_gives_a_case_to_somebody_of_the_trust_that_sent_it(browser, everybody, trust):
    case = review.open_case(review.accepted_upload(sent_by=trust))

    browser.post(reverse("review:assign", args=[case.number]), {"assign-member": everybody.pk})

    assert not case.assignments.exists()


def test_nobody_takes_a_factor_away_alone(browser, everybody):
    person = member(("panellist",))
    browser.post(reverse("accounts:ask-factor-reset", args=[person.pk]))

    browser.post(reverse("accounts:agree-factor-reset", args=[person.pk]))

    assert FactorReset.objects.get(member=person).agreed_at is None


def test_nobody_deactivates_themselves(browser, everybody):
    browser.post(reverse("deactivate-member", args=[everybody.pk]))

    everybody.refresh_from_db()
    assert everybody.is_active
