"""Cases, the studies they hold, and who may see or read them."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Subquery, Value

from audit.actors import Actor
from bsti_db.accounts.models import Member
from review.lifecycle import IN_READING, SETTLED, CaseStatus
from review.models.schemes import ReportingScheme
from uploads.lifecycle import UploadStatus
from uploads.models import Patient, Study

MAY_READ = "accounts.review_read"
MAY_CHAIR = "accounts.review_chair"
TEACHING_VALUE = 3  # of 5: from here on an editor is asked


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, actor: Actor) -> "CaseQuerySet":
        """The cases a member may look at (decision 4).

        One whose studies were all withdrawn is left to the chair, who has to settle it.
        """
        member = actor.member
        if member is None or not (member.has_perm(MAY_READ) or member.has_perm(MAY_CHAIR)):
            return self.none()
        if member.has_perm(MAY_CHAIR):
            return self.exclude(status=CaseStatus.ERASED)
        cases = self.filter(_has_a_study_left())
        read_by_them, given = _read_by(member), _given_to(member)
        return cases.filter(
            Q(status=CaseStatus.ACCEPTED)
            | Q(status=CaseStatus.DECLINED) & read_by_them
            | Q(status__in=IN_READING) & (read_by_them | given) & ~_sent_by_their_own(member)
        )

    def with_images(self) -> "CaseQuerySet":
        """Cases whose images may be shown: identifiers seen or erased pull them everywhere."""
        return self.exclude(status__in=[CaseStatus.SET_ASIDE, CaseStatus.ERASED])

    def readable_by(self, member: Member) -> "CaseQuerySet":
        """Open cases given to this member to read, and not read by them yet."""
        return self.filter(
            _given_to(member, seat__in=["a", "b"]),
            ~_read_by(member),
            ~_sent_by_their_own(member),
            _has_a_study_left(),
            status=CaseStatus.OPEN,
        )

    def to_adjudicate_by(self, member: Member) -> "CaseQuerySet":
        """Discordant cases given to this member to decide."""
        return self.filter(
            _given_to(member, seat="adjudicator"),
            ~_sent_by_their_own(member),
            _has_a_study_left(),
            status=CaseStatus.DISCORDANT,
        )

    def of_own_trust(self, member: Member) -> "CaseQuerySet":
        """Cases the member may not read or decide, for where they came from."""
        return self.filter(_sent_by_their_own(member))

    def set_aside(self) -> "CaseQuerySet":
        """Cases in which the panel saw whom they show, the longest waiting first."""
        return self.filter(status=CaseStatus.SET_ASIDE).order_by("set_aside_at")

    def awaiting_curators(self) -> "CaseQuerySet":
        """Cases set aside of which no curator was told yet."""
        return self.set_aside().filter(curators_told_at=None)

    def accepted(self) -> "CaseQuerySet":
        """Cases the panel accepted, with a study left to show."""
        return self.filter(_has_a_study_left(), status=CaseStatus.ACCEPTED)

    def of_teaching_value(self) -> "CaseQuerySet":
        """Accepted cases whose newest verdict calls for an editor."""
        newest = Case.objects.filter(pk=OuterRef("pk")).order_by(
            "-verdicts__decided_at", "-verdicts__pk"
        )
        return (
            self.accepted()
            .alias(verdict_value=Subquery(newest.values("verdicts__teaching_value")[:1]))
            .filter(verdict_value__gte=TEACHING_VALUE)
        )


def _given_to(member: Member, **seat: Any) -> Exists:
    given = {f"assignments__{name}": value for name, value in seat.items()}
    cases = Case.objects.filter(
        pk=OuterRef("pk"),
        assignments__member=member,
        assignments__handed_back_at__isnull=True,
        **given,
    )
    return Exists(cases)


def _read_by(member: Member) -> Exists:
    """Whether a reading of theirs is locked."""
    cases = Case.objects.filter(
        pk=OuterRef("pk"), readings__reader=member, readings__submitted_at__isnull=False
    )
    return Exists(cases)


def _has_a_study_left() -> Exists:
    return Exists(CaseStudy.objects.shown().filter(case=OuterRef("pk")))


def _sent_by_their_own(member: Member) -> Exists:
    """Whether a study of the case came from the member's organisation, or from themselves.

    A submitter's trust counts whether it is confirmed or only claimed (decision 6).
    """
    studies = CaseStudy.objects.filter(case=OuterRef("pk"))
    own = Q(study__upload__submitter__email__iexact=member.email)
    if member.organisation_id is not None:
        own |= (
            Q(study__patient__organisation=member.organisation_id)
            | Q(study__upload__organisation=member.organisation_id)
            | Q(study__upload__submitter__organisation=member.organisation_id)
        )
    return Exists(studies.filter(own))


class Case(models.Model):
    """One patient's studies, read together."""

    Status = CaseStatus

    class SetAsideReason(models.TextChoices):
        TEXT_IN_IMAGE = "text_in_image", "Text in the image identifies somebody"
        FACE = "face", "A face can be recognised"
        CLINICAL_CONTEXT = "clinical_context", "The clinical context identifies somebody"
        OTHER = "other", "Something else identifies somebody"

    number = models.PositiveIntegerField(
        unique=True, db_default=Func(Value("review_case_number"), function="nextval")
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    status = models.CharField(max_length=10, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)
    set_aside_by = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_aside_reason = models.CharField(max_length=20, choices=SetAsideReason.choices, blank=True)
    set_aside_where = models.CharField(max_length=200, blank=True)
    curators_told_at = models.DateTimeField(null=True, blank=True)  # that it was set aside

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                name="case_status_is_one_of_its_choices", condition=Q(status__in=CaseStatus.values)
            ),
            models.CheckConstraint(
                name="accepted_or_declined_case_says_when",
                condition=~Q(status__in=SETTLED) | Q(settled_at__isnull=False),
            ),
            models.CheckConstraint(
                name="case_set_aside_says_why_and_by_whom",
                condition=~Q(status=CaseStatus.SET_ASIDE)
                | Q(set_aside_at__isnull=False, set_aside_by__isnull=False)
                & ~Q(set_aside_reason=""),
            ),
            models.CheckConstraint(
                name="case_does_not_follow_itself", condition=~Q(follows=F("pk"))
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(status__in=IN_READING),
                name="patient_has_one_case_in_reading",
            ),
        ]
        indexes = [models.Index(fields=["status", "opened_at"])]

    def __str__(self) -> str:
        return f"case {self.number}"


