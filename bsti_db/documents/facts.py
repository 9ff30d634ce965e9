"""What the documents say about this installation, read from what it runs on."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from bsti_db.accounts.resets import LASTS as RESET_LASTS
from bsti_db.accounts.services import INVITATION_LASTS
from uploads.dicom.deid.pseudonyms import MAX_SHIFT_WEEKS, MIN_SHIFT_WEEKS
from uploads.entrance import IDLE_LIMIT
from uploads.services.deciding import ANSWER_KEPT, DRAFT_KEPT, HELD_KEPT
from uploads.services.entry import CODE_LIFETIME
from uploads.tasks import OPEN_TRANSFER_KEPT

_MIB, _GIB = 1024**2, 1024**3


def facts() -> dict[str, Any]:
    """Every value a document may name, with its unit, as words."""
    return _people() | _uploads() | _site()


def _people() -> dict[str, str]:
    days = settings.PASSWORD_MAX_AGE_DAYS
    return {
        "password_characters": str(_validator("MinimumLengthValidator")["min_length"]),
        "passwords_remembered": str(_validator("HistoryValidator")["remembered"]),
        "password_renewal": f"must be renewed every {days} days" if days else "need no renewal",
        "password_notices": _notices() if days and settings.PASSWORD_NOTICE_DAYS else "",
        "idle": span(settings.IDLE_TIMEOUT),
        "absolute": span(settings.ABSOLUTE_TIMEOUT),
        "sign_in_failures": str(settings.AXES_FAILURE_LIMIT),
        "sign_in_pause": span(settings.AXES_COOLOFF_TIME),
        "invitation": span(INVITATION_LASTS),
        "reset": span(RESET_LASTS),
        "code": span(CODE_LIFETIME),
        "submitter_idle": span(IDLE_LIMIT),
    }


def _notices() -> str:
    *first, last = (str(days) for days in settings.PASSWORD_NOTICE_DAYS)
    return f"{', '.join(first)} and {last} days" if first else f"{last} days"


def _uploads() -> dict[str, str]:
    return {
        "draft_kept": span(DRAFT_KEPT),
        "held_kept": f"{span(HELD_KEPT)} ({span(HELD_KEPT + ANSWER_KEPT)} with questions)",
        "open_transfer_kept": span(OPEN_TRANSFER_KEPT),
        "part": f"{settings.UPLOAD_PART_BYTES // _MIB} MiB",
        "upload_files": f"{settings.UPLOAD_MAX_FILES:,}",
        "upload_size": f"{settings.UPLOAD_MAX_BYTES // _GIB} GB",
        "file_attempts": str(settings.UPLOAD_FILE_ATTEMPTS),
        "shift_least": f"{MIN_SHIFT_WEEKS} weeks",
        "shift_most": f"{MAX_SHIFT_WEEKS} weeks",
    }


def _site() -> dict[str, Any]:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return {
        "region": settings.S3_REGION,
        "hsts": span(timedelta(seconds=settings.SECURE_HSTS_SECONDS)),
        "cookies": f"{settings.SESSION_COOKIE_NAME} and {settings.CSRF_COOKIE_NAME}",
        "token_cookie": span(timedelta(seconds=settings.CSRF_COOKIE_AGE)),
        "cookies_secure": settings.SESSION_COOKIE_SECURE,
        "scripts_from": " ".join(directives["script-src"]).replace("'self'", "this site alone"),
        "is_demonstration": settings.IS_DEMONSTRATION,
        "buckets": ", ".join(settings.S3_BUCKETS),
    }


def span(length: timedelta) -> str:
    """A length of time in the largest unit that divides it: 90 days, 20 minutes, 1 hour."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds and seconds % size == 0:
            number = seconds // size
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return "none"


def _validator(name: str) -> dict[str, Any]:
    """The options of one password rule."""
    return next(
        rule.get("OPTIONS", {})
        for rule in settings.AUTH_PASSWORD_VALIDATORS
        if rule["NAME"].endswith(f".{name}")
    )
