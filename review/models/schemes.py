"""How a study may be categorised: published schemes, each version with its categories."""

from django.db import models
from django.db.models import Q


class Severity(models.IntegerChoices):
    """The BSTI's subjective grade."""

    MILD = 1, "Mild"
    MODERATE = 2, "Moderate"
    SEVERE = 3, "Severe"


class Confidence(models.IntegerChoices):
    """How sure a reader is of a category. No category is ever derived from it."""

    LOW = 1, "Low"
    MODERATE = 2, "Moderate"
    HIGH = 3, "High"


class ReportingSchemeQuerySet(models.QuerySet["ReportingScheme"]):
    def default_for(self, modality: str) -> "ReportingSchemeQuerySet":
        """The scheme version in use for a study's modality."""
        # computed and digital radiography are read by one scheme
        modality = {"DX": "CR"}.get(modality, modality)
        return self.filter(modality=modality, kind="category", is_default=True)

    def scores_for(self, modality: str) -> "ReportingSchemeQuerySet":
        """The version of the score by regions in use for a study's modality."""
        modality = {"DX": "CR"}.get(modality, modality)
        return self.filter(modality=modality, kind="score", is_default=True)


class ReportingScheme(models.Model):
    """One version of a published way to categorise a chest study, or to score it by regions.

    The categories of a score are its grades. A trigger freezes it once a case holds it.
    """

    class Kind(models.TextChoices):
        CATEGORY = "category", "Category of the study"
        SCORE = "score", "Score by regions"

    class Modality(models.TextChoices):
        CT = "CT", "CT"
        RADIOGRAPH = "CR", "Radiograph (CR, DX)"

    code = models.SlugField(max_length=20)
    modality = models.CharField(max_length=2, choices=Modality.choices)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CATEGORY)
    version = models.CharField(max_length=10)
    name = models.CharField(max_length=60)
    is_default = models.BooleanField(default=False)  # what the reading form of its modality asks
    is_frozen = models.BooleanField(default=False)

    objects = ReportingSchemeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="scheme_version_is_used_once"),
            models.UniqueConstraint(
                fields=["modality", "kind"],
                condition=Q(is_default=True),
                name="modality_is_read_by_one_version",
            ),
            models.CheckConstraint(
                name="scheme_modality_is_one_of_its_choices", condition=Q(modality__in=["CT", "CR"])
            ),
            models.CheckConstraint(
                name="scheme_is_of_one_kind", condition=Q(kind__in=["category", "score"])
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


class Region(models.Model):
    """A part of the lungs that a score grades by itself."""

    scheme = models.ForeignKey(ReportingScheme, on_delete=models.PROTECT, related_name="regions")
    code = models.SlugField(max_length=20)
    label = models.CharField(max_length=60)
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["scheme", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "code"], name="region_code_is_used_once_in_its_scheme"
            )
        ]

    def __str__(self) -> str:
        return f"region {self.pk}"


class FindingCodeQuerySet(models.QuerySet["FindingCode"]):
    def offered(self, kind: str) -> "FindingCodeQuerySet":
        return self.filter(kind=kind, is_active=True)


class FindingCode(models.Model):
    """A coded finding, site or distribution. One without a free code has its meaning only."""

    class Kind(models.TextChoices):
        FINDING = "finding", "Finding"
        SITE = "site", "Site"
        DISTRIBUTION = "distribution", "Distribution"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    designator = models.CharField("Coding scheme", max_length=10, blank=True)  # DCM, SCT
    code = models.CharField(max_length=20, null=True, blank=True)
    meaning = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    order = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    is_frozen = models.BooleanField(default=False)

    objects = FindingCodeQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "meaning", "version"], name="meaning_is_used_once_in_a_version"
            ),
            models.UniqueConstraint(
                fields=["kind", "meaning"],
                condition=Q(is_active=True),
                name="meaning_is_offered_once_in_its_list",
            ),
            models.UniqueConstraint(
                fields=["kind", "designator", "code"],
                condition=Q(is_active=True, code__isnull=False),
                name="code_is_offered_once_in_its_list",
            ),
            models.CheckConstraint(
                name="code_comes_with_its_coding_scheme",
                condition=Q(code=None, designator="")
                | Q(code__isnull=False, designator__in=["DCM", "SCT"]),
            ),
        ]

    def __str__(self) -> str:
        return f"finding code {self.pk}"
