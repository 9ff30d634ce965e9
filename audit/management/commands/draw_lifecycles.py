"""Write docs/lifecycles.md from the lifecycles' own tables, or check that it is current."""

import gc
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.lifecycles import Lifecycle, drawing


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
    """Every lifecycle the installed apps have made, in the order a study meets them."""
    found = {row.name: row for row in gc.get_objects() if isinstance(row, Lifecycle)}
    order = ["upload", "case", "edition"]
    return sorted(found.values(), key=lambda row: (order.index(row.name), row.name))
