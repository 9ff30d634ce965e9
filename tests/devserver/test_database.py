"""The three roles on the real database: what the owner makes, web and worker may only use."""

import psycopg
import pytest
from psycopg import errors


@pytest.fixture(scope="module")
def table(services):
    with psycopg.connect(services["database"]["owner"], autocommit=True) as owner:
        owner.execute("CREATE TABLE rights (id bigserial PRIMARY KEY, text text)")
        yield "rights"
        owner.execute("DROP TABLE rights")


@pytest.fixture(params=["web", "worker"])
def connection(services, request):
    with psycopg.connect(services["database"][request.param], autocommit=True) as connection:
        yield connection


def test_web_and_worker_use_the_tables_of_the_owner(connection, table):
    connection.execute("INSERT INTO rights (text) VALUES ('a')")
    connection.execute("UPDATE rights SET text = 'b'")
    assert connection.execute("SELECT text FROM rights").fetchall() == [("b",)]
    connection.execute("DELETE FROM rights")


@pytest.mark.parametrize(
    "act",
    [
        "TRUNCATE rights",
        "ALTER TABLE rights ADD COLUMN other text",
        "DROP TABLE rights",
        "CREATE TABLE own (id bigint)",
        "CREATE SCHEMA own",
        "CREATE DATABASE own",
        "CREATE ROLE own",
        "SET ROLE bsti_owner",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_web_and_worker_change_no_structure_and_take_no_other_role(connection, table, act):
    with pytest.raises(errors.InsufficientPrivilege):
        connection.execute(act)


def test_the_owner_is_no_superuser(services):
    with psycopg.connect(services["database"]["owner"]) as owner:
        assert owner.execute("SHOW is_superuser").fetchone() == ("off",)


def test_a_database_made_for_a_test_gives_web_and_worker_the_same_rights(services):
    with psycopg.connect(services["database"]["owner"], autocommit=True) as owner:
        owner.execute("CREATE DATABASE test_rights")
    try:
        address = services["database"]["owner"].replace("/bsti?", "/test_rights?")
        with psycopg.connect(address) as owner:
            owner.execute("CREATE TABLE rights (id bigserial)")
            owner.commit()
            owner.execute("SET LOCAL ROLE bsti_web")
            owner.execute("INSERT INTO rights DEFAULT VALUES")
            with pytest.raises(errors.InsufficientPrivilege):
                owner.execute("TRUNCATE rights")
    finally:
        with psycopg.connect(services["database"]["owner"], autocommit=True) as owner:
            owner.execute("DROP DATABASE test_rights")


@pytest.mark.parametrize("role", ["superuser", "owner", "web", "worker"])
def test_nobody_enters_with_a_wrong_password(services, role):
    user, _, rest = services["database"][role].partition("//")[2].partition(":")
    address = f"postgres://{user}:wrong@{rest.partition('@')[2]}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)
