"""What a reader places on an image lies within an image of its study; the database knows it too."""

from django.db import migrations, models

FITS_ITS_IMAGE = """
CREATE FUNCTION review_finding_fits_its_image() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    image record;
    pairs integer := cardinality(NEW.graphic_data) / 2;
BEGIN
    IF NEW.instance_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT instance.columns, instance.rows, instance.number_of_frames, series.study_id INTO image
    FROM uploads_instance AS instance JOIN uploads_series AS series ON series.id = instance.series_id
    WHERE instance.id = NEW.instance_id;
    IF image.study_id IS DISTINCT FROM NEW.study_id THEN
        RAISE EXCEPTION 'finding lies on an image of its study'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'finding_lies_on_an_image_of_its_study';
    END IF;
    -- NaN is greater than every number, so it is outside as well
    IF NEW.frame > image.number_of_frames OR cardinality(NEW.graphic_data) % 2 <> 0 OR EXISTS (
        SELECT 1 FROM unnest(NEW.graphic_data) WITH ORDINALITY AS each (number, place)
        WHERE number IS NULL OR number < 0
           OR number > CASE WHEN place % 2 = 1 THEN image.columns ELSE image.rows END
    ) THEN
        RAISE EXCEPTION 'finding lies within its image'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_lies_within_its_image';
    END IF;
    IF NEW.tool IN ('rectangle', 'polygon')
       AND NEW.graphic_data[1:2] <> NEW.graphic_data[2 * pairs - 1:2 * pairs] THEN
        RAISE EXCEPTION 'outline of a finding ends where it begins'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'outline_of_a_finding_ends_where_it_begins';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER finding_fits_its_image
    BEFORE INSERT OR UPDATE ON review_finding
    FOR EACH ROW EXECUTE FUNCTION review_finding_fits_its_image();
"""

FITS_ANYTHING = """
DROP TRIGGER finding_fits_its_image ON review_finding;
DROP FUNCTION review_finding_fits_its_image();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0008_overdue_reminders"),
        ("uploads", "0006_one_file_an_image"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="finding",
            name="finding_is_placed_wholly_or_not_at_all",
        ),
        migrations.RemoveField(
            model_name="finding",
            name="rubbed_out_at",
        ),
        migrations.RemoveField(
            model_name="finding",
            name="version",
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
                        models.Q(
                            models.Q(
                                ("graphic_data__len", 4),
                                ("graphic_type", "POLYLINE"),
                                ("tool__in", ["arrow", "length"]),
                            ),
                            models.Q(
                                ("graphic_data__len", 8),
                                ("graphic_type", "ELLIPSE"),
                                ("tool", "ellipse"),
                            ),
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
                    ),
                    _connector="OR",
                ),
                name="finding_is_placed_wholly_or_not_at_all",
            ),
        ),
        migrations.RunSQL(FITS_ITS_IMAGE, FITS_ANYTHING),
    ]
