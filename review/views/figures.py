"""How much the panel reads: by year for everybody on it, by member for the chair."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import record
from review.measuring import loads_for, years_for
from review.models import MAY_CHAIR, MAY_READ


@require_safe
@never_cache
@permission_required(MAY_READ, raise_exception=True)
def years(request: HttpRequest) -> HttpResponse:
    return render(request, "review/years.html", {"years": years_for(request.user)})


@require_safe
@never_cache
@permission_required(MAY_CHAIR, raise_exception=True)
def workload(request: HttpRequest) -> HttpResponse:
    loads = loads_for(request.user, at=timezone.now())
    record("workload.viewed", actor=request.actor, subject=None, members=len(loads))
    return render(request, "review/workload.html", {"loads": loads})
