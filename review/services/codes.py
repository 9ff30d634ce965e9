"""Coded findings, sites and distributions: a change is a new version, and the old one is retired.

Whether a code was ever chosen is not told here: it would tell one reader of another's draft.
"""

from django.db import transaction
from django.db.models import Max

from audit.actors import Actor
from audit.services import record
from review.models import FindingCode
from review.services.refusals import Refusal


class CodeTaken(Refusal):
    """The list offers this meaning or this code already."""


class CodeRetired(Refusal):
    """The code is offered no more, or is offered already: somebody else was first."""


@transaction.atomic
def add_code(*, kind: str, designator: str, code: str, meaning: str, actor: Actor) -> FindingCode:
    """Offer one more code in a list, at its end.

    Raises CodeTaken.
    """
    last = FindingCode.objects.filter(kind=kind).aggregate(last=Max("order"))["last"] or 0
    made = _offer(kind, designator, code, meaning, order=last + 1)
    record("finding_code.added", actor=actor, subject=made)
    return made


@transaction.atomic
def change_code(
    *, row: FindingCode, designator: str, code: str, meaning: str, actor: Actor
) -> FindingCode:
    """Offer a new version in the place of a code; readings keep the one they have.

    Raises CodeTaken, CodeRetired.
    """
    row = _as_it_is(row, is_active=True)
    _set_active(row, False)
    made = _offer(row.kind, designator, code, meaning, order=row.order)
    record("finding_code.changed", actor=actor, subject=made, was=row.pk)
    return made


@transaction.atomic
def retire_code(*, row: FindingCode, actor: Actor) -> None:
    """Offer a code no more. Raises CodeRetired."""
    row = _as_it_is(row, is_active=True)
    _set_active(row, False)
    record("finding_code.retired", actor=actor, subject=row)


@transaction.atomic
def restore_code(*, row: FindingCode, actor: Actor) -> None:
    """Offer a retired code again. Raises CodeTaken, CodeRetired."""
    row = _as_it_is(row, is_active=False)
    _check_free(row.kind, row.designator, row.code, row.meaning)
    _set_active(row, True)
    record("finding_code.restored", actor=actor, subject=row)


def _offer(kind: str, designator: str, code: str, meaning: str, *, order: int) -> FindingCode:
    value = code or None
    _check_free(kind, designator, value, meaning)
    earlier = FindingCode.objects.filter(kind=kind, meaning=meaning)
    version = (earlier.aggregate(last=Max("version"))["last"] or 0) + 1
    return FindingCode.objects.create(
        kind=kind, designator=designator, code=value, meaning=meaning, order=order, version=version
    )


def _check_free(kind: str, designator: str, code: str | None, meaning: str) -> None:
    # one act on the lists at a time: they are short, and changed a few times a year
    offered = FindingCode.objects.filter(kind=kind, is_active=True).order_by("pk")
    for row in offered.select_for_update(no_key=True):
        if row.meaning.lower() == meaning.lower():
            raise CodeTaken("This meaning is offered already.")
        if code and (row.designator, row.code) == (designator, code):
            raise CodeTaken(f"{designator} {code} is offered already, as “{row.meaning}”.")


def _as_it_is(row: FindingCode, *, is_active: bool) -> FindingCode:
    found = FindingCode.objects.select_for_update(no_key=True).get(pk=row.pk)
    if found.is_active != is_active:
        raise CodeRetired("This code has changed since you opened the page. Look at the list.")
    return found


def _set_active(row: FindingCode, is_active: bool) -> None:
    row.is_active = is_active
    row.save(update_fields=["is_active"])
