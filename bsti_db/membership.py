"""What an administrator does to a member, when it also takes cases of the panel from them."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.actors import Actor
from bsti_db.accounts import services
from bsti_db.accounts.forms import DetailsForm, RolesForm
from bsti_db.accounts.models import Member
from bsti_db.accounts.views.members import act, administrator_required
from review.models import MAY_READ, Case
from review.services import ACCOUNT_CLOSED, pass_on_what_is_left_of

_NO_READER = "No longer on the panel."
_OWN_TRUST = "Sent by the member's own organisation."


def deactivate_member(*, member: Member, actor: Actor, at: datetime) -> None:
    """Deactivate a member; what they have not finished reading goes to others.

    Two transactions: one that held the member and then waited for a case would stop who holds
    the case and waits for the member. A sweep finishes what is cut short in between.
    """
    services.deactivate_member(member=member, actor=actor)
    pass_on_what_is_left_of(member=member, reason=ACCOUNT_CLOSED, at=at)


def change_roles(*, member: Member, roles: list[str], actor: Actor, at: datetime) -> None:
    """Give a member exactly these roles; who reads no more keeps no case to read."""
    services.change_roles(member=member, roles=roles, actor=actor)
    # read anew: the permissions of `member` are remembered from before
    if not Member.objects.get(pk=member.pk).has_perm(MAY_READ):
        pass_on_what_is_left_of(member=member, reason=_NO_READER, at=at)


def change_details(*, member: Member, actor: Actor, at: datetime, **details: object) -> None:
    """Correct who a member is; a case that their new organisation sent goes to others."""
    changed = services.change_details(member=member, actor=actor, **details)
    if "organisation" in changed:
        own = Case.objects.of_own_trust(member)
        pass_on_what_is_left_of(member=member, reason=_OWN_TRUST, at=at, of=own)


@require_POST
@administrator_required
def deactivate(request: HttpRequest, member_id: int) -> HttpResponse:
    return act(
        request,
        member_id,
        lambda who: deactivate_member(member=who, actor=request.actor, at=timezone.now()),
        "The account is deactivated and every session of it ended. Cases that the member had not "
        "finished went back to the panel.",
    )


@require_POST
@administrator_required
def roles(request: HttpRequest, member_id: int) -> HttpResponse:
    form = RolesForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose roles from the list.")
        return redirect("accounts:member", member_id)
    chosen = form.cleaned_data["roles"]
    return act(
        request,
        member_id,
        lambda who: change_roles(member=who, roles=chosen, actor=request.actor, at=timezone.now()),
        "The roles are changed.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@administrator_required
def details(request: HttpRequest, member_id: int) -> HttpResponse:
    """Name, GMC number and organisation of somebody else."""
    who = get_object_or_404(Member.objects.select_related("organisation"), pk=member_id)
    form = DetailsForm(request.POST or None, member=who)
    if request.method == "POST" and form.is_valid():
        try:
            change_details(member=who, actor=request.actor, at=timezone.now(), **form.cleaned_data)
        except services.GmcNumberTaken as problem:
            form.add_error("gmc_number", str(problem))
        except services.NotAllowed as problem:
            services.record_refusal(member=who, actor=request.actor, refusal=problem)
            form.add_error(None, str(problem))
        else:
            messages.success(request, "The details are changed.")
            return redirect("accounts:member", member_id)
    status = 422 if form.errors else 200
    return render(request, "accounts/details.html", {"form": form, "member": who}, status=status)
