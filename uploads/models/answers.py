"""What is asked about an upload, and what its submitter answers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from uploads.models.sending import Upload


class ClinicalRecord(models.Model):
    """The clinical context of an upload; a correction is a new version, the newest is shown."""

    class Known(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        NOT_KNOWN = "not_known", "Not known"

    class Sex(models.TextChoices):
        FEMALE = "F", "Female"
        MALE = "M", "Male"
        OTHER = "O", "Other"
        NOT_KNOWN = "not_known", "Not known"

    class RtPcr(models.TextChoices):
        POSITIVE = "positive", "Positive"
        NEGATIVE = "negative", "Negative"
        NOT_DONE = "not_done", "Not done"
        NOT_KNOWN = "not_known", "Not known"

    class Smoking(models.TextChoices):
        NEVER = "never", "Never smoked"
        EX = "ex", "Ex-smoker"
        CURRENT = "current", "Current smoker"
        NOT_KNOWN = "not_known", "Not known"

    class Oxygen(models.TextChoices):
        ROOM_AIR = "room_air", "Room air"
        MASK = "mask", "Nasal cannula or mask"
        CPAP = "cpap", "CPAP or non-invasive ventilation"
        INVASIVE = "invasive", "Invasive ventilation"
        NOT_KNOWN = "not_known", "Not known"

    class ImagingOutcome(models.TextChoices):
        DISCHARGED = "discharged", "Discharged"
        ITU = "itu", "Intensive care"
        DIED = "died", "Died"
        IN_HOSPITAL = "in_hospital", "Still in hospital"
        NOT_KNOWN = "not_known", "Not known"

    SYMPTOMS = [
        ("cough", "Cough"),
        ("fever", "Fever"),
        ("dyspnoea", "Breathlessness"),
        ("fatigue", "Fatigue"),
        ("anosmia", "Loss of smell or taste"),
        ("none", "None"),
        ("not_known", "Not known"),
    ]

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="clinical_records")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    age_years = models.PositiveSmallIntegerField(null=True, blank=True)  # 90 means 90 or over
    sex = models.CharField(max_length=9, choices=Sex.choices)
    rt_pcr = models.CharField("SARS-CoV-2 RT-PCR", max_length=9, choices=RtPcr.choices)
    days_from_onset_to_swab = models.SmallIntegerField(null=True, blank=True)
    days_from_onset = models.PositiveSmallIntegerField(
        null=True, blank=True
    )  # first study; null: not known
    symptoms = models.JSONField(default=list)
    hypertension = models.CharField(max_length=9, choices=Known.choices)
    cardiovascular_disease = models.CharField(max_length=9, choices=Known.choices)
    chronic_lung_disease = models.CharField(max_length=9, choices=Known.choices)
    diabetes = models.CharField(max_length=9, choices=Known.choices)
    chronic_kidney_disease = models.CharField(max_length=9, choices=Known.choices)
    immunosuppressed = models.CharField(max_length=9, choices=Known.choices)
    smoking = models.CharField(max_length=9, choices=Smoking.choices)
    oxygen_support = models.CharField(max_length=9, choices=Oxygen.choices)
    outcome = models.CharField(max_length=11, choices=ImagingOutcome.choices)
    clinical_history = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "version"], name="clinical_record_version_is_used_once"
            ),
            models.CheckConstraint(
                name="age_over_89_is_90", condition=Q(age_years__isnull=True) | Q(age_years__lte=90)
            ),
            models.CheckConstraint(
                name="days_from_onset_are_0_to_365",
                condition=Q(days_from_onset__isnull=True) | Q(days_from_onset__lte=365),
            ),
        ]

    def __str__(self) -> str:
        return f"clinical record {self.pk}"


class UploadQuestion(models.Model):
    """What a curator asks about a held upload, and the answer. Its texts go with the upload."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="questions")
    text = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    # set by the answer, or when a curator goes on without one
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload"],
                condition=Q(closed_at__isnull=True),
                name="upload_has_one_open_question_at_most",
            ),
            models.CheckConstraint(
                name="only_a_closed_question_is_answered",
                condition=Q(answer="") | Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.pk}"
