import pytest
from auditlog.models import LogEntry
from django.db import DatabaseError, connection, transaction

from audit.actors import Actor
from audit.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return record("site.checked", actor=Actor.of_task("tests"), subject=None)


def refused(sql: str) -> str:
    with (
        pytest.raises(DatabaseError) as problem,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return str(problem.value)


def test_the_owner_cannot_change_a_row_of_the_trail(row):
    assert "append-only" in refused("UPDATE auditlog_logentry SET object_pk = 'x'")


def test_the_owner_cannot_delete_a_row_of_the_trail(row):
    with pytest.raises(DatabaseError), transaction.atomic():
        LogEntry.objects.filter(pk=row.pk).delete()
    assert LogEntry.objects.filter(pk=row.pk).exists()


def test_the_owner_cannot_empty_the_trail_without_the_tests_own_setting(db):
    assert "append-only" in refused(
        "SET LOCAL bsti.tests_may_truncate = 'off'; TRUNCATE auditlog_logentry CASCADE"
    )


@pytest.mark.parametrize("role", ["bsti_web", "bsti_worker"])
@pytest.mark.parametrize(
    "act",
    [
        "UPDATE auditlog_logentry SET object_pk = 'x'",
        "DELETE FROM auditlog_logentry",
        "TRUNCATE auditlog_logentry CASCADE",
        "ALTER TABLE auditlog_logentry DISABLE TRIGGER ALL",
    ],
)
def test_web_and_worker_may_only_add_to_the_trail(row, role, act):
    message = refused(f"SET LOCAL ROLE {role}; {act}")
    assert "permission denied" in message or "must be owner" in message


@pytest.mark.parametrize("role", ["bsti_web", "bsti_worker"])
def test_web_and_worker_may_add_and_read(role):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
        added = record("site.checked", actor=Actor.of_task("tests"), subject=None)
        assert LogEntry.objects.filter(pk=added.pk).exists()
