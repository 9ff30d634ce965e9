"""A small snapshot of organisations; `manage.py refresh_organisations` brings more."""

import csv
from pathlib import Path

from django.db import migrations

SNAPSHOT = Path(__file__).resolve().parent.parent / "organisations.csv"


def add(apps, schema_editor):
    Organisation = apps.get_model("accounts", "Organisation")
    OrganisationDomain = apps.get_model("accounts", "OrganisationDomain")
    with SNAPSHOT.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            organisation, _ = Organisation.objects.get_or_create(
                ods_code=row["ods_code"], defaults={"name": row["name"]}
            )
            for domain in row["domains"].split():
                OrganisationDomain.objects.get_or_create(
                    domain=domain, defaults={"organisation": organisation}
                )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
