"""Make the demonstration, once, in development only."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Make the demonstration: members, synthetic patients, published cases."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--members-only", action="store_true", help="make no patient")

    def handle(self, *args: Any, members_only: bool, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The demonstration is made in development only.")
        # numpy's and scipy's phantoms are on a laptop, not in production's packages
        from bsti_db.demonstration.seed import DemonstrationFailed, seed, seed_members

        data_dir = Path(os.environ.get("BSTI_DATA_DIR") or settings.BASE_DIR / "var")
        if members_only:
            seed_members(data_dir)
            return
        try:
            seed(data_dir, self.stdout.write)
        except DemonstrationFailed as problem:
            raise CommandError(str(problem)) from problem
