"""A refusal: its sentence for the person, and for want of a right a row in the trail."""

from django.contrib import messages
from django.http import HttpRequest

from review import services
from review.models import Case


def refuse(request: HttpRequest, found: Case, problem: Exception) -> None:
    messages.error(request, str(problem))
    note_refusal(request, found, problem)


def note_refusal(request: HttpRequest, found: Case, problem: Exception) -> None:
    """What was refused was undone with its transaction, so the trail is told after it."""
    if isinstance(problem, services.Unentitled):
        services.record_refusal(case=found, actor=request.actor, refusal=problem)
