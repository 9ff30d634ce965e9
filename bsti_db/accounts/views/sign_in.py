"""Signing in: a page for the password, a page for the code."""

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts import second_factor, services, sessions, throttle
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.forms import CodeForm, SignInForm
from bsti_db.accounts.middleware import (
    OPEN_TO_EXPIRED,
    OPEN_TO_PASSWORD_ONLY,
    SHOWS_MEMBER,
    open_to,
)
from bsti_db.accounts.models import Member

# one sentence for an unknown, inactive, paused or known name with a wrong password
REFUSED = (
    "This address and password do not belong together, or signing in is paused after several "
    "wrong attempts. Check both. If they are right, wait 15 minutes and try again."
)
WRONG_CODE = (
    "This code is not right, or was used before. Wait for the next one your app shows, "
    "then try again."
)
CODE_TRIES = 5
_TRIED = "codes_tried"
_NEXT = "next_page"


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@sensitive_post_parameters("password")
@open_to(OPEN_TO_PASSWORD_ONLY, OPEN_TO_EXPIRED, SHOWS_MEMBER)
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.method == "POST" and form.is_valid():
        member = _checked(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if member:
            _begin(request, member, wanted)
            return redirect("accounts:code")
        form.add_error(None, REFUSED)
    context = {"form": form, "next": safe_next(request, wanted)}
    return render(request, "accounts/sign_in.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("code")
@open_to(OPEN_TO_PASSWORD_ONLY)
def code(request: HttpRequest) -> HttpResponse:
    if request.user.is_verified():
        return redirect("home")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _code_taken(request, form.cleaned_data["code"]):
            return redirect(request.session.pop(_NEXT, "") or "home")
        if request.session.get(_TRIED, 0) >= CODE_TRIES:
            request.session.flush()
            return redirect("accounts:sign-in")
        form.add_error("code", WRONG_CODE)
    status = 422 if form.errors else 200
    return render(request, "accounts/code.html", {"form": form}, status=status)


@require_POST
@open_to(OPEN_TO_PASSWORD_ONLY, OPEN_TO_EXPIRED)
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("home")


def safe_next(request: HttpRequest, wanted: str) -> str:
    """`wanted` when it is a page of this site, otherwise nothing."""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # only a path: "https:example" and its like are relative for some readers, absolute for others
    return wanted if is_ours and wanted.startswith("/") else ""


def _checked(request: HttpRequest, email: str, password: str) -> Member | None:
    """The member, or None; the same work is done whatever the reason."""
    now = timezone.now()
    if throttle.must_wait(name=email, address=client_address(request), at=now):
        make_password(password)
        actor = Actor.nobody(address=client_address(request))
        record("member.sign_in_failed", actor=actor, subject=None, step="paused")
        return None
    member = authenticate(request, username=email, password=password)
    if member is None:
        if getattr(request, "axes_locked_out", False) and not _was_checked(request):
            make_password(password)  # the lock refuses before any hash is worked out
        request.axes_locked_out = False  # the answer is this page's, not the middleware's
        throttle.count_failure(name=email, at=now)
    return member


def _was_checked(request: HttpRequest) -> bool:
    # counted only when the password was looked at: the attempt that brought the lock about
    return bool(getattr(request, "axes_failures_since_start", None))


def _begin(request: HttpRequest, member: Member, wanted: str) -> None:
    if sessions.is_members(request.session):
        request.session.flush()
    login(request, member)
    sessions.begin(request, at=timezone.now())
    request.session[_NEXT] = safe_next(request, wanted)


def _code_taken(request: HttpRequest, typed: str) -> bool:
    now, member = timezone.now(), request.user
    actor = Actor.of_member(member, address=client_address(request))
    is_recovery = len(second_factor.fold_code(typed)) > second_factor.DIGITS
    take = second_factor.take_recovery_code if is_recovery else second_factor.take_code
    device = take(member=member, code=typed, at=now)
    if device is None:
        request.session[_TRIED] = request.session.get(_TRIED, 0) + 1
        record("member.sign_in_failed", actor=actor, subject=None, step="code")
        return False
    request.session.pop(_TRIED, None)
    services.note_sign_in(member=member, actor=actor, at=now, by_recovery_code=is_recovery)
    sessions.complete(request, device=device, at=now)
    return True
