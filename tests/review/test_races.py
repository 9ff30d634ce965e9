"""Two people at one moment, on real connections: one wins, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from bsti_db.accounts.services import deactivate_member
from review import services
from review.models import Case, Reading, Verdict
from review.services import asking
from tests.factories import member
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


def test_of_two_readers_submitting_at_once_the_later_settles_the_case():
    first, second = making.panellist(), making.panellist()
    case = making.assigned(making.given_case(first), second)
    answers = making.answers(case)

    def submit(reader):
        services.submit_reading(
            case=case, actor=making.actor(reader), version=0, answers=answers, at=timezone.now()
        )

    assert at_once(lambda: submit(first), lambda: submit(second)) == ["done", "done"]
    case.refresh_from_db()
    assert case.status == Case.Status.ACCEPTED
    assert Verdict.objects.get().basis == Verdict.Basis.AGREEMENT


def test_of_two_windows_of_an_adjudicator_one_decides():
    case, adjudicator = making.discordant_case(), making.panellist()
    making.assigned(case, adjudicator)

    def decide(outcome):
        services.adjudicate(
            case=case,
            actor=making.actor(adjudicator),
            outcome=outcome,
            reason="Clear.",
            teaching_value=3,
            at=timezone.now(),
        )

    results = at_once(lambda: decide("accepted"), lambda: decide("declined"))

    assert results == ["IllegalMove", "done"]
    case.refresh_from_db()
    assert Verdict.objects.get().outcome == case.status


def test_an_account_is_closed_before_or_after_a_case_is_given_never_in_between():
    administrator = member(("administrator",))
    for _ in range(5):
        going, case = making.panellist(), making.open_case()
        results = at_once(
            lambda case=case, going=going: making.assigned(case, going),
            lambda going=going: deactivate_member(member=going, actor=making.actor(administrator)),
        )

        assert not case.assignments.to_do().filter(member=going).exists()
        given = case.assignments.filter(member=going).first()
        assert results == (["done", "done"] if given else ["NotEligible", "done"])
        if given:
            closed = LogEntry.objects.get_for_object(going).get(
                additional_data__verb="member.deactivated"
            )
            row = LogEntry.objects.get_for_object(case).get(additional_data__verb="case.assigned")
            assert row.pk < closed.pk
            making.assigned(case, making.panellist())
            making.assigned(case, making.panellist())
            assert case.assignments.to_do().count() == 2


def test_of_two_members_given_the_last_seat_at_once_one_has_it():
    case = making.given_case(making.panellist())
    chair = making.actor(making.chair())
    wanted = [making.panellist(), making.panellist()]

    def give(to):
        services.assign(case=case, member=to, actor=chair, at=timezone.now())

    assert at_once(lambda: give(wanted[0]), lambda: give(wanted[1])) == ["NoSeatFree", "done"]
    assert case.assignments.standing().count() == 2


def test_a_question_and_a_reading_at_one_moment_leave_the_reading_whole_or_refused():
    reader, asker = making.panellist(), making.panellist()
    case = making.assigned(making.given_case(reader), asker)
    answers, upload = making.answers(case), asking.uploads_of(case).get()

    results = at_once(
        lambda: services.submit_reading(
            case=case, actor=making.actor(reader), version=0, answers=answers, at=timezone.now()
        ),
        lambda: asking.ask_submitter(
            case=case, upload=upload, text="?", actor=making.actor(asker), at=timezone.now()
        ),
    )

    case.refresh_from_db()
    assert case.status == Case.Status.QUERIED
    assert results in (["done", "done"], ["CaseNotOpen", "done"])
    assert Reading.objects.filter(submitted_at__isnull=False).count() == results.count("done") - 1


def test_an_answer_and_setting_aside_at_one_moment_leave_no_open_question():
    asker = making.panellist()
    case = making.given_case(asker)
    upload = asking.uploads_of(case).get()
    question = asking.ask_submitter(
        case=case, upload=upload, text="?", actor=making.actor(asker), at=timezone.now()
    )

    at_once(
        lambda: asking.answer_question(
            question=question,
            text="Yes.",
            actor=Actor.of_submitter(upload.submitter),
            at=timezone.now(),
        ),
        lambda: services.set_aside(
            case=case, actor=making.actor(asker), reason="face", where="", at=timezone.now()
        ),
    )

    case.refresh_from_db()
    assert case.status == Case.Status.SET_ASIDE
    assert not case.questions.filter(closed_at=None).exists()
