"""How much the panel reads: by year, and by member."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from bsti_db.accounts.models import Member
from review.blinding import blinding_cases, readings_for_research
from review.eligibility import panel
from review.lifecycle import SETTLED
from review.models import Assignment, Case, PanelProfile, Reading, Verdict

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class Year:
    """The cases first settled in a year: how many, how, and after how many days."""

    year: int
    settled: int
    readings: int
    own_readings: int
    agreed: int
    adjudicated: int
    by_chair: int
    median_days: float

    @property
    def agreed_percent(self) -> int:
        return round(100 * self.agreed / self.settled)


def years_for(member: Member) -> list[Year]:
    """Of settled cases alone: nothing here tells of a case that is being read. Newest first."""
    first = Verdict.objects.filter(case=OuterRef("pk")).order_by("decided_at", "pk")
    of_case = readings_for_research().filter(case=OuterRef("pk")).order_by()
    counted = of_case.values("case").annotate(n=Count("pk")).values("n")
    rows = Case.objects.filter(status__in=SETTLED).annotate(
        first_at=Min("verdicts__decided_at"),
        basis=Subquery(first.values("basis")[:1]),
        read=Subquery(counted),
        is_own=Exists(of_case.filter(reader=member)),
    )
    by_year: dict[int, list[tuple[float, str, int, bool]]] = {}
    values = ("opened_at", "first_at", "settled_at", "basis", "read", "is_own")
    for opened_at, first_at, settled_at, *rest in rows.values_list(*values):
        at = first_at or settled_at
        days = (at - opened_at) / timedelta(days=1)
        by_year.setdefault(timezone.localtime(at).year, []).append((days, *rest))
    return [_year(year, cases) for year, cases in sorted(by_year.items(), reverse=True)]


def _year(year: int, cases: list[tuple[float, str, int, bool]]) -> Year:
    bases = [basis for _, basis, _, _ in cases]
    return Year(
        year=year,
        settled=len(cases),
        readings=sum(read or 0 for _, _, read, _ in cases),
        own_readings=sum(is_own for *_, is_own in cases),
        agreed=bases.count(Verdict.Basis.AGREEMENT),
        adjudicated=bases.count(Verdict.Basis.ADJUDICATION),
        by_chair=bases.count(Verdict.Basis.CHAIR),
        median_days=median(days for days, *_ in cases),
    )


@dataclass(frozen=True)
class Load:
    """What one member of the panel has to do, and did."""

    name: str
    to_read: int
    to_decide: int
    overdue: int
    next_due: date | None
    recent: int
    read: int
    away_until: date | None


def loads_for(viewer: Member, *, at: datetime) -> list[Load]:
    """Of every member of the panel, the most loaded first.

    Without the cases the viewer has still to read: a number would tell that the other has read.
    """
    hidden, today = blinding_cases(viewer).values("pk"), timezone.localdate(at)
    given = _by_member(
        Assignment.objects.to_do().exclude(case__in=hidden),
        "member",
        to_read=Count("pk", filter=~Q(seat="adjudicator")),
        to_decide=Count("pk", filter=Q(seat="adjudicator")),
        overdue=Count("pk", filter=Q(due_on__lt=today)),
        next_due=Min("due_on"),
    )
    read = _by_member(
        Reading.objects.filter(submitted_at__isnull=False).exclude(case__in=hidden),
        "reader",
        recent=Count("pk", filter=Q(submitted_at__gte=at - RECENT)),
        read=Count("pk"),
    )
    away = dict(PanelProfile.objects.away_on(today).values_list("member", "away_until"))
    loads = [
        _load(name, given.get(pk, {}), read.get(pk, {}), away.get(pk))
        for pk, name in panel().values_list("pk", "name")
    ]
    return sorted(loads, key=lambda each: (-each.to_read - each.to_decide, each.name))


def _by_member(rows: QuerySet, key: str, **counted: object) -> dict[int, dict[str, object]]:
    found = rows.order_by().values(who=F(key)).annotate(**counted)
    return {row.pop("who"): row for row in found}


def _load(name: str, given: dict, read: dict, away_until: date | None) -> Load:
    return Load(
        name=name,
        to_read=given.get("to_read", 0),
        to_decide=given.get("to_decide", 0),
        overdue=given.get("overdue", 0),
        next_due=given.get("next_due"),
        recent=read.get("recent", 0),
        read=read.get("read", 0),
        away_until=away_until,
    )
