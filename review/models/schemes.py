"""How a study may be categorised: published schemes, each version with its categories."""

from django.db import models
from django.db.models import Q


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
