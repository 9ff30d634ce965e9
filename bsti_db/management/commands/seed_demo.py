"""Make the demonstration, once, in development only."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make the demonstration: members, synthetic patients, published cases."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The demonstration is made in development only.")
        # numpy's and scipy's phantoms are on a laptop, not in production's packages
        from bsti_db.demonstration.seed import DemonstrationFailed, seed

        data_dir = Path(os.environ.get("BSTI_DATA_DIR") or settings.BASE_DIR / "var")
        try:
            seed(data_dir, self.stdout.write)
        except DemonstrationFailed as problem:
            raise CommandError(str(problem)) from problem
