"""When the curators were told that a case was set aside."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0012_worklist_order")]

    operations = [
        migrations.AddField("case", "curators_told_at", models.DateTimeField(blank=True, null=True))
    ]
