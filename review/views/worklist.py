"""The worklist: what waits for me, what is not opened yet, what is settled."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.actors import Actor
from audit.services import record
from review import services, worklists
from review.lifecycle import SETTLED
from review.models import (
    MAY_CHAIR,
    MAY_READ,
    CaseStudy,
    Verdict,
    WorklistOrder,
    patients_to_open,
    studies_to_open,
)
from uploads.models import Returning

ROWS_A_PAGE = 50


@require_safe
@permission_required(MAY_READ, raise_exception=True)
def worklist(request: HttpRequest) -> HttpResponse:
    asked = worklists.Asked.of(request.GET, request.actor)
    counts = worklists.counts(request.actor, asked)
    paginator = Paginator(_rows(asked, request.actor), ROWS_A_PAGE)
    paginator.count = counts[asked.show]  # counted already, among all the lists
    page = paginator.get_page(request.GET.get("page"))
    record(
        "cases.listed", actor=request.actor, subject=None,
        show=asked.show, modality=asked.modality, page=page.number,
    )  # fmt: skip
    context = {
        "tabs": [
            {
                "name": name,
                "label": worklists.label_of(name),
                "count": counts[name],
                "is_current": name == asked.show,
            }
            for name in worklists.names_for(request.actor)
        ],
        "show": asked.show,
        "modality": asked.modality,
        "asked": asked,
        "query": asked.query(),
        "due_choices": worklists.DUE if asked.show in worklists.WITH_DUE_DATES else {},
        "outcome_choices": Verdict.Outcome.choices if asked.show in worklists.WITH_OUTCOMES else [],
        "orders": WorklistOrder.choices,
        "is_filtered": bool(asked.modality or asked.due or asked.outcome),
        "page": page,
        "may_export": request.user.has_perm(MAY_CHAIR),
        "rows": _patient_rows(page) if asked.show == "to-open" else _case_rows(page),
    }
    return render(request, "review/worklist.html", context)


def _rows(asked: worklists.Asked, actor: Actor) -> QuerySet[Any]:
    if asked.show == "to-open":
        return worklists.to_open(actor, asked)
    return worklists.cases_of(asked.show, actor, asked)


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
