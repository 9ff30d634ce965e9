"""Passwords: renewed when too old, changed at will, replaced when forgotten."""

import logging
from functools import partial

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts import passwords, resets, sessions, tasks
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.forms import AddressForm, ChangePasswordForm, NewPasswordForm
from bsti_db.accounts.middleware import (
    OPEN_TO_EXPIRED,
    OPEN_TO_PASSWORD_ONLY,
    SHOWS_MEMBER,
    open_to,
)

logger = logging.getLogger(__name__)
_RESETTING = "reset_token"
_anybody = open_to(OPEN_TO_PASSWORD_ONLY, OPEN_TO_EXPIRED, SHOWS_MEMBER)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
@open_to(OPEN_TO_EXPIRED)
def renew(request: HttpRequest) -> HttpResponse:
    """Where every page leads once the password is too old."""
    if not passwords.is_expired(member=request.user, at=timezone.now()):
        return redirect("accounts:change-password")
    return _changing(request, "accounts/renew_password.html")


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
def change(request: HttpRequest) -> HttpResponse:
    return _changing(request, "accounts/change_password.html")


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@_anybody
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the mail that lets one choose a new password: one answer for every address."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        member = resets.may_reset().filter(email=form.cleaned_data["email"]).first()
        actor = Actor.nobody(address=client_address(request))
        record("member.reset_asked", actor=actor, subject=None)
        ring(partial(tasks.send_reset.delay, member.pk if member else 0))
        return redirect("accounts:reset-sent")
    status = 422 if form.errors else 200
    return render(request, "accounts/forgotten.html", {"form": form}, status=status)


@require_GET
@never_cache
@login_not_required
@_anybody
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/reset_sent.html")


@require_GET
@never_cache
@login_not_required
@_anybody
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed address: the token moves into the session, out of the address bar."""
    try:
        resets.member_of(token=token)
    except resets.ResetOver:
        return render(request, "accounts/reset_over.html", status=410)
    request.session.flush()
    request.session[_RESETTING] = token
    return redirect("accounts:choose-password")


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@_anybody
@sensitive_post_parameters()
def choose(request: HttpRequest) -> HttpResponse:
    try:
        member = resets.member_of(token=request.session.get(_RESETTING, ""))
    except resets.ResetOver:
        return render(request, "accounts/reset_over.html", status=410)
    form = NewPasswordForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        passwords.reset_password(
            member=member,
            password=form.cleaned_data["new_password"],
            actor=Actor.of_member(member, address=client_address(request)),
            at=timezone.now(),
        )
        ring(partial(tasks.send_password_changed.delay, member.pk))
        request.session.flush()
        messages.success(request, "Your password is changed. Sign in with it.")
        return redirect("accounts:sign-in")
    status = 422 if form.errors else 200
    return render(request, "accounts/choose_password.html", {"form": form}, status=status)


def ring(publish: partial) -> None:
    """Publish a task once the row is committed; without a broker only the log says so."""

    def publish_mail() -> None:
        publish()

    transaction.on_commit(publish_mail, robust=True)


def _changing(request: HttpRequest, template: str) -> HttpResponse:
    member, now = request.user, timezone.now()
    form = ChangePasswordForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        device = member.otp_device
        passwords.change_password(
            member=member,
            password=form.cleaned_data["new_password"],
            actor=Actor.of_member(member, address=client_address(request)),
            at=now,
        )
        # this session goes on under a new id; the member's others ended with the old password
        update_session_auth_hash(request, member)
        sessions.complete(request, device=device, at=now)
        ring(partial(tasks.send_password_changed.delay, member.pk))
        messages.success(request, "Your password is changed. You were signed out everywhere else.")
        return redirect("accounts:account")
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
