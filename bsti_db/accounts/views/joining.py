"""The one visit of an invitation: a password, then the second factor, then the codes for later."""

import io

import segno
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from audit.actors import Actor
from bsti_db.accounts import second_factor, services
from bsti_db.accounts.addresses import client_address
from bsti_db.accounts.forms import CodeForm, JoinForm
from bsti_db.accounts.middleware import (
    OPEN_TO_EXPIRED,
    OPEN_TO_PASSWORD_ONLY,
    SHOWS_MEMBER,
    open_to,
)
from bsti_db.accounts.models import Invitation
from bsti_db.accounts.passwords import set_password

_JOINING = "joining_invitation"
_HAS_PASSWORD = "joining_has_password"
_anybody = open_to(OPEN_TO_PASSWORD_ONLY, OPEN_TO_EXPIRED, SHOWS_MEMBER)


@require_GET
@never_cache
@login_not_required
@_anybody
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed address. Opening it, as mail scanners do, changes nothing but a session."""
    try:
        opened = services.open_invitation(token=token, at=timezone.now())
    except services.InvitationOver:
        return _over(request)
    # a new session: who was signed in here before, or was put here by another, is not carried on
    request.session.flush()
    request.session[_JOINING] = str(opened.pk)
    return redirect("accounts:join")


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@_anybody
@sensitive_post_parameters()
def join(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return _over(request)
    form = JoinForm(request.POST or None, member=opened.member)
    if request.method == "POST" and form.is_valid() and _has_code(form, opened):
        # harmless if the visit ends here: without a second factor nobody signs in
        password = form.cleaned_data["new_password"]
        set_password(member=opened.member, password=password, at=timezone.now())
        request.session[_HAS_PASSWORD] = True
        request.session.cycle_key()
        return redirect("accounts:join-second-factor")
    context = {"form": form, "member": opened.member}
    return render(request, "accounts/join.html", context, status=422 if form.errors else 200)


def _has_code(form: JoinForm, opened: Invitation) -> bool:
    typed = form.cleaned_data["invitation_code"]
    try:
        services.check_invitation_code(invitation=opened, typed=typed, at=timezone.now())
    except services.WrongInvitationCode as problem:
        form.add_error("invitation_code", str(problem))
        return False
    return True


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
@_anybody
@sensitive_post_parameters()
def join_second_factor(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None or not request.session.get(_HAS_PASSWORD):
        return _over(request)
    device = second_factor.prepare_device(member=opened.member)
    form = CodeForm(request.POST or None)
    form.fields["code"].help_text = "The 6 digits the app shows now"
    if request.method == "POST" and form.is_valid():
        try:
            codes = services.complete_invitation(
                invitation=opened,
                device=device,
                code=form.cleaned_data["code"],
                actor=Actor.of_member(opened.member, address=client_address(request)),
                at=timezone.now(),
            )
        except second_factor.CodeRefused as problem:
            form.add_error("code", str(problem))
        except services.InvitationOver:
            return _over(request)
        else:
            request.session.flush()
            return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_new": True})
    secret = second_factor.typed_secret(device)
    context = {"form": form, "secret": _in_groups(secret), "member": opened.member}
    status = 422 if form.errors else 200
    return render(request, "accounts/join_second_factor.html", context, status=status)


@require_GET
@never_cache
@login_not_required
@_anybody
def join_qr(request: HttpRequest) -> HttpResponse:
    """The secret as a QR code, for the visit that enrols it and nobody else."""
    opened = _opened(request)
    if opened is None or not request.session.get(_HAS_PASSWORD):
        return HttpResponse(status=404)
    device = second_factor.prepare_device(member=opened.member)
    picture = io.BytesIO()
    code = segno.make(second_factor.key_address(device), error="m", micro=False)
    code.save(picture, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


def _opened(request: HttpRequest) -> Invitation | None:
    return (
        Invitation.objects.open(timezone.now())
        .select_related("member__organisation")
        .filter(pk=request.session.get(_JOINING), member__is_active=True)
        .first()
    )


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/invitation_over.html", status=410)


def _in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
