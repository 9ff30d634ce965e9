"""A published edition as schema.org describes learning resources, for search engines."""

import json
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from library import citing, showing
from library.models import LICENCE_URLS, Edition

_CONTEXT = "https://schema.org"
# what ends a script element, or starts a comment in one, must not stand in it
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def absolute(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def of_edition(edition: Edition, series: list[dict[str, Any]]) -> dict[str, Any]:
    """The page as LearningResource and MedicalWebPage; `series` as showing.stack_series gives."""
    source = showing.source(edition)
    licence = LICENCE_URLS[edition.licence]
    publisher = {"@type": "Organization", "name": citing.AUTHOR, "url": absolute("/")}
    return {
        "@context": _CONTEXT,
        "@type": ["LearningResource", "MedicalWebPage"],
        "@id": source.url,
        "url": absolute(showing.edition_url(edition)),
        "name": edition.title,
        "description": edition.summary,
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "learningResourceType": "Teaching case",
        "educationalUse": "Self-study",
        "version": str(edition.number),
        "datePublished": timezone.localdate(edition.published_at).isoformat(),
        "license": licence,
        "author": publisher,
        "publisher": publisher,
        "citation": citing.in_words(source),
        "about": {
            "@type": "MedicalCondition",
            "name": "COVID-19",
            "code": {
                "@type": "MedicalCode",
                "codeValue": "840539006",
                "codingSystem": "SNOMED-CT",
            },
        },
        "audience": {"@type": "MedicalAudience", "audienceType": "Clinician"},
        "isPartOf": {"@type": "WebSite", "name": citing.COLLECTION, "url": absolute("/")},
        "image": [_image(each, licence, publisher, edition) for each in series],
    }


def _image(
    series: dict[str, Any], licence: str, publisher: dict[str, str], edition: Edition
) -> dict[str, Any]:
    return {
        "@type": "ImageObject",
        "contentUrl": absolute(series["thumbnail_url"]),
        "name": f"{series['label']}, {series['study']}",
        "encodingFormat": "image/png",
        "license": licence,
        "acquireLicensePage": absolute(showing.edition_url(edition)),
        "creditText": citing.COLLECTION,
        "copyrightNotice": publisher["name"],
        "creator": publisher,
    }


def as_script(content: dict[str, Any]) -> SafeString:
    """JSON that can stand in a script element, whatever its texts hold."""
    written = json.dumps(content, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(written)  # noqa: S308  (escaped just now)
