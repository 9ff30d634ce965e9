"""The chain over the trail, its anchors, and everything that somebody could do to them."""

import json
import threading
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from auditlog.models import LogEntry
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import errors

from audit import anchors, sealing, signing, verifying
from audit.actors import Actor
from audit.models import Anchor, Seal
from audit.services import record
from bsti_db.devserver import seaweedfs
from tests.services import store_of_tests

pytestmark = pytest.mark.django_db(transaction=True)

TASK = Actor.of_task("tests")
AT = datetime(2020, 4, 1, 9, 7, tzinfo=UTC)
K1, K2 = ("k1", b"1" * 32), ("k2", b"2" * 32)


@pytest.fixture(autouse=True)
def own_bucket(settings):
    """What is anchored cannot be deleted, so each test has a bucket of its own."""
    name = f"audit-{uuid.uuid4().hex[:12]}"
    endpoint_url, keys = store_of_tests()
    administrator = seaweedfs.connect(endpoint_url, *keys)
    seaweedfs.make_buckets(administrator, [name])
    audit = settings.STORAGES["audit"]
    options = audit["OPTIONS"] | {"bucket_name": name}
    settings.STORAGES = settings.STORAGES | {"audit": audit | {"OPTIONS": options}}
    settings.AUDIT_SIGNING_KEY, settings.AUDIT_VERIFYING_KEYS = K1, {}
    return administrator, name


@pytest.fixture
def trail() -> list[int]:
    """Nine rows, of which six are anchored; gives their ids."""
    rows = [record("case.opened", actor=TASK, subject=None, number=n).pk for n in range(6)]
    sealing.anchor_trail(at=AT)
    return rows + [record("case.opened", actor=TASK, subject=None, number=n).pk for n in range(3)]


@pytest.fixture
def role(services):
    """`role("superuser")` is a connection to this test's database as that role itself."""
    opened = []

    def connect(name: str) -> psycopg.Connection:
        address = services["database"][name].replace(
            "/bsti?", f"/{connection.settings_dict['NAME']}?"
        )
        opened.append(psycopg.connect(address, autocommit=True))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def problem() -> str:
    return verifying.verify_trail().problem


# --- The chain ----------------------------------------------------------------------------


def test_every_row_is_sealed_at_commit_and_the_trail_is_whole(trail):
    found = verifying.verify_trail()

    assert list(Seal.objects.order_by("sequence").values_list("entry", flat=True)) == trail
    assert (found.is_whole, found.rows, found.anchors, found.anchored) == (True, 9, 1, 6)


def test_what_is_rolled_back_leaves_no_seal(trail):
    with transaction.atomic():
        record("case.opened", actor=TASK, subject=None)
        transaction.set_rollback(True)

    assert Seal.objects.count() == 9
    assert problem() == ""


def test_rows_of_transactions_that_overlap_make_one_chain(trail):
    def write():
        try:
            for number in range(10):
                with transaction.atomic():
                    record("case.opened", actor=TASK, subject=None, number=number)
                    record("case.closed", actor=TASK, subject=None, number=number)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Seal.objects.count() == 9 + 120
    assert problem() == ""


# --- What somebody does to it ---------------------------------------------------------------

_OTHER = {
    "id": "id + 1000",
    "content_type_id": "content_type_id + 1",
    "object_pk": "'7'",
    "object_id": "7",
    "object_repr": "'case 7'",
    "serialized_data": "'{}'",
    "action": "action + 1",
    "changes_text": "'x'",
    "changes": "'{}'",
    "actor_id": "1",
    "cid": "'7'",
    "remote_addr": "'192.0.2.1'",
    "remote_port": "7",
    "timestamp": "timestamp + interval '1 microsecond'",
    "additional_data": "jsonb_set(additional_data, '{facts,number}', '7')",
    "actor_email": "'somebody@example.test'",
}


def test_every_column_of_a_row_is_under_the_seal():
    assert {field.column for field in LogEntry._meta.concrete_fields} == set(_OTHER)


@pytest.mark.parametrize("column", _OTHER)
def test_a_changed_column_is_found_and_its_row_named(trail, role, column):
    change = f"UPDATE auditlog_logentry SET {column} = {_OTHER[column]} WHERE id = {trail[2]}"  # noqa: S608
    past_triggers(role("superuser")).execute(change)

    assert problem() == (
        f"Row {trail[2]} was deleted: its seal 3 is there."
        if column == "id"
        else f"Row {trail[2]} is not what was sealed as 3: it was changed, or put there later."
    )


