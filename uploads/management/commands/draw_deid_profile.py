"""Write docs/deid-profile.md from the rule object, or check that it is current."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from uploads.dicom.deid.profile_page import page


class Command(BaseCommand):
    help = "Write docs/deid-profile.md from the rules of de-identification."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="fail when the page is not current"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "deid-profile.md"
        text = page()
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise CommandError(
                "docs/deid-profile.md is not current: run manage.py draw_deid_profile."
            )
