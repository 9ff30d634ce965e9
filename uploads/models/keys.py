"""What is known of pseudonym keys: their ids and times, never the keys themselves."""

from django.db import models


class PseudonymKey(models.Model):
    """One key that was made here, until it is destroyed and after."""

    key_id = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField(null=True, blank=True)  # unknown for the first one
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"pseudonym key {self.pk}"
