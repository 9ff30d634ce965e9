import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from tests.uploads.entering import submitter as make_submitter
from tests.uploads.sending import describe, draft
from uploads import services
from uploads.lifecycle import UploadStatus
from uploads.models import ClinicalRecord, EntryCode, Upload
from uploads.services import intake

pytestmark = pytest.mark.django_db

DIGEST = "a" * 64


def actor_of(upload: Upload) -> Actor:
    return Actor.of_submitter(upload.submitter)


def announced(*sizes: int, start: int = 0) -> list[intake.FileToSend]:
    return [
        intake.FileToSend(f"IM{start + number}", size, f"{start + number:064x}")
        for number, size in enumerate(sizes)
    ]


def add(upload, files):
    return services.add_files(upload=upload, files=files, actor=actor_of(upload))


def receive_all(upload: Upload) -> None:
    upload.files.update(received_at=timezone.now(), outcome="waiting")


def declare(upload: Upload) -> None:
    services.declare(
        upload=upload,
        caldicott_reference="CG-1",
        caldicott_role="Caldicott Guardian",
        licence="CC-BY-4.0",
        may_credit_organisation=True,
        actor=actor_of(upload),
        at=timezone.now(),
    )


def submit(upload: Upload) -> None:
    services.submit_upload(upload=upload, actor=actor_of(upload), at=timezone.now())


def verbs() -> list[str]:
    return [row.additional_data["verb"] for row in LogEntry.objects.order_by("pk")]


def test_a_new_upload_has_a_reference_for_mail_and_telephone():
    submitter = make_submitter()

    upload = services.start_upload(submitter=submitter, actor=Actor.of_submitter(submitter))

    assert upload.status == UploadStatus.DRAFT
    assert len(upload.reference) == 11
    assert upload.reference[:2] == "U-"
    assert verbs() == ["upload.started"]


def test_a_submitter_has_so_many_drafts_and_no_more():
    submitter = make_submitter()
    actor = Actor.of_submitter(submitter)
    for _ in range(intake.MAX_DRAFTS):
        services.start_upload(submitter=submitter, actor=actor)

    with pytest.raises(intake.TooManyDrafts):
        services.start_upload(submitter=submitter, actor=actor)


def test_a_file_announced_twice_is_one_row():
    upload = draft()

    first, _ = add(upload, announced(10, 20))
    again, _ = add(upload, announced(10, 20, 30))

    assert [file.pk for file in again[:2]] == [file.pk for file in first]
    assert [file.number for file in again] == [1, 2, 3]
    assert upload.files.count() == 3


def test_one_of_the_same_name_and_another_content_is_another_file():
    upload = draft()

    rows, _ = add(
        upload, [intake.FileToSend("IM1", 10, DIGEST), intake.FileToSend("IM1", 10, "b" * 64)]
    )

    assert rows[0].pk != rows[1].pk


def test_the_2001st_file_is_told_and_the_others_stay():
    upload = draft()
    for start in range(0, 2000, 200):
        add(upload, announced(*[1] * 200, start=start))

    rows, problems = add(upload, announced(1, start=2000))

    assert rows == []
    assert "2,000 files at most" in problems[0].message
    assert upload.files.count() == 2000
    # one that is there already is no new file
    assert len(add(upload, announced(1))[0]) == 1


def test_more_than_2_gb_is_told_before_a_byte_is_sent():
    upload = draft()

    rows, problems = add(upload, announced(2 * 1024**3 - 10, 11, 10))

    assert [file.size_bytes for file in rows] == [2 * 1024**3 - 10, 10]
    assert "2 GB at most" in problems[0].message


def test_an_empty_file_is_told_at_once():
    _, problems = add(draft(), announced(0))

    assert problems[0].message.startswith("The file is empty.")


def test_an_upload_without_a_whole_file_or_an_answer_is_not_submitted():
    upload = draft()
    with pytest.raises(intake.NothingToSubmit):
        submit(upload)
    add(upload, announced(10))
    with pytest.raises(intake.FilesStillArriving):
        submit(upload)
    receive_all(upload)
    with pytest.raises(intake.NotYetDescribed, match="clinical"):
        submit(upload)
    describe(upload, days_from_onset=4)
    with pytest.raises(intake.NotYetDescribed, match="declaration"):
        submit(upload)
    declare(upload)
    submit(upload)

    assert upload.status == UploadStatus.SUBMITTED
    assert verbs()[-1] == "upload.submitted"


