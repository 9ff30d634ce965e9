"""Teaching cases, their editions, and what was copied for the public."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from bsti_db.accounts.models import Member
from library.lifecycle import EditionStatus
from review.lifecycle import CaseStatus
from review.models import Case
from uploads.dicom.graphics import GraphicType
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Series

LICENCES = [("CC-BY-4.0", "CC BY 4.0"), ("CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0")]
LICENCE_URLS = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
}


class Window(models.TextChoices):
    """The named windows; their centre and width are uploads.dicom.rendering's."""

    OWN = "own", "As stored"
    LUNG = "lung", "Lung"
    MEDIASTINUM = "mediastinum", "Mediastinum"
    BONE = "bone", "Bone"
    SOFT_TISSUE = "soft-tissue", "Soft tissue"
    PE = "pe", "PE"


class RetirementReason(models.TextChoices):
    """Why a case left the library for good, as its address says to everybody."""

    WITHDRAWN = "withdrawn", "The images were withdrawn by who gave them"
    PRIVACY = "privacy", "To protect somebody's privacy"
    OUTDATED = "outdated", "What it taught is not held to be right any more"
    REPLACED = "replaced", "Another case teaches the same better"


class TeachingCaseQuerySet(models.QuerySet["TeachingCase"]):
    def public(self) -> Self:
        """Those with a published edition all of whose images may be shown."""
        return self.filter(Exists(Edition.objects.public().filter(teaching_case=OuterRef("pk"))))


class TeachingCase(models.Model):
    """A case that teaches. Its number and slug are its address for ever."""

    number = models.PositiveIntegerField(unique=True)
    slug = models.SlugField(max_length=60)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    retirement_reason = models.CharField(
        max_length=10, choices=RetirementReason.choices, blank=True
    )

    objects = TeachingCaseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                name="teaching_case_is_retired_for_a_reason",
                condition=Q(retired_at=None, retirement_reason="")
                | Q(retired_at__isnull=False, retirement_reason__in=RetirementReason.values),
            )
        ]

    def __str__(self) -> str:
        return f"teaching case {self.number}"


class EditionQuerySet(models.QuerySet["Edition"]):
    def public(self) -> Self:
        """Published editions whose case is accepted and none of whose uploads was withdrawn."""
        hidden = EditionSeries.objects.filter(edition=OuterRef("pk")).exclude(
            series__study__upload__status=UploadStatus.ACCEPTED
        )
        return self.filter(
            ~Exists(hidden),
            status=EditionStatus.PUBLISHED,
            teaching_case__case__status=CaseStatus.ACCEPTED,
        )

    def readable(self) -> Self:
        """Public editions and the older ones they replaced, which keep their address."""
        live = Edition.objects.public().filter(teaching_case=OuterRef("teaching_case"))
        hidden = EditionSeries.objects.filter(edition=OuterRef("pk")).exclude(
            series__study__upload__status=UploadStatus.ACCEPTED
        )
        return self.filter(
            Exists(live),
            ~Exists(hidden),
            status__in=[EditionStatus.PUBLISHED, EditionStatus.SUPERSEDED],
        )

    def on_show(self) -> Self:
        """Those whose case was not set aside or erased: its words may identify somebody too."""
        return self.filter(teaching_case__case__in=Case.objects.with_images())

    def on_the_desk(self) -> Self:
        """What editors work on."""
        return self.filter(status__in=[EditionStatus.DRAFT, EditionStatus.PROPOSED])

    def due_for_review(self) -> Self:
        """Public editions whose text was to be looked at again by now."""
        return self.public().filter(review_by__lte=timezone.localdate())

    def to_publish(self) -> Self:
        """Approved, its day come, and not yet copied to the public bucket."""
        return self.filter(
            Q(publish_on=None) | Q(publish_on__lte=timezone.localdate()),
            status__in=[EditionStatus.PROPOSED, EditionStatus.SUSPENDED],
            publication_asked_at__isnull=False,
        )


