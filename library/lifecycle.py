"""The edition's status and the moves it may make."""

from django.db.models import TextChoices

from audit.lifecycles import Lifecycle


class EditionStatus(TextChoices):
    DRAFT = "draft", "Draft"
    PROPOSED = "proposed", "Proposed"
    PUBLISHED = "published", "Published"
    SUSPENDED = "suspended", "Suspended"
    SUPERSEDED = "superseded", "Superseded"
    RETIRED = "retired", "Retired"


_S = EditionStatus

EDITION_LIFECYCLE = Lifecycle(
    "edition",
    {
        (_S.DRAFT, _S.PROPOSED): "edition.proposed",
        (_S.PROPOSED, _S.DRAFT): "edition.returned",
        (_S.PROPOSED, _S.PUBLISHED): "edition.published",
        (_S.PUBLISHED, _S.SUSPENDED): "edition.suspended",
        (_S.PUBLISHED, _S.SUPERSEDED): "edition.superseded",
        (_S.PUBLISHED, _S.RETIRED): "edition.retired",
        (_S.SUPERSEDED, _S.SUSPENDED): "edition.suspended",
        (_S.SUPERSEDED, _S.RETIRED): "edition.retired",
        (_S.SUSPENDED, _S.PUBLISHED): "edition.reinstated",
        (_S.SUSPENDED, _S.RETIRED): "edition.retired",
    },
)
