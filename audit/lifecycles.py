"""A lifecycle: a table of the moves a status may make, each audited as it is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from audit.actors import Actor
from audit.services import record


class IllegalMove(Exception):
    """The row is not in a status from which it may move there, or another move came first."""


# every lifecycle there is, for the page that draws them
LIFECYCLES: list["Lifecycle"] = []


@dataclass(frozen=True)
class Lifecycle:
    """The moves of one model's `status`: `{(from, to): audit verb}`."""

    name: str
    moves: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        LIFECYCLES.append(self)

    def may(self, row: models.Model, to: str) -> bool:
        """Whether `row`, as it is in memory, may move to `to`."""
        return (row.status, to) in self.moves

    def sources(self, to: str) -> list[str]:
        """The statuses from which `to` can be reached in one move."""
        return [start for start, end in self.moves if end == to]

    def advance(
        self, row: models.Model, to: str, *, actor: Actor, reason: str = "", **facts: Any
    ) -> None:
        """Move `row` to `to` and write the move into the trail, in one transaction.

        One conditional UPDATE: of two racing callers one wins, the other gets IllegalMove.
        `reason` is a code or is kept by the caller in a column of its own: free text never
        enters the trail.
        """
        start = row.status
        verb = self.moves.get((start, to))
        if verb is None:
            raise IllegalMove(f"A {self.name} that is {_words(start)} cannot become {_words(to)}.")
        with transaction.atomic():
            moved = type(row)._base_manager.filter(pk=row.pk, status=start).update(status=to)
            if not moved:
                raise IllegalMove(f"This {self.name} has changed since you opened it. Look again.")
            row.status = to
            if reason:
                facts["reason"] = reason
            record(verb, actor=actor, subject=row, **{"from": str(start), "to": str(to)}, **facts)


def _words(status: str) -> str:
    return str(status).replace("_", " ")


def drawing(lifecycles: Iterable[Lifecycle]) -> str:
    """All lifecycles as a Markdown page of Mermaid state diagrams and tables."""
    parts = ["# Lifecycles", "", "Drawn by `manage.py draw_lifecycles` from the code's own tables."]
    for lifecycle in lifecycles:
        parts += ["", f"## {lifecycle.name.capitalize()}", "", "```mermaid", "stateDiagram-v2"]
        parts += [f"    {start} --> {end}" for start, end in lifecycle.moves]
        parts += ["```", "", "| from | to | audit verb |", "|---|---|---|"]
        parts += [
            f"| {start} | {end} | `{verb}` |" for (start, end), verb in lifecycle.moves.items()
        ]
    return "\n".join(parts) + "\n"
