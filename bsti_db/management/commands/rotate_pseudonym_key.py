"""Make a new pseudonym key for what is submitted from now on. Older uploads keep theirs."""

import os
import re
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actors import Actor
from uploads.services import keys


class Command(BaseCommand):
    help = "Make a new pseudonym key for new uploads; older keys stay until they are destroyed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", default="", help="the new key's id (default: year and month)")

    def handle(self, *args: Any, id: str, **options: Any) -> None:
        key_id = id or f"k{timezone.localdate():%Y%m}-{secrets.token_hex(2)}"
        if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", key_id):
            raise CommandError("An id has letters, digits and hyphens, at most 40.", returncode=2)
        secret = secrets.token_hex(32)
        actor = Actor.of_task("rotate_pseudonym_key")
        try:
            keys.record_new_key(key_id=key_id, actor=actor, at=timezone.now())
        except keys.KeyKnown as problem:
            raise CommandError(str(problem), returncode=2) from None
        if settings.DEVELOPMENT:
            _keep_on_this_laptop(key_id, secret)
            self.stdout.write(f"New uploads are under {key_id} after the next `make run`.")
            return
        self.stdout.write(
            "Add this key to the others in PSEUDONYM_KEYS (with a comma), where the dicom workers\n"
            "find it and no backup of the database or the store does. It is shown only now:\n\n"
            f"{key_id}:{secret}\n\n"
            f"Then set PSEUDONYM_KEY_ID={key_id} for every process, and start them again: the\n"
            "dicom workers first, so that no upload is pinned to a key that they do not have."
        )


def _keep_on_this_laptop(key_id: str, secret: str) -> None:
    from bsti_db.devserver.folder import read_json, write_private

    folder = Path(os.environ["BSTI_DATA_DIR"])
    made = read_json(folder / "secrets.json")
    made["PSEUDONYM_KEYS"] += f",{key_id}:{secret}"
    made["PSEUDONYM_KEY_ID"] = key_id
    write_private(folder / "secrets.json", made)
