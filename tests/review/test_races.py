"""Two people at one moment, on real connections: one wins, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.utils import timezone

from audit.lifecycles import IllegalMove
from review import services
from review.models import Case, Reading, Verdict
from tests.review import making

pytestmark = pytest.mark.django_db(transaction=True)

REFUSALS = (services.Refusal, IllegalMove)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run the acts from as many connections at one moment; "done" or the refusal's name of each."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            barrier.wait(10)
            act()
        except REFUSALS as problem:
            return type(problem).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def count_of(verb: str) -> int:
    return LogEntry.objects.filter(additional_data__verb=verb).count()


def test_of_two_submits_at_once_one_locks_the_reading():
    reader = making.panellist()
    case = making.given_case(reader)
    answers = making.answers(case)

    def submit():
        services.submit_reading(
            case=case, actor=making.actor(reader), version=0, answers=answers, at=timezone.now()
        )

    assert at_once(submit, submit) == ["ReadingLocked", "done"]
    assert Reading.objects.count() == 1
    assert count_of("reading.submitted") == 1


def test_of_two_windows_saving_at_once_one_is_told_and_nothing_is_mixed():
    reader = making.panellist()
    case = making.given_case(reader)
    windows = [making.answers(case, comment="One"), making.answers(case, comment="Two")]

    def save(answers):
        services.save_draft(
            case=case, actor=making.actor(reader), version=0, answers=answers, at=timezone.now()
        )

    results = at_once(lambda: save(windows[0]), lambda: save(windows[1]))

    assert results == ["StaleReading", "done"]
    assert Reading.objects.get().version == 1


def test_of_two_openings_at_once_one_opens_the_case():
    upload, member = making.accepted_upload(), making.panellist()

    assert at_once(
        lambda: making.open_case(upload, by=member), lambda: making.open_case(upload, by=member)
    ) == ["NothingToOpen", "done"]
    assert Case.objects.count() == 1


def test_of_two_decisions_at_once_one_settles_the_case():
    case, first, second = making.discordant_case(), making.chair(), making.chair()

    def accept(chair):
        services.decide_case(
            case=case,
            actor=making.actor(chair),
            outcome="accepted",
            reason="Clear.",
            teaching_value=3,
            at=timezone.now(),
        )

    assert at_once(lambda: accept(first), lambda: accept(second)) == ["IllegalMove", "done"]
    assert Verdict.objects.count() == 1


def test_two_openings_of_one_study_in_one_sitting_leave_one_row():
    study, member = making.accepted_upload().studies.get(), making.panellist()

    def see():
        services.record_opening(
            studies=[study], actor=making.actor(member), sitting="one", at=timezone.now()
        )

    assert at_once(see, see, see) == ["done"] * 3
    assert count_of("study.opened") == 1


def test_a_reading_submitted_while_the_case_is_set_aside_is_either_whole_or_refused():
    reader = making.panellist()
    case = making.given_case(reader)
    answers = making.answers(case)
    results = at_once(
        lambda: services.submit_reading(
            case=case, actor=making.actor(reader), version=0, answers=answers, at=timezone.now()
        ),
        lambda: services.set_aside(
            case=case,
            actor=making.actor(making.panellist()),
            reason="face",
            where="",
            at=timezone.now(),
        ),
    )

    case.refresh_from_db()
    assert case.status == Case.Status.SET_ASIDE
    assert Reading.objects.filter(submitted_at__isnull=False).count() == results.count("done") - 1
