"""Which readers are reminded of what: before the day it is due, and after it, each once."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bsti_db.accounts.models import Member
from review.lifecycle import CaseStatus
from review.models import Assignment, CaseStudy, PanelProfile

_HOURS = range(7, 20)


def may_write_now(*, at: datetime) -> bool:
    """Whether it is day: nobody is reminded at midnight, when another day falls due."""
    return timezone.localtime(at).hour in _HOURS


def due_for_reminder(*, at: datetime) -> QuerySet[Assignment]:
    """What is due soon or overdue and was not told of yet.

    Not while the case waits for its submitter, nor while its reader is away: then the clock
    stands, or nobody reads the mail.
    """
    today = timezone.localdate(at)
    soon = Q(due_on__gte=today, due_on__lte=today + settings.READING_REMINDED_BEFORE)
    shown = CaseStudy.objects.shown().filter(case=OuterRef("case"))
    away = PanelProfile.objects.away_on(today).filter(member=OuterRef("member"))
    return (
        Assignment.objects.to_do()
        .filter(
            Q(soon, reminded_at=None) | Q(due_on__lt=today, overdue_reminded_at=None),
            Exists(shown),
            ~Exists(away),
            member__is_active=True,
        )
        .exclude(case__status=CaseStatus.QUERIED)
        .order_by("due_on", "case__number")
    )


def readers_to_remind(*, at: datetime) -> QuerySet[Member]:
    return Member.objects.filter(pk__in=due_for_reminder(at=at).order_by().values("member"))
