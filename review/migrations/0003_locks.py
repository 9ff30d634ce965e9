"""What only the database can promise: locked readings, unchanged verdicts, categories that fit."""

from django.db import migrations

FITTING_CATEGORY = """
ALTER TABLE review_category
    ADD CONSTRAINT category_is_of_one_scheme UNIQUE (id, scheme_id);
ALTER TABLE review_assessment
    ADD CONSTRAINT assessment_category_is_of_its_scheme
    FOREIGN KEY (category_id, scheme_id) REFERENCES review_category (id, scheme_id);
"""

ANY_CATEGORY = """
ALTER TABLE review_assessment DROP CONSTRAINT assessment_category_is_of_its_scheme;
ALTER TABLE review_category DROP CONSTRAINT category_is_of_one_scheme;
"""

LOCKS = """
CREATE FUNCTION review_lock_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.submitted_at IS NOT NULL THEN
        RAISE EXCEPTION 'submitted reading is not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'submitted_reading_is_not_changed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.submitted_at IS NOT NULL AND (
        NOT EXISTS (SELECT 1 FROM review_assessment WHERE reading_id = NEW.id)
        OR EXISTS (
            SELECT 1 FROM review_assessment WHERE reading_id = NEW.id AND category_id IS NULL
        )
    ) THEN
        RAISE EXCEPTION 'submitted reading has a category for every study'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'submitted_reading_has_a_category_for_every_study';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER submitted_reading_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_reading
    FOR EACH ROW EXECUTE FUNCTION review_lock_reading();

CREATE FUNCTION review_lock_assessment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF EXISTS (
            SELECT 1 FROM review_reading WHERE id = OLD.reading_id AND submitted_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'assessment of a submitted reading is not changed'
                USING ERRCODE = 'check_violation',
                      CONSTRAINT = 'assessment_of_a_submitted_reading_is_not_changed';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF EXISTS (
        SELECT 1 FROM review_reading WHERE id = NEW.reading_id AND submitted_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'assessment of a submitted reading is not changed'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'assessment_of_a_submitted_reading_is_not_changed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER assessment_of_a_submitted_reading_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_assessment
    FOR EACH ROW EXECUTE FUNCTION review_lock_assessment();

CREATE FUNCTION review_lock_verdict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'verdict is not changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_is_not_changed';
END $$;

CREATE TRIGGER verdict_is_not_changed
    BEFORE UPDATE OR DELETE ON review_verdict
    FOR EACH ROW EXECUTE FUNCTION review_lock_verdict();
"""

NO_LOCKS = """
DROP TRIGGER verdict_is_not_changed ON review_verdict;
DROP TRIGGER assessment_of_a_submitted_reading_is_not_changed ON review_assessment;
DROP TRIGGER submitted_reading_is_not_changed ON review_reading;
DROP FUNCTION review_lock_verdict();
DROP FUNCTION review_lock_assessment();
DROP FUNCTION review_lock_reading();
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0002_vocabulary")]

    operations = [
        # a separate migration: rows were written above, and a table with pending triggers
        # of deferred constraints cannot be altered
        migrations.RunSQL(FITTING_CATEGORY, ANY_CATEGORY),
        migrations.RunSQL(LOCKS, NO_LOCKS),
    ]
