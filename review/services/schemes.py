"""Schemes and scores are the administrator's to keep; a version that was read by stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.text import slugify

from audit.actors import Actor
from audit.services import record
from review.models import Category, Region, ReportingScheme
from review.services.refusals import Refusal

_FEWEST_CATEGORIES = 2


class SchemeUsed(Refusal):
    """A case is read by this version, or new cases are: it is not changed or discarded."""


class VersionTaken(Refusal):
    """Another version of the scheme has that name already."""


class SchemeNotWhole(Refusal):
    """There is too little in the version to read by it."""


@dataclass(frozen=True)
class Line:
    """A category, a grade or a region as it was entered. Grades and regions have no code."""

    label: str
    code: str = ""
    help: str = ""


@transaction.atomic
def copy_scheme(
    *, scheme: ReportingScheme, code: str, name: str, version: str, actor: Actor
) -> ReportingScheme:
    """Begin a new version of a scheme, or with another code a new scheme, as a copy to change.

    Raises VersionTaken.
    """
    if ReportingScheme.objects.filter(code=code, version=version).exists():
        raise VersionTaken(f"There is a version {version} of {code} already. Choose another.")
    made = ReportingScheme.objects.create(
        code=code, modality=scheme.modality, kind=scheme.kind, version=version, name=name
    )
    for model in (Category, Region):
        rows = list(model.objects.filter(scheme=scheme))
        for row in rows:
            row.pk, row.scheme = None, made
        model.objects.bulk_create(rows)
    record("scheme.copied", actor=actor, subject=made, of=scheme.pk)
    return made


@transaction.atomic
def change_scheme(
    *,
    scheme: ReportingScheme,
    name: str,
    categories: Sequence[Line],
    regions: Sequence[Line],
    actor: Actor,
) -> None:
    """Put a version's name, categories and regions in the place of what it had, in this order.

    Raises SchemeUsed, SchemeNotWhole.
    """
    scheme = _not_read_by_yet(scheme)
    is_score = scheme.kind == ReportingScheme.Kind.SCORE
    if len(categories) < _FEWEST_CATEGORIES or (is_score and not regions):
        raise SchemeNotWhole("Enter at least two categories, and for a score a region.")
    scheme.name = name
    scheme.save(update_fields=["name"])
    scheme.categories.all().delete()
    scheme.regions.all().delete()
    Category.objects.bulk_create(
        # a grade is known by its number, from 0 up
        Category(
            scheme=scheme,
            code=str(order - 1) if is_score else line.code,
            label=line.label,
            help=line.help,
            order=order,
        )
        for order, line in enumerate(categories, start=1)
    )
    Region.objects.bulk_create(
        Region(scheme=scheme, code=slugify(line.label)[:20], label=line.label, order=order)
        for order, line in enumerate(regions, start=1)
    )
    record("scheme.changed", actor=actor, subject=scheme, categories=len(categories))


@transaction.atomic
def use_scheme(*, scheme: ReportingScheme, actor: Actor) -> None:
    """Cases opened from now on are read by this version; those opened before keep theirs."""
    alike = ReportingScheme.objects.filter(modality=scheme.modality, kind=scheme.kind)
    # both rows locked, so that of two choices at once the later stands
    list(alike.select_for_update().order_by("pk"))
    alike.filter(is_default=True).update(is_default=False)
    alike.filter(pk=scheme.pk).update(is_default=True)
    record("scheme.put_to_use", actor=actor, subject=scheme)


@transaction.atomic
def discard_scheme(*, scheme: ReportingScheme, actor: Actor) -> None:
    """Take away a version that nobody has read by.

    Raises SchemeUsed.
    """
    scheme = _not_read_by_yet(scheme)
    if scheme.is_default:
        raise SchemeUsed("New cases are read by this version. Put another to use first.")
    record("scheme.discarded", actor=actor, subject=scheme)
    scheme.categories.all().delete()
    scheme.regions.all().delete()
    scheme.delete()


def _not_read_by_yet(scheme: ReportingScheme) -> ReportingScheme:
    scheme = ReportingScheme.objects.select_for_update().get(pk=scheme.pk)
    if scheme.is_frozen:
        raise SchemeUsed(
            "Cases are read by this version, so it stays as it is. Make a new version to change it."
        )
    return scheme