def submitted() -> Upload:
    upload = draft()
    add(upload, announced(10))
    receive_all(upload)
    describe(upload, days_from_onset=4)
    declare(upload)
    submit(upload)
    return upload


def test_submitting_pins_the_pseudonym_key(settings):
    settings.PSEUDONYM_KEY_ID = "k7"

    upload = submitted()

    assert upload.pseudonym_key_id == "k7"


def test_a_submitted_upload_does_not_change():
    upload = submitted()
    file = upload.files.get()

    with pytest.raises(intake.UploadIsClosed):
        submit(upload)
    with pytest.raises(intake.UploadIsClosed):
        add(upload, announced(10, start=5))
    with pytest.raises(intake.UploadIsClosed):
        services.remove_file(file=file, actor=actor_of(upload))
    with pytest.raises(intake.UploadIsClosed):
        declare(upload)
    with pytest.raises(intake.UploadIsClosed):
        services.save_clinical_record(upload=upload, answers={}, actor=actor_of(upload))


def test_a_corrected_record_is_a_new_version_and_the_same_answers_are_not():
    upload = draft()
    first = describe(upload, days_from_onset=4)
    names = [
        field.name
        for field in ClinicalRecord._meta.fields
        if field.name not in ("id", "upload", "version", "created_at")
    ]
    answers = {name: getattr(first, name) for name in names}
    save = services.save_clinical_record

    same = save(upload=upload, answers=answers, actor=actor_of(upload))
    other = save(upload=upload, answers=answers | {"age_years": 60}, actor=actor_of(upload))

    assert same == first
    assert other.version == 2
    assert upload.clinical_records.first() == other
    row = LogEntry.objects.latest("pk")
    assert row.additional_data["facts"] == {"version": 2, "fields": ["age_years"]}


def test_removing_what_did_not_arrive_keeps_what_did():
    upload = draft()
    add(upload, announced(10, 20))
    upload.files.filter(number=1).update(received_at=timezone.now())

    removed = services.remove_unfinished_files(upload=upload, actor=actor_of(upload))

    assert removed == 1
    assert upload.files.get().number == 1


def test_withdrawal_of_a_published_upload_is_asked_for_once():
    upload = submitted()
    Upload.objects.filter(pk=upload.pk).update(status=UploadStatus.ACCEPTED)
    ask = {"upload": upload, "actor": actor_of(upload), "at": timezone.now()}

    services.ask_for_withdrawal(**ask)

    assert Upload.objects.asked_to_be_withdrawn().get() == upload
    with pytest.raises(intake.AlreadyAsked):
        services.ask_for_withdrawal(**ask)


def test_the_trail_holds_no_name_of_a_file():
    upload = draft()
    rows, _ = add(upload, [intake.FileToSend("SMITH_JOHN.dcm", 10, DIGEST)])
    services.remove_file(file=rows[0], actor=actor_of(upload))

    for row in LogEntry.objects.all():
        assert "SMITH" not in f"{row.object_repr}{row.additional_data}{row.changes}"


@pytest.mark.parametrize(
    "break_it",
    [
        lambda upload: Upload.objects.filter(pk=upload.pk).update(status="unheard"),
        lambda upload: Upload.objects.filter(pk=upload.pk).update(status=UploadStatus.ACCEPTED),
        lambda upload: describe(upload, days_from_onset=366),
        lambda upload: ClinicalRecord.objects.filter(
            pk=describe(upload, days_from_onset=1).pk
        ).update(age_years=91),
        lambda upload: EntryCode.objects.create(
            email="a@nhs.net",
            organisation=upload.organisation,
            tries=6,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        ),
    ],
)
def test_the_database_refuses_what_must_never_be(break_it):
    upload = draft()

    with pytest.raises(IntegrityError), transaction.atomic():
        break_it(upload)
