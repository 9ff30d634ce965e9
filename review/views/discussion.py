"""The discussion as the page of a settled case shows it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from review.blinding import may_discuss, remarks_visible_to
from review.eligibility import panel
from review.forms import RemarkForm
from review.models import MAY_CHAIR, Case, Remark
from review.services import discussing


def discussion_of(request: HttpRequest, found: Case, forms: dict[str, Any]) -> dict[str, Any]:
    """The thread, whom one may mention, and the forms; nothing before the case is settled.

    Words that were sent while the case was opened again are shown once more, so none is lost.
    """
    if not may_discuss(found) and not any(key.startswith("remark_form") for key in forms):
        return {}
    now = timezone.now()
    is_chair = request.user.has_perm(MAY_CHAIR)
    remarks = remarks_visible_to(found, request.actor).select_related("author")
    return {
        "is_discussed": True,
        "remarks": [_shown(row, request, forms, now, is_chair=is_chair) for row in remarks],
        "remark_form": forms.get("remark_form") or RemarkForm(prefix="remark"),
        "to_mention": panel().exclude(pk=request.user.pk).order_by("name"),
        "changeable_minutes": int(settings.REMARK_CHANGEABLE.total_seconds() // 60),
    }


def _shown(
    row: Remark, request: HttpRequest, forms: dict[str, Any], now: datetime, *, is_chair: bool
) -> dict[str, Any]:
    may_change = discussing.may_change(row, request.actor, at=now)
    sent = forms.get(f"remark_form_{row.pk}")
    form = RemarkForm(prefix=f"remark-{row.pk}", initial={"text": row.text})
    return {
        "row": row,
        # words that came too late are shown once more, to be copied into a new remark
        "form": sent or (form if may_change else None),
        "is_open": bool(sent),
        "may_withdraw": row.withdrawn_at is None and (may_change or is_chair),
    }
