"""What the seal of the audit trail costs, and how long it takes to verify.

Targets: at least 0.9 of the audited writes a second without it; ten parallel transactions of
0.2 s in at most 1.2 times the time; 100,000 rows verified in under 10 s. With and without take
turns, so that a busy machine is busy for both.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

import environ
import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit import sealing, verifying
from audit.actors import Actor
from audit.services import record
from tests.sites import own_places

ROWS = 100_000
TARGET_SHARE, TARGET_MULTIPLE, TARGET_SECONDS = 0.9, 1.2, 10
_ROUNDS = 40
_WRITES = 50
_PARALLEL_ROUNDS = 9
_PARALLEL = 10
_HELD_SECONDS = 0.2
_FILLED = """
INSERT INTO auditlog_logentry (content_type_id, object_pk, object_repr, action, changes_text,
    "timestamp", additional_data)
SELECT content_type_id, n::text, object_repr, action, changes_text, "timestamp", additional_data
FROM auditlog_logentry, generate_series(1, %s) n WHERE id = %s
"""


def measure() -> None:
    print(f"  load before: {os.getloadavg()[0]:.1f}")
    with own_places() as places:
        _verification(places)
        _use(places, "web")
        owner = places["database"]["owner"]
        _writes(owner)
        _parallel(owner)
        connection.close()


def _use(places: dict[str, Any], role: str) -> None:
    """Let this process work on the new database as web or worker does."""
    known = environ.Env.db_url_config(places["database"][role], engine="bsti_db.database")
    connection.close()
    connection.settings_dict.update(
        {key: known[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )


def _verification(places: dict[str, Any]) -> None:
    settings.STORAGES["audit"]["OPTIONS"]["bucket_name"] = places["s3"]["buckets"]["audit"]
    # web may not note anchors
    _use(places, "worker")
    first = _write()
    start = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_FILLED, [ROWS - 1, first])
    print(f"  {ROWS:,} rows written and sealed in one transaction: {_since(start):.1f} s")
    start = time.monotonic()
    made = sealing.anchor_trail(at=timezone.now())
    print(f"  anchored in {len(made)} segments: {_since(start):.1f} s")
    start = time.monotonic()
    found = verifying.verify_trail()
    seconds = _since(start)
    if not found.is_whole:
        raise RuntimeError(found.problem)
    print(
        f"  {found.rows:,} rows verified with their anchors: {seconds:.1f} s "
        f"(target < {TARGET_SECONDS} s)"
    )


def _writes(owner: str) -> None:
    def write_many() -> None:
        for _ in range(_WRITES):
            _write()

    sealed, bare = _in_turn(owner, write_many, _ROUNDS)
    share = bare / sealed
    print(
        f"  audited writes a second: {_WRITES / sealed:.0f} sealed, "
        f"{_WRITES / bare:.0f} without: {share:.2f} (target >= {TARGET_SHARE})"
    )


def _parallel(owner: str) -> None:
    def hold_many() -> None:
        threads = [threading.Thread(target=_hold) for _ in range(_PARALLEL)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    sealed, bare = _in_turn(owner, hold_many, _PARALLEL_ROUNDS)
    multiple = sealed / bare
    print(
        f"  {_PARALLEL} parallel transactions of {_HELD_SECONDS} s: {sealed:.2f} s sealed, "
        f"{bare:.2f} s without: {multiple:.2f} times (target <= {TARGET_MULTIPLE})"
    )


def _write() -> int:
    with transaction.atomic():
        return record("case.opened", actor=Actor.of_task("bench"), subject=None, number=7).pk


def _hold() -> None:
    try:
        with transaction.atomic():
            record("case.opened", actor=Actor.of_task("bench"), subject=None, number=7)
            time.sleep(_HELD_SECONDS)
    finally:
        connection.close()


def _in_turn(owner: str, work: Callable[[], None], rounds: int) -> tuple[float, float]:
    """Seconds with and without the seal: the lower quartile, which others' work disturbs least."""
    sealed, bare = [], []
    work()
    for _ in range(rounds):
        sealed.append(_seconds(work))
        with _unsealed(owner):
            bare.append(_seconds(work))
    return quantiles(sealed)[0], quantiles(bare)[0]


@contextmanager
def _unsealed(owner: str) -> Iterator[None]:
    with psycopg.connect(owner, autocommit=True) as connected:
        connected.execute("ALTER TABLE auditlog_logentry DISABLE TRIGGER audit_row_is_sealed")
        try:
            yield
        finally:
            connected.execute("ALTER TABLE auditlog_logentry ENABLE TRIGGER audit_row_is_sealed")


def _seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return _since(start)


def _since(start: float) -> float:
    return time.monotonic() - start
