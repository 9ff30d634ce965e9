"""Every row of the trail is sealed at commit, by a chain of hashes that no role may touch."""

from django.db import migrations, models

# frozen here, and again in audit/verifying.py: a verifier that asked the database's own function
# for the content would believe whoever replaced that function
SEAL = """
CREATE FUNCTION audit_sealed_text(e auditlog_logentry) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', e.id, 'content_type_id', e.content_type_id, 'object_pk', e.object_pk,
        'object_id', e.object_id, 'object_repr', e.object_repr,
        'serialized_data', e.serialized_data, 'action', e.action,
        'changes_text', e.changes_text, 'changes', e.changes, 'actor_id', e.actor_id,
        'cid', e.cid, 'remote_addr', host(e.remote_addr), 'remote_port', e.remote_port,
        'timestamp', e.timestamp AT TIME ZONE 'UTC', 'additional_data', e.additional_data,
        'actor_email', e.actor_email
    )::text
$$;

-- Deferred, so that transactions that write to the trail wait for each other at their commit alone.
-- SECURITY DEFINER, so that only what is in here may write a seal.
CREATE FUNCTION audit_seal_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before_it public.audit_seal;
    place bigint;
    chained text;
BEGIN
    PERFORM pg_advisory_xact_lock(7250112);
    SELECT * INTO before_it FROM public.audit_seal ORDER BY sequence DESC LIMIT 1;
    place := coalesce(before_it.sequence, 0) + 1;
    chained := coalesce(before_it.hash, repeat('0', 64));
    INSERT INTO public.audit_seal (sequence, entry, previous, hash) VALUES (
        place, NEW.id, chained,
        encode(sha256(convert_to(
            place || '|' || chained || '|' || public.audit_sealed_text(NEW), 'UTF8')), 'hex')
    );
    RETURN NULL;
END $$;

-- what was written before there was a seal
DO $$
DECLARE
    known public.auditlog_logentry;
    place bigint := 0;
    chained text := repeat('0', 64);
    own text;
BEGIN
    FOR known IN SELECT * FROM public.auditlog_logentry ORDER BY id LOOP
        place := place + 1;
        own := encode(sha256(convert_to(
            place || '|' || chained || '|' || public.audit_sealed_text(known), 'UTF8')), 'hex');
        INSERT INTO public.audit_seal (sequence, entry, previous, hash)
            VALUES (place, known.id, chained, own);
        chained := own;
    END LOOP;
END $$;

CREATE CONSTRAINT TRIGGER audit_row_is_sealed AFTER INSERT ON auditlog_logentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_seal_row();

DO $$
DECLARE table_name text; role_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['audit_seal', 'audit_anchor', 'audit_verification'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()',
            table_name || '_never_changes', table_name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_truncate()',
            table_name || '_is_never_emptied', table_name);
        FOREACH role_name IN ARRAY ARRAY['bsti_web', 'bsti_worker'] LOOP
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('REVOKE ALL ON %I FROM %I', table_name, role_name);
                EXECUTE format('GRANT SELECT ON %I TO %I', table_name, role_name);
            END IF;
        END LOOP;
        IF table_name <> 'audit_seal' AND EXISTS (
            SELECT FROM pg_roles WHERE rolname = 'bsti_worker'
        ) THEN
            EXECUTE format('GRANT INSERT ON %I TO bsti_worker', table_name);
        END IF;
    END LOOP;
END $$;
"""

UNSEAL = """
DROP TRIGGER audit_row_is_sealed ON auditlog_logentry;
DROP FUNCTION audit_seal_row();
DROP FUNCTION audit_sealed_text(auditlog_logentry);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_append_only"), ("auditlog", "0017_add_actor_email")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry", models.BigIntegerField(unique=True)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Anchor",
            fields=[
                ("first", models.BigIntegerField(primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("object_key", models.CharField(max_length=60, unique=True)),
                ("key_id", models.CharField(max_length=40)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("is_whole", models.BooleanField()),
                ("rows", models.BigIntegerField()),
                ("anchors", models.IntegerField()),
                ("anchored", models.BigIntegerField()),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
            options={"ordering": ["-at", "-pk"]},
        ),
        migrations.RunSQL(SEAL, UNSEAL),
    ]
