"""Two readers and an adjudicator a case: seats, the panel's profiles, verdicts by agreement."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

# until now anybody could read: the first two to begin keep a seat
SEATS = """
UPDATE review_assignment AS given SET seat = CASE place WHEN 1 THEN 'a' ELSE 'b' END
FROM (
    SELECT id, row_number() OVER (PARTITION BY case_id ORDER BY assigned_at, id) AS place
    FROM review_assignment WHERE handed_back_at IS NULL
) AS ordered
WHERE ordered.id = given.id AND place <= 2;
UPDATE review_assignment SET handed_back_at = assigned_at, reason = 'Two others read this case.'
WHERE seat = '' AND handed_back_at IS NULL;
UPDATE review_assignment SET seat = 'a' WHERE seat = '';
"""

SCHEMES = """
UPDATE review_casestudy AS held SET scheme_id = (
    SELECT scheme.id FROM review_reportingscheme AS scheme, uploads_study AS study
    WHERE study.id = held.study_id AND scheme.is_default
      AND scheme.modality = CASE study.modality WHEN 'DX' THEN 'CR' ELSE study.modality END
    ORDER BY scheme.version DESC, scheme.id DESC LIMIT 1
);
"""

LOCKS = """
CREATE FUNCTION review_lock_addendum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT 1 FROM review_reading WHERE id = NEW.reading_id AND submitted_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'addendum is to a submitted reading'
                USING ERRCODE = 'check_violation',
                      CONSTRAINT = 'addendum_is_to_a_submitted_reading';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'addendum is not changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'addendum_is_not_changed';
END $$;

CREATE TRIGGER addendum_is_not_changed
    BEFORE INSERT OR UPDATE OR DELETE ON review_addendum
    FOR EACH ROW EXECUTE FUNCTION review_lock_addendum();
"""

NO_LOCKS = """
DROP TRIGGER addendum_is_not_changed ON review_addendum;
DROP FUNCTION review_lock_addendum();
"""


def member_key(**options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("review", "0003_locks"),
        ("uploads", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint("assignment", "case_is_given_to_a_reader_once_at_a_time"),
        migrations.RenameField("assignment", "reader", "member"),
        migrations.AddField(
            "assignment",
            "seat",
            models.CharField(
                choices=[("a", "Reader A"), ("b", "Reader B"), ("adjudicator", "Adjudicator")],
                max_length=11,
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField("assignment", "assigned_by", member_key(null=True, blank=True)),
        migrations.AddField(
            "assignment", "reminded_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.RunSQL(SEATS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "assignment",
            models.UniqueConstraint(
                fields=["case", "member"],
                condition=Q(handed_back_at__isnull=True),
                name="case_is_given_to_a_member_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            "assignment",
            models.UniqueConstraint(
                fields=["case", "seat"],
                condition=Q(handed_back_at__isnull=True),
                name="seat_of_a_case_is_taken_once",
            ),
        ),
        migrations.AddConstraint(
            "assignment",
            models.CheckConstraint(
                name="seat_is_one_of_its_choices", condition=Q(seat__in=["a", "b", "adjudicator"])
            ),
        ),
        migrations.AddIndex(
            "assignment",
            models.Index(
                fields=["member", "handed_back_at"], name="review_assi_member__403693_idx"
            ),
        ),
        migrations.CreateModel(
            "PanelProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reads_ct", models.BooleanField(default=True, verbose_name="CT")),
                (
                    "reads_radiographs",
                    models.BooleanField(default=True, verbose_name="Radiographs"),
                ),
                ("away_from", models.DateField(null=True, blank=True)),
                ("away_until", models.DateField(null=True, blank=True)),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        name="time_away_has_both_ends_in_order",
                        condition=Q(away_from=None, away_until=None)
                        | Q(
                            away_from__isnull=False,
                            away_until__isnull=False,
                            away_until__gte=F("away_from"),
                        ),
                    )
                ]
            },
        ),
        migrations.AddField(
            "casestudy",
            "scheme",
            models.ForeignKey(
                null=True,
                blank=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="review.reportingscheme",
            ),
        ),
        migrations.AddField(
            "verdict",
            "basis",
            models.CharField(
                choices=[
                    ("agreement", "Two readings that agree"),
                    ("adjudication", "The adjudicator’s decision"),
                    ("chair", "The chair’s decision"),
                ],
                default="chair",
                max_length=12,
            ),
        ),
        migrations.AlterField("verdict", "decided_by", member_key(null=True, blank=True)),
        migrations.AlterField("verdict", "reason", models.TextField(blank=True, max_length=2000)),
        migrations.RemoveConstraint("verdict", "verdict_has_a_reason"),
        migrations.AddConstraint(
            "verdict",
            models.CheckConstraint(
                name="verdict_has_a_reason_unless_readings_agree",
                condition=Q(basis="agreement", reason="") | ~Q(basis="agreement") & ~Q(reason=""),
            ),
        ),
        migrations.AddConstraint(
            "verdict",
            models.CheckConstraint(
                name="verdict_is_somebodys_unless_readings_agree",
                condition=Q(basis="agreement", decided_by=None)
                | Q(basis__in=["adjudication", "chair"], decided_by__isnull=False),
            ),
        ),
        migrations.CreateModel(
            "Addendum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                ("written_at", models.DateTimeField()),
                (
                    "reading",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addenda",
                        to="review.reading",
                    ),
                ),
            ],
            options={
                "ordering": ["written_at", "pk"],
                "verbose_name_plural": "addenda",
                "constraints": [
                    models.CheckConstraint(name="addendum_says_something", condition=~Q(text=""))
                ],
            },
        ),
        migrations.RunSQL(LOCKS, NO_LOCKS),
        migrations.RunSQL(SCHEMES, migrations.RunSQL.noop),
    ]
