"""One case: its images, one's own reading, and what the chair does with it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.lifecycles import IllegalMove
from review import services, tasks, worklists
from review.blinding import may_see_others, readings_visible_to
from review.days import studies_of
from review.forms import (
    AddendumForm,
    DecisionForm,
    HandBackForm,
    ReadingForm,
    SetAsideForm,
    reading_as_initial,
)
from review.lifecycle import CASE_LIFECYCLE, IN_READING, SETTLED, CaseStatus
from review.models import (
    MAY_CHAIR,
    MAY_READ,
    Case,
    Category,
    Seat,
    is_recused,
)
from review.views import asking, assigning, findings, images, next_case
from review.views.clinical import contexts_of
from review.views.discussion import discussion_of
from review.views.readings import summary_of
from review.views.refusing import note_refusal, refuse
from review.views.spread import spread_of
from uploads import stacks
from uploads.models import Study


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def case(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, _case_or_404(request, number))


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def save_draft(request: HttpRequest, number: int) -> JsonResponse:
    """Keep the form as it is; says the time and the new version, or what stands in the way."""
    found = _case_or_404(request, number)
    form = ReadingForm(request.POST, **_forms_studies(found))
    if not form.is_valid():
        problems = " ".join(str(each) for errors in form.errors.values() for each in errors)
        return JsonResponse({"message": f"Not saved: {problems}"}, status=400)
    try:
        reading = services.save_draft(
            case=found,
            actor=request.actor,
            version=form.cleaned_data["version"],
            answers=form.answers(),
            at=timezone.now(),
        )
    except services.StaleReading as problem:
        answer = {"message": str(problem), "version": problem.reading.version, "is_stale": True}
        return JsonResponse(answer, status=409)
    except services.Refusal as problem:
        note_refusal(request, found, problem)
        return JsonResponse({"message": str(problem)}, status=409)
    saved_at = timezone.localtime(reading.saved_at)
    return JsonResponse(
        {"message": f"Draft saved at {saved_at:%H:%M:%S}.", "version": reading.version}
    )


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def submit(request: HttpRequest, number: int) -> HttpResponse:
    """Lock the reading; the other button of the form, without script, keeps a draft."""
    found = _case_or_404(request, number)
    is_draft = "draft" in request.POST
    form = ReadingForm(request.POST, **_forms_studies(found), is_submitting=not is_draft)
    if not form.is_valid():
        return _page(request, found, reading_form=form, status=422)
    act = services.save_draft if is_draft else services.submit_reading
    try:
        act(
            case=found,
            actor=request.actor,
            version=form.cleaned_data["version"],
            answers=form.answers(),
            at=timezone.now(),
        )
    except services.StaleReading as problem:
        return _stale_page(request, found, form, problem)
    except services.Refusal as problem:
        refuse(request, found, problem)
    else:
        messages.success(request, "Draft saved." if is_draft else "Your reading is locked.")
        # when it made the case discordant, an adjudicator is found at once
        services.assign_by_rule(case=found, actor=request.actor, at=timezone.now())
    return redirect("review:case", number)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def hand_back(request: HttpRequest, number: int) -> HttpResponse:
    found = _case_or_404(request, number)
    form = HandBackForm(request.POST)
    if not form.is_valid():
        return _page(request, found, hand_back_form=form, status=422)
    try:
        services.hand_back(case=found, actor=request.actor, at=timezone.now(), **form.cleaned_data)
    except services.Refusal as problem:
        refuse(request, found, problem)
        return redirect("review:case", number)
    services.assign_by_rule(case=found, actor=request.actor, at=timezone.now())
    messages.success(request, f"You gave case {number} back. Somebody else gets it.")
    return redirect("review:worklist")


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def add_addendum(request: HttpRequest, number: int) -> HttpResponse:
    found = _case_or_404(request, number)
    form = AddendumForm(request.POST)
    if not form.is_valid():
        return _page(request, found, addendum_form=form, status=422)
    reading = get_object_or_404(found.readings, reader=request.user)
    try:
        services.add_addendum(
            reading=reading, actor=request.actor, at=timezone.now(), **form.cleaned_data
        )
    except services.Refusal as problem:
        refuse(request, found, problem)
    else:
        messages.success(request, "Your addendum is kept beside the reading.")
    return redirect("review:case", number)


@require_POST
@permission_required(MAY_CHAIR, raise_exception=True)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    return _decide(request, number, services.decide_case)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def adjudicate(request: HttpRequest, number: int) -> HttpResponse:
    return _decide(request, number, services.adjudicate)


def _decide(request: HttpRequest, number: int, act: Any) -> HttpResponse:
    found = _case_or_404(request, number)
    form = DecisionForm(request.POST, categories=_categories(found))
    if not form.is_valid():
        return _page(request, found, decision_form=form, status=422)
    try:
        verdict = act(case=found, actor=request.actor, at=timezone.now(), **form.cleaned_data)
    except (services.Refusal, IllegalMove) as problem:
        refuse(request, found, problem)
    else:
        messages.success(request, f"Case {number} is {verdict.outcome}.")
    if not Case.objects.visible_to(request.actor).filter(pk=found.pk).exists():
        return redirect("review:worklist")  # a declined case is its readers' and the chair's
    return redirect("review:case", number)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def set_aside(request: HttpRequest, number: int) -> HttpResponse:
    found = _case_or_404(request, number)
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        return _page(request, found, set_aside_form=form, status=422)
    try:
        services.set_aside(case=found, actor=request.actor, at=timezone.now(), **form.cleaned_data)
    except IllegalMove as problem:
        messages.error(request, str(problem))
        return redirect("review:case", number)
    tasks.tell_curators.delay_on_commit(found.pk)
    messages.success(request, f"Case {number} is set aside. Its images are on no page any more.")
    return redirect("review:worklist")


@require_POST
@permission_required(MAY_CHAIR, raise_exception=True)
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    found = _case_or_404(request, number)
    try:
        services.reopen_case(case=found, actor=request.actor)
    except (services.Refusal, IllegalMove) as problem:
        refuse(request, found, problem)
    else:
        services.fill_seats_left(case=found, at=timezone.now())
        messages.success(request, f"Case {number} is open again.")
    return redirect("review:case", number)


def _case_or_404(request: HttpRequest, number: int) -> Case:
    return get_object_or_404(Case.objects.visible_to(request.actor), number=number)


# --- The page -----------------------------------------------------------------


def _page(request: HttpRequest, found: Case, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The page as the actor may see it; `forms` are those that were filled in wrongly."""
    studies = studies_of(found)
    next_case.audit_page(request, found, [study for study, _ in studies])
    series = images.series_list(studies)
    context = {
        "case": found,
        "studies": studies,
        "series": series,
        "position": worklists.position_of(found, request.actor, request.GET),
        "dicomweb_root": images.dicom_web_root(),
        "fallback": stacks.fallback(
            series,
            asked=request.GET.get("image", ""),
            window=request.GET.get("window", ""),
        ),
        "contexts": contexts_of(found, request.actor) if studies else [],
        "days_open": (timezone.now() - found.opened_at).days,
        "set_aside_form": forms.get("set_aside_form") or SetAsideForm(),
        "may_set_aside": CASE_LIFECYCLE.may(found, CaseStatus.SET_ASIDE),
        "may_reopen": request.user.has_perm(MAY_CHAIR)
        and CASE_LIFECYCLE.may(found, CaseStatus.OPEN)
        and found.status == CaseStatus.SET_ASIDE,
        "may_export": request.user.has_perm(MAY_CHAIR) and found.status in SETTLED,
        **_reading(request, found, studies, forms),
        **_settling(request, found, forms),
        **assigning.panel_of(request, found, forms),
        **asking.questions_of(request, found),
        **discussion_of(request, found, forms),
        "spread": spread_of(found, request.actor, studies),
        # the page's title says that there is an error in what was sent
        "form": next(iter(forms.values()), None),
        "opens": list(forms),
    }
    return next_case.asked_for(render(request, "review/case.html", context, status=status))


