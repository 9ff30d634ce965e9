"""What the library is searched by: one row a public edition, and words that mean the same."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, OuterRef

from library.models.editions import Edition


class SearchEntryQuerySet(models.QuerySet["SearchEntry"]):
    def public(self) -> Self:
        """Entries whose edition the public may read now: a withdrawal needs no other act."""
        return self.filter(Exists(Edition.objects.public().filter(pk=OuterRef("edition"))))


class SearchEntry(models.Model):
    """What a published edition is found by and what its card shows; gone with its publication."""

    edition = models.OneToOneField(
        Edition, primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    facets = ArrayField(models.CharField(max_length=120))  # "modality:ct", "finding:crazy-paving"
    passage = models.TextField()  # summary, teaching points and what is named, without markup
    words = ArrayField(models.CharField(max_length=40))  # for help with spelling
    vector = SearchVectorField()
    first_day = models.IntegerField(null=True)  # from onset
    days = ArrayField(models.IntegerField())
    severity = models.PositiveSmallIntegerField(null=True)
    category = models.CharField(max_length=80, blank=True)
    # the public series whose thumbnail is the case's picture
    study_instance_uid = models.CharField(max_length=64)
    series_instance_uid = models.CharField(max_length=64)
    indexed_at = models.DateTimeField()

    objects = SearchEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [
            GinIndex(fields=["facets"], name="search_entry_facets"),
            GinIndex(fields=["vector"], name="search_entry_vector"),
        ]

    def __str__(self) -> str:
        return f"search entry {self.pk}"


class Synonym(models.Model):
    """A term and what it means: who searches for one finds the other, and what means the same."""

    term = models.CharField(max_length=60, unique=True)
    meaning = models.CharField(max_length=60)

    class Meta:
        ordering = ["meaning", "term"]

    def __str__(self) -> str:
        return f"synonym {self.pk}"
