"""One version in use for a modality; what is used is frozen by the database itself."""

from django.db import migrations, models
from django.db.models import Q

# of several in use, the newest was read by
ONE_IN_USE = """
UPDATE review_reportingscheme SET is_default = FALSE WHERE is_default AND id NOT IN (
    SELECT DISTINCT ON (modality, kind) id FROM review_reportingscheme
    WHERE is_default ORDER BY modality, kind, version DESC, id DESC
);
"""

FREEZING = """
CREATE FUNCTION review_freeze_used_schemes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used bigint[] := CASE TG_TABLE_NAME
        WHEN 'review_casestudy' THEN ARRAY(
            SELECT (to_jsonb(added)->>'scheme_id')::bigint FROM added
            UNION SELECT (to_jsonb(added)->>'scoring_id')::bigint FROM added)
        ELSE ARRAY(SELECT DISTINCT (to_jsonb(added)->>'scheme_id')::bigint FROM added) END;
BEGIN
    -- in the order of their keys: two of these at once do not wait for each other
    PERFORM 1 FROM review_reportingscheme WHERE id = ANY(used) AND NOT is_frozen
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE review_reportingscheme SET is_frozen = TRUE WHERE id = ANY(used) AND NOT is_frozen;
    RETURN NULL;
END $$;

CREATE TRIGGER held_scheme_is_frozen AFTER INSERT ON review_casestudy
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_schemes();
CREATE TRIGGER newly_held_scheme_is_frozen AFTER UPDATE ON review_casestudy
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_schemes();
CREATE TRIGGER scheme_read_by_is_frozen AFTER INSERT ON review_assessment
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_schemes();
CREATE TRIGGER scheme_newly_read_by_is_frozen AFTER UPDATE ON review_assessment
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_schemes();

CREATE FUNCTION review_freeze_used_codes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used bigint[] := ARRAY(
        SELECT finding_id FROM added UNION SELECT site_id FROM added
        UNION SELECT distribution_id FROM added);
BEGIN
    PERFORM 1 FROM review_findingcode WHERE id = ANY(used) AND NOT is_frozen
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE review_findingcode SET is_frozen = TRUE WHERE id = ANY(used) AND NOT is_frozen;
    RETURN NULL;
END $$;

CREATE TRIGGER code_found_is_frozen AFTER INSERT ON review_finding
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_codes();
CREATE TRIGGER code_newly_found_is_frozen AFTER UPDATE ON review_finding
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION review_freeze_used_codes();

-- nor is a part moved into a used scheme
CREATE OR REPLACE FUNCTION review_freeze_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_schemes bigint[] := CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.scheme_id]
        WHEN 'DELETE' THEN ARRAY[OLD.scheme_id]
        ELSE ARRAY[OLD.scheme_id, NEW.scheme_id] END;
BEGIN
    IF EXISTS (
        SELECT 1 FROM review_reportingscheme WHERE id = ANY(of_schemes) AND is_frozen
    ) THEN
        RAISE EXCEPTION 'used scheme is not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'used_scheme_is_not_changed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""

NO_FREEZING = """
DROP TRIGGER code_newly_found_is_frozen ON review_finding;
DROP TRIGGER code_found_is_frozen ON review_finding;
DROP FUNCTION review_freeze_used_codes();
DROP TRIGGER scheme_newly_read_by_is_frozen ON review_assessment;
DROP TRIGGER scheme_read_by_is_frozen ON review_assessment;
DROP TRIGGER newly_held_scheme_is_frozen ON review_casestudy;
DROP TRIGGER held_scheme_is_frozen ON review_casestudy;
DROP FUNCTION review_freeze_used_schemes();
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0010_remarks")]

    operations = [
        migrations.RunSQL(ONE_IN_USE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "reportingscheme",
            models.UniqueConstraint(
                fields=["modality", "kind"],
                condition=Q(is_default=True),
                name="modality_is_read_by_one_version",
            ),
        ),
        migrations.AddConstraint(
            "findingcode",
            models.UniqueConstraint(
                fields=["kind", "meaning"],
                condition=Q(is_active=True),
                name="meaning_is_offered_once_in_its_list",
            ),
        ),
        migrations.AddConstraint(
            "findingcode",
            models.UniqueConstraint(
                fields=["kind", "designator", "code"],
                condition=Q(is_active=True, code__isnull=False),
                name="code_is_offered_once_in_its_list",
            ),
        ),
        migrations.RunSQL(FREEZING, NO_FREEZING),
    ]
