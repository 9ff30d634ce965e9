"""From waiting files to a decided upload, on real PostgreSQL, a real store and real children."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta

import pydicom
import pytest
from auditlog.models import LogEntry
from django.core.files.storage import storages
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from tests import datasets
from tests.factories import member, organisation
from tests.uploads.sending import add_file, draft, submitted
from uploads import storage, tasks
from uploads.dicom.transcoding import decode_frame
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Patient, Series, Study, Upload, UploadedFile
from uploads.services import deciding, deidentifying, expanding, held_files, leases, settling

pytestmark = pytest.mark.django_db

WORKER = Actor.of_task("test")
Outcome = UploadedFile.Outcome


def processed(contents, **fields) -> Upload:
    upload = submitted(contents, **fields)
    tasks.process_upload(str(upload.pk))
    upload.refresh_from_db()
    return upload


def outcomes(upload) -> list[tuple[str, str]]:
    return list(upload.files.order_by("number").values_list("outcome", "reason"))


def objects(prefix: str) -> list[str]:
    return list(storages["janitor-studies"].keys(prefix))


# --- Accepted ---------------------------------------------------------------------


def test_a_ct_becomes_a_study_with_its_slices_in_order():
    upload = processed(datasets.ct_series(5)[::-1])

    assert upload.status == UploadStatus.ACCEPTED
    series = Series.objects.get(study__upload=upload)
    numbers = list(series.instances.values_list("instance_number", flat=True))
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    positions = list(series.instances.values_list("slice_position_mm", flat=True))
    assert positions == sorted(positions)
    assert series.settled_at


def test_stored_frames_are_the_pixels_that_were_sent():
    source = datasets.ct_slice()
    upload = processed([source])

    instance = Instance.objects.get(series__study__upload=upload)
    pixels = decode_frame(storage.read_frame(instance, 1), is_signed=True)

    assert pixels.tobytes() == pydicom.dcmread(io.BytesIO(source)).PixelData


def test_a_settled_series_has_its_headers_and_a_thumbnail():
    upload = processed(datasets.ct_series(3))

    series = Series.objects.get(study__upload=upload)
    headers = json.loads(gzip.decompress(storage.read_metadata(series)))

    assert [header["00080018"]["Value"][0] for header in headers] == list(
        series.instances.values_list("sop_instance_uid", flat=True)
    )
    assert storage.read_thumbnail(series).startswith(b"\x89PNG")


def test_no_identity_reaches_the_rows_the_store_the_trail_or_the_logs(caplog):
    caplog.set_level("DEBUG")
    upload = processed(datasets.ct_series(2))

    instance = Instance.objects.filter(series__study__upload=upload)[0]
    kept = storage.read_instance(instance) + json.dumps(instance.header).encode()
    kept += repr(list(LogEntry.objects.values_list("additional_data", "object_repr"))).encode()
    kept += repr(list(UploadedFile.objects.values())).encode()
    kept += caplog.text.encode()
    for planted in datasets.PLANTED:
        assert planted.encode() not in kept


def test_names_and_originals_go_when_an_upload_is_settled():
    upload = processed([datasets.ct_slice()])

    file = upload.files.get()
    assert file.name == ""
    assert file.report
    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_days_from_onset_follow_from_the_dates_of_the_studies():
    first = datasets.ct_slice(study=1, StudyDate="20200310")
    later = datasets.ct_slice(study=2, series=2, number=2, StudyDate="20200317")
    upload = processed([later, first], days_from_onset=3)

    studies = Study.objects.filter(upload=upload).order_by("study_date")

    assert [study.days_from_onset for study in studies] == [3, 10]


def test_without_a_known_onset_no_day_is_made_up():
    upload = processed([datasets.ct_slice()], days_from_onset=None)

    assert Study.objects.get(upload=upload).days_from_onset is None


def test_a_refused_file_does_not_hold_the_rest_back():
    upload = processed([datasets.ct_slice(), datasets.mr_image(number=2)])

    assert upload.status == UploadStatus.ACCEPTED
    assert outcomes(upload) == [(Outcome.ACCEPTED, ""), (Outcome.REFUSED, "sop_class_mr")]


def test_acceptance_is_one_entry_of_the_trail():
    upload = processed([datasets.ct_slice()])

    verbs = LogEntry.objects.filter(object_pk=str(upload.pk)).values_list(
        "additional_data__verb", flat=True
    )

    assert sorted(verbs) == ["upload.accepted", "upload.submitted"]


# --- Run again --------------------------------------------------------------------


def test_processing_twice_stores_one_study():
    upload = processed(datasets.ct_series(3))
    before = objects(storage.study_prefix(upload.pk))

    tasks.process_upload(str(upload.pk))
    tasks.process_files(str(upload.pk), [str(file.pk) for file in upload.files.all()])
    tasks.settle_upload(str(upload.pk))

    assert Instance.objects.filter(series__study__upload=upload).count() == 3
    assert objects(storage.study_prefix(upload.pk)) == before


def test_a_worker_killed_after_storing_objects_leaves_work_that_ends_the_same(monkeypatch):
    upload = submitted(datasets.ct_series(2))
    files = leases.claim_files(
        upload_id=upload.pk,
        file_ids=[str(file.pk) for file in upload.files.all()],
        at=timezone.now() - timedelta(hours=1),
    )
    with monkeypatch.context() as killed:
        killed.setattr(deidentifying, "store_results", lambda **_: None)
        deidentifying.deidentify_files(upload=upload, files=files)

    tasks.resume_stalled()

    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED
    assert Instance.objects.filter(series__study__upload=upload).count() == 2


def test_of_two_workers_one_gets_a_file():
    upload = submitted([datasets.ct_slice()])
    ids = [str(file.pk) for file in upload.files.all()]
    now = timezone.now()

    assert len(leases.claim_files(upload_id=upload.pk, file_ids=ids, at=now)) == 1
    assert leases.claim_files(upload_id=upload.pk, file_ids=ids, at=now) == []


def test_a_lease_is_taken_over_only_when_it_has_run_out():
    upload = submitted([datasets.ct_slice()])
    now = timezone.now()

    assert leases.take_upload(upload_id=upload.pk, at=now)
    assert leases.take_upload(upload_id=upload.pk, at=now + timedelta(seconds=1)) is None
    assert leases.take_upload(upload_id=upload.pk, at=now + timedelta(minutes=5))


def test_attempts_are_counted_before_the_work_and_the_last_failure_holds_the_file():
    upload = submitted([datasets.ct_slice()])
    file = upload.files.get()
    now = timezone.now()
    for hours in range(3):
        leases.claim_files(
            upload_id=upload.pk, file_ids=[str(file.pk)], at=now - timedelta(hours=9 - hours)
        )

    tasks.process_upload(str(upload.pk))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.HELD
    assert outcomes(upload) == [(Outcome.HELD, "processing_failed")]


def test_files_tried_before_are_tried_in_smaller_company():
    upload = submitted([])
    for attempts in (0, 0, 1, 1, 2, 2):
        upload.files.create(
            number=upload.files.count() + 1,
            size_bytes=1,
            outcome=Outcome.WAITING,
            attempts=attempts,
        )

    batches = leases.waiting_batches(upload=upload, at=timezone.now())

    assert [len(batch) for batch in batches] == [1, 1, 2, 1, 1]


def test_files_are_given_out_in_shares_that_are_no_heavier_than_a_child_may_take(settings):
    settings.UPLOAD_BATCH_FILES, settings.UPLOAD_BATCH_BYTES = 4, 10
    upload = submitted([])
    for number, size in enumerate([1] * 10 + [9, 9, 30, 1], start=1):
        upload.files.create(number=number, size_bytes=size, outcome=Outcome.WAITING)

    batches = leases.waiting_batches(upload=upload, at=timezone.now())

    assert [len(batch) for batch in batches] == [4, 4, 2, 1, 1, 1, 1]


# --- Refused ----------------------------------------------------------------------


def test_an_upload_of_two_patients_is_refused_and_nothing_of_it_is_kept():
    upload = processed([datasets.ct_slice(patient="A"), datasets.ct_slice(patient="B", number=2)])

    assert (upload.status, upload.reason) == (UploadStatus.REFUSED, "several_patients")
    assert not Study.objects.filter(upload=upload).exists()
    assert not Patient.objects.exists()

    tasks.purge_quarantine()

    assert objects(storage.study_prefix(upload.pk)) == []


def test_an_upload_without_one_good_file_is_refused():
    upload = processed([datasets.not_dicom(), datasets.truncated()])

    assert (upload.status, upload.reason) == (UploadStatus.REFUSED, "nothing_accepted")
    assert [reason for _, reason in outcomes(upload)] == ["not_dicom", "truncated"]


def test_a_file_that_never_arrived_is_told_so():
    upload = submitted([datasets.ct_slice()])
    storage.delete_originals(upload.files.all())

    tasks.process_upload(str(upload.pk))

    assert outcomes(upload) == [(Outcome.REFUSED, "not_arrived")]


def test_a_file_that_is_not_what_was_announced_is_refused():
    upload = submitted([])
    add_file(upload, datasets.ct_slice())
    upload.files.update(sha256="0" * 64)

    tasks.process_upload(str(upload.pk))

    assert outcomes(upload) == [(Outcome.REFUSED, "damaged_on_the_way")]


# --- Known images -----------------------------------------------------------------


def test_an_image_of_an_earlier_accepted_upload_is_a_duplicate():
    trust = organisation()
    processed([datasets.ct_slice()], organisation=trust)

    again = processed([datasets.ct_slice(), datasets.ct_slice(number=2)], organisation=trust)

    assert outcomes(again) == [(Outcome.DUPLICATE, "already_stored"), (Outcome.ACCEPTED, "")]
    assert Instance.objects.filter(series__study__upload=again).count() == 1


def unsettled(contents, trust, monkeypatch) -> Upload:
    """An upload whose files are done before any other of its trust was settled."""
    with monkeypatch.context() as patched:
        patched.setattr(settling, "settle_upload", lambda **_: False)
        return processed(contents, organisation=trust)


def test_of_two_uploads_of_one_study_at_once_the_second_is_refused_as_known(monkeypatch):
    trust = organisation()
    first, second = (unsettled(datasets.ct_series(2), trust, monkeypatch) for _ in range(2))

    tasks.settle_upload(str(first.pk))
    tasks.settle_upload(str(second.pk))

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status == UploadStatus.ACCEPTED
    assert (second.status, second.reason) == (UploadStatus.REFUSED, "all_duplicates")
    assert objects(storage.study_prefix(second.pk)) == []
    assert not second.studies.exists()


def test_what_only_the_second_of_two_uploads_at_once_holds_is_kept_whole(monkeypatch):
    trust = organisation()
    first = unsettled([datasets.ct_slice()], trust, monkeypatch)
    second = unsettled(datasets.ct_series(2), trust, monkeypatch)

    tasks.settle_upload(str(first.pk))
    tasks.settle_upload(str(second.pk))

    second.refresh_from_db()
    assert second.status == UploadStatus.ACCEPTED
    assert outcomes(second) == [(Outcome.DUPLICATE, "already_stored"), (Outcome.ACCEPTED, "")]
    series = Series.objects.get(study__upload=second)
    assert len(json.loads(gzip.decompress(storage.read_metadata(series)))) == 1


def test_an_upload_that_meets_another_accepted_at_the_last_moment_is_settled_again(monkeypatch):
    trust = organisation()
    first, second = (unsettled([datasets.ct_slice()], trust, monkeypatch) for _ in range(2))
    complete = settling.complete_series

    def and_meanwhile(*, upload, at):
        complete(upload=upload, at=at)
        if upload.pk == second.pk:
            tasks.settle_upload(str(first.pk))

    with monkeypatch.context() as patched:
        patched.setattr(settling, "complete_series", and_meanwhile)
        tasks.settle_upload(str(second.pk))
    second.refresh_from_db()
    assert second.status == UploadStatus.SUBMITTED

    tasks.settle_upload(str(second.pk))

    second.refresh_from_db()
    assert second.status == UploadStatus.REFUSED


def test_an_upload_of_nothing_new_is_refused_as_such():
    trust = organisation()
    processed([datasets.ct_slice()], organisation=trust)

    again = processed([datasets.ct_slice()], organisation=trust)

    assert (again.status, again.reason) == (UploadStatus.REFUSED, "all_duplicates")


def test_another_image_under_a_known_uid_is_held():
    trust = organisation()
    processed([datasets.ct_slice()], organisation=trust)
    other = datasets.ct_slice(PixelData=bytes(64 * 64 * 2))

    again = processed([other], organisation=trust)

    assert again.status == UploadStatus.HELD
    assert outcomes(again) == [(Outcome.HELD, "another_image_with_this_uid")]


def test_the_same_file_twice_in_one_upload_is_kept_once():
    upload = processed([datasets.ct_slice(), datasets.ct_slice()])

    assert upload.status == UploadStatus.ACCEPTED
    assert sorted(outcomes(upload)) == [(Outcome.ACCEPTED, ""), (Outcome.DUPLICATE, "sent_twice")]


def test_two_images_with_one_uid_in_one_upload_are_not_both_taken():
    upload = processed([datasets.ct_slice(), datasets.ct_slice(PixelData=bytes(64 * 64 * 2))])

    assert upload.status == UploadStatus.HELD
    assert sorted(outcome for outcome, _ in outcomes(upload)) == [Outcome.ACCEPTED, Outcome.HELD]


# --- Zip --------------------------------------------------------------------------


def test_a_zip_is_expanded_into_files_of_its_upload():
    names = {f"QUILLFEATHER/{number}": datasets.ct_slice(number=number) for number in (1, 2, 3)}
    upload = processed([datasets.zip_of(names)])

    assert upload.status == UploadStatus.ACCEPTED
    assert outcomes(upload) == [(Outcome.EXPANDED, ""), *[(Outcome.ACCEPTED, "")] * 3]
    assert Instance.objects.filter(series__study__upload=upload).count() == 3


def test_only_files_whose_beginning_was_not_seen_are_looked_at_again():
    upload = draft()
    zipped = datasets.zip_of({"IM1": datasets.ct_slice()})
    not_seen = add_file(upload, zipped)
    add_file(upload, datasets.ct_slice())
    seen = add_file(upload, zipped, is_zip=True)
    # noted as no zip: nobody reads it to find that it is one
    add_file(upload, zipped, is_zip=False)

    assert expanding.waiting_archives(upload) == [not_seen, seen]


def test_a_zip_with_more_files_than_an_upload_may_hold_is_refused(settings):
    settings.UPLOAD_MAX_FILES = 3
    zipped = datasets.zip_of({str(number): datasets.ct_slice(number=number) for number in range(4)})

    upload = processed([zipped])

    assert upload.status == UploadStatus.REFUSED
    assert outcomes(upload)[0][0] == Outcome.REFUSED
    assert upload.files.count() == 1


# --- Held, and what people decide ---------------------------------------------------


def test_a_held_file_has_a_preview_and_its_original_stays():
    upload = processed([datasets.chest_xray(number=1), datasets.held_xray(number=2)])

    assert (upload.status, upload.reason) == (UploadStatus.HELD, "files_held")
    held = upload.files.get(outcome=Outcome.HELD)
    assert storage.read_preview(held, 1).startswith(b"\x89PNG")
    assert storage.read_quarantine(held)


def test_a_released_file_is_accepted_with_its_upload():
    upload = processed([datasets.held_xray()])
    curator = Actor.of_member(member(["curator"]))

    held_files.release_file(file=upload.files.get(), revision=0, actor=curator, at=timezone.now())
    tasks.process_upload(str(upload.pk))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED
    assert Instance.objects.filter(series__study__upload=upload).count() == 1


def test_a_file_is_released_once():
    upload = processed([datasets.held_xray()])
    curator = Actor.of_member(member(["curator"]))
    held_files.release_file(file=upload.files.get(), revision=0, actor=curator, at=timezone.now())

    with pytest.raises(held_files.NotHeld):
        held_files.release_file(
            file=upload.files.get(), revision=0, actor=curator, at=timezone.now()
        )


def test_refusing_the_held_file_lets_the_rest_be_accepted():
    upload = processed([datasets.chest_xray(number=1), datasets.held_xray(number=2)])
    curator = Actor.of_member(member(["curator"]))

    held_files.refuse_file(file=upload.files.get(outcome=Outcome.HELD), actor=curator)
    tasks.process_upload(str(upload.pk))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED


def test_a_refused_upload_is_erased_once():
    upload = processed([datasets.held_xray(), datasets.chest_xray(number=2)])
    curator = Actor.of_member(member(["curator"]))

    deciding.refuse_upload(upload=upload, actor=curator, at=timezone.now())
    tasks.erase_upload(str(upload.pk))
    tasks.erase_upload(str(upload.pk))

    assert objects(storage.study_prefix(upload.pk)) == []
    assert not Study.objects.filter(upload=upload).exists()
    erased = LogEntry.objects.filter(additional_data__verb="upload.erased")
    assert erased.count() == 1


def test_withdrawing_an_accepted_upload_erases_every_object_of_it():
    upload = processed([datasets.ct_slice()])

    deciding.withdraw_upload(
        upload=upload, actor=Actor.of_submitter(upload.submitter), at=timezone.now()
    )
    tasks.purge_quarantine()

    upload.refresh_from_db()
    assert upload.erased_at
    assert objects(storage.study_prefix(upload.pk)) == []
    assert Instance.objects.get(series__study__upload=upload).header == {}


def test_a_withdrawn_upload_is_not_erased_while_a_worker_has_it():
    upload = submitted([datasets.ct_slice()])
    now = timezone.now()
    ids = [str(file.pk) for file in upload.files.all()]
    leases.claim_files(upload_id=upload.pk, file_ids=ids, at=now)

    deciding.withdraw_upload(upload=upload, actor=Actor.of_submitter(upload.submitter), at=now)

    assert not deciding.erasable_uploads(at=now).exists()
    assert deciding.erasable_uploads(at=now + timedelta(minutes=5)).exists()


def test_of_an_upload_withdrawn_meanwhile_nothing_is_stored():
    upload = submitted([datasets.ct_slice()])
    files = leases.claim_files(
        upload_id=upload.pk,
        file_ids=[str(file.pk) for file in upload.files.all()],
        at=timezone.now(),
    )
    deciding.withdraw_upload(
        upload=Upload.objects.get(pk=upload.pk),
        actor=Actor.of_submitter(upload.submitter),
        at=timezone.now(),
    )

    deidentifying.deidentify_files(upload=upload, files=files)

    assert not Study.objects.filter(upload=upload).exists()
    assert objects(storage.study_prefix(upload.pk)) == []


def test_a_settled_upload_cannot_be_settled_again():
    upload = processed([datasets.ct_slice()])

    assert not settling.settle_upload(upload=upload, actor=WORKER, at=timezone.now())


def test_an_upload_that_ended_cannot_be_withdrawn():
    upload = processed([datasets.not_dicom()])

    with pytest.raises(IllegalMove):
        deciding.withdraw_upload(upload=upload, actor=WORKER, at=timezone.now())


# --- Time -------------------------------------------------------------------------


def test_drafts_expire_after_seven_days():
    old, young = draft(), draft()
    Upload.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=8))

    assert deciding.expire_uploads(actor=WORKER, at=timezone.now()) == 1

    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.status, young.status) == (UploadStatus.EXPIRED, UploadStatus.DRAFT)


def test_what_is_held_for_thirty_days_expires():
    upload = processed([datasets.held_xray()])

    deciding.expire_uploads(actor=WORKER, at=timezone.now() + timedelta(days=29))
    upload.refresh_from_db()
    assert upload.status == UploadStatus.HELD

    deciding.expire_uploads(actor=WORKER, at=timezone.now() + timedelta(days=31))
    upload.refresh_from_db()
    assert upload.status == UploadStatus.EXPIRED


def test_bytes_in_quarantine_that_belong_to_no_file_are_purged():
    upload = draft()
    kept = add_file(upload, b"kept")
    removed = add_file(upload, b"removed")
    UploadedFile.objects.filter(pk=removed.pk).delete()

    deciding.purge_originals()

    assert storage.read_quarantine(kept) == b"kept"
    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(removed)


def test_the_sweep_finds_uploads_that_no_worker_has():
    waiting = submitted([datasets.ct_slice()])
    held = processed([datasets.held_xray()])
    now = datetime.now(UTC)

    assert leases.stalled_uploads(at=now) == [str(waiting.pk)]
    assert str(held.pk) not in leases.stalled_uploads(at=now)

    curator = Actor.of_member(member(["curator"]))
    held_files.release_file(file=held.files.get(), revision=0, actor=curator, at=now)

    assert str(held.pk) in leases.stalled_uploads(at=now)
