import subprocess
import sys

from django.apps import apps
from django.conf import settings

# the stages in the order data flows; a later one knows an earlier one, never the other way
ORDER = ["audit", "accounts", "uploads", "review", "library"]


def test_the_import_contracts_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]


def test_no_model_can_be_walked_to_a_later_stage():
    backwards = [
        f"{model._meta.label}.{relation.get_accessor_name()}"
        for label in ORDER
        for model in apps.get_app_config(label).get_models()
        for relation in model._meta.related_objects
        if relation.get_accessor_name()
        and relation.related_model._meta.app_label in ORDER
        and ORDER.index(relation.related_model._meta.app_label) > ORDER.index(label)
        and not relation.hidden
    ]

    assert backwards == []


def test_no_app_beyond_the_five_rooms_has_models():
    ours = {
        config.label
        for config in apps.get_app_configs()
        if str(config.path).startswith(str(settings.BASE_DIR))
        and ".venv" not in str(config.path)
        and list(config.get_models())
    }

    assert ours <= set(ORDER)
