"""Whether the trail is whole: its rows, the chain over them, and the anchors outside of it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from audit import anchors, signing
from audit.models import Seal, Verification
from audit.sealing import SEALED_TEXT, signed_part

_GENESIS = "0" * 64

# the first seal that is not what it must be, and how it differs
_CHAIN = f"""
    WITH linked AS (
        SELECT s.sequence, s.entry, s.previous, s.hash,
            lag(s.sequence, 1, 0::bigint) OVER w AS sequence_before,
            lag(s.hash::text, 1, '{_GENESIS}') OVER w AS hash_before
        FROM audit_seal s WINDOW w AS (ORDER BY s.sequence)
    ), checked AS (
        SELECT l.*, e.id IS NULL AS is_gone, encode(sha256(convert_to(
            l.sequence || '|' || l.previous || '|' || {SEALED_TEXT}, 'UTF8')), 'hex') AS found
        FROM linked l LEFT JOIN auditlog_logentry e ON e.id = l.entry
    )
    SELECT sequence, entry, sequence_before, is_gone, previous <> hash_before
    FROM checked
    WHERE sequence <> sequence_before + 1 OR previous <> hash_before OR is_gone OR found <> hash
    ORDER BY sequence LIMIT 1
"""  # noqa: S608 — nothing in it comes from outside

_UNSEALED = """
    SELECT e.id FROM auditlog_logentry e
    WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry = e.id) ORDER BY e.id LIMIT 1
"""


@dataclass(frozen=True)
class Found:
    """What a verification saw; `problem` is "" when the trail is whole."""

    rows: int
    anchors: int
    anchored: int
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.problem


class NotWhole(Exception):
    """Something was done to the trail; the message names the first place."""


def verify_trail() -> Found:
    """Check rows, chain, anchors and signatures, and say what is wrong first.

    Raises StoreFailed when the anchors cannot be read.
    """
    # listed before the rows are read: an anchor that is made meanwhile is none of a cut tail
    writings = anchors.writings()
    heads, problem = _anchored(writings)
    with transaction.atomic():
        rows = Seal.objects.count()
        # the chain first: it names the row, where an anchor can only name its segment
        found = _broken_row() or _unsealed_row() or _unlike(heads)
    return Found(rows, len(writings), max(heads, default=0), found or problem)


def note_verification(*, found: Found, at: datetime) -> Verification:
    return Verification.objects.create(
        at=at,
        is_whole=found.is_whole,
        rows=found.rows,
        anchors=found.anchors,
        anchored=found.anchored,
        problem=found.problem[:300],
    )


# --- Rows and chain -----------------------------------------------------------------------


def _broken_row() -> str:
    row = _one(_CHAIN)
    if row is None:
        return ""
    sequence, entry, sequence_before, is_gone, is_unlinked = row
    if sequence != sequence_before + 1:
        return f"Seal {sequence_before + 1} is gone: what it sealed was taken out of the trail."
    if is_unlinked:
        return f"The chain is broken at seal {sequence} (row {entry}): it does not follow the last."
    if is_gone:
        return f"Row {entry} was deleted: its seal {sequence} is there."
    return f"Row {entry} is not what was sealed as {sequence}: it was changed, or put there later."


def _unsealed_row() -> str:
    row = _one(_UNSEALED)
    return (
        f"Row {row[0]} was never sealed: it was put in past the database's trigger." if row else ""
    )


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


# --- Anchors ------------------------------------------------------------------------------


def _anchored(writings: dict[str, list[anchors.Version]]) -> tuple[dict[int, str], str]:
    """Which hash the anchors say stood at which place, and what is wrong with them first."""
    said, problem = [], ""
    for key, versions in writings.items():
        try:
            said.append((_checked(key, versions), key))
        except NotWhole as found:
            problem = problem or str(found)
    heads: dict[int, str] = {}
    for facts, key in sorted(said, key=lambda each: each[0]["first"]):
        anchored = max(heads, default=0)
        # one that begins earlier repeats what was anchored in an hour that ended badly
        if facts["first"] > anchored + 1:
            problem = problem or f"The anchor before {key}, of seals from {anchored + 1}, is gone."
        heads[facts["last"]] = facts["head"]
    return heads, problem


def _checked(key: str, versions: list[anchors.Version]) -> dict[str, Any]:
    """What an anchor says, once its signature and its rows are proven."""
    if any(is_deletion for _, is_deletion in versions):
        raise NotWhole(f"Anchor {key} was deleted.")
    if len(versions) > 1:
        raise NotWhole(f"Anchor {key} was replaced: it was written {len(versions)} times.")
    content = anchors.read(key, versions[0][0])
    lines, _, end = content.rstrip(b"\n").rpartition(b"\n")
    lines += b"\n"
    try:
        last_line = json.loads(end)
        facts, signature = last_line["anchor"], last_line["signature"]
        is_signed = signing.is_signed(signed_part(facts), key_id=facts["key"], signature=signature)
        digest = facts["rows_sha256"]
    except (ValueError, KeyError, TypeError):
        raise NotWhole(f"Anchor {key} is not what the sealer writes.") from None
    if not is_signed:
        raise NotWhole(f"Anchor {key} is not signed by a key that is known here.")
    if hashlib.sha256(lines).hexdigest() != digest:
        raise NotWhole(f"The rows in anchor {key} are not those that were signed.")
    return facts


def _unlike(heads: dict[int, str]) -> str:
    """What the anchors say was there, and the database says was not."""
    known = dict(Seal.objects.filter(sequence__in=heads).values_list("sequence", "hash"))
    for place, head in sorted(heads.items()):
        if place not in known:
            newest = Seal.objects.order_by("-sequence").values_list("sequence", flat=True).first()
            return f"The trail was cut off after seal {newest or 0}: anchors go to seal {place}."
        if known[place] != head:
            return f"Seal {place} is not the one that was anchored: the chain was made anew."
    return ""
