"""The four reporting schemes as first shipped."""

from django.db import migrations

from review import vocabulary


def seed(apps, schema_editor):
    vocabulary.seed(
        apps.get_model("review", "ReportingScheme"), apps.get_model("review", "Category")
    )


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
