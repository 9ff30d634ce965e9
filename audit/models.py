"""The trail's rows are django-auditlog's LogEntry; what we ask of them is here."""

from datetime import datetime
from typing import Self

from auditlog.models import LogEntry
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from audit.actors import Actor, ActorKind


class TrailQuerySet(models.QuerySet[LogEntry]):
    """Questions to the trail. It has no writing method: `audit.services.record` is the way in."""

    def by_member(self, member_id: int) -> Self:
        return self.filter(actor_id=member_id)

    def by_or_about_member(self, member_id: int) -> Self:
        """What a member did, and what was done to their account."""
        about = Q(content_type__app_label="accounts", content_type__model="member")
        return self.filter(Q(actor_id=member_id) | about & Q(object_pk=str(member_id)))

    def by_submitter(self, submitter_id: str) -> Self:
        return self.filter(
            additional_data__actor_kind=ActorKind.SUBMITTER.value,
            additional_data__actor_key=submitter_id,
        )

    def with_verb(self, verb: str) -> Self:
        """Acts of one verb ("upload.accepted"), or of one noun ("upload")."""
        if "." in verb:
            return self.filter(additional_data__verb=verb)
        return self.filter(additional_data__verb__startswith=f"{verb}.")

    def about(self, kind: str, key: str = "") -> Self:
        """Acts about one kind of subject (its model's name), or about one subject of it."""
        rows = self.filter(content_type__model=kind)
        return rows.filter(object_pk=key) if key else rows

    def between(self, start: datetime | None, end: datetime | None) -> Self:
        rows = self
        if start:
            rows = rows.filter(timestamp__gte=start)
        if end:
            rows = rows.filter(timestamp__lt=end)
        return rows


def trail() -> TrailQuerySet:
    """The whole trail, newest first."""
    return (
        TrailQuerySet(LogEntry)
        .select_related("content_type", "actor")
        .order_by("-timestamp", "-pk")
    )


def trail_for(actor: Actor) -> TrailQuerySet:
    """The trail as the actor may see it; a later stage says what is hidden from whom."""
    hidden = import_string(settings.TRAIL_VEIL)(actor)
    return trail() if hidden is None else trail().exclude(hidden)


def no_rows() -> TrailQuerySet:
    """What a question that makes no sense finds."""
    return trail().none()


class Seal(models.Model):
    """What a row of the trail was when it was committed: written by the database's trigger alone.

    `hash` is of the sequence, the hash before and every column of the row, so that one row that
    was changed, taken out or put in breaks the chain from there on.
    """

    sequence = models.BigIntegerField(primary_key=True)
    # no foreign key: a seal outlives a row that somebody deleted, and then tells
    entry = models.BigIntegerField(unique=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"seal {self.sequence}"


class Anchor(models.Model):
    """A signed segment of the sealed trail in the write-once bucket; the object is what counts."""

    first = models.BigIntegerField(primary_key=True)
    last = models.BigIntegerField()
    head = models.CharField(max_length=64)
    object_key = models.CharField(max_length=60, unique=True)
    key_id = models.CharField(max_length=40)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"anchor {self.object_key}"


class Verification(models.Model):
    """That the trail was verified, and what was found."""

    at = models.DateTimeField()
    is_whole = models.BooleanField()
    rows = models.BigIntegerField()
    anchors = models.IntegerField()
    anchored = models.BigIntegerField()
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"verification {self.pk}"
