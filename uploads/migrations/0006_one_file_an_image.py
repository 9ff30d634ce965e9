from django.db import migrations, models


def refuse_older_images(apps, schema_editor):
    """Images used to be stored as a native file and an object a frame; nobody can read those."""
    if apps.get_model("uploads", "Instance").objects.exists():
        raise RuntimeError(
            "This database holds images of a development version that stored each frame by itself."
            " Delete the data folder (BSTI_DATA_DIR) and start again."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0005_beginning_of_a_file"),
    ]

    operations = [
        migrations.RunPython(refuse_older_images, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            model_name="instance",
            name="frame_ranges",
            field=models.JSONField(default=list),
        ),
    ]
