"""The trail as real workers keep it: their own database role, their own keys of the store."""

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.sites import own_places, workers_on

_RECORD = """
from audit.actors import Actor
from audit.services import record
for number in range(3):
    record("case.opened", actor=Actor.of_task("tests"), subject=None, number=number)
"""
# one after the other, as the demonstration rings
_RING = "from audit.tasks import *; (anchor_trail.si() | verify_trail.si()).delay()"


def test_a_worker_anchors_the_trail_and_says_that_it_is_whole():
    with own_places() as places, workers_on(places) as site:
        site.manage("shell", "-c", _RECORD)

        site.manage("shell", "-c", _RING)
        verified = waited_for(
            site.database, "SELECT is_whole, rows, anchors, anchored FROM audit_verification"
        )
        anchored = waited_for(site.database, "SELECT first, last, key_id FROM audit_anchor")

        assert anchored == (1, 3, "dev1")
        assert verified == (True, 3, 1, 3)
        assert site.manage("verify_audit") == (
            "The trail is whole: 3 rows, of which 3 are anchored in 1 signed segment.\n"
        )


def waited_for(connect: Callable[[], psycopg.Connection], question: str) -> Any:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with connect() as connection:
            row = connection.execute(question).fetchone()
        if row:
            return row
        time.sleep(0.3)
    raise AssertionError(f"Nothing came of: {question}")
