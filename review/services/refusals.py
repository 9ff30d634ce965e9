"""What the services of the panel share: why not, and one act on a case after another."""

from audit.actors import Actor
from audit.services import record
from review.models import Case


class Refusal(Exception):
    """Something of the panel's may not happen now; the sentence says why and what to do."""


class Unentitled(Refusal):
    """Refused for who the actor is, not for how things stand: the trail is told of it.

    `code` is what the trail keeps.
    """

    code = ""


class CaseBeingRead(Refusal):
    """The patient's case is past joining and not yet settled."""


class NotOfThisCase(Refusal):
    """A study, or a category of a scheme, that this case does not have."""


class OwnTrust(Unentitled):
    """The case was sent by the actor's own organisation, claimed or confirmed."""

    code = "own_trust"


def record_refusal(*, case: Case, actor: Actor, refusal: Unentitled) -> None:
    """Write into the trail that an act on a case was refused for want of the right to it.

    Apart from the refused act, which left nothing behind.
    """
    record("case.act_refused", actor=actor, subject=case, case=case.number, reason=refusal.code)


def case_in_turn(case: Case) -> Case:
    """The row as it is now, locked: acts on one case happen one after another."""
    return Case.objects.select_for_update().get(pk=case.pk)


def own_trust(case: Case, then: str) -> str:
    return f"Case {case.number} was sent by your own organisation. {then}"
