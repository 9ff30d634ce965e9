"""The public teaching library: cases, their editions, what was copied, and how it is found."""

from library.models.concerns import Concern, ConcernQuerySet
from library.models.editions import (
    LICENCE_URLS,
    LICENCES,
    Annotation,
    AnnotationQuerySet,
    DocumentKind,
    Edition,
    EditionQuerySet,
    EditionSeries,
    IntruderCheck,
    PublishedDocument,
    PublishedImage,
    TeachingCase,
    TeachingCaseQuerySet,
    TeachingPoint,
    Tool,
    Window,
    image_count,
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
