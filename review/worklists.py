"""The lists of a member's worklist: which cases, by which filters, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from audit.actors import Actor
from review.lifecycle import IN_READING, SETTLED, CaseStatus
from review.models import (
    MAY_CHAIR,
    Assignment,
    Case,
    CaseStudy,
    PanelProfile,
    Reading,
    Verdict,
    WorklistOrder,
    patients_to_open,
    studies_to_open,
)
from uploads.models import Patient

MODALITIES = {"CT": ["CT"], "CR": ["CR", "DX"]}
DUE = {"overdue": "Overdue", "week": "Within a week"}
FIRST_LIST = "to-read"
WITH_DUE_DATES = ("to-read", "to-adjudicate")
WITH_OUTCOMES = ("mine", "settled")
_LABELS = {
    "to-read": "To read",
    "to-adjudicate": "To adjudicate",
    "mine": "Read by me",
    "settled": "Settled",
    "to-open": "Not yet opened",
    "open": "In reading",
    "discordant": "Discordant",
    "set-aside": "Set aside",
}
_OF_CHAIRS = ("open", "discordant", "set-aside")


@dataclass(frozen=True)
class Asked:
    """What an address asks of the worklist. What it does not know counts as not asked."""

    show: str = FIRST_LIST
    modality: str = ""
    due: str = ""
    outcome: str = ""
    order: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str], actor: Actor) -> "Asked":
        """The address's own words, and the order a member keeps in their profile."""
        kept = PanelProfile.objects.filter(member=actor.member).values_list("worklist_order")
        known = {
            "show": names_for(actor),
            "modality": MODALITIES,
            "due": DUE,
            "outcome": Verdict.Outcome.values,
            "order": WorklistOrder.values,
        }
        asked = {name: query[name] for name, words in known.items() if query.get(name) in words}
        found = cls(**asked)
        return found if found.order else replace(found, order=next((row[0] for row in kept), "due"))

    def query(self) -> str:
        """As part of an address, without what is not asked."""
        parts = {name: value for name, value in vars(self).items() if value}
        return urlencode(parts)


@dataclass(frozen=True)
class Position:
    """Where a case stands in the list it was opened from, counted from 1."""

    label: str
    index: int
    total: int
    previous: int | None
    following: int | None
    query: str


def names_for(actor: Actor) -> list[str]:
    is_chair = actor.member.has_perm(MAY_CHAIR)
    return [name for name in _LABELS if is_chair or name not in _OF_CHAIRS]


def label_of(name: str) -> str:
    return _LABELS[name]


def cases_of(name: str, actor: Actor, asked: Asked) -> QuerySet[Case]:
    """The cases of one list, filtered and in order; `asked.show` does not matter."""
    member = actor.member
    due = Assignment.objects.filter(case=OuterRef("pk"), member=member, handed_back_at=None)
    own = Reading.objects.filter(case=OuterRef("pk"), reader=member)
    if name in WITH_DUE_DATES:
        cases = Case.objects.annotate(
            has_draft=Exists(own), due_on=Subquery(due.values("due_on")[:1])
        )
        is_to_read = name == "to-read"
        cases = cases.readable_by(member) if is_to_read else cases.to_adjudicate_by(member)
        cases = _due(cases, asked.due)
    else:
        visible = Case.objects.visible_to(actor)
        of_list = {
            "mine": lambda: visible.filter(Exists(own.filter(submitted_at__isnull=False))),
            "settled": lambda: visible.filter(status__in=SETTLED),
            "open": lambda: visible.filter(status__in=IN_READING),
            "discordant": lambda: visible.filter(status=CaseStatus.DISCORDANT),
            "set-aside": lambda: visible.filter(status=CaseStatus.SET_ASIDE),
        }
        cases = of_list[name]()
        if asked.outcome and name in WITH_OUTCOMES:
            cases = cases.filter(status=asked.outcome)
    return _of_modality(cases, asked.modality).order_by(*_order(name, asked.order))


def counts(actor: Actor, asked: Asked) -> dict[str, int]:
    """How many cases each list has under the filters, in one question to the database."""
    names = [name for name in names_for(actor) if name != "to-open"]
    parts = {
        name: Count("pk", filter=Q(pk__in=cases_of(name, actor, asked).order_by().values("pk")))
        for name in names
    }
    found = Case.objects.aggregate(**{name.replace("-", "_"): part for name, part in parts.items()})
    counted = {name: found[name.replace("-", "_")] for name in names}
    return counted | {"to-open": to_open(actor, asked).count()}


def position_of(case: Case, actor: Actor, query: Mapping[str, str]) -> Position | None:
    """Where the case stands in the list that an address names; None when it is not in it."""
    asked = Asked.of(query, actor)
    if asked.show == "to-open":
        return None
    numbers = list(cases_of(asked.show, actor, asked).values_list("number", flat=True))
    if case.number not in numbers:
        return None
    place = numbers.index(case.number)
    return Position(
        label=label_of(asked.show).lower(),
        index=place + 1,
        total=len(numbers),
        previous=numbers[place - 1] if place else None,
        following=numbers[place + 1] if place + 1 < len(numbers) else None,
        query=asked.query(),
    )


def next_to_read(case: Case, actor: Actor) -> Case | None:
    """The first case to read in the member's own order, but this one."""
    asked = Asked.of({}, actor)
    return cases_of(FIRST_LIST, actor, asked).exclude(pk=case.pk).first()


def to_open(actor: Actor, asked: Asked) -> QuerySet[Patient]:
    """Patients whose studies wait for a case, the longest waiting first."""
    waiting = studies_to_open().filter(patient=OuterRef("pk")).order_by()
    if asked.modality:
        waiting = waiting.filter(modality__in=MODALITIES[asked.modality])
    since = waiting.values("patient").annotate(since=Min("upload__settled_at")).values("since")
    return (
        patients_to_open(actor)
        .filter(Exists(waiting))
        .annotate(waiting_since=Subquery(since))
        .order_by(F("waiting_since").asc(nulls_last=True), "pk")
    )


def _due(cases: QuerySet[Case], due: str) -> QuerySet[Case]:
    today = timezone.localdate()
    if due == "overdue":
        return cases.filter(due_on__lt=today)
    return cases.filter(due_on__lte=today + timedelta(days=7)) if due else cases


def _of_modality(cases: QuerySet[Case], modality: str) -> QuerySet[Case]:
    if not modality:
        return cases
    shown = CaseStudy.objects.shown().filter(study__modality__in=MODALITIES[modality])
    return cases.filter(Exists(shown.filter(case=OuterRef("pk"))))


def _order(name: str, order: str) -> list[Any]:
    if order == WorklistOrder.NUMBER:
        return ["number"]
    if order == WorklistOrder.OPENED:
        return ["opened_at", "number"]
    if name in WITH_DUE_DATES:
        return [F("due_on").asc(nulls_last=True), "opened_at", "number"]
    return ["-settled_at", "number"] if name == "settled" else ["opened_at", "number"]
