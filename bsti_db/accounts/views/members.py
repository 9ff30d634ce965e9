"""The administrator's pages: who is a member, and what each may do.

What also takes cases away from a member is composed in `bsti_db.membership`.
"""

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bsti_db.accounts import mail, services
from bsti_db.accounts.forms import InviteForm, RolesForm
from bsti_db.accounts.models import FactorReset, Invitation, Member, TotpDevice
from bsti_db.accounts.roles import labels

logger = logging.getLogger(__name__)
PAGE_ROWS = 50
administrator_required = permission_required("accounts.accounts_administer", raise_exception=True)


@require_GET
@never_cache
@administrator_required
def members(request: HttpRequest) -> HttpResponse:
    page = Paginator(_with_state(), PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [{"member": member, **_state(member)} for member in page]
    return render(request, "accounts/members.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "POST"])
@never_cache
@administrator_required
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = services.invite_member(
                **form.cleaned_data, actor=request.actor, at=timezone.now()
            )
        except services.AlreadyMember as problem:
            form.add_error("email", str(problem))
        except services.GmcNumberTaken as problem:
            form.add_error("gmc_number", str(problem))
        else:
            _mailed(request, invitation)
            return redirect("accounts:member", invitation.member_id)
    status = 422 if form.errors else 200
    return render(request, "accounts/invite.html", {"form": form}, status=status)


@require_GET
@never_cache
@administrator_required
def member(request: HttpRequest, member_id: int) -> HttpResponse:
    shown = get_object_or_404(_with_state(), pk=member_id)
    wish = FactorReset.objects.filter(member=shown, agreed_at=None, cancelled_at=None).first()
    is_oneself = shown == request.user
    context = {
        "member": shown,
        "details": _details(shown),
        **_state(shown),
        "form": RolesForm(initial={"roles": [group.name for group in shown.groups.all()]}),
        "wish": wish,
        "is_oneself": is_oneself,
        "may_agree": bool(wish) and not is_oneself and wish.asked_by != request.user,
    }
    return render(request, "accounts/member.html", context)


@require_POST
@administrator_required
def reactivate(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: services.reactivate_member(member=who, actor=request.actor),
        "The account is active again.",
    )


@require_POST
@administrator_required
def invite_again(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: _mailed(
            request,
            services.invite_again(member=who, actor=request.actor, at=timezone.now()),
        ),
    )


@require_POST
@administrator_required
def ask_factor_reset(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: services.ask_factor_reset(member=who, actor=request.actor, at=timezone.now()),
        "The reset is asked for. A second administrator must agree on this page.",
    )


@require_POST
@administrator_required
def agree_factor_reset(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: _mailed(
            request,
            services.agree_factor_reset(wish=_wish(who), actor=request.actor, at=timezone.now()),
        ),
    )


@require_POST
@administrator_required
def cancel_factor_reset(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: services.cancel_factor_reset(
            wish=_wish(who), actor=request.actor, at=timezone.now()
        ),
        "The reset is cancelled.",
    )


def act(
    request: HttpRequest, member_id: int, service: Callable[[Member], Any], done: str = ""
) -> HttpResponse:
    """Do something to a member, and go back to their page with what came of it."""
    who = get_object_or_404(Member, pk=member_id)
    try:
        service(who)
    except services.NotAllowed as problem:
        services.record_refusal(member=who, actor=request.actor, refusal=problem)
        messages.error(request, str(problem))
    else:
        if done:
            messages.success(request, done)
    return redirect("accounts:member", member_id)


def _wish(who: Member) -> FactorReset:
    return get_object_or_404(
        FactorReset.objects.select_related("member", "asked_by"),
        member=who,
        agreed_at=None,
        cancelled_at=None,
    )


def _mailed(request: HttpRequest, invitation: Invitation) -> None:
    try:
        mail.send_invitation(invitation)
    except (OSError, SMTPException):
        logger.exception("Invitation %s could not be mailed", invitation.pk)
        messages.error(request, "The invitation could not be mailed. Send it again later.")
    else:
        messages.success(request, "The invitation is mailed. It is good for 7 days, once.")


def _with_state():
    device = TotpDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    invited = Invitation.objects.open(timezone.now()).filter(member=OuterRef("pk"))
    return (
        Member.objects.select_related("organisation")
        .prefetch_related("groups")
        .annotate(has_device=Exists(device), is_invited=Exists(invited))
        .order_by("name", "pk")
    )


def _details(shown: Member) -> list[dict[str, str]]:
    return [
        {"key": "E-mail address", "value": shown.email},
        {"key": "GMC number", "value": shown.gmc_number or "None"},
        {"key": "Organisation", "value": shown.organisation.name if shown.organisation else "None"},
    ]


def _state(shown: Member) -> dict[str, Any]:
    if not shown.is_active:
        status, label = "retired", "Deactivated"
    elif shown.has_device:
        status, label = "accepted", "Active"
    elif shown.is_invited:
        status, label = "open", "Invited"
    else:
        status, label = "expired", "Invitation over"
    return {
        "status": status,
        "label": label,
        "roles": labels(group.name for group in shown.groups.all()),
    }
