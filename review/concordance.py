"""When two readings of a case agree: the panel's rule, without database or Django."""

from collections.abc import Mapping
from dataclasses import dataclass

INCLUDE = "include"
CATEGORY = "category"
SEVERITY = "severity"


@dataclass(frozen=True)
class Opinion:
    """What one reading says: by study, its category's key and its grade of severity or none."""

    include: bool
    studies: Mapping[int, tuple[int, int | None]]


@dataclass(frozen=True)
class Difference:
    """In what two readings differ, and of which study; a case's include decision has none."""

    what: str
    study: int | None = None


def differences(first: Opinion, second: Opinion) -> list[Difference]:
    """Where two readings part: another include decision, category, or more than one grade.

    A study that is not graded stands one grade below mild. A study that only one of them
    assessed was withdrawn from the case between the readings, and does not count.
    """
    found = [] if first.include == second.include else [Difference(INCLUDE)]
    for study in sorted(set(first.studies) & set(second.studies)):
        (category, severity), (other, other_severity) = first.studies[study], second.studies[study]
        if category != other:
            found.append(Difference(CATEGORY, study))
        if abs((severity or 0) - (other_severity or 0)) > 1:
            found.append(Difference(SEVERITY, study))
    return found
