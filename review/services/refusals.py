"""What the services of the panel share: why not, and one act on a case after another."""

from review.models import Case


class Refusal(Exception):
    """Something of the panel's may not happen now; the sentence says why and what to do."""


class CaseBeingRead(Refusal):
    """The patient's case is past joining and not yet settled."""


class NotOfThisCase(Refusal):
    """A study, or a category of a scheme, that this case does not have."""


class OwnTrust(Refusal):
    """The case was sent by the actor's own organisation, claimed or confirmed."""


def case_in_turn(case: Case) -> Case:
    """The row as it is now, locked: acts on one case happen one after another."""
    return Case.objects.select_for_update().get(pk=case.pk)


def own_trust(case: Case, then: str) -> str:
    return f"Case {case.number} was sent by your own organisation. {then}"
