"""Every address asked for by everybody again: what is left in the trail is what was done."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from auditlog.models import LogEntry
from django.db import connection, transaction
from django.urls import reverse

from tests.access.addresses import ADDRESSES, Address
from tests.access.doors import MEMBERS, VISITORS, outcome
from tests.access.leaving import ACTS, left_by
from tests.access.world import World, make_world

FORM = "application/x-www-form-urlencoded"
_WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
# what is no content: sessions, counters of attempts, the memory of what the trail holds already
_BOOKKEEPING = {
    *("accounts_session", "accounts_namefailures", "axes_accessattempt"),
    *("auditlog_logentry", "django_content_type", "review_opening"),
}

KNOWN: dict[str, list[Address]] = defaultdict(list)
for _address in ADDRESSES:
    KNOWN[f"{_address.method} {_address.name}"].append(_address)


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker) -> Iterator[None]:
    """One transaction for the whole file, in place of one a test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(db) -> World:
    return make_world()


@contextmanager
def written_tables() -> Iterator[set[str]]:
    tables: set[str] = set()

    def look(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        found = _WRITES.match(sql)
        if found and context["cursor"].rowcount:
            tables.add(found[1])
        return done

    with connection.execute_wrapper(look):
        yield tables


def asked(world: World, visitor: str, method: str, path: str, body: dict, **headers):
    """The answer, the verbs that were left, and the tables that were written; then undone."""
    client = world.visitors[visitor]
    cookies = client.cookies.output(header="", sep=";")
    last = LogEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        with written_tables() as tables:
            response = client.generic(method, path, urlencode(body, doseq=True), FORM, **headers)
            response.getvalue()
        rows = LogEntry.objects.filter(pk__gt=last).order_by("pk")
        verbs = tuple(row.additional_data["verb"] for row in rows)
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies)
    return response, verbs, tables - _BOOKKEEPING


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_is_left_in_the_trail_is_what_was_done(world, name):
    wrong = []
    for address in KNOWN[name]:
        path = reverse(address.name, args=address.place(world)) + address.query
        for visitor in VISITORS:
            response, verbs, tables = asked(world, visitor, address.method, path, {"sent": "yes"})
            expected = expected_of(address, visitor, response.status_code)
            if verbs != expected:
                wrong.append(f"{address}: {visitor} ({outcome(response)}) left {verbs}")
            if tables and not verbs:
                wrong.append(f"{address}: {visitor} wrote {sorted(tables)} and left no row")

    assert not wrong, "\n".join(wrong)


def expected_of(address: Address, visitor: str, status: int) -> tuple[str, ...]:
    if status == 403:
        return ("page.refused",) if visitor in MEMBERS else ()
    passes = visitor in address.door.lets_in or isinstance(address.special.get(visitor), int)
    return left_by(address, visitor) if passes and status != 404 else ()


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_an_act_leaves_one_row(world, act):
    path = reverse(act.name, args=act.place(world))

    response, verbs, tables = asked(world, act.by, "POST", path, act.answers(world), **act.headers)

    assert verbs == act.left, f"{response.status_code}, {tables}"
