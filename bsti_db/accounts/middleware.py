"""What every request passes: who acts, whether the session lasts, whether it is a whole one."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts import sessions
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.passwords import is_expired

# the marks that decorators leave on views
OPEN_TO_PASSWORD_ONLY = "is_open_to_password_only"
OPEN_TO_EXPIRED = "is_open_to_expired_password"
SHOWS_MEMBER = "shows_member"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Answer = Callable[[HttpRequest], HttpResponse]


def open_to(*marks: str) -> Callable[[Any], Any]:
    """Decorate a view that also answers sessions other views refuse."""

    def mark(view: Any) -> Any:
        for name in marks:
            setattr(view, name, True)
        return view

    return mark


class ActorMiddleware:
    """Gives `request.actor`, worked out when first asked: public pages touch no session."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = client_address(request)
        request.actor = SimpleLazyObject(
            lambda: sessions.actor_of(request, address=address, at=timezone.now())
        )
        return self.get_response(request)


class SessionLimitsMiddleware:
    """Ends a member's session that is idle or too old, and keeps its pages out of caches."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "is_for_members", False) and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not _is_for_members(view):
            return None
        request.is_for_members = True
        if not sessions.is_members(request.session):
            return None
        now = timezone.now()
        reason = sessions.end_of(request.session, at=now)
        if reason:
            _end(request, reason)
        elif not is_background(request):
            sessions.keep_alive(request.session, at=now)
        return None


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Signed in is the default. A program is told so; a person is led to sign in."""

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        # asked first: a page for everybody must not touch the session, or no cache may keep it
        if not getattr(view, "login_required", True):
            return None
        return super().process_view(request, view, args, kwargs)

    def handle_no_permission(self, request: HttpRequest, view: Any) -> HttpResponse:
        if is_for_programs(request):
            return unauthorised("Sign in first.")
        if request.headers.get("HX-Request"):
            return _reloaded(super().handle_no_permission(request, view))
        return super().handle_no_permission(request, view)


class SecondFactorMiddleware:
    """A password alone, or an expired one, reaches nothing but the pages that cure it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not _is_for_members(view) or not request.user.is_authenticated:
            return None
        if not request.user.is_verified():
            if getattr(view, OPEN_TO_PASSWORD_ONLY, False):
                return None
            return _led(request, "accounts:code", "Give the second factor first.")
        if is_expired(member=request.user, at=timezone.now()):
            if getattr(view, OPEN_TO_EXPIRED, False):
                return None
            return _led(request, "accounts:renew-password", "The password must be renewed first.")
        return None


class RefusalMiddleware:
    """Writes into the trail that a member was refused a page for want of the right to it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        # a forged form is no act of the member's: nobody may fill the trail in their name
        is_refusal = response.status_code == 403 and not getattr(request, "is_forged", False)
        if is_refusal and match and request.actor.member:
            # the name of the page, not its address, in which anything may stand
            method = request.method if request.method in _METHODS else "other"
            page = match.view_name or "unnamed"
            record("page.refused", actor=request.actor, subject=None, page=page, method=method)
        return response


def is_background(request: HttpRequest) -> bool:
    """Whether a page asked by itself, without its reader: a fragment that refreshes, a prefetch."""
    fragment = request.method == "GET" and request.headers.get("HX-Request") == "true"
    prefetched = "prefetch" in request.headers.get("Sec-Purpose", "")
    return fragment or prefetched or "X-Background" in request.headers


def is_for_programs(request: HttpRequest) -> bool:
    """Whether the answer is for a program (DICOMweb, JSON), which follows no redirect to a page."""
    accepted = request.headers.get("Accept", "")
    return "/dicom-web/" in request.path or (
        "text/html" not in accepted
        and any(kind in accepted for kind in ("json", "dicom", "multipart/related"))
    )


def unauthorised(detail: str) -> HttpResponse:
    response = JsonResponse({"detail": detail}, status=401)
    response["WWW-Authenticate"] = 'Session realm="members"'
    return response


def _is_for_members(view: Any) -> bool:
    return getattr(view, "login_required", True) or getattr(view, SHOWS_MEMBER, False)


def _end(request: HttpRequest, reason: str) -> None:
    member = request.user
    if member.is_authenticated:
        actor = Actor.of_member(member, address=client_address(request))
        record("member.timed_out", actor=actor, subject=member, reason=reason)
    request.session.flush()
    request.user = AnonymousUser()


def _led(request: HttpRequest, name: str, detail: str) -> HttpResponse:
    if is_for_programs(request):
        return unauthorised(detail)
    response = redirect(name)
    return _reloaded(response) if request.headers.get("HX-Request") else response


def _reloaded(response: HttpResponse) -> HttpResponse:
    # htmx would put the sign-in page into the fragment; this makes it load the whole page
    answer = HttpResponse(status=401)
    answer["HX-Redirect"] = response["Location"]
    return answer
