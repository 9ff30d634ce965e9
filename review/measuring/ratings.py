"""The ratings that are measured: every locked assessment of a settled case, as arrays."""

import hashlib
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from review.blinding import readings_for_research
from review.measuring.resampling import Whole
from review.models import Category, ReportingScheme, Severity
from uploads.lifecycle import UploadStatus

# a study that is not graded stands one grade below mild
SEVERITIES = len(Severity) + 1


@dataclass(frozen=True)
class Scheme:
    """A version of a scheme by which something was rated, with its categories in order."""

    pk: int
    name: str
    modality: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Ratings:
    """Assessments, one a place: arrays of the same length that count from 0.

    `cases`, `studies` and `readers` are places in what the query found; `readers` in `members`.
    `schemes` are places in `scheme_list`, `categories` within their scheme.
    """

    cases: Whole
    studies: Whole
    readers: Whole
    schemes: Whole
    categories: Whole
    severities: Whole
    includes: Whole
    months: tuple[str, ...]  # of each case: when it was settled, as 2020-03
    members: tuple[int, ...]
    scheme_list: tuple[Scheme, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def digest(self) -> str:
        """The same for the same ratings alone."""
        arrays = (self.cases, self.studies, self.readers, self.schemes, self.categories,
                  self.severities, self.includes)  # fmt: skip
        digest = hashlib.sha256(repr((self.months, self.members, self.scheme_list)).encode())
        for array in arrays:
            digest.update(array.tobytes())
        return digest.hexdigest()

    @property
    def case_count(self) -> int:
        return len(self.months)

    @property
    def study_count(self) -> int:
        return int(self.studies.max()) + 1 if len(self) else 0


_COLUMNS = (
    "case", "assessments__study", "reader", "assessments__scheme", "assessments__category",
    "assessments__severity", "include", "case__settled_at",
)  # fmt: skip


def ratings_of_the_settled() -> Ratings:
    """Nothing of a case that somebody has still to read, nor of a study that was withdrawn."""
    rows = list(
        readings_for_research()
        .filter(
            assessments__category__isnull=False,
            assessments__study__upload__status=UploadStatus.ACCEPTED,
        )
        .order_by("case__number", "assessments__study", "submitted_at", "pk")
        .values_list(*_COLUMNS)
    )
    settled = {row[0]: row[7] for row in rows}
    cases, studies, readers, schemes = (_places(row[part] for row in rows) for part in range(4))
    scheme_list, category_places = _schemes(schemes)
    return Ratings(
        cases=_array(cases[row[0]] for row in rows),
        studies=_array(studies[row[1]] for row in rows),
        readers=_array(readers[row[2]] for row in rows),
        schemes=_array(schemes[row[3]] for row in rows),
        categories=_array(category_places[row[4]] for row in rows),
        severities=_array(row[5] or 0 for row in rows),
        includes=_array(int(row[6]) for row in rows),
        months=tuple(f"{timezone.localtime(settled[case]):%Y-%m}" for case in cases),
        members=tuple(readers),
        scheme_list=scheme_list,
    )


def _places(keys: object) -> dict[int, int]:
    """Each key with its place among those that occur, first come first."""
    return {key: place for place, key in enumerate(dict.fromkeys(keys))}


def _array(numbers: object) -> Whole:
    return np.fromiter(numbers, dtype=np.int64)


def _schemes(found: dict[int, int]) -> tuple[tuple[Scheme, ...], dict[int, int]]:
    labels: dict[int, list[str]] = {}
    places: dict[int, int] = {}
    rows = Category.objects.filter(scheme__in=list(found)).order_by("scheme", "order")
    for pk, scheme, label in rows.values_list("pk", "scheme", "label"):
        places[pk] = len(labels.setdefault(scheme, []))
        labels[scheme].append(label)
    schemes = ReportingScheme.objects.in_bulk(list(found))
    return tuple(
        Scheme(pk, f"{schemes[pk].name} {schemes[pk].version}", schemes[pk].modality,
               tuple(labels[pk]))
        for pk in found
    ), places  # fmt: skip
