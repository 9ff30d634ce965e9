import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

APPS = ["bsti_db", "audit", "uploads", "review", "library"]
# 40 is what we aim at; a docstring of parameters may need the rest
MOST_LINES = 60
FORBIDDEN = {"utils", "helpers", "core", "common", "misc", "manager", "managers"}


def sources() -> list[Path]:
    return [
        source
        for app in APPS
        for source in Path(settings.BASE_DIR, app).rglob("*.py")
        if "migrations" not in source.parts
    ]


def trees() -> list[tuple[Path, ast.Module]]:
    return [(source, ast.parse(source.read_text(encoding="utf-8"))) for source in sources()]


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{source.name}:{node.lineno} {node.name}"
        for source, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MOST_LINES
    ]

    assert long == []


def test_no_module_is_named_for_what_did_not_fit_elsewhere():
    names = {part for source in sources() for part in (source.stem, *source.parent.parts[-2:])}

    assert names & FORBIDDEN == set()


def test_a_key_to_another_app_cannot_be_walked_back():
    # the ORM's own test sees only stages that come later; this one sees every other app
    open_ways = [
        f"{model._meta.label}.{field.name}"
        for label in ("audit", "accounts", "uploads", "review", "library")
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and not field.auto_created
        and field.related_model is not None
        and field.related_model._meta.app_label in ("accounts", "uploads", "review", "library")
        and field.related_model._meta.app_label != label
        and not field.remote_field.hidden
    ]

    assert open_ways == []


def test_models_neither_send_nor_hear_signals():
    # the sign-in's receivers are the only ones in the project
    hearing = {
        str(source.relative_to(settings.BASE_DIR))
        for source, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in ("django.dispatch", "django.db.models.signals")
    }

    assert hearing <= {"bsti_db/accounts/receivers.py"}


def test_no_source_puts_a_task_off():
    found = {
        str(source.relative_to(settings.BASE_DIR))
        for source in sources()
        if any(
            word in source.read_text(encoding="utf-8") for word in ("# TODO", "# FIXME", "# XXX")
        )
    }

    assert found == set()