def past_triggers(connected: psycopg.Connection) -> psycopg.Connection:
    connected.execute("SET session_replication_role = replica")
    return connected


_REMADE = """
DO $$
DECLARE each audit_seal; chained text; own text;
BEGIN
    SELECT hash INTO chained FROM audit_seal WHERE sequence = 2;
    FOR each IN SELECT * FROM audit_seal WHERE sequence > 2 ORDER BY sequence LOOP
        SELECT encode(sha256(convert_to(
            each.sequence || '|' || chained || '|' || audit_sealed_text(e), 'UTF8')), 'hex')
            INTO own FROM auditlog_logentry e WHERE e.id = each.entry;
        UPDATE audit_seal SET previous = chained, hash = own WHERE sequence = each.sequence;
        chained := own;
    END LOOP;
END $$
"""
_COPY = """
INSERT INTO auditlog_logentry (content_type_id, object_pk, object_repr, action, changes_text,
    "timestamp", additional_data)
SELECT content_type_id, object_pk, object_repr, action, changes_text, "timestamp", additional_data
FROM auditlog_logentry WHERE id = {1} RETURNING id
"""
# {n} is the id of row n, from 0
TAMPERINGS = {
    "a row is deleted": (
        ["DELETE FROM auditlog_logentry WHERE id = {2}"],
        "Row {2} was deleted: its seal 3 is there.",
    ),
    "a row is deleted with its seal": (
        [
            "DELETE FROM auditlog_logentry WHERE id = {2}",
            "DELETE FROM audit_seal WHERE sequence = 3",
        ],
        "Seal 3 is gone: what it sealed was taken out of the trail.",
    ),
    "a row is put in past the trigger": (
        [_COPY],
        "Row {new} was never sealed: it was put in past the database's trigger.",
    ),
    "a row is put in with a seal that was made up": (
        [
            _COPY,
            "INSERT INTO audit_seal SELECT sequence + 1, {new}, hash, repeat('0', 64) "
            "FROM audit_seal WHERE sequence = 9",
        ],
        "Row {new} is not what was sealed as 10: it was changed, or put there later.",
    ),
    "two rows change places": (
        [
            "UPDATE audit_seal SET entry = -1 WHERE sequence = 2",
            "UPDATE audit_seal SET entry = {1} WHERE sequence = 3",
            "UPDATE audit_seal SET entry = {2} WHERE sequence = 2",
        ],
        "Row {2} is not what was sealed as 2: it was changed, or put there later.",
    ),
    "two seals change places": (
        [
            "UPDATE audit_seal SET sequence = -1 WHERE sequence = 2",
            "UPDATE audit_seal SET sequence = 2 WHERE sequence = 3",
            "UPDATE audit_seal SET sequence = 3 WHERE sequence = -1",
        ],
        "The chain is broken at seal 2 (row {2}): it does not follow the last.",
    ),
    "the end is cut off": (
        [
            "DELETE FROM audit_seal WHERE sequence > 4",
            "DELETE FROM auditlog_logentry WHERE id > {3}",
            "DELETE FROM audit_anchor",
        ],
        "The trail was cut off after seal 4: anchors go to seal 6.",
    ),
    "everything is emptied": (
        ["TRUNCATE auditlog_logentry, audit_seal, audit_anchor"],
        "The trail was cut off after seal 0: anchors go to seal 6.",
    ),
    "a row is changed and the chain made anew": (
        ["UPDATE auditlog_logentry SET object_pk = '7' WHERE id = {2}", _REMADE],
        "Seal 6 is not the one that was anchored: the chain was made anew.",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_a_superuser_does_past_every_trigger_is_found_and_named(trail, role, tampering):
    assert tampered(past_triggers(role("superuser")), trail, tampering) == problem()


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_the_owner_does_with_its_triggers_off_is_found_and_named(trail, role, tampering):
    owner = role("owner")
    for table in ("auditlog_logentry", "audit_seal", "audit_anchor"):
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        assert tampered(owner, trail, tampering) == problem()
    finally:
        for table in ("auditlog_logentry", "audit_seal", "audit_anchor"):
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tampered(connected: psycopg.Connection, trail: list[int], tampering: str) -> str:
    """Do it, and give the sentence that must be told of it."""
    statements, told = TAMPERINGS[tampering]
    new = None
    for statement in statements:
        cursor = connected.execute(_with_ids(statement, trail, new))
        new = cursor.fetchone()[0] if "RETURNING" in statement else new
    return _with_ids(told, trail, new)


def _with_ids(text: str, trail: list[int], new: int | None) -> str:
    for place, pk in enumerate(trail):
        text = text.replace(f"{{{place}}}", str(pk))
    return text.replace("{new}", str(new))


@pytest.mark.parametrize("name", ["owner", "web", "worker"])
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_no_role_of_ours_can_do_it_as_it_is(trail, role, name, tampering):
    # a row of one's own is allowed, and sealed; a seal of one's own is not
    statements = _FORGED_SEAL if "put in" in tampering else TAMPERINGS[tampering][0]
    connected = role(name)

    with pytest.raises((errors.InsufficientPrivilege, errors.UniqueViolation)):
        connected.execute(";".join(_with_ids(each, trail, None) for each in statements))

    assert problem() == ""


_FORGED_SEAL = ["INSERT INTO audit_seal SELECT 1, 1, hash, hash FROM audit_seal WHERE sequence = 9"]


@pytest.mark.parametrize("name", ["web", "worker"])
@pytest.mark.parametrize(
    "act",
    [
        "ALTER TABLE auditlog_logentry DISABLE TRIGGER audit_row_is_sealed",
        "DROP TRIGGER audit_row_is_sealed ON auditlog_logentry",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_sealed_text(e auditlog_logentry) RETURNS text "
        "LANGUAGE sql AS $$ SELECT '' $$",
        "DROP FUNCTION audit_seal_row() CASCADE",
        "DELETE FROM audit_verification",
        "UPDATE audit_verification SET is_whole = true",
        "UPDATE audit_anchor SET last = 0",
        "TRUNCATE audit_verification",
        "ALTER TABLE audit_seal OWNER TO CURRENT_USER",
        "GRANT ALL ON audit_seal TO PUBLIC",
    ],
)
def test_web_and_worker_cannot_take_the_seal_off(role, name, act):
    connected = role(name)
    if act.startswith("GRANT"):
        connected.execute(act)  # grants nothing of what it has not, with a warning
        with pytest.raises(errors.InsufficientPrivilege):
            connected.execute("DELETE FROM audit_seal")
        return
    with pytest.raises(errors.InsufficientPrivilege):
        connected.execute(act)


def test_only_the_worker_says_that_the_trail_was_verified(role):
    insert = (
        "INSERT INTO audit_verification (at, is_whole, rows, anchors, anchored, problem) "
        "VALUES (now(), true, 0, 0, 0, '')"
    )
    role("worker").execute(insert)
    with pytest.raises(errors.InsufficientPrivilege):
        role("web").execute(insert)


# --- Anchors ------------------------------------------------------------------------------


def test_an_anchor_holds_every_row_and_can_be_checked_without_us(trail, own_bucket):
    administrator, name = own_bucket
    (anchor,) = Anchor.objects.all()

    content = administrator.get_object(Bucket=name, Key=anchor.object_key)["Body"].read()
    *lines, end = [json.loads(line) for line in content.splitlines()]

    assert anchor.object_key == "2020/04/01T09-1.jsonl"
    assert [line["entry"] for line in lines] == trail[:6]
    assert [json.loads(line["row"])["additional_data"]["facts"]["number"] for line in lines] == [
        *range(6)
    ]
    public = Ed25519PrivateKey.from_private_bytes(K1[1]).public_key()
    public.verify(bytes.fromhex(end["signature"]), sealing.signed_part(end["anchor"]))


def test_the_next_anchor_goes_on_where_the_last_ended(trail):
    sealing.anchor_trail(at=AT.replace(hour=10))

    assert list(Anchor.objects.order_by("first").values_list("first", "last")) == [(1, 6), (7, 9)]
    assert sealing.anchor_trail(at=AT.replace(hour=11)) == []
    assert problem() == ""


def test_many_rows_are_anchored_in_segments(trail, monkeypatch):
    monkeypatch.setattr(sealing, "SEGMENT_ROWS", 2)
    record("case.opened", actor=TASK, subject=None)

    made = sealing.anchor_trail(at=AT)

    assert [(row.first, row.last) for row in made] == [(7, 8), (9, 10)]
    assert problem() == ""


def test_rows_whose_anchor_was_written_and_not_noted_are_anchored_again(trail):
    with transaction.atomic():
        sealing.anchor_trail(at=AT.replace(hour=10))
        transaction.set_rollback(True)  # the process dies between the two

    sealing.anchor_trail(at=AT.replace(hour=11))

    assert verifying.verify_trail().anchors == 3
    assert problem() == ""


def test_an_anchor_that_is_written_over_is_found(trail, own_bucket):
    administrator, name = own_bucket
    key = Anchor.objects.get().object_key
    administrator.put_object(Bucket=name, Key=key, Body=b"{}")

    assert problem() == f"Anchor {key} was replaced: it was written 2 times."


def test_an_anchor_that_is_deleted_is_found(trail, own_bucket):
    administrator, name = own_bucket
    key = Anchor.objects.get().object_key
    administrator.delete_object(Bucket=name, Key=key)

    assert problem() == f"Anchor {key} was deleted."


def test_an_anchor_of_a_key_that_nobody_knows_is_found(trail, settings):
    settings.AUDIT_SIGNING_KEY = K2
    sealing.anchor_trail(at=AT.replace(hour=10))
    settings.AUDIT_SIGNING_KEY = K1

    assert problem() == "Anchor 2020/04/01T10-7.jsonl is not signed by a key that is known here."


def test_an_anchor_whose_rows_were_changed_is_found(trail):
    content = anchored()
    anchors.write("2020/04/01T10-7.jsonl", content.replace(b'number\\": 3', b'number\\": 4'))

    assert problem() == ("The rows in anchor 2020/04/01T10-7.jsonl are not those that were signed.")


def test_an_anchor_that_says_something_else_than_was_signed_is_found(trail):
    content = anchored()
    anchors.write("2020/04/01T10-7.jsonl", content.replace(b'"last": 6', b'"last": 9'))

    assert problem() == "Anchor 2020/04/01T10-7.jsonl is not signed by a key that is known here."


def test_what_is_no_anchor_is_found(trail):
    anchors.write("2020/04/01T10-7.jsonl", b"nothing\n")

    assert problem() == "Anchor 2020/04/01T10-7.jsonl is not what the sealer writes."


def anchored() -> bytes:
    key = Anchor.objects.get().object_key
    return anchors.read(key, anchors.writings()[key][0][0])


def test_an_anchor_that_is_missing_between_others_is_found(trail, monkeypatch):
    # the store keeps what it has; a restored copy of it may not
    sealing.anchor_trail(at=AT.replace(hour=10))
    record("case.opened", actor=TASK, subject=None)
    sealing.anchor_trail(at=AT.replace(hour=11))
    writings = anchors.writings()
    del writings["2020/04/01T10-7.jsonl"]
    monkeypatch.setattr(anchors, "writings", lambda: writings)

    assert problem() == "The anchor before 2020/04/01T11-10.jsonl, of seals from 7, is gone."


def test_a_key_is_rotated_and_what_it_signed_stays_proven(trail, settings):
    retired = signing.public_form()
    settings.AUDIT_SIGNING_KEY = K2
    key_id, _, public = retired.partition(":")
    settings.AUDIT_VERIFYING_KEYS = {key_id: bytes.fromhex(public)}

    sealing.anchor_trail(at=AT.replace(hour=10))

    assert list(Anchor.objects.order_by("first").values_list("key_id", flat=True)) == ["k1", "k2"]
    assert problem() == ""
    settings.AUDIT_VERIFYING_KEYS = {}
    assert "2020/04/01T09-1.jsonl is not signed by a key that is known here" in problem()


# --- The command --------------------------------------------------------------------------


def test_the_command_says_that_the_trail_is_whole(trail, capsys):
    call_command("verify_audit")

    assert capsys.readouterr().out == (
        "The trail is whole: 9 rows, of which 6 are anchored in 1 signed segment.\n"
    )


def test_the_command_ends_with_1_and_the_first_broken_row(trail, role, capsys):
    tampered(past_triggers(role("superuser")), trail, "a row is deleted")

    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")

    assert ended.value.code == 1
    assert f"The trail is not whole. Row {trail[2]} was deleted" in capsys.readouterr().err


def test_the_command_ends_with_1_when_the_store_does_not_answer(trail, settings, capsys):
    audit = settings.STORAGES["audit"]
    options = audit["OPTIONS"] | {"bucket_name": "audit-of-nobody"}
    settings.STORAGES = settings.STORAGES | {"audit": audit | {"OPTIONS": options}}

    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")

    assert ended.value.code == 1
    assert "The trail cannot be verified: NoSuchBucket" in capsys.readouterr().err


def test_the_command_prints_the_public_half_of_the_key(capsys):
    call_command("verify_audit", "--key")

    public = Ed25519PrivateKey.from_private_bytes(K1[1]).public_key().public_bytes_raw()
    assert capsys.readouterr().out == f"k1:{public.hex()}\n"