class Edition(models.Model):
    """One version of a teaching case: never changed once published."""

    teaching_case = models.ForeignKey(
        TeachingCase, on_delete=models.PROTECT, related_name="editions"
    )
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=10, choices=EditionStatus.choices, default=EditionStatus.DRAFT
    )
    title = models.CharField(max_length=120, blank=True)
    summary = models.CharField(max_length=400, blank=True)
    # Markdown
    key_points = models.TextField(max_length=2000, blank=True)
    differential = models.TextField(max_length=4000, blank=True)
    discussion = models.TextField(max_length=8000, blank=True)
    # one a line, as `library.references` reads them
    references = models.TextField(max_length=4000, blank=True)
    licence = models.CharField(max_length=20, choices=LICENCES)
    author = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    proposed_at = models.DateTimeField(null=True, blank=True)
    returned_comment = models.TextField(max_length=2000, blank=True)
    publisher = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    publication_asked_at = models.DateTimeField(null=True, blank=True)
    # not before this day; at once without one
    publish_on = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    # when the desk is asked whether the text is still right
    review_by = models.DateField(null=True, blank=True)
    # why it could not be published, in words for the publisher
    problem = models.CharField(max_length=300, blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["teaching_case", "number"], name="edition_number_is_used_once"
            ),
            models.UniqueConstraint(
                fields=["teaching_case"],
                condition=Q(status="published"),
                name="one_edition_of_a_case_is_published",
            ),
            models.UniqueConstraint(
                fields=["teaching_case"],
                condition=Q(status__in=["draft", "proposed"]),
                name="one_edition_of_a_case_is_on_the_desk",
            ),
            models.CheckConstraint(
                name="edition_status_is_one_of_its_choices",
                condition=Q(status__in=EditionStatus.values),
            ),
            models.CheckConstraint(
                name="edition_is_not_published_by_its_author",
                condition=Q(publisher__isnull=True) | ~Q(publisher=F("author")),
            ),
            models.CheckConstraint(
                name="edition_is_published_by_somebody_at_a_time",
                condition=Q(status__in=["draft", "proposed"])
                | Q(publisher__isnull=False, published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.pk}"

    @property
    def is_due_for_review(self) -> bool:
        return self.review_by is not None and self.review_by <= timezone.localdate()


class EditionSeries(models.Model):
    """A series an edition shows, in the order of the page."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="shown_series")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "series"], name="series_is_shown_once_in_an_edition"
            )
        ]

    def __str__(self) -> str:
        return f"shown series {self.pk}"


class Tool(models.TextChoices):
    """What something was drawn with; how that is a graphic is in `library.annotating`."""

    ARROW = "arrow", "Arrow"
    LENGTH = "length", "Length"
    ELLIPSE = "ellipse", "Ellipse"
    RECTANGLE = "rectangle", "Rectangle"
    POLYGON = "polygon", "Polygon"
    TEXT = "text", "Text"


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def drawn(self) -> Self:
        """What is there now; what was rubbed out can be brought back."""
        return self.filter(rubbed_out_at__isnull=True)


class Annotation(models.Model):
    """Something drawn on one frame: SCOORD in a row (DICOM PS3.3 C.18.6).

    What graphics each tool draws, that they are closed, finite and within the image is checked
    by the database itself (migration 0002).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="annotations")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=1)
    tool = models.CharField(max_length=10, choices=Tool.choices)
    graphic_type = models.CharField(
        max_length=10, choices=[(t.value, t.value) for t in GraphicType]
    )
    # column, row, column, row, …; (0, 0) is the outer corner of the first pixel
    graphic_data = ArrayField(models.FloatField())
    text = models.CharField(max_length=200, blank=True)
    drawn_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    # the last hand on it
    changed_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    rubbed_out_at = models.DateTimeField(null=True, blank=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["drawn_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="annotation_has_the_pairs_of_its_graphic_type",
                condition=Q(graphic_type="POINT", graphic_data__len=2)
                | Q(graphic_type="MULTIPOINT", graphic_data__len__gte=2)
                | Q(graphic_type="POLYLINE", graphic_data__len__gte=4)
                | Q(graphic_type="CIRCLE", graphic_data__len=4)
                | Q(graphic_type="ELLIPSE", graphic_data__len=8),
            ),
            models.CheckConstraint(
                name="annotation_is_the_graphic_of_its_tool",
                condition=Q(tool="text", graphic_type="POINT")
                | Q(tool__in=["arrow", "length"], graphic_type="POLYLINE", graphic_data__len=4)
                | Q(tool="ellipse", graphic_type="ELLIPSE")
                | Q(tool="rectangle", graphic_type="POLYLINE", graphic_data__len=10)
                | Q(tool="polygon", graphic_type="POLYLINE", graphic_data__len__gte=8),
            ),
            models.CheckConstraint(
                name="annotation_frames_count_from_one", condition=Q(frame__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"annotation {self.pk}"


class TeachingPoint(models.Model):
    """A sentence or two bound to one image and window, and perhaps to something drawn there."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="teaching_points")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=1000)  # Markdown
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=1)
    window = models.CharField(max_length=12, choices=Window.choices, default=Window.OWN)
    # the image in words, for who cannot see it
    alt_text = models.CharField(max_length=300, blank=True)
    annotation = models.ForeignKey(
        Annotation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "position"], name="teaching_point_has_a_place_of_its_own"
            ),
            models.CheckConstraint(name="frames_count_from_one", condition=Q(frame__gte=1)),
        ]

    def __str__(self) -> str:
        return f"teaching point {self.pk}"


class IntruderCheck(models.Model):
    """The motivated-intruder checklist of one edition, as the second person answered it."""

    QUESTIONS = [
        ("no_names", "No name, initials, date, place or number of a person, anywhere in the text"),
        ("no_pixels", "I looked at every series: no text, face, jewellery or device names anybody"),
        (
            "not_rare",
            "The condition and the history together are not so rare that they name a person",
        ),
        (
            "not_small",
            "The trust is not so small, or so rarely a contributor, that it names a person",
        ),
        ("no_news", "Nothing of this was in the news or in social media, as far as I can find"),
        ("no_dates", "Days and intervals only: no calendar date and nothing that gives one away"),
        (
            "neighbour",
            "A neighbour, a colleague or a journalist could not name the patient from this",
        ),
    ]

    edition = models.OneToOneField(Edition, on_delete=models.PROTECT, related_name="intruder_check")
    checked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()
    answers = models.JSONField()  # {question: true}

    def __str__(self) -> str:
        return f"intruder check {self.pk}"