def page_with(request: HttpRequest, found: Case, **forms: Any) -> HttpResponse:
    """The page with another module's form that was filled in wrongly."""
    return _page(request, found, status=422, **forms)


def _reading(
    request: HttpRequest, found: Case, studies: list[tuple[Study, str]], forms: dict[str, Any]
) -> dict[str, Any]:
    """One's own reading: the form, or what was locked, or why there is neither."""
    own = found.readings.filter(reader=request.user).first()
    locked = own if own and own.submitted_at else None
    recused = is_recused(found, request.user)
    may_read = Case.objects.readable_by(request.user).filter(pk=found.pk).exists()
    labels = {study.pk: label for study, label in studies}
    context: dict[str, Any] = {
        "own_reading": summary_of(locked, labels) if locked else None,
        "is_recused": recused and found.status in IN_READING,
        "next_case": worklists.next_to_read(found, request.actor),
    }
    if locked:
        context["addenda"] = locked.addenda.all()
        context["addendum_form"] = forms.get("addendum_form") or AddendumForm()
    if may_read:
        initial = reading_as_initial(own)
        context["reading_form"] = forms.get("reading_form") or ReadingForm(
            **_forms_studies(found), initial=initial
        )
        context["draft_saved_at"] = own.saved_at if own else None
    elif findings.has_drawings(found, request.actor, labels):
        context["annotations"] = {"root": reverse("review:findings", args=[found.number])}
    mine = found.assignments.to_do().filter(member=request.user).first()
    if mine:
        context["due_on"] = mine.due_on
        context["hand_back_form"] = forms.get("hand_back_form") or HandBackForm()
    return context


