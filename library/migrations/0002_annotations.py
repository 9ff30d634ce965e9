"""What editors draw on images, and what the database itself knows of it."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FITS_ITS_IMAGE = """
CREATE FUNCTION library_annotation_fits_its_image() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    image record;
    pairs integer := cardinality(NEW.graphic_data) / 2;
BEGIN
    SELECT columns, rows, number_of_frames INTO image
    FROM uploads_instance WHERE id = NEW.instance_id;
    -- NaN is greater than every number, so it is outside as well
    IF NEW.frame > image.number_of_frames OR cardinality(NEW.graphic_data) % 2 <> 0 OR EXISTS (
        SELECT 1 FROM unnest(NEW.graphic_data) WITH ORDINALITY AS each (number, place)
        WHERE number IS NULL OR number < 0
           OR number > CASE WHEN place % 2 = 1 THEN image.columns ELSE image.rows END
    ) THEN
        RAISE EXCEPTION 'annotation lies within its image'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'annotation_lies_within_its_image';
    END IF;
    IF NEW.tool IN ('rectangle', 'polygon')
       AND NEW.graphic_data[1:2] <> NEW.graphic_data[2 * pairs - 1:2 * pairs] THEN
        RAISE EXCEPTION 'annotation ends where it begins'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'annotation_ends_where_it_begins';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER annotation_fits_its_image
    BEFORE INSERT OR UPDATE ON library_annotation
    FOR EACH ROW EXECUTE FUNCTION library_annotation_fits_its_image();
"""

FITS_ANYTHING = """
DROP TRIGGER annotation_fits_its_image ON library_annotation;
DROP FUNCTION library_annotation_fits_its_image();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0001_initial"),
        ("uploads", "0004_returning_patients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("frame", models.PositiveIntegerField(default=1)),
                (
                    "tool",
                    models.CharField(
                        choices=[
                            ("arrow", "Arrow"),
                            ("length", "Length"),
                            ("ellipse", "Ellipse"),
                            ("rectangle", "Rectangle"),
                            ("polygon", "Polygon"),
                            ("text", "Text"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "graphic_type",
                    models.CharField(
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
                        base_field=models.FloatField(), size=None
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=200)),
                ("drawn_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("rubbed_out_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "drawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="annotations",
                        to="library.edition",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="uploads.instance",
                    ),
                ),
            ],
            options={
                "ordering": ["drawn_at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="teachingpoint",
            name="annotation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="library.annotation",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("graphic_data__len", 2), ("graphic_type", "POINT")),
                    models.Q(("graphic_data__len__gte", 2), ("graphic_type", "MULTIPOINT")),
                    models.Q(("graphic_data__len__gte", 4), ("graphic_type", "POLYLINE")),
                    models.Q(("graphic_data__len", 4), ("graphic_type", "CIRCLE")),
                    models.Q(("graphic_data__len", 8), ("graphic_type", "ELLIPSE")),
                    _connector="OR",
                ),
                name="annotation_has_the_pairs_of_its_graphic_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("graphic_type", "POINT"), ("tool", "text")),
                    models.Q(
                        ("graphic_data__len", 4),
                        ("graphic_type", "POLYLINE"),
                        ("tool__in", ["arrow", "length"]),
                    ),
                    models.Q(("graphic_type", "ELLIPSE"), ("tool", "ellipse")),
                    models.Q(
                        ("graphic_data__len", 10),
                        ("graphic_type", "POLYLINE"),
                        ("tool", "rectangle"),
                    ),
                    models.Q(
                        ("graphic_data__len__gte", 8),
                        ("graphic_type", "POLYLINE"),
                        ("tool", "polygon"),
                    ),
                    _connector="OR",
                ),
                name="annotation_is_the_graphic_of_its_tool",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.CheckConstraint(
                condition=models.Q(("frame__gte", 1)), name="annotation_frames_count_from_one"
            ),
        ),
        migrations.RunSQL(FITS_ITS_IMAGE, FITS_ANYTHING),
    ]
