"""Giving a case to its readers and its adjudicator, by rule or by hand, and taking it back."""

import random
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Member
from review.eligibility import available_for, eligible_for, without_chairs
from review.lifecycle import CaseStatus
from review.models import READERS, Assignment, Case, PanelProfile, Seat
from review.services.refusals import Refusal, Unentitled, case_in_turn


class NotEligible(Refusal):
    """The member may not be given this case."""


class NoSeatFree(Refusal):
    """The case has all the people it needs, or takes nobody now."""


class NotAssigned(Unentitled):
    """The actor was not given this case, or gave it back."""

    code = "not_assigned"


ACCOUNT_CLOSED = "The account is closed."


def seats_of(status: str) -> tuple[Seat, ...]:
    """The seats that a case of this status has to give."""
    if status == CaseStatus.OPEN:
        return READERS
    return (Seat.ADJUDICATOR,) if status == CaseStatus.DISCORDANT else ()


@transaction.atomic
def assign(
    *, case: Case, member: Member, actor: Actor, at: datetime, due_on: date | None = None
) -> Assignment:
    """The chair gives a case's next free seat to a member.

    Raises NoSeatFree, NotEligible.
    """
    case = case_in_turn(case)
    free = _free_seats(case)
    if not free:
        raise NoSeatFree(f"Case {case.number} has all the people it needs now.")
    return _give(case, free[0], member, actor=actor, by=actor.member, at=at, due_on=due_on)


@transaction.atomic
def assign_by_rule(*, case: Case, actor: Actor, at: datetime) -> list[Assignment]:
    """Give each free seat of a case to the least loaded of those who may have it.

    Gives what was assigned: nothing when nobody is left, which the chair's page shows.
    """
    case = case_in_turn(case)
    given = []
    for seat in _free_seats(case):
        # somebody's account may be closed at this moment: then the next one
        for member in _least_loaded_first(case, seat, on=timezone.localdate(at)):
            try:
                given.append(_give(case, seat, member, actor=actor, by=None, at=at))
            except NotEligible:
                continue
            break
    return given


def fill_seats_left(*, case: Case, at: datetime) -> list[Assignment]:
    """Give the seats that came free while the case stood still, as a task: nobody's own act."""
    return assign_by_rule(case=case, actor=Actor.of_task("fill_seats"), at=at)


@transaction.atomic
def hand_back(*, case: Case, actor: Actor, reason: str, at: datetime) -> Assignment:
    """Give a case back unread or undecided: its member sees it no more, and keeps their draft.

    Raises NotAssigned.
    """
    case = case_in_turn(case)
    assignment = case.assignments.to_do().filter(member=actor.member).first()
    if assignment is None:
        raise NotAssigned(f"You have nothing of case {case.number} to give back.")
    return _take(assignment, reason=reason, actor=actor, verb="case.handed_back", at=at)


@transaction.atomic
def take_back(*, assignment: Assignment, actor: Actor, reason: str, at: datetime) -> Assignment:
    """The chair takes a case from a member who has not finished with it.

    Raises NotAssigned.
    """
    case_in_turn(assignment.case)
    standing = Assignment.objects.to_do().filter(pk=assignment.pk).first()
    if standing is None:
        raise NotAssigned("There is nothing to take back: it was finished or given back.")
    return _take(standing, reason=reason, actor=actor, verb="case.taken_back", at=at)


@transaction.atomic
def return_what_is_left_of(
    *, member: Member, reason: str, actor: Actor, at: datetime, of: QuerySet[Case] | None = None
) -> list[Case]:
    """Take back what a member was given and has not finished, of some cases or of all.

    Gives the cases that were taken back.
    """
    left = Assignment.objects.filter(member=member, handed_back_at=None)
    if of is not None:
        left = left.filter(case__in=of)
    returned = []
    # cases in the order of their keys: two of these at once cannot wait for each other
    for assignment in left.select_related("case").order_by("case", "pk"):
        case = case_in_turn(assignment.case)
        if row := _unfinished(member).filter(pk=assignment.pk).first():
            _take(row, reason=reason, actor=actor, verb="case.taken_back", at=at)
            returned.append(case)
    return returned


