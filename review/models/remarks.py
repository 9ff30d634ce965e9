"""What the panel says to each other about a case that is settled."""

from django.db import models
from django.db.models import Q

from bsti_db.accounts.models import Member
from review.models.cases import Case


class Remark(models.Model):
    """One contribution to a case's discussion. Withdrawn, its text is gone and its place stays."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="remarks")
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=2000, blank=True)
    written_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["written_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="remark_says_something_or_is_withdrawn",
                condition=Q(withdrawn_at=None) & ~Q(text="")
                | Q(withdrawn_at__isnull=False, text=""),
            )
        ]

    def __str__(self) -> str:
        return f"remark {self.pk}"


class RemarkNoticeQuerySet(models.QuerySet["RemarkNotice"]):
    def due(self) -> "RemarkNoticeQuerySet":
        return self.filter(mailed_at=None, remark__withdrawn_at=None)


class RemarkNotice(models.Model):
    """That somebody is told of a remark: they are mentioned, or take part in the discussion."""

    remark = models.ForeignKey(Remark, on_delete=models.CASCADE, related_name="notices")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    is_mention = models.BooleanField()
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = RemarkNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["remark", "member"], name="member_is_told_of_a_remark_once"
            )
        ]
        indexes = [models.Index(fields=["mailed_at", "member"])]

    def __str__(self) -> str:
        return f"remark notice {self.pk}"
