"""What is refused for who somebody is, with its sentence and one row; what is not, without one."""

import pytest
from auditlog.models import LogEntry
from django.test import Client

from review.models import Reading
from tests.factories import organisation
from tests.review import making
from tests.review.test_views import DECISION, address, filled_in
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


def sent(member, case, act, form):
    return sign_in(Client(), member).post(address(case, act), form, follow=True).content.decode()


def refusals():
    rows = LogEntry.objects.filter(additional_data__verb="case.act_refused")
    return [(row.actor, row.additional_data["facts"]) for row in rows]


def facts(case, reason):
    return {"case": case.number, "reason": reason}


def test_a_chair_does_not_decide_a_case_of_their_own_trust():
    trust = organisation()
    chair, case = making.chair(trust), making.discordant_case(making.accepted_upload(sent_by=trust))

    page = sent(chair, case, "decide", DECISION)

    assert "was sent by your own organisation. Somebody else decides it." in page
    assert refusals() == [(chair, facts(case, "own_trust"))]
    case.refresh_from_db()
    assert case.status == "discordant"


def test_who_has_read_a_case_does_not_decide_it():
    chair, case = making.chair(), making.open_case()
    making.submitted_reading(case, chair)
    making.submitted_reading(case, making.panellist(), include=False, teaching_value=None)

    page = sent(chair, case, "decide", DECISION)

    assert f"You have read case {case.number}, so somebody else decides it." in page
    assert refusals() == [(chair, facts(case, "own_reading"))]


@pytest.mark.parametrize("act", ["submit", "save-draft"])
def test_a_case_that_was_not_given_is_not_read(act):
    chair, case = making.chair(), making.open_case()

    page = sent(chair, case, act, filled_in(case))

    assert f"Case {case.number} is not given to you to read." in page
    assert refusals() == [(chair, facts(case, "not_assigned"))]
    assert not Reading.objects.exists()


def test_a_case_that_was_not_given_is_not_adjudicated():
    chair, case = making.chair(), making.discordant_case()

    page = sent(chair, case, "adjudicate", DECISION)

    assert f"Case {case.number} is not given to you to adjudicate." in page
    assert refusals() == [(chair, facts(case, "not_assigned"))]


def test_how_things_stand_is_no_refusal_of_right():
    reader = making.panellist()
    stale, locked, closed = (making.given_case(reader) for _ in range(3))
    sent(reader, stale, "save-draft", filled_in(stale))
    making.submitted_reading(locked, reader)
    type(closed).objects.filter(pk=closed.pk).update(status="queried")

    for case in (stale, locked, closed):
        sent(reader, case, "submit", filled_in(case))

    assert refusals() == []


def test_the_row_holds_nothing_of_what_was_sent():
    chair, case = making.chair(), making.open_case()

    sent(chair, case, "submit", filled_in(case, comment="a very private remark"))

    (row,) = LogEntry.objects.filter(additional_data__verb="case.act_refused")
    assert "private" not in f"{row.additional_data} {row.object_repr} {row.changes}"
