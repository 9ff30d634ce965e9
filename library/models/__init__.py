"""The public teaching library: cases, their editions, what was copied, and how it is found."""

from library.models.concerns import Concern, ConcernQuerySet
from library.models.copies import DocumentKind, PublishedDocument, PublishedImage, image_count
from library.models.editions import (
    LICENCE_URLS,
    LICENCES,
    Annotation,
    AnnotationQuerySet,
    Edition,
    EditionQuerySet,
    EditionSeries,
    IntruderCheck,
    RetirementReason,
    TeachingCase,
    TeachingCaseQuerySet,
    TeachingPoint,
    Tool,
    Window,
)
from library.models.searching import SearchEntry, SearchEntryQuerySet, Synonym

__all__ = [
    "LICENCES",
    "LICENCE_URLS",
    "Annotation",
    "AnnotationQuerySet",
    "Concern",
    "ConcernQuerySet",
    "DocumentKind",
    "Edition",
    "EditionQuerySet",
    "EditionSeries",
    "IntruderCheck",
    "PublishedDocument",
    "PublishedImage",
    "RetirementReason",
    "SearchEntry",
    "SearchEntryQuerySet",
    "Synonym",
    "TeachingCase",
    "TeachingCaseQuerySet",
    "TeachingPoint",
    "Tool",
    "Window",
    "image_count",
]
