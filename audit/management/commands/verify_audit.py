"""Verify the audit trail: exit 0 when it is whole, 1 when it is not or cannot be verified."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from audit import signing, verifying
from audit.anchors import StoreFailed


class Command(BaseCommand):
    help = "Check the rows of the audit trail, the chain over them, its anchors and signatures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--key",
            action="store_true",
            help="only print the public half of the signing key, for AUDIT_KEYS once it is retired",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["key"]:
                self.stdout.write(signing.public_form())
                return
            found = verifying.verify_trail()
        except (StoreFailed, DatabaseError, signing.NoSigningKey) as problem:
            self._end(f"The trail cannot be verified: {problem or type(problem).__name__}")
        if not found.is_whole:
            self._end(f"The trail is not whole. {found.problem}")
        segments = f"{found.anchors:,} signed segment{'s' * (found.anchors != 1)}"
        self.stdout.write(
            f"The trail is whole: {found.rows:,} rows, of which {found.anchored:,} are anchored "
            f"in {segments}."
        )

    def _end(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)
