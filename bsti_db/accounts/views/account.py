"""A member's own account."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.models import trail_for
from bsti_db.accounts import second_factor, services, sessions
from bsti_db.accounts.forms import GmcNumberForm, PasswordForm
from bsti_db.accounts.passwords import expires_at
from bsti_db.accounts.roles import labels

_SHOWN_SIGN_INS = 10
_PAGE_ROWS = 50


@require_GET
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    member = request.user
    context = {
        "member": member,
        "roles": labels(member.groups.values_list("name", flat=True)),
        "sign_ins": member.sign_ins.all()[:_SHOWN_SIGN_INS],
        "codes_left": member.recovery_codes.filter(used_at=None).count(),
        "password_expires_at": expires_at(member=member),
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def gmc_number(request: HttpRequest) -> HttpResponse:
    """A member's own number; their name and organisation are an administrator's to change."""
    form = GmcNumberForm(request.POST or None, initial={"gmc_number": request.user.gmc_number})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_gmc_number(
                member=request.user, actor=request.actor, **form.cleaned_data
            )
        except services.GmcNumberTaken as problem:
            form.add_error("gmc_number", str(problem))
        else:
            messages.success(request, "Your GMC number is kept.")
            return redirect("accounts:account")
    status = 422 if form.errors else 200
    return render(request, "accounts/gmc_number.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown in this answer and never again."""
    form = PasswordForm(request.POST or None, member=request.user)
    if request.method == "POST" and form.is_valid():
        codes = second_factor.renew_recovery_codes(member=request.user, actor=request.actor)
        return render(request, "accounts/recovery_codes.html", {"codes": codes, "is_new": False})
    status = 422 if form.errors else 200
    return render(request, "accounts/renew_recovery_codes.html", {"form": form}, status=status)


@require_GET
@never_cache
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Where a member is signed in now."""
    rows = sessions.open_sessions(
        member=request.user, this=request.session.session_key, at=timezone.now()
    )
    return render(request, "accounts/sessions.html", {"rows": rows})


@require_POST
def end_session(request: HttpRequest, handle: str) -> HttpResponse:
    try:
        services.end_session(
            member=request.user, handle=handle, actor=request.actor, at=timezone.now()
        )
    except services.NotAllowed as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The session is ended.")
    return redirect("accounts:sessions")


@require_GET
@never_cache
def activity(request: HttpRequest) -> HttpResponse:
    """What the trail holds of a member's acts, and of others' acts on their account."""
    found = trail_for(request.actor).by_or_about_member(request.user.pk)
    page = Paginator(found, _PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [_act_shown(entry) for entry in page]
    return render(request, "accounts/activity.html", {"page": page, "rows": rows})


def _act_shown(entry: Any) -> dict[str, Any]:
    verb = (entry.additional_data or {}).get("verb", "")
    return {
        "at": entry.timestamp,
        "words": verb.replace(".", " ").replace("_", " ").capitalize(),
        "subject": entry.object_repr,
        "who": entry.actor,
        "address": entry.remote_addr or "",
    }


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    services.sign_out_everywhere(member=request.user, actor=request.actor)
    request.session.flush()
    messages.success(request, f"Every session was ended at {timezone.localtime():%H:%M}.")
    return redirect("accounts:sign-in")
