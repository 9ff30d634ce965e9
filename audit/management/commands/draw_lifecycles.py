"""Write docs/lifecycles.md from the lifecycles' own tables, or check that it is current."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.lifecycles import LIFECYCLES, Lifecycle, drawing


class Command(BaseCommand):
    help = "Write docs/lifecycles.md from the lifecycles' own tables."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="fail when the page is not current"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "lifecycles.md"
        text = drawing(known_lifecycles())
        if not check:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            raise CommandError("docs/lifecycles.md is not current: run manage.py draw_lifecycles.")


def known_lifecycles() -> list[Lifecycle]:
    """The lifecycles of the stages, in the order a study meets them."""
    order = ["upload", "case", "edition"]
    ours = [row for row in LIFECYCLES if row.name in order]
    return sorted(ours, key=lambda row: order.index(row.name))
