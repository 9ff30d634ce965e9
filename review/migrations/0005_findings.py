"""Scores by regions, coded findings and where they are placed, a reader's confidence."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0004_assignments"),
        ("uploads", "0005_beginning_of_a_file"),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("frame", models.PositiveIntegerField(blank=True, null=True)),
                ("tool", models.CharField(blank=True, max_length=10)),
                (
                    "graphic_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("POINT", "POINT"),
                            ("MULTIPOINT", "MULTIPOINT"),
                            ("POLYLINE", "POLYLINE"),
                            ("CIRCLE", "CIRCLE"),
                            ("ELLIPSE", "ELLIPSE"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "graphic_data",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), blank=True, default=list, size=None
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("found_at", models.DateTimeField()),
                ("rubbed_out_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["found_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="FindingCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("finding", "Finding"),
                            ("site", "Site"),
                            ("distribution", "Distribution"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "designator",
                    models.CharField(blank=True, max_length=10, verbose_name="Coding scheme"),
                ),
                ("code", models.CharField(blank=True, max_length=20, null=True)),
                ("meaning", models.CharField(max_length=64)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("order", models.PositiveSmallIntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                ("is_frozen", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["kind", "order", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=20)),
                ("label", models.CharField(max_length=60)),
                ("order", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["scheme", "order"],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "ordering": ["region__order"],
            },
        ),
        migrations.AddField(
            model_name="assessment",
            name="confidence",
            field=models.PositiveSmallIntegerField(
                blank=True, choices=[(1, "Low"), (2, "Moderate"), (3, "High")], null=True
            ),
        ),
        migrations.AddField(
            model_name="casestudy",
            name="scoring",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.reportingscheme",
            ),
        ),
        migrations.AddField(
            model_name="reportingscheme",
            name="kind",
            field=models.CharField(
                choices=[("category", "Category of the study"), ("score", "Score by regions")],
                default="category",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confidence", None), ("confidence__range", (1, 3)), _connector="OR"
                ),
                name="confidence_of_an_assessment_is_1_to_3",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportingscheme",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["category", "score"])),
                name="scheme_is_of_one_kind",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="instance",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="uploads.instance",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="reading",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="findings",
                to="review.reading",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="uploads.study"
            ),
        ),
        migrations.AddConstraint(
            model_name="findingcode",
            constraint=models.UniqueConstraint(
                fields=("kind", "meaning", "version"), name="meaning_is_used_once_in_a_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="findingcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", None), ("designator", "")),
                    models.Q(("code__isnull", False), ("designator__in", ["DCM", "SCT"])),
                    _connector="OR",
                ),
                name="code_comes_with_its_coding_scheme",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="distribution",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.findingcode",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="finding",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.findingcode",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="site",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.findingcode",
            ),
        ),
        migrations.AddField(
            model_name="region",
            name="scheme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="regions",
                to="review.reportingscheme",
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="assessment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scores",
                to="review.assessment",
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="grade",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="review.category"
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="review.region"
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="scheme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.reportingscheme",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("frame", None),
                        ("graphic_data__len", 0),
                        ("graphic_type", ""),
                        ("instance", None),
                        ("tool", ""),
                    ),
                    models.Q(
                        ("frame__gte", 1),
                        ("instance__isnull", False),
                        models.Q(("tool", ""), _negated=True),
                        models.Q(
                            models.Q(("graphic_data__len", 2), ("graphic_type", "POINT")),
                            models.Q(("graphic_data__len__gte", 2), ("graphic_type", "MULTIPOINT")),
                            models.Q(("graphic_data__len__gte", 4), ("graphic_type", "POLYLINE")),
                            models.Q(("graphic_data__len", 4), ("graphic_type", "CIRCLE")),
                            models.Q(("graphic_data__len", 8), ("graphic_type", "ELLIPSE")),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="finding_is_placed_wholly_or_not_at_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="region",
            constraint=models.UniqueConstraint(
                fields=("scheme", "code"), name="region_code_is_used_once_in_its_scheme"
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.UniqueConstraint(
                fields=("assessment", "region"), name="region_is_graded_once_in_an_assessment"
            ),
        ),
    ]
