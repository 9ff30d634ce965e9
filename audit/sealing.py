"""Anchors: the sealed trail in signed segments, in a bucket where nothing can be replaced.

The chain alone cannot tell that its end was cut off, or that whoever owns the database made all of
it anew. An anchor can: it says which hash stood at which place, and is out of their reach.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from audit import anchors, signing
from audit.models import Anchor

SEGMENT_ROWS = 50_000
# one anchor at a time, whoever rings
_TURN = 7250113

# What a seal is over, every column; written out here because the database's own function may have
# been replaced by whoever is to be found out. Migration 0002 holds the same.
SEALED_TEXT = """jsonb_build_object(
    'id', e.id, 'content_type_id', e.content_type_id, 'object_pk', e.object_pk,
    'object_id', e.object_id, 'object_repr', e.object_repr,
    'serialized_data', e.serialized_data, 'action', e.action,
    'changes_text', e.changes_text, 'changes', e.changes, 'actor_id', e.actor_id,
    'cid', e.cid, 'remote_addr', host(e.remote_addr), 'remote_port', e.remote_port,
    'timestamp', e.timestamp AT TIME ZONE 'UTC', 'additional_data', e.additional_data,
    'actor_email', e.actor_email
)::text"""

_SEGMENT = f"""
    SELECT s.sequence, s.entry, s.previous, s.hash, {SEALED_TEXT}
    FROM audit_seal s JOIN auditlog_logentry e ON e.id = s.entry
    WHERE s.sequence >= %s ORDER BY s.sequence LIMIT %s
"""  # noqa: S608 — nothing in it comes from outside


def anchor_trail(*, at: datetime) -> list[Anchor]:
    """Anchor everything that is sealed and not anchored yet; nothing when nothing is new.

    Raises NoSigningKey, or StoreFailed; what was anchored before stays.
    """
    made = []
    while (row := _anchor_segment(at)) is not None:
        made.append(row)
    return made


def signed_part(facts: dict[str, Any]) -> bytes:
    """The bytes that a signature is over: the same for who writes and who reads an anchor."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


@transaction.atomic
def _anchor_segment(at: datetime) -> Anchor | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TURN])
        if not cursor.fetchone()[0]:
            return None
        newest = Anchor.objects.order_by("-last").first()
        cursor.execute(_SEGMENT, [newest.last + 1 if newest else 1, SEGMENT_ROWS])
        rows = cursor.fetchall()
    if not rows:
        return None
    lines = b"".join(_lines(rows))
    first, last, head = rows[0][0], rows[-1][0], rows[-1][3]
    facts = {
        "first": first,
        "last": last,
        "head": head,
        "rows_sha256": hashlib.sha256(lines).hexdigest(),
        "key": signing.key_in_use(),
        "made_at": at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    signature = signing.sign(signed_part(facts))
    end = json.dumps({"anchor": facts, "signature": signature}).encode() + b"\n"
    key = anchors.key_of(first, at)
    anchors.write(key, lines + end)
    # lost with the process between the two: the next hour anchors the same rows once more
    return Anchor.objects.create(
        first=first, last=last, head=head, object_key=key, key_id=facts["key"], made_at=at
    )


def _lines(rows: list[tuple]) -> Iterator[bytes]:
    for sequence, entry, previous, own, text in rows:
        line = {"sequence": sequence, "entry": entry, "previous": previous, "hash": own}
        yield json.dumps(line | {"row": text}, ensure_ascii=False).encode() + b"\n"
