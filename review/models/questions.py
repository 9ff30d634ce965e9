"""What the panel asks the trust about a case while it is being read."""

from django.db import models
from django.db.models import Q

from bsti_db.accounts.models import Member
from review.models.cases import Case
from uploads.lifecycle import UploadStatus
from uploads.models import Upload


class CaseQuestionQuerySet(models.QuerySet["CaseQuestion"]):
    def waiting(self) -> "CaseQuestionQuerySet":
        """Those that the submitter may answer: not of an upload that was withdrawn."""
        return self.filter(closed_at=None, upload__status=UploadStatus.ACCEPTED)

    def awaiting_mail(self) -> "CaseQuestionQuerySet":
        """Questions whose submitter, answers whose asker knows nothing of them yet."""
        unasked = Q(closed_at=None, mailed_at=None, upload__status=UploadStatus.ACCEPTED)
        return self.filter(unasked | Q(told_at=None) & ~Q(answer=""))


class CaseQuestion(models.Model):
    """A question about the studies of one upload, and the submitter's answer."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="questions")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500)
    asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    # set by the answer, or when the panel goes on without one
    closed_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # the asker, of the answer

    objects = CaseQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(closed_at__isnull=True),
                name="case_has_one_open_question_at_most",
            ),
            models.CheckConstraint(
                name="only_a_closed_question_of_a_case_is_answered",
                condition=Q(answer="") | Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.pk}"
