"""The moves of a case, and no other."""

from itertools import product

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from audit.lifecycles import IllegalMove
from review.lifecycle import CASE_LIFECYCLE, CaseStatus
from review.models import Case
from tests.review import making

pytestmark = pytest.mark.django_db

MOVES = {
    "open": {"accepted", "declined", "discordant", "queried", "set_aside"},
    "discordant": {"accepted", "declined", "queried", "set_aside"},
    "queried": {"open", "set_aside"},
    "accepted": {"declined", "set_aside", "erased"},
    "declined": {"accepted", "set_aside", "erased"},
    "set_aside": {"open", "erased"},
    "erased": set(),
}


def case_in(status: str) -> Case:
    case = making.open_case()
    now = timezone.now()
    Case.objects.filter(pk=case.pk).update(
        status=status,
        settled_at=now,
        set_aside_at=now,
        set_aside_by=making.panellist(),
        set_aside_reason="face",
    )
    case.refresh_from_db()
    return case


@pytest.mark.parametrize(("start", "end"), list(product(CaseStatus.values, repeat=2)))
def test_a_case_makes_the_moves_of_the_table_and_no_other(start, end):
    case = case_in(start)
    actor = making.actor(making.chair())
    rows = LogEntry.objects.count()

    if end in MOVES[start]:
        CASE_LIFECYCLE.advance(case, CaseStatus(end), actor=actor)
        assert LogEntry.objects.count() == rows + 1
    else:
        with pytest.raises(IllegalMove):
            CASE_LIFECYCLE.advance(case, CaseStatus(end), actor=actor)
        end = start
    case.refresh_from_db()
    assert case.status == end


def test_every_verb_of_a_case_is_a_noun_and_its_past():
    assert all(verb.startswith("case.") for verb in CASE_LIFECYCLE.moves.values())
