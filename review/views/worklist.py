"""The worklist: what waits for me, what is not opened yet, what is settled."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, Min, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.actors import Actor
from review import services
from review.lifecycle import IN_READING, SETTLED, CaseStatus
from review.models import (
    MAY_CHAIR,
    MAY_READ,
    Assignment,
    Case,
    CaseStudy,
    Reading,
    Verdict,
    patients_to_open,
    studies_to_open,
)
from uploads.models import Patient, Returning

ROWS_A_PAGE = 50
MODALITIES = {"CT": ["CT"], "CR": ["CR", "DX"]}


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def worklist(request: HttpRequest) -> HttpResponse:
    modality = request.GET.get("modality", "")
    lists = _lists(request.actor, MODALITIES.get(modality))
    show = request.GET.get("show", "")
    if show not in lists:
        show = "to-read"
    tabs = [
        {"name": name, "label": label, "count": rows().count(), "is_current": name == show}
        for name, (label, rows) in lists.items()
    ]
    page = Paginator(lists[show][1](), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": tabs,
        "show": show,
        "modality": modality if modality in MODALITIES else "",
        "page": page,
        "may_export": request.user.has_perm(MAY_CHAIR),
        "rows": _patient_rows(page) if show == "to-open" else _case_rows(page),
    }
    return render(request, "review/worklist.html", context)


@require_POST
@permission_required(MAY_READ, raise_exception=True)
def open_cases(request: HttpRequest) -> HttpResponse:
    """Open the case of one patient, or of everybody on the list of those not yet opened."""
    patients = patients_to_open(request.actor).order_by("pk")
    if "patient" in request.POST:
        number = request.POST["patient"]
        patients = patients.filter(pk=number if number.isdecimal() else 0)
        get_object_or_404(patients)
    opened = []
    for patient in patients:
        try:
            case = services.open_case(patient=patient, actor=request.actor, at=timezone.now())
        except services.Refusal as problem:
            messages.error(request, str(problem))
        else:
            services.assign_by_rule(case=case, actor=request.actor, at=timezone.now())
            opened.append(case.number)
    if opened:
        numbers = ", ".join(str(number) for number in sorted(set(opened)))
        messages.success(request, f"Opened: case {numbers}.")
    return redirect("review:worklist")


Rows = Callable[[], QuerySet[Any]]


def _lists(actor: Actor, modalities: list[str] | None) -> dict[str, tuple[str, Rows]]:
    """The lists of the page, by the name they have in the address."""
    member = actor.member
    visible = _of_modality(Case.objects.visible_to(actor), modalities)
    own = Reading.objects.filter(case=OuterRef("pk"), reader=member)
    due = Assignment.objects.filter(case=OuterRef("pk"), member=member, handed_back_at=None)
    given = _of_modality(Case.objects.all(), modalities).annotate(
        has_draft=Exists(own), due_on=Subquery(due.values("due_on")[:1])
    )
    given = given.order_by(F("due_on").asc(nulls_last=True), "opened_at", "number")
    lists: dict[str, tuple[str, Rows]] = {
        "to-read": ("To read", lambda: given.readable_by(member)),
        "to-adjudicate": ("To adjudicate", lambda: given.to_adjudicate_by(member)),
        "mine": (
            "Read by me",
            lambda: visible.filter(Exists(own.filter(submitted_at__isnull=False))),
        ),
        "settled": ("Settled", lambda: visible.filter(status__in=SETTLED).order_by("-settled_at")),
        "to-open": ("Not yet opened", lambda: _to_open(actor, modalities)),
    }
    if member.has_perm(MAY_CHAIR):
        in_reading = visible.filter(status__in=IN_READING)
        lists["open"] = ("In reading", lambda: in_reading)
        lists["discordant"] = (
            "Discordant",
            lambda: visible.filter(status=CaseStatus.DISCORDANT),
        )
        lists["set-aside"] = ("Set aside", lambda: visible.filter(status=CaseStatus.SET_ASIDE))
    return lists


def _of_modality(cases: QuerySet[Case], modalities: list[str] | None) -> QuerySet[Case]:
    cases = cases.order_by("opened_at", "number")
    if modalities is None:
        return cases
    shown = CaseStudy.objects.shown().filter(study__modality__in=modalities)
    return cases.filter(Exists(shown.filter(case=OuterRef("pk"))))


def _to_open(actor: Actor, modalities: list[str] | None) -> QuerySet[Patient]:
    waiting = studies_to_open().filter(patient=OuterRef("pk")).order_by()
    if modalities is not None:
        waiting = waiting.filter(modality__in=modalities)
    since = waiting.values("patient").annotate(since=Min("upload__settled_at")).values("since")
    return (
        patients_to_open(actor)
        .filter(Exists(waiting))
        .annotate(waiting_since=Subquery(since))
        .order_by(F("waiting_since").asc(nulls_last=True), "pk")
    )


def _patient_rows(page: Page) -> list[dict[str, Any]]:
    waiting = studies_to_open().filter(patient__in=[patient.pk for patient in page])
    modalities = _grouped(waiting.values_list("patient", "modality"))
    said = _grouped(
        waiting.exclude(upload__returning="").values_list("patient", "upload__returning")
    )
    return [
        {
            "patient": patient,
            "studies": _studies_words(modalities.get(patient.pk, [])),
            "returning": [Returning(each).label for each in sorted(set(said.get(patient.pk, [])))],
            "days": _days_since(patient.waiting_since),
        }
        for patient in page
    ]


def _case_rows(page: Page) -> list[dict[str, Any]]:
    pks, today = [case.pk for case in page], timezone.localdate()
    shown = CaseStudy.objects.shown().filter(case__in=pks)
    modalities = _grouped(shown.values_list("case", "study__modality"))
    # the newest comes last, so that it stays
    verdicts = {
        verdict.case_id: verdict
        for verdict in Verdict.objects.filter(case__in=pks)
        .select_related("category")
        .order_by("decided_at", "pk")
    }
    return [
        {
            "case": case,
            "studies": _studies_words(modalities.get(case.pk, [])),
            "days": _days_since(case.opened_at),
            "has_draft": getattr(case, "has_draft", False),
            "due_on": getattr(case, "due_on", None),
            "is_overdue": bool(getattr(case, "due_on", None)) and case.due_on < today,
            "verdict": verdicts.get(case.pk) if case.status in SETTLED else None,
        }
        for case in page
    ]


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, modality in pairs:
        found.setdefault(key, []).append(modality)
    return found


def _studies_words(modalities: list[str]) -> str:
    """For example "2 CT, 1 CR"; no study is left when all were withdrawn."""
    counts = [f"{modalities.count(each)} {each}" for each in sorted(set(modalities))]
    return ", ".join(counts) or "none left"


def _days_since(moment: datetime | None) -> int | None:
    return (timezone.localdate() - timezone.localdate(moment)).days if moment else None
