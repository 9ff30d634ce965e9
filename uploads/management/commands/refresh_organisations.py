"""Bring organisations up to date from a file; nothing is fetched from anywhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from bsti_db.accounts.organisations import NotAList, read_list, refresh


class Command(BaseCommand):
    help = "Add organisations and correct their names from a CSV file (ours, or the ODS's etr.csv)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="ods_code,name,domains; or etr.csv of the ODS")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            listed = read_list(file)
        except (OSError, UnicodeDecodeError, NotAList) as problem:
            raise CommandError(f"{file} was not read: {problem}") from None
        added, changed = refresh(listed=listed, actor=Actor.of_task("refresh_organisations"))
        self.stdout.write(f"{added} organisations added, {changed} changed.")
