"""Record the end of a pseudonym key, after which nobody can lead its pseudonyms back."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import Actor
from uploads.models import Patient
from uploads.services import keys


class Command(BaseCommand):
    help = "Destroy a pseudonym key: its patients are no longer re-identifiable by us."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key_id")
        parser.add_argument("--yes", action="store_true", help="do it; without, it only says what")

    def handle(self, *args: Any, key_id: str, yes: bool, **options: Any) -> None:
        patients = (
            Patient.objects.filter(studies__upload__pseudonym_key_id=key_id).distinct().count()
        )
        self.stdout.write(
            f"{patients} patient{'s' * (patients != 1)} under {key_id}. Once it is destroyed, we "
            "can no longer re-identify them, and one who returns is a new patient to us."
        )
        if not yes:
            raise CommandError("Nothing was done. Say --yes to destroy the key.", returncode=2)
        actor = Actor.of_task("destroy_pseudonym_key")
        try:
            keys.record_destruction(key_id=key_id, actor=actor, at=timezone.now())
        except keys.KeyInUse as problem:
            raise CommandError(str(problem), returncode=2) from None
        if settings.DEVELOPMENT:
            _forget_on_this_laptop(key_id)
            self.stdout.write(f"{key_id} is destroyed.")
            return
        self.stdout.write(
            f"It is recorded, and no worker uses {key_id} any more. Now delete it from\n"
            "PSEUDONYM_KEYS and from every backup of that secret: only then is it gone.\n"
            "Workers that still find it do not start."
        )


def _forget_on_this_laptop(key_id: str) -> None:
    from bsti_db.devserver.folder import read_json, write_private

    path = Path(os.environ["BSTI_DATA_DIR"]) / "secrets.json"
    made = read_json(path)
    kept = [pair for pair in made["PSEUDONYM_KEYS"].split(",") if pair.partition(":")[0] != key_id]
    write_private(path, made | {"PSEUDONYM_KEYS": ",".join(kept)})
