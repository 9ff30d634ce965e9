"""PostgreSQL, with errors that quote no value: what was refused does not end in a log.

PostgreSQL puts a whole refused row into its complaint, and the part of the statement it stopped at;
a row of files holds a name that a trust gave.
"""

from types import TracebackType
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

_DATA_EXCEPTION = "22"


class DatabaseWrapper(base.DatabaseWrapper):
    @cached_property
    def wrap_database_errors(self) -> "_WithoutValues":
        return _WithoutValues(self)


class _WithoutValues(DatabaseErrorWrapper):
    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        if isinstance(problem, psycopg.Error) and problem.sqlstate:
            problem.args = (_told(problem, problem.sqlstate),)
        return super().__exit__(kind, problem, traceback)


def _told(problem: psycopg.Error, code: str) -> str:
    """The first line alone: detail and statement follow on others."""
    if code.startswith(_DATA_EXCEPTION):
        # "invalid input syntax for type integer", and then what was given
        return f"a value that the database does not take (SQLSTATE {code})"
    first, *_ = str(problem).splitlines() or [""]
    return f"{first} (SQLSTATE {code})"
