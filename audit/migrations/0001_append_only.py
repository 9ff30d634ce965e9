"""The trail is append-only in the database itself, for every role, the owner too."""

from django.db import migrations

LOCK = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

-- Tests empty their own database: only the owner, only in one named test_…, only with a setting on.
CREATE FUNCTION audit_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() LIKE 'test\\_%'
       AND session_user = (SELECT tableowner FROM pg_tables
                           WHERE schemaname = TG_TABLE_SCHEMA AND tablename = TG_TABLE_NAME)
       AND current_setting('bsti.tests_may_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_rows_never_change BEFORE UPDATE OR DELETE ON auditlog_logentry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON auditlog_logentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_truncate();

DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['bsti_web', 'bsti_worker'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('REVOKE ALL ON auditlog_logentry FROM %I', role_name);
            EXECUTE format('GRANT SELECT, INSERT ON auditlog_logentry TO %I', role_name);
        END IF;
    END LOOP;
END $$;

CREATE INDEX audit_verb ON auditlog_logentry ((additional_data ->> 'verb'), timestamp DESC);
CREATE INDEX audit_subject ON auditlog_logentry (content_type_id, object_pk, timestamp DESC);
"""

UNLOCK = """
DROP INDEX audit_subject;
DROP INDEX audit_verb;
DROP TRIGGER audit_rows_never_change ON auditlog_logentry;
DROP TRIGGER audit_is_never_emptied ON auditlog_logentry;
DROP FUNCTION audit_refuse_change();
DROP FUNCTION audit_refuse_truncate();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("auditlog", "0017_add_actor_email")]

    operations = [migrations.RunSQL(LOCK, UNLOCK)]