def _settling(request: HttpRequest, found: Case, forms: dict[str, Any]) -> dict[str, Any]:
    """Verdicts, the readings of others once they may be seen, and the form to decide by."""
    labels = {study.pk: label for study, label in studies_of(found)}
    sees_others = may_see_others(found, request.actor)
    others = readings_visible_to(found, request.actor).exclude(reader=request.user)
    seats = dict(found.assignments.standing().of_readers().values_list("member", "seat"))
    context: dict[str, Any] = {
        "verdicts": found.verdicts.select_related("category__scheme")
        if found.status in SETTLED
        else [],
        "others": [
            summary_of(reading, labels) | {"name": Seat(seats.get(reading.reader_id, "a")).label}
            for reading in sorted(others, key=lambda each: seats.get(each.reader_id, ""))
        ],
        "may_see_others": sees_others,
        "differences": _difference_words(found, labels)
        if sees_others and found.status == CaseStatus.DISCORDANT
        else [],
    }
    act = _decision_of(request, found)
    if act:
        context["decision_url"] = reverse(f"review:{act}", args=[found.number])
        context["decision_form"] = forms.get("decision_form") or DecisionForm(
            categories=_categories(found), initial=_first_decision(found)
        )
    return context


def _decision_of(request: HttpRequest, found: Case) -> str:
    """By which act the actor may decide the case now: "adjudicate", "decide" or neither."""
    member = request.user
    has_read = found.readings.filter(reader=member, submitted_at__isnull=False).exists()
    if has_read or is_recused(found, member):
        return ""
    if Case.objects.to_adjudicate_by(member).filter(pk=found.pk).exists():
        return "adjudicate"
    if not member.has_perm(MAY_CHAIR):
        return ""
    is_left = found.case_studies.shown().exists()
    is_ready = found.status in SETTLED or (
        found.status in (CaseStatus.OPEN, CaseStatus.DISCORDANT)
        and (may_see_others(found, request.actor) or not is_left)
    )
    return "decide" if is_ready else ""


def _difference_words(found: Case, labels: dict[int, str]) -> list[str]:
    words = {"include": "whether to include the case", "category": "category",
             "severity": "severity, by more than one grade"}  # fmt: skip
    return [
        words[each.what] + (f", {labels[each.study]}" if each.study in labels else "")
        for each in services.differences_of(found)
    ]


def _stale_page(
    request: HttpRequest, found: Case, form: ReadingForm, problem: services.StaleReading
) -> HttpResponse:
    """The form as it was sent, ready to be sent again over what another window saved."""
    data = request.POST.copy()
    data["version"] = str(problem.reading.version)
    again = ReadingForm(
        data, studies=form.studies, scorings=form.scorings, is_submitting=form.is_submitting
    )
    again.add_error(None, f"{problem} Send it again to keep it, or open the case afresh.")
    return _page(request, found, reading_form=again, status=409)


def _forms_studies(found: Case) -> dict[str, Any]:
    """The studies of the case with the scheme and the score that each is read by."""
    held = list(
        found.case_studies.select_related("study", "scheme", "scoring").prefetch_related(
            "scheme__categories", "scoring__categories", "scoring__regions"
        )
    )
    schemes = {row.study_id: row.scheme_read_by() for row in held}
    return {
        "studies": [
            (study, schemes[study.pk], f"{label} ({study.modality})")
            for study, label in studies_of(found)
            if schemes.get(study.pk)
        ],
        "scorings": {row.study_id: row.scoring for row in held if row.scoring},
    }


def _categories(found: Case) -> Any:
    schemes = {scheme.pk for _, scheme, _ in _forms_studies(found)["studies"]}
    return Category.objects.filter(scheme__in=schemes).select_related("scheme")


def _first_decision(found: Case) -> dict[str, Any]:
    """The chair's form starts from the newest verdict, or from what was read first."""
    verdict = found.verdicts.first()
    if verdict:
        return {
            "category": verdict.category_id,
            "severity": verdict.severity,
            "teaching_value": verdict.teaching_value,
        }
    reading = found.readings.filter(submitted_at__isnull=False).first()
    assessment = reading and reading.assessments.order_by("pk").first()
    return {
        "category": assessment.category_id if assessment else None,
        "severity": assessment.severity if assessment else None,
        "teaching_value": reading.teaching_value if reading else None,
    }
