"""Who is given a case: two readers and, when they disagree, an adjudicator."""

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from bsti_db.accounts.models import Member
from review.lifecycle import IN_READING
from review.models.cases import Case


class Seat(models.TextChoices):
    """The places a case has to give. The letters are the names under which readings are shown."""

    READER_A = "a", "Reader A"
    READER_B = "b", "Reader B"
    ADJUDICATOR = "adjudicator", "Adjudicator"


READERS = (Seat.READER_A, Seat.READER_B)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def standing(self) -> "AssignmentQuerySet":
        """Not given back. A closed account holds a seat only with a locked reading."""
        return self.filter(Q(member__is_active=True) | self._locked(), handed_back_at=None)

    def of_the_gone(self) -> "AssignmentQuerySet":
        """What members whose account is closed can no longer do."""
        return self.filter(~self._locked(), handed_back_at=None, member__is_active=False)

    def of_readers(self) -> "AssignmentQuerySet":
        return self.filter(seat__in=READERS)

    def to_do(self) -> "AssignmentQuerySet":
        """Readings not locked, and decisions not made, of cases that are being read."""
        return self.standing().filter(~self._locked(), case__status__in=IN_READING)

    def due_between(self, first: date, last: date) -> "AssignmentQuerySet":
        """Due on one of these days, both included."""
        return self.filter(due_on__range=(first, last))

    @staticmethod
    def _locked() -> Exists:
        # by name: readings know assignments' module, not the other way round
        cases = Case.objects.filter(
            pk=OuterRef("case"),
            readings__reader=OuterRef("member"),
            readings__submitted_at__isnull=False,
        )
        return Exists(cases)


class Assignment(models.Model):
    """A seat of a case given to a member, or given back."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="assignments")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=11, choices=Seat.choices)
    assigned_at = models.DateTimeField()
    # nobody: by the rule of the least loaded
    assigned_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # before that day
    overdue_reminded_at = models.DateTimeField(null=True, blank=True)
    handed_back_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "member"],
                condition=Q(handed_back_at__isnull=True),
                name="case_is_given_to_a_member_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["case", "seat"],
                condition=Q(handed_back_at__isnull=True),
                name="seat_of_a_case_is_taken_once",
            ),
            models.CheckConstraint(
                name="seat_is_one_of_its_choices", condition=Q(seat__in=["a", "b", "adjudicator"])
            ),
            models.CheckConstraint(
                name="case_handed_back_says_why",
                condition=Q(handed_back_at__isnull=True) | ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(fields=["member", "handed_back_at"])]

    def __str__(self) -> str:
        return f"assignment {self.pk}"


class WorklistOrder(models.TextChoices):
    DUE = "due", "First due first"
    OPENED = "opened", "Longest open first"
    NUMBER = "number", "By number"


class PanelProfileQuerySet(models.QuerySet["PanelProfile"]):
    def away_on(self, *days: date) -> "PanelProfileQuerySet":
        """Of members who are away on any of these days."""
        away = Q()
        for day in days:
            away |= Q(away_from__lte=day, away_until__gte=day)
        return self.filter(away)


class PanelProfile(models.Model):
    """What a member reads, and when they are away. Without one: everything, always."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="+")
    reads_ct = models.BooleanField("CT", default=True)
    reads_radiographs = models.BooleanField("Radiographs", default=True)
    worklist_order = models.CharField(
        "Order of your worklist",
        max_length=6,
        choices=WorklistOrder.choices,
        default=WorklistOrder.DUE,
    )
    away_from = models.DateField(null=True, blank=True)
    away_until = models.DateField(null=True, blank=True)

    objects = PanelProfileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="time_away_has_both_ends_in_order",
                condition=Q(away_from=None, away_until=None)
                | Q(
                    away_from__isnull=False,
                    away_until__isnull=False,
                    away_until__gte=F("away_from"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"panel profile {self.pk}"