class CaseStudyQuerySet(models.QuerySet["CaseStudy"]):
    def shown(self) -> "CaseStudyQuerySet":
        """Those whose upload still stands: a withdrawn or held upload's studies vanish at once."""
        return self.filter(study__upload__status=UploadStatus.ACCEPTED)

    def in_order(self) -> "CaseStudyQuerySet":
        """By days from onset, then by date: the axis of a case."""
        return self.order_by(
            F("study__days_from_onset").asc(nulls_last=True),
            F("study__study_date").asc(nulls_last=True),
            "study__pk",
        )


class CaseStudy(models.Model):
    """Says that a case holds a study."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="case_studies")
    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="+")
    # set when the case is opened: all its readers read by one version
    scheme = models.ForeignKey(
        ReportingScheme, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    scoring = models.ForeignKey(
        ReportingScheme, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = CaseStudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "case studies"

    def __str__(self) -> str:
        return f"case study {self.pk}"

    def scheme_read_by(self) -> ReportingScheme | None:
        """The scheme version of this study; of a case opened before they were kept, today's."""
        return self.scheme or ReportingScheme.objects.default_for(self.study.modality).first()


def is_recused(case: Case, member: Member) -> bool:
    """Whether the member may not read or decide the case, for where it came from."""
    return Case.objects.filter(_sent_by_their_own(member), pk=case.pk).exists()


def patients_to_open(actor: Actor) -> models.QuerySet[Patient]:
    """Patients with an accepted study that no case holds; not of the actor's own trust.

    The chair sees them all: opening is not reading.
    """
    member = actor.member
    if member is None or not (member.has_perm(MAY_READ) or member.has_perm(MAY_CHAIR)):
        return Patient.objects.none()
    patients = Patient.objects.filter(Exists(studies_to_open().filter(patient=OuterRef("pk"))))
    if member.has_perm(MAY_CHAIR) or member.organisation_id is None:
        return patients
    return patients.exclude(organisation=member.organisation_id)


def studies_to_open() -> models.QuerySet[Study]:
    """Accepted studies that no case holds."""
    held = CaseStudy.objects.filter(study=OuterRef("pk"))
    return Study.objects.filter(~Exists(held), upload__status=UploadStatus.ACCEPTED)
