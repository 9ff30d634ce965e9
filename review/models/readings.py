"""Who reads a case, what they say of it, and what was decided."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bsti_db.accounts.models import Member
from review.models.cases import Case
from review.models.schemes import (
    Category,
    Confidence,
    FindingCode,
    Region,
    ReportingScheme,
    Severity,
)
from uploads.dicom.graphics import GraphicType
from uploads.models import Instance, Study

_SEVERITY_OR_NONE = Q(severity__isnull=True) | Q(severity__range=(1, 3))
_TEACHING_VALUE_OR_NONE = Q(teaching_value__isnull=True) | Q(teaching_value__range=(1, 5))


class Reading(models.Model):
    """What one reader says of a case. A draft until submitted; then a trigger locks it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    include = models.BooleanField(null=True, blank=True)
    teaching_value = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.TextField(max_length=4000, blank=True)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "reader"], name="case_is_read_once_by_a_reader"
            ),
            models.CheckConstraint(
                name="teaching_value_of_a_reading_is_1_to_5", condition=_TEACHING_VALUE_OR_NONE
            ),
            models.CheckConstraint(
                name="submitted_reading_says_whether_to_include",
                condition=Q(submitted_at__isnull=True) | Q(include__isnull=False),
            ),
            models.CheckConstraint(
                name="submitted_reading_to_include_has_a_teaching_value",
                condition=Q(submitted_at__isnull=True)
                | Q(include=False)
                | Q(teaching_value__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"reading {self.pk}"


class Addendum(models.Model):
    """A correction of a locked reading, beside it. Never changed."""

    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, related_name="addenda")
    text = models.TextField(max_length=2000)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["written_at", "pk"]
        verbose_name_plural = "addenda"
        constraints = [
            models.CheckConstraint(name="addendum_says_something", condition=~Q(text=""))
        ]

    def __str__(self) -> str:
        return f"addendum {self.pk}"


class Assessment(models.Model):
    """What a reading says of one study. Without a category only while the reading is a draft.

    That the category is of the scheme is a foreign key of two columns, made in a migration.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="assessments")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    scheme = models.ForeignKey(ReportingScheme, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    severity = models.PositiveSmallIntegerField(null=True, blank=True, choices=Severity.choices)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True, choices=Confidence.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="confidence_of_an_assessment_is_1_to_3",
                condition=Q(confidence=None) | Q(confidence__range=(1, 3)),
            ),
            models.UniqueConstraint(
                fields=["reading", "study"], name="study_is_assessed_once_in_a_reading"
            ),
            models.CheckConstraint(
                name="severity_of_an_assessment_is_1_to_3", condition=_SEVERITY_OR_NONE
            ),
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"


class Score(models.Model):
    """The grade of one region. Both are of one scheme: a foreign key of two columns each."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="scores")
    scheme = models.ForeignKey(ReportingScheme, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    grade = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["region__order"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "region"], name="region_is_graded_once_in_an_assessment"
            )
        ]

    def __str__(self) -> str:
        return f"score {self.pk}"


class Finding(models.Model):
    """A coded finding of a reading, of a study or placed on one frame (SCOORD, PS3.3 C.18.6).

    That it lies within an image of its study is checked by the database itself (migration 0009).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="findings")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    finding = models.ForeignKey(FindingCode, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(
        FindingCode, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    distribution = models.ForeignKey(
        FindingCode, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    instance = models.ForeignKey(
        Instance, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    frame = models.PositiveIntegerField(null=True, blank=True)
    tool = models.CharField(max_length=10, blank=True)
    graphic_type = models.CharField(
        max_length=10, blank=True, choices=[(each.value, each.value) for each in GraphicType]
    )
    # column, row, column, row, …; (0, 0) is the outer corner of the first pixel
    graphic_data = ArrayField(models.FloatField(), default=list, blank=True)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["found_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="finding_is_placed_wholly_or_not_at_all",
                condition=Q(
                    instance=None, frame=None, tool="", graphic_type="", graphic_data__len=0
                )
                | Q(instance__isnull=False, frame__gte=1)
                & (
                    Q(tool__in=["arrow", "length"], graphic_type="POLYLINE", graphic_data__len=4)
                    | Q(tool="ellipse", graphic_type="ELLIPSE", graphic_data__len=8)
                    | Q(tool="rectangle", graphic_type="POLYLINE", graphic_data__len=10)
                    | Q(tool="polygon", graphic_type="POLYLINE", graphic_data__len__gte=8)
                ),
            )
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"


class Verdict(models.Model):
    """How a case was settled. Never changed: an override adds one, and the newest rules."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accept"
        DECLINED = "declined", "Decline"

    class Basis(models.TextChoices):
        AGREEMENT = "agreement", "Two readings that agree"
        ADJUDICATION = "adjudication", "The adjudicator’s decision"
        CHAIR = "chair", "The chair’s decision"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="verdicts")
    basis = models.CharField(max_length=12, choices=Basis.choices, default=Basis.CHAIR)
    # nobody: two readings agreed
    decided_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.TextField(max_length=2000, blank=True)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    severity = models.PositiveSmallIntegerField(null=True, blank=True, choices=Severity.choices)
    teaching_value = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="verdict_accepts_or_declines",
                condition=Q(outcome__in=["accepted", "declined"]),
            ),
            models.CheckConstraint(
                name="verdict_has_a_reason_unless_readings_agree",
                condition=Q(basis="agreement", reason="") | ~Q(basis="agreement") & ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="verdict_is_somebodys_unless_readings_agree",
                condition=Q(basis="agreement", decided_by=None)
                | Q(basis__in=["adjudication", "chair"], decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="severity_of_a_verdict_is_1_to_3", condition=_SEVERITY_OR_NONE
            ),
            models.CheckConstraint(
                name="teaching_value_of_a_verdict_is_1_to_5", condition=_TEACHING_VALUE_OR_NONE
            ),
            models.CheckConstraint(
                name="accepting_verdict_has_a_teaching_value",
                condition=Q(outcome="declined") | Q(teaching_value__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"verdict {self.pk}"


class Opening(models.Model):
    """A study seen by a member in one sitting: what makes its audit row exactly one."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+")
    sitting = models.CharField(max_length=64)  # a hash of the session's key, never the key
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "study", "sitting"], name="study_is_opened_once_a_sitting"
            )
        ]

    def __str__(self) -> str:
        return f"opening {self.pk}"
