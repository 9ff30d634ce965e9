"""What readers placed on the images of a case, once it may be seen (docs/annotations.md)."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.actors import Actor
from review.blinding import may_see_others, readings_visible_to
from review.days import studies_of
from review.models import MAY_READ, Case, Finding, Seat
from review.places import drawing_of, placed_among
from review.views import images


@never_cache
@require_safe
@permission_required(MAY_READ, raise_exception=True)
def drawings(request: HttpRequest, number: int) -> JsonResponse:
    """The findings of the locked readings that the member may see, as the stack draws them."""
    case = get_object_or_404(Case.objects.visible_to(request.actor), number=number)
    studies = studies_of(case)
    images.audit_opening(request, [study for study, _ in studies])
    labels = {study.pk: label for study, label in studies}
    whose = _whose(case, request.actor)
    shown = placed_among(_visible(case, request.actor), labels)
    return JsonResponse(
        {"annotations": [drawing_of(each, whose.get(each.reading_id, "")) for each in shown]}
    )


def has_drawings(case: Case, actor: Actor, labels: dict[int, str]) -> bool:
    return bool(placed_among(_visible(case, actor), labels))


def _visible(case: Case, actor: Actor):
    return Finding.objects.filter(reading__in=readings_visible_to(case, actor))


def _whose(case: Case, actor: Actor) -> dict[int, str]:
    """By reading, by seat and never by name; nothing while only one's own is seen."""
    if not may_see_others(case, actor):
        return {}
    seats = dict(case.assignments.standing().of_readers().values_list("member", "seat"))
    return {
        reading.pk: "you"
        if reading.reader_id == actor.member.pk
        else Seat(seats.get(reading.reader_id, "a")).label
        for reading in case.readings.all()
    }
