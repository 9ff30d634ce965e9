"""The expert panel: cases, who reads them, what they read, and how a case was settled."""

from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Subquery, Value

from audit.actors import Actor
from bsti_db.accounts.models import Member
from review.lifecycle import IN_READING, SETTLED, CaseStatus
from uploads.lifecycle import UploadStatus
from uploads.models import Patient, Study

MAY_READ = "accounts.review_read"
MAY_CHAIR = "accounts.review_chair"
TEACHING_VALUE = 3  # of 5: from here on an editor is asked
_SEVERITY_OR_NONE = Q(severity__isnull=True) | Q(severity__range=(1, 3))
_TEACHING_VALUE_OR_NONE = Q(teaching_value__isnull=True) | Q(teaching_value__range=(1, 5))


class Severity(models.IntegerChoices):
    """The BSTI's subjective grade."""

    MILD = 1, "Mild"
    MODERATE = 2, "Moderate"
    SEVERE = 3, "Severe"


class ReportingSchemeQuerySet(models.QuerySet["ReportingScheme"]):
    def default_for(self, modality: str) -> "ReportingSchemeQuerySet":
        """The newest version of the panel's own scheme for a study's modality, first."""
        # computed and digital radiography are read by one scheme
        modality = {"DX": "CR"}.get(modality, modality)
        return self.filter(modality=modality, is_default=True).order_by("-version", "-pk")


class ReportingScheme(models.Model):
    """One version of a published way to categorise a chest study."""

    class Modality(models.TextChoices):
        CT = "CT", "CT"
        RADIOGRAPH = "CR", "Radiograph (CR, DX)"

    code = models.SlugField(max_length=20)
    modality = models.CharField(max_length=2, choices=Modality.choices)
    version = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    is_default = models.BooleanField(default=False)  # what the reading form of its modality asks
    is_frozen = models.BooleanField(default=False)

    objects = ReportingSchemeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="scheme_version_is_used_once"),
            models.CheckConstraint(
                name="scheme_modality_is_one_of_its_choices", condition=Q(modality__in=["CT", "CR"])
            ),
        ]

    def __str__(self) -> str:
        return f"scheme {self.code} {self.version}"


class Category(models.Model):
    """One answer of a scheme. `code` is the published one: BSTI CT has two called CVCX1."""

    scheme = models.ForeignKey(ReportingScheme, on_delete=models.PROTECT, related_name="categories")
    code = models.CharField(max_length=20)
    label = models.CharField(max_length=60)
    help = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["scheme", "order"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "label"], name="category_label_is_used_once_in_its_scheme"
            ),
            models.UniqueConstraint(
                fields=["scheme", "order"], name="category_order_is_used_once_in_its_scheme"
            ),
        ]

    def __str__(self) -> str:
        return f"category {self.pk}"


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
        read_by_them = Reading.objects.filter(
            case=OuterRef("pk"), reader=member, submitted_at__isnull=False
        )
        return cases.filter(
            Q(status=CaseStatus.ACCEPTED)
            | Q(status=CaseStatus.DECLINED) & Exists(read_by_them)
            | Q(status__in=IN_READING) & ~_sent_by_their_own(member)
        )

    def with_images(self) -> "CaseQuerySet":
        """Cases whose images may be shown: identifiers seen or erased pull them everywhere."""
        return self.exclude(status__in=[CaseStatus.SET_ASIDE, CaseStatus.ERASED])

    def readable_by(self, member: Member) -> "CaseQuerySet":
        """Open cases this member may still read: not their trust's, not done, not given back."""
        done = Reading.objects.filter(
            case=OuterRef("pk"), reader=member, submitted_at__isnull=False
        )
        given_back = Assignment.objects.filter(
            case=OuterRef("pk"), reader=member, handed_back_at__isnull=False
        )
        return self.filter(
            ~_sent_by_their_own(member),
            ~Exists(done),
            ~Exists(given_back),
            _has_a_study_left(),
            status=CaseStatus.OPEN,
        )

    def accepted(self) -> "CaseQuerySet":
        """Cases the panel accepted, with a study left to show."""
        return self.filter(_has_a_study_left(), status=CaseStatus.ACCEPTED)

    def of_teaching_value(self) -> "CaseQuerySet":
        """Accepted cases whose newest verdict calls for an editor."""
        newest = Verdict.objects.filter(case=OuterRef("pk")).order_by("-decided_at", "-pk")
        return (
            self.accepted()
            .alias(verdict_value=Subquery(newest.values("teaching_value")[:1]))
            .filter(verdict_value__gte=TEACHING_VALUE)
        )


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

    objects = CaseStudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "case studies"

    def __str__(self) -> str:
        return f"case study {self.pk}"


class Assignment(models.Model):
    """A case given to a reader, or given back."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="assignments")
    reader = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    handed_back_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "reader"],
                condition=Q(handed_back_at__isnull=True),
                name="case_is_given_to_a_reader_once_at_a_time",
            ),
            models.CheckConstraint(
                name="case_handed_back_says_why",
                condition=Q(handed_back_at__isnull=True) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reading", "study"], name="study_is_assessed_once_in_a_reading"
            ),
            models.CheckConstraint(
                name="severity_of_an_assessment_is_1_to_3", condition=_SEVERITY_OR_NONE
            ),
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"


class Verdict(models.Model):
    """How a case was settled. Never changed: an override adds one, and the newest rules."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accept"
        DECLINED = "declined", "Decline"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="verdicts")
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.TextField(max_length=2000)
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
            models.CheckConstraint(name="verdict_has_a_reason", condition=~Q(reason="")),
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
    patients = Patient.objects.filter(Exists(studies_to_open(OuterRef("pk"))))
    if member.has_perm(MAY_CHAIR) or member.organisation_id is None:
        return patients
    return patients.exclude(organisation=member.organisation_id)


def studies_to_open(patient: Patient | OuterRef) -> models.QuerySet[Study]:
    """A patient's accepted studies that no case holds."""
    held = CaseStudy.objects.filter(study=OuterRef("pk"))
    return Study.objects.filter(
        ~Exists(held), patient=patient, upload__status=UploadStatus.ACCEPTED
    )
