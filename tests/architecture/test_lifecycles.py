import ast
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

APPS = ["bsti_db", "audit", "uploads", "review", "library"]


def test_the_drawn_lifecycles_are_current():
    call_command("draw_lifecycles", check=True)


def status_updates(source: Path) -> list[int]:
    """The lines on which a queryset's update() writes a status."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and any(keyword.arg == "status" for keyword in node.keywords)
    ]


def test_only_a_lifecycle_writes_a_status():
    found = {
        str(source.relative_to(settings.BASE_DIR)): lines
        for app in APPS
        for source in Path(settings.BASE_DIR, app).rglob("*.py")
        if (lines := status_updates(source))
    }

    assert set(found) == {"audit/lifecycles.py"}
