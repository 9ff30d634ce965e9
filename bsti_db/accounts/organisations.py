"""Organisations as the Organisation Data Service lists them, and the mail domains they own."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from audit.actors import Actor
from audit.services import record
from bsti_db.accounts.models import Organisation, OrganisationDomain

# what the ODS leaves small in a name it writes in capitals
_SMALL = {"of", "and", "the", "upon", "for"}
_CAPITAL = {"NHS", "UK"}
_CLOSED_COLUMN = 11


class NotAList(Exception):
    """The file is neither our own list nor one of the ODS."""


@dataclass(frozen=True)
class Listed:
    ods_code: str
    name: str
    domains: tuple[str, ...] = field(default=())


def read_list(path: Path) -> list[Listed]:
    """Read `ods_code,name,domains` (domains apart by spaces), or the ODS's etr.csv.

    The ODS's file has no header; organisations that are closed there are left out.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if not rows:
        raise NotAList("The file is empty.")
    listed = list(_own(rows) if rows[0][:2] == ["ods_code", "name"] else _ods(rows))
    if not listed:
        raise NotAList("The file lists no organisation.")
    return listed


def _own(rows: list[list[str]]) -> Iterator[Listed]:
    for row in rows[1:]:
        if len(row) >= 2:
            domains = row[2].lower().split() if len(row) > 2 else []
            yield Listed(row[0].strip().upper(), row[1].strip(), tuple(domains))


def _ods(rows: list[list[str]]) -> Iterator[Listed]:
    for row in rows:
        if len(row) <= _CLOSED_COLUMN or len(row[0]) > 10 or not row[0].isalnum():
            raise NotAList("The file is neither our own list nor the ODS's etr.csv.")
        if not row[_CLOSED_COLUMN]:
            yield Listed(row[0], _spelled(row[1]))


def _spelled(name: str) -> str:
    """The ODS's capitals as people write them: "Leeds Teaching Hospitals NHS Trust"."""
    words = []
    for word in name.split():
        is_small = word.lower() in _SMALL and words
        words.append(
            word if word in _CAPITAL else word.lower() if is_small else word.lower().capitalize()
        )
    return " ".join(words)


@transaction.atomic
def refresh(*, listed: Iterable[Listed], actor: Actor) -> tuple[int, int]:
    """Add organisations and correct names and domains; gives how many are new and changed.

    Nothing is removed: studies and people point at organisations. A domain stays with the
    organisation that has it.
    """
    added = changed = 0
    for entry in listed:
        organisation, is_new = Organisation.objects.get_or_create(
            ods_code=entry.ods_code, defaults={"name": entry.name}
        )
        fields = _corrected(organisation, entry)
        if is_new:
            added += 1
            record("organisation.added", actor=actor, subject=organisation)
        elif fields:
            changed += 1
            record("organisation.changed", actor=actor, subject=organisation, fields=fields)
    return added, changed


def _corrected(organisation: Organisation, entry: Listed) -> list[str]:
    fields = []
    if organisation.name != entry.name:
        organisation.name = entry.name
        organisation.save(update_fields=["name"])
        fields.append("name")
    for domain in entry.domains:
        _, is_new = OrganisationDomain.objects.get_or_create(
            domain=domain, defaults={"organisation": organisation}
        )
        if is_new and "domains" not in fields:
            fields.append("domains")
    return fields
