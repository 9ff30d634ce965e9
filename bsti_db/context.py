"""What the page frame (base.html) needs on every page."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from bsti_db.accounts.middleware import SHOWS_MEMBER
from bsti_db.accounts.passwords import renew_by

PUBLIC = [("Library", "library:cases"), ("Send images", "uploads:start"), ("About", "about")]
MEMBERS = [
    ("Panel", "review:worklist", "accounts.review_read"),
    ("Held files", "held-uploads", "accounts.uploads_handle_held"),
    ("Desk", "library:desk", "accounts.library_edit"),
    ("Desk", "library:desk", "accounts.library_publish"),
    ("Audit trail", "audit:trail", "accounts.audit_read"),
    ("Members", "accounts:members", "accounts.accounts_administer"),
    ("Schemes", "review:schemes", "accounts.accounts_administer"),
]


def page(request: HttpRequest) -> dict[str, Any]:
    """The navigation and who is signed in; asked of the session only on pages that show it."""
    is_public = is_public_page(request)
    return {
        "navigation": SimpleLazyObject(lambda: _navigation(request, is_public)),
        "signed_in_name": "" if is_public else SimpleLazyObject(lambda: _name(request)),
        # called when the frame is drawn
        "renew_password_by": lambda: None if is_public else _renew_password_by(request),
        "is_demonstration": settings.IS_DEMONSTRATION,
        "is_public_page": is_public,
    }


def is_public_page(request: HttpRequest) -> bool:
    """Whether the page is the same for everybody, so that caches may keep it."""
    match = getattr(request, "resolver_match", None)
    if match is None or getattr(match.func, "login_required", True):
        return False
    return match.app_name in ("", "library") and not getattr(match.func, SHOWS_MEMBER, False)


def _name(request: HttpRequest) -> str:
    member = getattr(request, "user", None)
    if member is None or not member.is_authenticated or not member.is_verified():
        return ""
    return member.name


def _renew_password_by(request: HttpRequest) -> datetime | None:
    return renew_by(member=request.user, at=timezone.now()) if _name(request) else None


def _navigation(request: HttpRequest, is_public: bool) -> list[dict[str, Any]]:
    entries = list(PUBLIC)
    if not is_public and _name(request):
        entries += [(label, name) for label, name, asked in MEMBERS if request.user.has_perm(asked)]
    links = {}
    for label, name in entries:
        address = _address(name)
        if address:
            links.setdefault(label, address)
    current = _current(request.path, list(links.values()))
    return [
        {"label": label, "url": address, "current": address == current}
        for label, address in links.items()
    ]


def _current(path: str, addresses: list[str]) -> str:
    within = [address for address in addresses if path.startswith(address)]
    return max(within, key=len, default="")


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
