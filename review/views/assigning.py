"""Who has a case: the chair gives it and takes it back, a member says what they read and when."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from review import services
from review.blinding import may_see_progress
from review.eligibility import eligible_for
from review.forms import AssignForm, AwayForm, ProfileForm, TakeBackForm
from review.models import MAY_CHAIR, MAY_READ, Assignment, Case, PanelProfile, Seat


@require_POST
@permission_required(MAY_CHAIR, raise_exception=True)
def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Give the next free seat to a member, or every free seat by the rule."""
    found = get_object_or_404(Case.objects.visible_to(request.actor), number=number)
    form = AssignForm(request.POST, members=eligible_for(found))
    if not form.is_valid():
        for problems in form.errors.values():
            messages.error(request, " ".join(problems))
        return redirect("review:case", number)
    member, given = form.cleaned_data["member"], []
    acting = {"case": found, "actor": request.actor, "at": timezone.now()}
    try:
        if member is None:
            given = services.assign_by_rule(**acting)
        else:
            due_on = form.cleaned_data["due_on"]
            given = [services.assign(member=member, due_on=due_on, **acting)]
    except services.Refusal as problem:
        messages.error(request, str(problem))
    else:
        names = ", ".join(each.member.name for each in given)
        if names:
            messages.success(request, f"Given to {names}.")
        else:
            messages.error(request, "Nobody who may have it is free. Choose somebody yourself.")
    return redirect("review:case", number)


@require_POST
@permission_required(MAY_CHAIR, raise_exception=True)
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Case.objects.visible_to(request.actor), number=number)
    form = TakeBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why you take the case back.")
        return redirect("review:case", number)
    if not may_see_progress(found, request.actor):
        # whether there is still something to take back would tell that the other has finished
        messages.error(request, "You have still to read this case. Another chair takes it back.")
        return redirect("review:case", number)
    assignment = get_object_or_404(found.assignments, pk=form.cleaned_data["assignment"])
    try:
        services.take_back(
            assignment=assignment,
            actor=request.actor,
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
    except services.Refusal as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Taken back from {assignment.member.name}.")
    return redirect("review:case", number)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(MAY_READ, raise_exception=True)
def profile(request: HttpRequest) -> HttpResponse:
    """A member's own: the modalities they read, and their holiday."""
    own = PanelProfile.objects.filter(member=request.user).first()
    form = ProfileForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        services.save_profile(actor=request.actor, **form.cleaned_data)
        if services.falls_due_while_away(request.user).exists():
            messages.success(request, "Kept. No case is given to you in that time.")
            return redirect("review:away")
        messages.success(request, "Kept. Cases already given to you stay with you.")
        return redirect("review:worklist")
    due = services.falls_due_while_away(request.user).count()
    context = {"form": form, "due_while_away": due}
    return render(request, "review/profile.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(MAY_READ, raise_exception=True)
def away(request: HttpRequest) -> HttpResponse:
    """What falls due while a member is away, to give back in one act."""
    form = AwayForm(request.POST or None, due=services.falls_due_while_away(request.user))
    if request.method == "POST" and form.is_valid():
        _give_back(request, list(form.cleaned_data["cases"]))
        return redirect("review:worklist")
    status = 422 if form.errors else 200
    return render(request, "review/away.html", {"form": form}, status=status)


def _give_back(request: HttpRequest, chosen: list[Assignment]) -> None:
    acting, given_back = {"actor": request.actor, "at": timezone.now()}, []
    for row in chosen:
        try:
            services.hand_back(case=row.case, reason="Away when it is due.", **acting)
        except services.Refusal as problem:
            messages.error(request, str(problem))
        else:
            services.assign_by_rule(case=row.case, **acting)
            given_back.append(str(row.case.number))
    if given_back:
        numbers = ", ".join(given_back)
        messages.success(request, f"Given back: case {numbers}. Somebody else gets them.")


def panel_of(request: HttpRequest, found: Case, forms: dict[str, Any]) -> dict[str, Any]:
    """For the chair: who has which seat, how far they are unless that is hidden, and the form."""
    if not request.user.has_perm(MAY_CHAIR):
        return {}
    sees_progress = may_see_progress(found, request.actor)
    standing = found.assignments.standing().select_related("member").order_by("seat")
    to_do = set(found.assignments.to_do().values_list("pk", flat=True))
    taken = {row.seat for row in standing}
    free = [seat for seat in services.seats_of(found.status) if seat not in taken]
    context: dict[str, Any] = {
        "seats": [_seat(row, row.pk in to_do, sees_progress) for row in standing],
        "free_seats": [Seat(seat).label for seat in free],
    }
    if free and found.case_studies.shown().exists():
        context["assign_form"] = AssignForm(members=eligible_for(found))
    return context


def _seat(row: Assignment, is_to_do: bool, sees_progress: bool) -> dict[str, Any]:
    return {
        "label": row.get_seat_display(),
        "name": row.member.name,
        "due_on": row.due_on,
        "progress": ("to do" if is_to_do else "done") if sees_progress else "",
        "take_back_form": TakeBackForm(initial={"assignment": row.pk})
        if is_to_do and sees_progress
        else None,
    }
