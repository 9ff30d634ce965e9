"""What visitors report about a public case."""

from django.db import models
from django.db.models import Q

from bsti_db.accounts.models import Member
from library.models.editions import TeachingCase


class ConcernQuerySet(models.QuerySet["Concern"]):
    def open(self) -> "ConcernQuerySet":
        """Those nobody has dealt with, who may be identified first."""
        return self.filter(closed_at=None).order_by(
            models.Case(models.When(kind=Concern.Kind.IDENTIFIES, then=0), default=1),
            "reported_at",
        )


class Concern(models.Model):
    """A visitor's concern: no name and no address; its words go when it is closed."""

    class Kind(models.TextChoices):
        IDENTIFIES = "identifies", "Somebody could be identified"
        MISTAKE = "mistake", "Something is wrong in the images or the text"
        RIGHTS = "rights", "The images or the text should not be used here"
        OTHER = "other", "Something else"

    teaching_case = models.ForeignKey(TeachingCase, on_delete=models.PROTECT, related_name="+")
    edition_number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(max_length=1000, blank=True)
    reported_at = models.DateTimeField()
    # of the client and the hour: it counts within the hour, and tells nothing after it
    client_digest = models.CharField(max_length=64)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ConcernQuerySet.as_manager()

    class Meta:
        ordering = ["reported_at"]
        indexes = [models.Index(fields=["reported_at"], name="concern_reported_at")]
        constraints = [
            models.CheckConstraint(
                name="concern_is_closed_by_somebody_and_without_its_words",
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False, text=""),
            ),
            models.CheckConstraint(
                name="concern_kind_is_one_of_its_choices",
                condition=Q(kind__in=["identifies", "mistake", "rights", "other"]),
            ),
        ]

    def __str__(self) -> str:
        return f"concern {self.pk}"