def pass_on_what_is_left_of(
    *, member: Member, reason: str, at: datetime, of: QuerySet[Case] | None = None
) -> list[Case]:
    """Return a member's unfinished cases and give each to the next by the rule.

    A task's act, whoever brought it about: who acts would see in their own rows of the trail
    how far another reader is.
    """
    actor = Actor.of_task("pass_on")
    returned = return_what_is_left_of(member=member, reason=reason, actor=actor, at=at, of=of)
    for case in returned:
        assign_by_rule(case=case, actor=actor, at=at)
    return returned


def falls_due_while_away(member: Member) -> QuerySet[Assignment]:
    """What a member has not finished and is to finish while they are away, the first due first."""
    profile = PanelProfile.objects.filter(member=member, away_until__isnull=False).first()
    if profile is None:
        return Assignment.objects.none()
    due = Assignment.objects.to_do().due_between(profile.away_from, profile.away_until)
    return due.filter(member=member).select_related("case").order_by("due_on", "case__number")


@transaction.atomic
def save_profile(*, actor: Actor, **answers: object) -> PanelProfile:
    """Keep what a member reads and when they are away; their own, nobody else's."""
    profile, _ = PanelProfile.objects.update_or_create(member=actor.member, defaults=answers)
    record("panel_profile.changed", actor=actor, subject=profile, fields=sorted(answers))
    return profile


def _unfinished(member: Member) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(member=member)
    return rows.of_the_gone() | rows.to_do()


def _free_seats(case: Case) -> list[Seat]:
    """The seats to give, those of closed accounts among them: they are taken back here."""
    for gone in case.assignments.of_the_gone():
        _take(
            gone,
            reason=ACCOUNT_CLOSED,
            actor=Actor.of_task("assign"),
            verb="case.taken_back",
            at=timezone.now(),
        )
    if not case.case_studies.shown().exists():
        return []
    taken = set(case.assignments.filter(handed_back_at=None).values_list("seat", flat=True))
    return [seat for seat in seats_of(case.status) if seat not in taken]


def _give(
    case: Case,
    seat: Seat,
    member: Member,
    *,
    actor: Actor,
    by: Member | None,
    at: datetime,
    due_on: date | None = None,
) -> Assignment:
    # the row is locked so that an account is closed before or after, never in between
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if not eligible_for(case).filter(pk=member.pk).exists():
        raise NotEligible(
            "This member may not be given the case: they are of a trust that sent it, had it "
            "before, or are not on the panel."
        )
    assignment = Assignment.objects.create(
        case=case,
        member=member,
        seat=seat,
        assigned_at=at,
        assigned_by=by,
        due_on=due_on or timezone.localdate(at) + settings.READING_DUE,
    )
    record(
        "case.assigned", actor=actor, subject=case, member=member.pk, seat=seat, by_rule=by is None
    )
    return assignment


def _take(
    assignment: Assignment, *, reason: str, actor: Actor, verb: str, at: datetime
) -> Assignment:
    assignment.handed_back_at, assignment.reason = at, reason
    assignment.save(update_fields=["handed_back_at", "reason"])
    record(verb, actor=actor, subject=assignment.case, member=assignment.member_id)
    return assignment


def _least_loaded_first(case: Case, seat: Seat, *, on: date) -> list[Member]:
    members = available_for(case, on=on, due_on=on + settings.READING_DUE)
    if seat in READERS:
        members = without_chairs(members)
    to_do = Assignment.objects.to_do().filter(member=OuterRef("pk")).order_by()
    counted = to_do.values("member").annotate(n=Count("pk")).values("n")
    loaded = list(members.annotate(load=Coalesce(Subquery(counted), 0)))
    # a draw among the equally loaded, which anybody can repeat: no secret
    draw = random.Random(f"{settings.ASSIGNMENT_SEED}:{case.number}:{seat}")  # noqa: S311 - no key
    draw.shuffle(loaded)
    return sorted(loaded, key=lambda member: member.load)
