"""The upload's status and the moves it may make."""

from django.db.models import TextChoices

from audit.lifecycles import Lifecycle


class UploadStatus(TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Being checked"
    HELD = "held", "Held for a person's check"
    QUERIED = "queried", "Waiting for the submitter's answer"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


_S = UploadStatus

UPLOAD_LIFECYCLE = Lifecycle(
    "upload",
    {
        (_S.DRAFT, _S.SUBMITTED): "upload.submitted",
        (_S.DRAFT, _S.WITHDRAWN): "upload.withdrawn",
        (_S.DRAFT, _S.EXPIRED): "upload.expired",
        (_S.SUBMITTED, _S.HELD): "upload.held",
        (_S.SUBMITTED, _S.ACCEPTED): "upload.accepted",
        (_S.SUBMITTED, _S.REFUSED): "upload.refused",
        (_S.SUBMITTED, _S.WITHDRAWN): "upload.withdrawn",
        (_S.HELD, _S.ACCEPTED): "upload.accepted",
        (_S.HELD, _S.REFUSED): "upload.refused",
        (_S.HELD, _S.QUERIED): "upload.queried",
        (_S.HELD, _S.WITHDRAWN): "upload.withdrawn",
        (_S.HELD, _S.EXPIRED): "upload.expired",
        (_S.QUERIED, _S.HELD): "upload.answered",
        (_S.QUERIED, _S.WITHDRAWN): "upload.withdrawn",
        (_S.QUERIED, _S.EXPIRED): "upload.expired",
        (_S.ACCEPTED, _S.HELD): "upload.held",
        (_S.ACCEPTED, _S.WITHDRAWN): "upload.withdrawn",
    },
)
