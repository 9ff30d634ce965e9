"""A pseudonym key's life: made, used beside older ones, destroyed."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.actors import Actor
from tests import datasets
from tests.factories import organisation
from tests.uploads.sending import draft, submitted
from uploads import tasks
from uploads.lifecycle import UploadStatus
from uploads.models import Patient, PseudonymKey, Upload
from uploads.services import deidentifying, keys

pytestmark = pytest.mark.django_db

ACTOR = Actor.of_task("test")
OLD, NEW = "old1", "new2"


@pytest.fixture
def two_keys(settings):
    settings.PSEUDONYM_KEYS = {OLD: bytes(32), NEW: bytes([1]) * 32}
    settings.PSEUDONYM_KEY_ID = OLD
    return settings


def under_old_key(status: str) -> Upload:
    now = timezone.now()
    return draft(pseudonym_key_id=OLD, status=status, declared_at=now, submitted_at=now)


def processed(contents, trust) -> Upload:
    upload = submitted(contents, organisation=trust)
    tasks.process_upload(str(upload.pk))
    upload.refresh_from_db()
    return upload


def test_a_patient_who_returns_after_a_rotation_is_a_new_patient(two_keys):
    trust = organisation()
    first = processed([datasets.ct_slice()], trust)
    two_keys.PSEUDONYM_KEY_ID = NEW
    second = processed([datasets.ct_slice()], trust)

    assert (first.pseudonym_key_id, second.pseudonym_key_id) == (OLD, NEW)
    assert first.patient != second.patient
    assert second.status == UploadStatus.ACCEPTED


def test_what_was_submitted_before_a_rotation_is_finished_under_its_own_key(two_keys):
    trust = organisation()
    earlier = processed([datasets.ct_slice()], trust)
    waiting = submitted([datasets.ct_slice(number=2)], organisation=trust)
    two_keys.PSEUDONYM_KEY_ID = NEW

    tasks.process_upload(str(waiting.pk))

    waiting.refresh_from_db()
    assert waiting.patient == earlier.patient
    assert Patient.objects.count() == 1


def test_a_key_that_an_upload_still_needs_is_not_destroyed(two_keys):
    under_old_key(UploadStatus.HELD)
    two_keys.PSEUDONYM_KEY_ID = NEW

    with pytest.raises(keys.KeyInUse, match="1 upload under old1 still wait"):
        keys.record_destruction(key_id=OLD, actor=ACTOR, at=timezone.now())


def test_the_key_of_new_uploads_is_not_destroyed(two_keys):
    with pytest.raises(keys.KeyInUse, match="Rotate to another key first"):
        keys.record_destruction(key_id=OLD, actor=ACTOR, at=timezone.now())


def test_a_key_nobody_ever_had_is_not_destroyed(two_keys):
    with pytest.raises(keys.KeyInUse, match="no pseudonym key other"):
        keys.record_destruction(key_id="other", actor=ACTOR, at=timezone.now())


def test_a_destroyed_key_is_used_no_more_though_a_worker_still_holds_it(two_keys):
    upload = under_old_key(UploadStatus.ACCEPTED)
    two_keys.PSEUDONYM_KEY_ID = NEW

    keys.record_destruction(key_id=OLD, actor=ACTOR, at=timezone.now())

    assert keys.destroyed_among(two_keys.PSEUDONYM_KEYS) == [OLD]
    with pytest.raises(deidentifying.KeyMissing, match="is destroyed"):
        deidentifying.pseudonyms_of(upload)


def test_a_worker_that_holds_a_destroyed_key_does_not_start(two_keys):
    PseudonymKey.objects.create(key_id=OLD, destroyed_at=timezone.now())

    with pytest.raises(SystemExit, match="Delete old1 from PSEUDONYM_KEYS"):
        tasks.refuse_destroyed_keys()


def test_destroying_twice_is_recorded_once(two_keys):
    two_keys.PSEUDONYM_KEY_ID = NEW
    first = keys.record_destruction(key_id=OLD, actor=ACTOR, at=timezone.now())
    again = keys.record_destruction(key_id=OLD, actor=ACTOR, at=timezone.now() + timedelta(days=1))

    assert again.destroyed_at == first.destroyed_at
    verbs = [row.additional_data["verb"] for row in LogEntry.objects.all()]
    assert verbs.count("pseudonym_key.destroyed") == 1


def test_rotating_shows_the_new_key_once_and_stores_its_id_alone(two_keys, capsys):
    two_keys.DEVELOPMENT = False

    call_command("rotate_pseudonym_key", "--id", "autumn")

    told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if line.startswith("autumn:"))
    secret = line.partition(":")[2]
    assert len(bytes.fromhex(secret)) == 32
    stored = repr(list(PseudonymKey.objects.values())) + repr(list(LogEntry.objects.values()))
    assert "autumn" in stored
    assert secret not in stored


def test_an_id_is_never_used_again(two_keys):
    two_keys.DEVELOPMENT = False
    PseudonymKey.objects.create(key_id="spent", destroyed_at=timezone.now())

    with pytest.raises(CommandError, match="Choose another id"):
        call_command("rotate_pseudonym_key", "--id", "spent")


def test_destroying_asks_first_and_says_what_it_means(two_keys, capsys):
    two_keys.DEVELOPMENT = False
    processed([datasets.ct_slice()], organisation())
    two_keys.PSEUDONYM_KEY_ID = NEW

    with pytest.raises(CommandError, match="Say --yes"):
        call_command("destroy_pseudonym_key", OLD)
    assert not PseudonymKey.objects.exists()
    call_command("destroy_pseudonym_key", OLD, "--yes")

    told = capsys.readouterr().out
    assert "1 patient under old1" in told
    assert "every backup" in told
    assert PseudonymKey.objects.get().destroyed_at
