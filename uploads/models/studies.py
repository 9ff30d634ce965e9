"""What uploads became: studies, series and instances, de-identified."""

from django.db import models

from uploads.models.sending import Patient, Upload, UploadedFile


class Study(models.Model):
    """One imaging study of one upload, de-identified."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="studies")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    study_instance_uid = models.CharField(max_length=64)
    study_date = models.DateField(null=True, blank=True)  # shifted by whole weeks
    modality = models.CharField(max_length=4)
    days_from_onset = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["study_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "study_instance_uid"], name="study_is_unique_in_its_upload"
            )
        ]

    def __str__(self) -> str:
        return f"study {self.pk}"


class Series(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=4)
    series_number = models.IntegerField(null=True, blank=True)
    series_description = models.CharField(max_length=64, blank=True)
    body_part_examined = models.CharField(max_length=16, blank=True)
    # set when the series' metadata object is stored: the series is whole
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["series_number", "pk"]
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "series_instance_uid"], name="series_is_unique_in_its_study"
            )
        ]

    def __str__(self) -> str:
        return f"series {self.pk}"


class Instance(models.Model):
    """One stored image: one object, whose key is built by uploads.storage alone."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="instances")
    file = models.OneToOneField(
        UploadedFile, null=True, on_delete=models.SET_NULL, related_name="instance"
    )
    sop_instance_uid = models.CharField(max_length=64)
    sop_class_uid = models.CharField(max_length=64)
    instance_number = models.IntegerField(null=True, blank=True)
    slice_position_mm = models.FloatField(null=True, blank=True)
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    number_of_frames = models.PositiveIntegerField(default=1)
    # where in the object each frame begins, and how many bytes it has
    frame_ranges = models.JSONField(default=list)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    pixel_digest = models.CharField(max_length=64)
    header = models.JSONField(default=dict)  # the de-identified DICOM JSON, without pixels

    class Meta:
        ordering = ["slice_position_mm", "instance_number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "sop_instance_uid"], name="instance_is_unique_in_its_series"
            )
        ]
        indexes = [models.Index(fields=["sop_instance_uid"])]

    def __str__(self) -> str:
        return f"instance {self.pk}"
