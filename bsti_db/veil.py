"""What of the trail is hidden from whom: only review knows who has still to read which case."""

from django.db.models import Q

from audit.actors import Actor
from review.blinding import blinding_cases
from review.models import CaseStudy, Reading


def hidden_from(actor: Actor) -> Q | None:
    """The acts of others about cases of which the actor has a reading still to lock.

    None when there is no such case.
    """
    if actor.member is None:
        return None
    cases = list(blinding_cases(actor.member).values_list("pk", flat=True))
    if not cases:
        return None
    readings = Reading.objects.filter(case__in=cases).values_list("pk", flat=True)
    studies = CaseStudy.objects.filter(case__in=cases).values_list("study", flat=True)
    about = Q()
    for kind, keys in (("case", cases), ("reading", readings), ("study", studies)):
        about |= Q(content_type__model=kind, object_pk__in=[str(key) for key in keys])
    by_others = Q(actor=None) | ~Q(actor=actor.member)
    return about & by_others
