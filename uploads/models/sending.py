"""Who sends, what they send, and the files of it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.actors import Actor, ActorKind
from bsti_db.accounts.models import Organisation
from uploads.lifecycle import UploadStatus


class Submitter(models.Model):
    """A person of a trust who proved an NHS address with a typed code. They have no account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=100)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    is_organisation_confirmed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "organisation"], name="submitter_is_one_address_at_one_trust"
            )
        ]

    def __str__(self) -> str:
        return f"submitter {self.pk}"


class EntryCode(models.Model):
    """A typed code that was mailed to an NHS address; it opens one session, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=100)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    client = models.GenericIPAddressField(null=True, blank=True)
    digest = models.CharField(max_length=64)  # keyed: the code itself is nowhere but in the mail
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["email", "created_at"])]
        constraints = [
            models.CheckConstraint(name="code_is_tried_5_times_at_most", condition=Q(tries__lte=5))
        ]

    def __str__(self) -> str:
        return f"entry code {self.pk}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, actor: Actor) -> "UploadQuerySet":
        """A submitter's own uploads; members see uploads through their own stage's pages."""
        if actor.kind is not ActorKind.SUBMITTER:
            return self.none()
        return self.filter(submitter_id=actor.key)

    def accepted(self) -> "UploadQuerySet":
        return self.filter(status=UploadStatus.ACCEPTED)

    def held(self) -> "UploadQuerySet":
        return self.filter(status=UploadStatus.HELD)

    def undecided(self) -> "UploadQuerySet":
        """Uploads that wait for a curator, or for an answer to a curator's question."""
        return self.filter(status__in=[UploadStatus.HELD, UploadStatus.QUERIED])

    def asked_to_be_withdrawn(self) -> "UploadQuerySet":
        """Uploads whose submitter asked for withdrawal after publication, still to be decided."""
        return self.accepted().filter(withdrawal_asked_at__isnull=False)

    def awaiting_mail(self) -> "UploadQuerySet":
        """Uploads whose submitter has not been told of the status they are in."""
        told = [
            UploadStatus.SUBMITTED,
            UploadStatus.HELD,
            UploadStatus.QUERIED,
            UploadStatus.ACCEPTED,
            UploadStatus.REFUSED,
        ]
        return self.filter(status__in=told).exclude(mailed_status=models.F("status"))


class Patient(models.Model):
    """One pseudonymous patient of one organisation."""

    pseudonym = models.CharField(max_length=40, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"patient {self.pk}"


class Returning(models.TextChoices):
    """Whether an upload is of a patient whose images its trust has sent before."""

    ASKED = "asked", "The trust has not said yet whether it is the same patient as before"
    SAME = "same", "The trust says that it is the same patient as before"
    OTHER = "other", "The trust says that it is another patient than before"
    NOT_KNOWN = "not_known", "The trust does not know whether it is the same patient as before"


class Upload(models.Model):
    """What one submitter sends at one time about one patient."""

    Status = UploadStatus

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=14, unique=True)  # U-XXXX-XXXX, for mail and telephone
    submitter = models.ForeignKey(Submitter, on_delete=models.PROTECT, related_name="uploads")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=12, choices=UploadStatus.choices, default=UploadStatus.DRAFT
    )
    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_asked_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    caldicott_reference = models.CharField("Caldicott approval", max_length=100, blank=True)
    caldicott_role = models.CharField("role of the person who approved", max_length=100, blank=True)
    licence = models.CharField(
        max_length=20,
        choices=[("CC-BY-4.0", "CC BY 4.0"), ("CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0")],
        default="CC-BY-NC-SA-4.0",
    )
    may_credit_organisation = models.BooleanField(default=False)
    pseudonym_key_id = models.CharField(max_length=40, blank=True)  # pinned at submission
    # what the trust says of earlier images under the same pseudonym; blank when there are none
    returning = models.CharField(max_length=10, choices=Returning.choices, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)  # a worker has it until then
    reason = models.CharField(max_length=40, blank=True)  # the code of a hold or refusal
    # how long questions have stopped the clock of a hold
    paused = models.DurationField(default=timedelta)
    mailed_status = models.CharField(max_length=12, blank=True)  # the last one the mails told

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="upload_status_is_one_of_its_choices",
                condition=Q(status__in=UploadStatus.values),
            ),
            models.CheckConstraint(
                name="upload_past_draft_is_declared",
                condition=Q(
                    status__in=[UploadStatus.DRAFT, UploadStatus.WITHDRAWN, UploadStatus.EXPIRED]
                )
                | Q(declared_at__isnull=False, submitted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.reference}"


class UploadedFile(models.Model):
    """One file as it was sent, or one member of a zip. Called "file 12" after settling."""

    class Outcome(models.TextChoices):
        ARRIVING = "arriving", "Arriving"
        WAITING = "waiting", "Waiting"
        EXPANDED = "expanded", "Expanded"  # a zip whose members are files of their own
        ACCEPTED = "accepted", "Accepted"
        DUPLICATE = "duplicate", "Already in the database"
        HELD = "held", "Held"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    number = models.PositiveIntegerField()
    # a source value: seen by its submitter only, deleted at settling
    name = models.CharField(max_length=1024, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    multipart_id = models.CharField(max_length=255, blank=True)
    # whether it begins as a zip does; None when nobody saw its beginning yet
    is_zip = models.BooleanField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.ARRIVING)
    reason = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    report = models.JSONField(null=True, blank=True)  # what was removed: tags and counts, no values
    patient_key = models.CharField(max_length=64, blank=True)  # keyed: one upload, one patient
    series_key = models.CharField(max_length=64, blank=True)  # the pseudonym of its series
    # what a curator is shown: size and frames drawn, and where text is suspected
    picture = models.JSONField(null=True, blank=True)
    text_boxes = models.JSONField(default=list, blank=True)
    # what a curator drew; the revision tells what was seen before from what was seen after
    masks = models.JSONField(default=list, blank=True)
    masks_revision = models.PositiveSmallIntegerField(default=0)
    masked_at = models.DateTimeField(null=True, blank=True)
    masked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    leased_until = models.DateTimeField(null=True, blank=True)  # a worker has it until then
    # a person looked at a held file and let it go on
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # a member of a zip: where its bytes lie in the container
    container = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="members"
    )
    entry = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="file_number_is_used_once"),
            models.CheckConstraint(
                name="released_by_and_at_come_together",
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
            ),
            models.CheckConstraint(
                name="masked_by_and_at_come_together",
                condition=Q(masked_at__isnull=True, masked_by__isnull=True)
                | Q(masked_at__isnull=False, masked_by__isnull=False),
            ),
            models.CheckConstraint(
                name="file_outcome_is_one_of_its_choices",
                condition=Q(
                    outcome__in=[
                        "arriving",
                        "waiting",
                        "expanded",
                        "accepted",
                        "duplicate",
                        "held",
                        "refused",
                    ]
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["upload", "outcome"]),
            models.Index(fields=["upload", "sha256"]),
        ]

    def __str__(self) -> str:
        return f"file {self.number}"


class FilePart(models.Model):
    """One part (at most 8 MiB) of a file that has arrived."""

    file = models.ForeignKey(UploadedFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    etag = models.CharField(max_length=100)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="part_number_is_used_once")
        ]

    def __str__(self) -> str:
        return f"part {self.number}"
