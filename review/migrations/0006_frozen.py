"""The shipped scores and findings; what is used is frozen, what is submitted is locked."""

from django.db import migrations

from review import vocabulary

FITTING = """
ALTER TABLE review_region ADD CONSTRAINT region_is_of_one_scheme UNIQUE (id, scheme_id);
ALTER TABLE review_score
    ADD CONSTRAINT score_region_is_of_its_scheme
        FOREIGN KEY (region_id, scheme_id) REFERENCES review_region (id, scheme_id),
    ADD CONSTRAINT score_grade_is_of_its_scheme
        FOREIGN KEY (grade_id, scheme_id) REFERENCES review_category (id, scheme_id);
"""

ANY = """
ALTER TABLE review_score DROP CONSTRAINT score_grade_is_of_its_scheme;
ALTER TABLE review_score DROP CONSTRAINT score_region_is_of_its_scheme;
ALTER TABLE review_region DROP CONSTRAINT region_is_of_one_scheme;
"""

LOCKS = """
CREATE FUNCTION review_freeze_scheme() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_frozen AND (TG_OP = 'DELETE' OR
        (OLD.code, OLD.modality, OLD.kind, OLD.version, OLD.name, TRUE)
        IS DISTINCT FROM
        (NEW.code, NEW.modality, NEW.kind, NEW.version, NEW.name, NEW.is_frozen)
    ) THEN
        RAISE EXCEPTION 'used scheme is not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'used_scheme_is_not_changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER used_scheme_is_not_changed
    BEFORE UPDATE OR DELETE ON review_reportingscheme
    FOR EACH ROW EXECUTE FUNCTION review_freeze_scheme();

CREATE FUNCTION review_freeze_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_scheme bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.scheme_id ELSE OLD.scheme_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM review_reportingscheme WHERE id = of_scheme AND is_frozen) THEN
        RAISE EXCEPTION 'used scheme is not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'used_scheme_is_not_changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER category_of_a_used_scheme_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_category
    FOR EACH ROW EXECUTE FUNCTION review_freeze_part();
CREATE TRIGGER region_of_a_used_scheme_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_region
    FOR EACH ROW EXECUTE FUNCTION review_freeze_part();

CREATE FUNCTION review_freeze_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_frozen AND (TG_OP = 'DELETE' OR
        (OLD.kind, OLD.designator, OLD.code, OLD.meaning, OLD.version, TRUE)
        IS DISTINCT FROM
        (NEW.kind, NEW.designator, NEW.code, NEW.meaning, NEW.version, NEW.is_frozen)
    ) THEN
        RAISE EXCEPTION 'used code is not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'used_code_is_not_changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER used_code_is_not_changed
    BEFORE UPDATE OR DELETE ON review_findingcode
    FOR EACH ROW EXECUTE FUNCTION review_freeze_code();

-- the assessments' function asks for the reading of the row: findings have one too
CREATE TRIGGER finding_of_a_submitted_reading_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_finding
    FOR EACH ROW EXECUTE FUNCTION review_lock_assessment();

CREATE FUNCTION review_lock_score() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_assessment bigint :=
        CASE TG_OP WHEN 'INSERT' THEN NEW.assessment_id ELSE OLD.assessment_id END;
BEGIN
    IF EXISTS (
        SELECT 1 FROM review_assessment AS assessment
        JOIN review_reading AS reading ON reading.id = assessment.reading_id
        WHERE assessment.id = of_assessment AND reading.submitted_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'score of a submitted reading is not changed'
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'score_of_a_submitted_reading_is_not_changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER score_of_a_submitted_reading_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_score
    FOR EACH ROW EXECUTE FUNCTION review_lock_score();

UPDATE review_reportingscheme SET is_frozen = TRUE WHERE id IN (
    SELECT scheme_id FROM review_casestudy WHERE scheme_id IS NOT NULL
    UNION SELECT scheme_id FROM review_assessment
);
"""

NO_LOCKS = """
DROP TRIGGER score_of_a_submitted_reading_is_not_changed ON review_score;
DROP FUNCTION review_lock_score();
DROP TRIGGER finding_of_a_submitted_reading_is_not_changed ON review_finding;
DROP TRIGGER used_code_is_not_changed ON review_findingcode;
DROP FUNCTION review_freeze_code();
DROP TRIGGER region_of_a_used_scheme_is_not_changed ON review_region;
DROP TRIGGER category_of_a_used_scheme_is_not_changed ON review_category;
DROP FUNCTION review_freeze_part();
DROP TRIGGER used_scheme_is_not_changed ON review_reportingscheme;
DROP FUNCTION review_freeze_scheme();
"""


def seed(apps, schema_editor):
    models = [apps.get_model("review", name) for name in ("ReportingScheme", "Category", "Region")]
    vocabulary.seed_scores(*models)
    vocabulary.seed_findings(apps.get_model("review", "FindingCode"))


class Migration(migrations.Migration):
    dependencies = [("review", "0005_findings")]

    operations = [
        migrations.RunSQL(FITTING, ANY),
        migrations.RunSQL(LOCKS, NO_LOCKS),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
