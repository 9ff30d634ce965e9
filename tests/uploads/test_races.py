"""What several requests do at once, on real PostgreSQL with a connection each."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from tests import factories
from tests.uploads.sending import add_file, describe, draft
from uploads import services, storage
from uploads.lifecycle import UploadStatus
from uploads.models import UploadedFile
from uploads.services import entry, intake

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1024**2


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """The outcome of each act, or the exception it raised."""

    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_twenty_guesses_at_once_get_five_tries_between_them():
    now = timezone.now()
    made = entry.make_code(
        email="a@nhs.net",
        name="A",
        role="B",
        organisation=factories.organisation(),
        actor=Actor.nobody(),
        at=now,
    )
    guess = {"code_id": made.row.pk, "code": "AAAAAAAA", "actor": Actor.nobody(), "at": now}

    told = at_once([lambda: entry.enter(**guess)] * 20)

    made.row.refresh_from_db()
    assert made.row.tries == 5
    assert sum(isinstance(problem, entry.WrongCode) for problem in told) <= 5
    with pytest.raises(entry.CodeNoLongerValid):
        entry.enter(**(guess | {"code": made.code}))


def test_a_code_typed_twice_at_once_opens_one_session():
    now = timezone.now()
    made = entry.make_code(
        email="a@nhs.net",
        name="A",
        role="B",
        organisation=factories.organisation(),
        actor=Actor.nobody(),
        at=now,
    )
    typed = {"code_id": made.row.pk, "code": made.code, "actor": Actor.nobody(), "at": now}

    told = at_once([lambda: entry.enter(**typed)] * 4)

    assert sum(not isinstance(outcome, Exception) for outcome in told) == 1


def test_parts_that_arrive_at_once_join_to_one_whole_file():
    upload = draft()
    content = bytes(range(256)) * (40 * MIB // 256)
    digest = hashlib.sha256(content).hexdigest()
    file = upload.files.create(number=1, name="a.zip", size_bytes=len(content), sha256=digest)
    parts = [
        bytearray(content[start : start + 8 * MIB]) for start in range(0, len(content), 8 * MIB)
    ]

    def send(number: int) -> Callable[[], bool]:
        body = parts[number - 1]
        return lambda: services.receive_part(
            file=UploadedFile.objects.select_related("upload").get(pk=file.pk),
            number=number,
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            at=timezone.now(),
        )

    told = at_once([send(number) for number in (1, 2, 3, 4, 5, 3, 5)])

    assert set(told) <= {True, False}
    assert True in told
    assert storage.read_quarantine(file) == content
    file.refresh_from_db()
    assert file.outcome == UploadedFile.Outcome.WAITING


def test_the_same_folder_announced_twice_at_once_is_one_folder():
    upload = draft()
    files = [intake.FileToSend(f"IM{number}", 10, f"{number:064x}") for number in range(50)]
    actor = Actor.of_submitter(upload.submitter)

    at_once([lambda: services.add_files(upload=upload, files=files, actor=actor)] * 4)

    assert sorted(upload.files.values_list("number", flat=True)) == list(range(1, 51))


def test_a_double_click_submits_once():
    upload = draft()
    add_file(upload, b"DICM")
    describe(upload, days_from_onset=1)
    upload.declared_at = timezone.now() - timedelta(seconds=1)
    upload.save(update_fields=["declared_at"])
    submit = {
        "upload": upload,
        "actor": Actor.of_submitter(upload.submitter),
        "at": timezone.now(),
    }

    told = at_once([lambda: services.submit_upload(**submit)] * 4)

    assert sum(isinstance(problem, intake.UploadIsClosed) for problem in told) == 3
    upload.refresh_from_db()
    assert upload.status == UploadStatus.SUBMITTED
