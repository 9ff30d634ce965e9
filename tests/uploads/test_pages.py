"""The pages of an upload, from its clinical context to its end."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from tests.uploads.entering import CLINICAL, DECLARATION, come_in
from tests.uploads.sending import add_file, draft
from uploads import storage, tasks
from uploads.lifecycle import UploadStatus
from uploads.models import ClinicalRecord, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload() -> Upload:
    return draft()


@pytest.fixture
def sender(client, upload) -> Client:
    return come_in(client, upload.submitter)


def url(name: str, upload: Upload, *more) -> str:
    prefix = "" if name == "withdraw-upload" else "uploads:"
    return reverse(f"{prefix}{name}", args=[upload.pk, *more])


def set_status(upload: Upload, status: str, **fields) -> None:
    now = timezone.now()
    times = {"declared_at": now, "submitted_at": now, "settled_at": now}
    Upload.objects.filter(pk=upload.pk).update(status=status, **times | fields)
    upload.refresh_from_db()


# --- Clinical context -----------------------------------------------------------


def answer(sender, upload, **changes):
    data = {name: value for name, value in (CLINICAL | changes).items() if value is not None}
    return sender.post(url("clinical", upload), data)


def test_the_clinical_context_is_kept_and_leads_on(sender, upload):
    response = answer(sender, upload)

    assert response.url == url("declaration", upload)
    record = upload.clinical_records.get()
    assert (record.age_years, record.days_from_onset, record.symptoms) == (
        54,
        7,
        ["cough", "fever"],
    )


def test_an_age_over_89_is_kept_as_90(sender, upload):
    answer(sender, upload, age_years="101")

    assert upload.clinical_records.get().age_years == 90


def test_not_known_is_an_answer(sender, upload):
    answer(
        sender,
        upload,
        age_years=None,
        is_age_not_known="on",
        days_from_onset=None,
        is_onset_not_known="on",
        days_from_onset_to_swab=None,
        is_swab_day_not_known="on",
        symptoms=["not_known"],
    )

    record = upload.clinical_records.get()
    assert (record.age_years, record.days_from_onset, record.days_from_onset_to_swab) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age_years": None}, "Enter the age, or say it is not known."),
        ({"age_years": "54", "is_age_not_known": "on"}, "not both"),
        ({"age_years": "fifty"}, "Enter the age in whole years"),
        ({"days_from_onset": "366"}, "Enter 0 to 365 days."),
        ({"days_from_onset": "12/03/2020"}, "not a date"),
        ({"days_from_onset": None}, "Enter the days from the first symptom"),
        ({"days_from_onset_to_swab": None}, "Enter the day of the swab"),
        ({"rt_pcr": "not_done"}, "A day of the swab needs a result."),
        ({"symptoms": ["none", "cough"]}, "cannot be chosen together"),
        ({"symptoms": []}, "Choose the symptoms"),
        ({"sex": None}, "Sex: choose an answer."),
        ({"smoking": "sometimes"}, "Select a valid choice"),
        ({"clinical_history": "Mr Smith, seen 12/03/2020"}, "looks like a name"),
        ({"clinical_history": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_typed_is_lost(sender, upload, changes, message):
    response = answer(sender, upload, **changes)

    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert not upload.clinical_records.exists()
    if "clinical_history" not in changes:
        assert CLINICAL["clinical_history"] in page


def test_answers_are_checked_as_they_are_typed_and_what_is_wrong_is_not_kept(sender, upload):
    response = sender.post(
        url("check-clinical", upload),
        {"clinical_history": "John Smith", "days_from_onset": "900"},
    )

    page = response.content.decode()
    assert "looks like a name" in page
    assert "Enter 0 to 365 days." in page
    # what is not answered yet is no mistake yet
    assert "Sex" not in page
    assert not upload.clinical_records.exists()
    assert "John Smith" not in str(dict(sender.session))


def test_answers_typed_before_the_page_was_left_are_there_again(sender, upload):
    typed = {"sex": "F", "symptoms": ["cough", "fever"], "days_from_onset": "4"}
    kept = sender.post(url("check-clinical", upload), typed)
    assert "Draft kept at" in kept.content.decode()

    form = sender.get(url("clinical", upload)).context["form"]

    assert form["sex"].value() == "F"
    assert form["symptoms"].value() == ["cough", "fever"]
    assert str(form["days_from_onset"].value()) == "4"
    answer(sender, upload)
    saved = sender.get(url("clinical", upload)).context["form"]
    assert saved["days_from_onset"].value() == upload.clinical_records.get().days_from_onset
    sender.post(reverse("uploads:sign-out"))
    assert "clinical_drafts" not in sender.session


def test_what_was_answered_is_shown_again(sender, upload):
    answer(sender, upload, age_years=None, is_age_not_known="on")

    page = sender.get(url("clinical", upload)).content.decode()

    assert CLINICAL["clinical_history"] in page
    assert 'name="is_age_not_known"' in page
    form = sender.get(url("clinical", upload)).context["form"]
    assert form["is_age_not_known"].value() is True
    assert form["is_onset_not_known"].value() is False


# --- Declaration and submission --------------------------------------------------


def test_the_declaration_needs_every_statement(sender, upload):
    for name in ("is_anonymised", "is_for_teaching", "is_approved", "caldicott_reference"):
        given = {key: value for key, value in DECLARATION.items() if key != name}
        assert sender.post(url("declaration", upload), given).status_code == 422
    upload.refresh_from_db()
    assert upload.declared_at is None


def test_the_declaration_takes_the_role_and_not_the_name(sender, upload):
    response = sender.post(
        url("declaration", upload), DECLARATION | {"caldicott_role": "Dr Susan Smith"}
    )

    assert "Give the role" in response.content.decode()


def test_submitting_rings_the_workers_after_the_commit(
    sender, upload, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr(tasks.process_upload, "delay", lambda key: rung.append(("process", key)))
    monkeypatch.setattr(tasks.send_outcome_mail, "delay", lambda key: rung.append(("mail", key)))
    add_file(upload, b"DICM")
    answer(sender, upload)
    sender.post(url("declaration", upload), DECLARATION)
    assert "CG-2020-117, Caldicott Guardian" in sender.get(url("submit", upload)).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        response = sender.post(url("submit", upload))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.SUBMITTED
    assert response.url == url("detail", upload)
    assert rung == [("process", str(upload.pk)), ("mail", str(upload.pk))]


def test_a_broker_that_does_not_answer_costs_no_upload(
    sender, upload, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(key):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.process_upload, "delay", refuse)
    monkeypatch.setattr(tasks.send_outcome_mail, "delay", refuse)
    add_file(upload, b"DICM")
    answer(sender, upload)
    sender.post(url("declaration", upload), DECLARATION)

    with django_capture_on_commit_callbacks(execute=True):
        response = sender.post(url("submit", upload))

    upload.refresh_from_db()
    assert (response.status_code, upload.status) == (302, UploadStatus.SUBMITTED)


def test_an_incomplete_upload_is_not_submitted_and_says_what_is_missing(sender, upload):
    add_file(upload, b"DICM")

    response = sender.post(url("submit", upload), follow=True)

    assert "Fill in the clinical context" in response.content.decode()
    upload.refresh_from_db()
    assert upload.status == UploadStatus.DRAFT


@pytest.mark.parametrize("name", ["clinical", "declaration", "submit"])
def test_the_steps_of_a_sent_upload_lead_to_its_status(sender, upload, name):
    set_status(upload, UploadStatus.SUBMITTED)

    assert sender.get(url(name, upload)).url == url("detail", upload)


# --- Status ----------------------------------------------------------------------


def test_progress_asks_for_itself_until_the_upload_is_settled(sender, upload):
    add_file(upload, b"one", outcome="accepted")
    add_file(upload, b"two")
    set_status(upload, UploadStatus.SUBMITTED, settled_at=None)

    page = sender.get(url("detail", upload)).content.decode()
    fragment = sender.get(url("status", upload), headers={"HX-Request": "true"})
    set_status(upload, UploadStatus.ACCEPTED)
    last = sender.get(url("status", upload), headers={"HX-Request": "true"})

    assert "1 of 2 files" in page
    assert 'hx-trigger="every 2s"' in fragment.content.decode()
    assert "hx-trigger" not in last.content.decode()
    assert last["HX-Refresh"] == "true"


def test_polling_keeps_no_session_alive(sender, upload):
    set_status(upload, UploadStatus.SUBMITTED)
    session = sender.session
    session["submitter_seen"] -= 600
    session.save()

    sender.get(url("status", upload), headers={"HX-Request": "true"})
    polled = sender.session["submitter_seen"]
    sender.get(url("detail", upload))

    assert polled == session["submitter_seen"]
    assert sender.session["submitter_seen"] > polled


def test_refused_files_are_told_one_by_one_with_their_reasons(sender, upload):
    add_file(upload, b"one", name="notes.txt", outcome="refused", reason="not_dicom")
    add_file(upload, b"two", name="", outcome="refused", reason="sop_class_mr")
    set_status(upload, UploadStatus.REFUSED, reason="several_patients")

    page = sender.get(url("detail", upload)).content.decode()

    assert "notes.txt" in page
    assert "This is not a DICOM file." in page
    assert "File 2" in page
    assert "This is an MR image." in page
    assert "more than one patient. Send one upload for each patient." in page


def test_the_receipt_says_what_was_removed_tag_by_tag(sender, upload):
    report = {"00100010": {"replaced": 1}, "00080080": {"removed": 1}, "00080060": {"kept": 1}}
    add_file(upload, b"one", outcome="accepted", report=report)
    add_file(upload, b"two", outcome="accepted", report=report)
    set_status(upload, UploadStatus.ACCEPTED)

    page = sender.get(url("detail", upload)).content.decode()

    assert upload.reference in page
    assert "(0010,0010)" in page
    assert "replaced 2×" in page
    assert "Institution Name" in page
    changed, kept = page.index("Removed or changed (2)"), page.index("Kept as they are (1)")
    assert changed < page.index("(0010,0010)") < kept < page.index("(0008,0060)")


def test_what_was_done_to_the_headers_is_there_for_machines(sender, upload):
    report = {"00100010": {"replaced": 1}, "private": {"removed": 12}, "00080020": {"shifted": 1}}
    for content in (b"one", b"two"):
        add_file(upload, content, outcome="accepted", report=report)
    add_file(upload, b"three", outcome="refused", reason="not_dicom")
    set_status(upload, UploadStatus.ACCEPTED)

    answer = sender.get(url("header-report", upload))

    told = answer.json()
    assert told["files"] == 2
    assert {row["name"]: row for row in told["headers"]}["Private attributes"]["removed"] == 24
    assert answer["Content-Disposition"].endswith(f'headers-{upload.reference}.json"')


def test_another_submitters_report_is_not_found(sender):
    assert sender.get(url("header-report", draft())).status_code == 404


def test_every_status_says_what_happens_next(sender, upload):
    for status in UploadStatus:
        set_status(upload, status)
        page = sender.get(url("detail", upload))
        assert page.status_code == 200
        if status != UploadStatus.DRAFT:
            assert "What happens next" in page.content.decode()


def test_the_list_shows_own_uploads_only(sender, upload):
    other = draft()

    page = sender.get(reverse("uploads:mine")).content.decode()

    assert upload.reference in page
    assert other.reference not in page


def test_a_new_upload_is_started_by_a_button(sender, upload):
    response = sender.post(reverse("uploads:new"))

    assert Upload.objects.count() == 2
    newest = Upload.objects.first()
    assert response.url == url("detail", newest)
    assert sender.get(reverse("uploads:new")).status_code == 405


@pytest.mark.parametrize(
    "name",
    [
        "detail",
        "status",
        "clinical",
        "check-clinical",
        "declaration",
        "submit",
        "files",
        "remove-unfinished",
        "withdraw-upload",
    ],
)
def test_another_submitters_pages_are_not_there(client, upload, name):
    come_in(client, draft().submitter)
    read = client.get if name not in ("check-clinical", "remove-unfinished") else client.post

    assert read(url(name, upload)).status_code == 404


def test_pages_of_uploads_stay_out_of_caches(sender, upload):
    assert "no-store" in sender.get(url("detail", upload))["Cache-Control"]


# --- Withdrawal --------------------------------------------------------------------


def test_withdrawing_asks_first(sender, upload):
    set_status(upload, UploadStatus.ACCEPTED)

    question = sender.get(url("withdraw-upload", upload)).content.decode()
    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED
    told = sender.post(url("withdraw-upload", upload), follow=True).content.decode()

    assert "Withdraw this upload?" in question
    assert "The upload is withdrawn." in told
    upload.refresh_from_db()
    assert upload.status == UploadStatus.WITHDRAWN


def test_a_draft_is_deleted_the_same_way(sender, upload):
    file = add_file(upload, b"DICM")

    sender.post(url("withdraw-upload", upload))
    tasks.erase_upload(str(upload.pk))

    upload.refresh_from_db()
    assert upload.status == UploadStatus.WITHDRAWN
    with pytest.raises(FileNotFoundError):
        storage.read_quarantine(file)


def test_withdrawing_a_published_upload_is_a_request(sender, upload, monkeypatch):
    set_status(upload, UploadStatus.ACCEPTED)
    monkeypatch.setattr("bsti_db.withdrawal.is_published", lambda upload: True)

    told = sender.post(url("withdraw-upload", upload), follow=True).content.decode()

    upload.refresh_from_db()
    assert upload.status == UploadStatus.ACCEPTED
    assert upload.withdrawal_asked_at is not None
    assert "Your request has reached information governance." in told


def test_no_file_name_stands_in_an_address_or_a_title(sender, upload):
    data = {"files": [{"name": "QUILLFEATHER/IM1", "size_bytes": 3, "sha256": "a" * 64}]}
    sender.post(url("files", upload), json.dumps(data), content_type="application/json")

    page = sender.get(url("detail", upload)).content.decode()

    title = page[page.index("<title>") : page.index("</title>")]
    assert "QUILLFEATHER" not in title
    assert 'href="QUILLFEATHER' not in page


def test_the_newest_record_is_the_one_shown(sender, upload):
    answer(sender, upload)
    answer(sender, upload, age_years="60")

    assert ClinicalRecord.objects.count() == 2
    assert "60 years" in sender.get(url("submit", upload)).content.decode()
