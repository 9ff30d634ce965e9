"""Words that mean the same, as first shipped."""

from django.db import migrations

from library import vocabulary


def seed(apps, schema_editor):
    vocabulary.seed_synonyms(apps.get_model("library", "Synonym"))


class Migration(migrations.Migration):
    dependencies = [("library", "0004_search")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
