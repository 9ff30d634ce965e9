"""Every address of the resolver, asked for by everybody, for every kind of object.

An address that is not in `tests/access/addresses.py` fails here, and so does a method that is not.
"""

from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.addresses import ADDRESSES, Address, elsewhere
from tests.access.doors import CODE, RENEW, SIGN_IN, START, VISITORS, outcome
from tests.access.world import World, make_world

# between them they pass every door
EACH_DOOR = ("anonymous", "submitter", "chair", "editor", "publisher", "curator", "auditor",
             "administrator")  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FORM = "application/x-www-form-urlencoded"
# a program and a fragment follow no redirection to a page
_TOLD_TO_PROGRAMS = {SIGN_IN: 401, CODE: 401, RENEW: 401, START: 401}


def names(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern, inner)


KNOWN: dict[str, list[Address]] = defaultdict(list)
for _address in ADDRESSES:
    KNOWN[_address.name].append(_address)


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker) -> Iterator[None]:
    """One transaction for the whole file, in place of one a test."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(db) -> World:
    """Made once; every question to it is rolled back."""
    return make_world()


def ask(world: World, visitor: str, address: Address, args: list, method: str = "", **headers):
    """What `visitor` is answered; the world is afterwards as it was."""
    client = world.visitors[visitor]
    cookies = client.cookies.output(header="", sep=";")
    path = reverse(address.name, args=args) + address.query
    with transaction.atomic():
        response = client.generic(method or address.method, path, "sent=yes", FORM, **headers)
        content = response.getvalue()
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies)
    return response, content


def test_every_address_is_in_the_matrix():
    assert set(names(get_resolver())) == set(KNOWN)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_everybody_gets_what_they_may_have(world, name):
    wrong = [
        f"{address}: {visitor} got {got}, not {address.expected(visitor)}"
        for address in KNOWN[name]
        for visitor in VISITORS
        if (got := outcome(ask(world, visitor, address, address.place(world))[0]))
        != address.expected(visitor)
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_is_forbidden_looks_like_what_does_not_exist(world, name):
    wrong = []
    for address in KNOWN[name]:
        args = address.place(world)
        unknown = elsewhere(args)
        if unknown is None or not address.has_object:
            continue
        for visitor in sorted(address.door.lets_in - set(address.special)):
            response, content = ask(world, visitor, address, unknown)
            if response.status_code != 404:
                wrong.append(f"{address}: {visitor} got {outcome(response)} for what is not there")
            if address.expected(visitor) == 404:
                _, forbidden = ask(world, visitor, address, args)
                if forbidden != content:
                    wrong.append(f"{address}: {visitor} can tell that it exists")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_no_other_method_does_anything(world, name):
    methods = {address.method for address in KNOWN[name]}
    wrong = []
    address = KNOWN[name][0]
    for method in set(METHODS) - methods:
        for visitor in EACH_DOOR:
            response, _ = ask(world, visitor, address, address.place(world), method)
            got = outcome(response)
            if got not in (SIGN_IN, START, 401, 403, 404, 405):
                wrong.append(f"{method} {name}: {visitor} got {got}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_fragments_and_programs_are_refused_as_pages_are(world, name):
    wrong = []
    for address in KNOWN[name]:
        for visitor in VISITORS:
            expected = address.expected(visitor)
            if expected not in _TOLD_TO_PROGRAMS or visitor in address.door.lets_in:
                continue
            for headers in ({"HTTP_HX_REQUEST": "true"}, {"HTTP_ACCEPT": "application/json"}):
                response, content = ask(world, visitor, address, address.place(world), **headers)
                if response.status_code != 401 or b"<form" in content:
                    wrong.append(f"{address}: {visitor} got {response.status_code} as {headers}")

    assert not wrong, "\n".join(wrong)


def test_only_who_may_suspend_is_offered_it_on_a_public_page(world):
    (address,) = KNOWN["library:member-actions"]

    offered = {
        visitor
        for visitor in VISITORS
        if ask(world, visitor, address, address.place(world))[1].strip()
    }

    panel = {"panellist", "own trust", "reader", "adjudicator", "chair"}
    assert offered == panel | {"editor", "publisher", "curator"}


@pytest.mark.parametrize(
    "path", ["/nowhere/", "/review/cases/x/", "/uploads/1/", "/library/desk/x"]
)
def test_an_address_that_does_not_exist_is_the_same_for_everybody(world, path):
    answers = set()
    for visitor in VISITORS:
        with transaction.atomic():
            response = world.visitors[visitor].get(path)
            transaction.set_rollback(True)
        answers.add((response.status_code, response.content))

    assert {status for status, _ in answers} == {404}
    assert len(answers) == 1
