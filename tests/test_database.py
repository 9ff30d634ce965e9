"""What the database complains of names the rule that was broken, and quotes no value."""

import traceback

import pytest
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.django_db

VALUE = "QUILLFEATHER"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO refusing (name, length) VALUES (%s, 1)", 'check constraint "of_length"'),
        ("INSERT INTO refusing (name) VALUES (%s), (%s)", 'unique constraint "one_name"'),
        ("SELECT %s::integer", "SQLSTATE 22P02"),
        ("SELECT name, FROM refusing WHERE name = %s", "syntax error"),
    ],
)
def test_a_complaint_of_the_database_quotes_no_value(statement, told):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE refusing (name text, length integer, CONSTRAINT of_length "
            "CHECK (length(name) = length), CONSTRAINT one_name UNIQUE (name)) ON COMMIT DROP"
        )
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            cursor.execute(statement, [VALUE] * statement.count("%s"))

    complaint = "".join(traceback.format_exception(caught.value))
    assert told in complaint
    assert VALUE not in complaint
