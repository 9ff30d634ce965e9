"""What was copied for the public of an edition: its images, and documents about them."""

from django.db import models
from django.db.models import Sum

from library.models.editions import Edition
from uploads.models import Instance


class PublishedImage(models.Model):
    """One image of a published edition: the only place where private and public UIDs meet."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="images")
    instance = models.ForeignKey(Instance, null=True, on_delete=models.SET_NULL, related_name="+")
    study_instance_uid = models.CharField(max_length=64)
    series_instance_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    study_position = models.PositiveSmallIntegerField()
    series_position = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()  # from 1, along the series
    number_of_frames = models.PositiveIntegerField(default=1)
    modality = models.CharField(max_length=4)
    series_label = models.CharField(max_length=80)
    days_from_onset = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ["series_position", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "sop_instance_uid"], name="image_is_published_once_an_edition"
            )
        ]

    def __str__(self) -> str:
        return f"published image {self.pk}"


class DocumentKind(models.TextChoices):
    REPORT = "report", "Measurement report (DICOM SR)"
    PRESENTATION = "presentation", "Presentation state (DICOM GSPS)"


class PublishedDocument(models.Model):
    """A DICOM document about the images of one study of a published edition."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=12, choices=DocumentKind.choices)
    study_position = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()  # from 1, among those of its kind and study
    sop_instance_uid = models.CharField(max_length=64)  # its own, and its object's key
    size_bytes = models.PositiveIntegerField()

    class Meta:
        ordering = ["study_position", "-kind", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "kind", "study_position", "number"],
                name="document_has_an_address_of_its_own_in_an_edition",
            )
        ]

    def __str__(self) -> str:
        return f"published document {self.pk}"


def image_count(edition: Edition) -> int:
    """How many images (frames) an edition shows."""
    return edition.images.aggregate(total=Sum("number_of_frames"))["total"] or 0
