"""A case and a panel in which anybody tries anything at any moment, and what must hold all along.

What is right is said here once more, from the people and the studies alone: none of it asks the
services' own rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from auditlog.models import LogEntry
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from bsti_db.accounts.models import Member
from bsti_db.accounts.services import NotAllowed, deactivate_member, reactivate_member
from review import services
from review.blinding import questions_visible_to, readings_visible_to
from review.models import Case, Reading, Verdict
from review.services import Answers, StudyAnswer, asking
from tests.factories import member, organisation
from tests.review import making
from uploads.models import Upload
from uploads.services.deciding import withdraw_upload

REFUSED = (services.Refusal, IllegalMove, NotAllowed)
READERS = ("a", "b")
IN_READING = ("open", "discordant", "queried")
SETTLED = ("accepted", "declined")
TEXT = "Which day was the second study?"

anybody = st.integers(0, 11)
# of those who hold a seat, and now and then of everybody
somebody = st.integers(0, 31)
yes_or_no = st.booleans()
opinions = st.tuples(yes_or_no, st.integers(0, 1), st.sampled_from([None, 1, 2, 3]))
outcomes = st.sampled_from(SETTLED)


@dataclass(frozen=True)
class Person:
    """A member, and whether they may ever have to do with the case."""

    member: Member
    may_read: bool
    is_chair: bool = False


class Panel(RuleBasedStateMachine):
    """A patient's case of two uploads; the second one's trust is only claimed."""

    @initialize(start=st.integers(0, 5))
    def begin(self, start: int) -> None:
        """Begin somewhere on a case's way: acts drawn one by one seldom come far."""
        self.make_people()
        if start >= 1:
            self.assign_by_rule()
        if start >= 2:
            self.submit(0, (True, 0, 2))
        if start >= 3:
            # the next reader differs, and in the last start agrees
            self.submit(4, (start == 5, 0, 2))
        if start == 4:
            self.assign_by_rule()

    def make_people(self) -> None:
        Member.objects.update(is_active=False)  # of the runs before
        trust, claimed, other = organisation(), organisation(), organisation()
        self.uploads = [making.accepted_upload(sent_by=trust, submitter_email="own@nhs.net")]
        self.patient = self.uploads[0].patient
        self.uploads.append(making.accepted_upload(self.patient, days=(9,)))
        self.uploads[1].submitter.organisation = claimed
        self.uploads[1].submitter.save(update_fields=["organisation"])
        Member.objects.filter(email="own@nhs.net").update(email=f"then{self.patient.pk}@nhs.net")
        self.people = [
            *(Person(making.panellist(), True) for _ in range(4)),
            Person(making.panellist(other), True),
            Person(making.chair(other), True, is_chair=True),
            Person(making.chair(), True, is_chair=True),
            Person(making.chair(trust), False, is_chair=True),
            Person(making.panellist(trust), False),
            Person(making.panellist(claimed), False),
            Person(member(email="own@nhs.net"), False),
            Person(member(is_enrolled=False), False),
        ]
        self.administrator = making.actor(member(("administrator",)))
        self.moments = (timezone.now() + timedelta(minutes=each) for each in count())
        self.case = making.open_case(self.uploads[0], by=self.people[6].member)
        self.locked: dict[int, Any] = {}
        self.was_reopened = False

    # --- What people try -------------------------------------------------------

    def attempt(self, act: Callable[..., Any], **arguments: Any) -> Any:
        """What the service gave, or None for a refusal; anything else it raises is a fault."""
        try:
            return act(**arguments)
        except REFUSED:
            return None
        finally:
            self.case.refresh_from_db()

    def now(self) -> datetime:
        return next(self.moments)

    def seated(self, index: int, *seats: str) -> Person:
        """One of those who hold such a seat; every fourth time, or with none, anybody at all."""
        holders = self.case.assignments.filter(handed_back_at=None, seat__in=seats)
        holding = set(holders.values_list("member", flat=True))
        those = [each for each in self.people if each.member.pk in holding]
        if index % 4 == 3 or not those:
            return self.people[index % len(self.people)]
        return those[index // 4 % len(those)]

    def chair(self, index: int) -> Person:
        return [each for each in self.people if each.is_chair][index % 3]

    @rule(who=anybody, by=anybody, is_by_rule=yes_or_no)
    def give(self, who: int, by: int, is_by_rule: bool) -> None:
        if is_by_rule:
            self.assign_by_rule()
        else:
            self.assign(self.people[who].member, self.chair(by))

    def assign_by_rule(self) -> None:
        had = self.members_before()
        task = Actor.of_task("tests")
        given = self.attempt(services.assign_by_rule, case=self.case, actor=task, at=self.now())
        for each in given or []:
            self.check_may_be_given(each.member_id, had)

    def assign(self, to: Member, by: Person) -> None:
        had = self.members_before()
        chair = making.actor(by.member)
        if self.attempt(services.assign, case=self.case, member=to, actor=chair, at=self.now()):
            self.check_may_be_given(to.pk, had)

    def members_before(self) -> list[int]:
        return list(self.case.assignments.values_list("member", flat=True))

    def check_may_be_given(self, pk: int, had: list[int]) -> None:
        found = next(each for each in self.people if each.member.pk == pk)
        assert found.may_read
        assert Member.objects.get(pk=pk).is_active
        assert pk not in had

    def answers(self, opinion: tuple[bool, int, int | None], comment: str = "") -> Answers:
        include, place, severity = opinion
        studies = {
            row.study_id: StudyAnswer(row.scheme.categories.all()[place], severity)
            for row in self.case.case_studies.shown().select_related("scheme")
        }
        return Answers(include, 4 if include else None, comment, studies)

    def version_of(self, who: Person) -> int:
        draft = self.case.readings.filter(reader=who.member).first()
        return draft.version if draft else 0

    @rule(who=somebody, opinion=opinions, is_stale=yes_or_no)
    def save_draft(self, who: int, opinion: Any, is_stale: bool) -> None:
        reader = self.seated(who, *READERS)
        self.attempt(
            services.save_draft,
            case=self.case,
            actor=making.actor(reader.member),
            version=self.version_of(reader) + is_stale,
            answers=self.answers(opinion, "Draft"),
            at=self.now(),
        )

    @rule(who=somebody, opinion=opinions)
    def submit(self, who: int, opinion: Any) -> None:
        reader, status = self.seated(who, *READERS), self.case.status
        seats = self.case.assignments.filter(handed_back_at=None, seat__in=READERS)
        is_seated = seats.filter(member=reader.member).exists()
        reading = self.attempt(
            services.submit_reading,
            case=self.case,
            actor=making.actor(reader.member),
            version=self.version_of(reader),
            answers=self.answers(opinion),
            at=self.now(),
        )
        if reading:
            assert reader.may_read
            assert is_seated
            assert status == "open"
            assert reading.pk not in self.locked
            self.locked[reading.pk] = whole(reading.pk)

    @rule(who=somebody, is_taken=yes_or_no)
    def give_back(self, who: int, is_taken: bool) -> None:
        holder = self.seated(who, *READERS, "adjudicator").member
        given = self.case.assignments.filter(member=holder).first()
        if is_taken and given:
            by = making.actor(self.chair(who).member)
            act, about = services.take_back, {"assignment": given, "actor": by}
        else:
            act, about = services.hand_back, {"case": self.case, "actor": making.actor(holder)}
        self.attempt(act, reason="Too long.", at=self.now(), **about)

    @rule(who=somebody, upload=st.integers(0, 1), is_asking=yes_or_no)
    def ask(self, who: int, upload: int, is_asking: bool) -> None:
        """Ask the submitter; or, when they are asked, answer or go on without an answer."""
        questions = self.case.questions.all()
        person = self.seated(who, *READERS, "adjudicator")
        actor = making.actor(person.member)
        if is_asking or not questions:
            about = {"case": self.case, "upload": self.uploads[upload], "text": TEXT}
            asked = self.attempt(asking.ask_submitter, actor=actor, at=self.now(), **about)
            assert asked is None or person.may_read
        elif who % 2:
            submitter = Actor.of_submitter(questions[0].upload.submitter)
            about = {"question": questions[0], "text": "The ninth."}
            self.attempt(asking.answer_question, actor=submitter, at=self.now(), **about)
        else:
            self.attempt(asking.go_on_without_answer, case=self.case, actor=actor, at=self.now())

    @rule(who=somebody, outcome=outcomes, is_chair=yes_or_no)
    def decide(self, who: int, outcome: str, is_chair: bool) -> None:
        before = self.case.status
        decider = self.chair(who) if is_chair else self.seated(who, "adjudicator")
        verdict = self.attempt(
            services.decide_case if is_chair else services.adjudicate,
            case=self.case,
            actor=making.actor(decider.member),
            outcome=outcome,
            reason="Clear.",
            teaching_value=3,
            at=self.now(),
        )
        assert not verdict or decider.may_read
        assert not verdict or before != "queried"

    @rule(who=anybody, is_again=yes_or_no)
    def set_aside(self, who: int, is_again: bool) -> None:
        """Set the case aside; or, when it is, open it again."""
        if self.case.status != "set_aside" or is_again:
            self.attempt(
                services.set_aside,
                case=self.case,
                actor=making.actor(self.people[who].member),
                reason="face",
                where="",
                at=self.now(),
            )
        else:
            by = making.actor(self.chair(who).member)
            self.attempt(services.reopen_case, case=self.case, actor=by)
            self.was_reopened |= self.case.status == "open"

    @rule(what=st.integers(0, 7), who=anybody)
    def meanwhile(self, what: int, who: int) -> None:
        """What goes on around: accounts close and open, uploads are withdrawn, others come."""
        member = self.people[who].member
        if what < 2:
            self.attempt(deactivate_member, member=member, actor=self.administrator)
        elif what < 5:
            self.attempt(reactivate_member, member=member, actor=self.administrator)
        elif what < 7:
            opener = making.actor(self.chair(who).member)
            later = {"patient": self.patient, "actor": opener}
            self.attempt(services.open_case, at=self.now(), **later)
        else:
            upload = Upload.objects.get(pk=self.uploads[who % 2].pk)
            submitter = Actor.of_submitter(upload.submitter)
            self.attempt(withdraw_upload, upload=upload, actor=submitter, at=self.now())

    # --- What holds at every moment ---------------------------------------------

    @invariant()
    def all_holds(self) -> None:
        self.a_locked_reading_is_neither_lost_nor_changed()
        self.two_readers_at_most_have_locked_and_both_keep_their_seats()
        self.a_case_waits_for_an_answer_while_one_question_is_open()
        self.a_settled_case_was_read_twice_and_decided_by_somebody_else()
        self.a_case_read_twice_waits_for_nobody_to_read_it()
        self.the_trail_leads_to_the_status()
        self.who_has_still_to_read_sees_nothing_of_another()
        self.a_patient_has_one_case_in_reading_and_a_study_one_case()

    def a_locked_reading_is_neither_lost_nor_changed(self) -> None:
        now = {pk: whole(pk) for pk in self.case_readings(submitted_at__isnull=False)}
        assert now == self.locked

    def two_readers_at_most_have_locked_and_both_keep_their_seats(self) -> None:
        readers = set(Reading.objects.filter(pk__in=self.locked).values_list("reader", flat=True))
        seats = self.case.assignments.filter(handed_back_at=None, seat__in=READERS)
        assert len(readers) == len(self.locked) <= 2
        assert readers <= set(seats.values_list("member", flat=True))

    def a_case_waits_for_an_answer_while_one_question_is_open(self) -> None:
        waiting = self.case.questions.filter(closed_at=None).count()
        assert waiting == (self.case.status == "queried")

    def a_settled_case_was_read_twice_and_decided_by_somebody_else(self) -> None:
        verdict = Verdict.objects.filter(case=self.case).first()
        if self.case.status in SETTLED:
            assert verdict is not None
            assert verdict.outcome == self.case.status
            is_gone = not self.case.case_studies.shown().exists()
            assert len(self.locked) == 2 or (is_gone and self.case.status == "declined")
        for each in Verdict.objects.filter(case=self.case):
            assert (each.decided_by_id is None) == (each.basis == "agreement")
            assert each.decided_by_id is None or self.may_have_decided(each)

    def a_case_read_twice_waits_for_nobody_to_read_it(self) -> None:
        if self.case.status == "discordant":
            assert len(self.locked) == 2
        if self.case.status == "open" and not self.was_reopened:
            assert len(self.locked) < 2

    def the_trail_leads_to_the_status(self) -> None:
        rows = LogEntry.objects.get_for_object(self.case).order_by("pk")
        moves = [row.additional_data["facts"] for row in rows]
        moves = [(facts["from"], facts["to"]) for facts in moves if "from" in facts]
        starts = ["open", *(end for _, end in moves)]
        assert [start for start, _ in moves] == starts[:-1]
        assert starts[-1] == self.case.status

    def who_has_still_to_read_sees_nothing_of_another(self) -> None:
        if self.case.status in SETTLED:
            return
        done = set(self.case_readings("reader", submitted_at__isnull=False))
        for given in self.case.assignments.filter(handed_back_at=None, seat__in=READERS):
            if given.member_id in done:
                continue
            actor = making.actor(Member.objects.get(pk=given.member_id))
            assert not readings_visible_to(self.case, actor).exclude(reader=actor.member).exists()
            asked = questions_visible_to(self.case, actor)
            assert not asked.exclude(asked_by=actor.member).exists()

    def a_patient_has_one_case_in_reading_and_a_study_one_case(self) -> None:
        cases = Case.objects.filter(patient=self.patient)
        assert cases.filter(status__in=IN_READING).count() <= 1

    def case_readings(self, field: str = "pk", **which: Any) -> list[Any]:
        return list(self.case.readings.filter(**which).values_list(field, flat=True))

    def may_have_decided(self, verdict: Verdict) -> bool:
        decider = next(each for each in self.people if each.member.pk == verdict.decided_by_id)
        seats = self.case.assignments.filter(member=decider.member)
        has_read = Reading.objects.filter(pk__in=self.locked, reader=decider.member).exists()
        if verdict.basis == "adjudication" and not seats.filter(seat="adjudicator").exists():
            return False
        return decider.may_read and not has_read


def whole(pk: int) -> Any:
    """All that a reading says."""
    reading = Reading.objects.filter(pk=pk)
    return (
        reading.values().get(),
        list(reading.get().assessments.order_by("pk").values()),
        list(reading.get().findings.order_by("pk").values()),
    )
