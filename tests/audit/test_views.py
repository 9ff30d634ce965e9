import csv
import io
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.cells import safe_cell
from audit.models import Verification
from audit.services import record
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client):
    member = factories.member(roles=("auditor",))
    sign_in(client, member)
    return member


def test_an_auditor_filters_by_person_verb_subject_and_day(client, auditor):
    other = factories.member()
    record("case.opened", actor=Actor.of_member(other), subject=other)
    record("upload.accepted", actor=Actor.of_task("tests"), subject=None)

    address = reverse("audit:trail")
    by_person = client.get(address, {"person": other.pk})
    by_verb = client.get(address, {"verb": "upload"})
    by_subject = client.get(address, {"subject": "member", "key": other.pk})
    by_day = client.get(address, {"end": "2001-01-01"})

    assert [row["verb"] for row in by_person.context["rows"]] == ["case.opened"]
    assert [row["verb"] for row in by_verb.context["rows"]] == ["upload.accepted"]
    assert [row["verb"] for row in by_subject.context["rows"]] == ["case.opened"]
    assert by_day.context["rows"] == []


def test_looking_at_the_trail_leaves_one_row(client, auditor):
    before = LogEntry.objects.count()

    client.get(reverse("audit:trail"))

    assert LogEntry.objects.count() == before + 1
    assert LogEntry.objects.filter(additional_data__verb="trail.viewed").count() == 1


def test_an_export_is_csv_and_is_itself_in_the_trail(client, auditor):
    record("upload.accepted", actor=Actor.of_task("tests"), subject=None, files=3)

    response = client.get(reverse("audit:export"), {"verb": "upload.accepted"})

    rows = list(csv.reader(io.StringIO(response.getvalue().decode())))
    assert [row[1] for row in rows[1:]] == ["upload.accepted"]
    assert LogEntry.objects.filter(additional_data__verb="trail.exported").count() == 1


def test_a_panellist_may_not_read_the_trail(client):
    sign_in(client, factories.member(roles=("panellist",)))

    assert client.get(reverse("audit:trail")).status_code == 403
    assert client.get(reverse("audit:export")).status_code == 403


def test_a_question_that_makes_no_sense_says_so(client, auditor):
    response = client.get(reverse("audit:trail"), {"start": "2020-05-02", "end": "2020-05-01"})

    assert "The last day is before the first." in response.content.decode()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_an_export_is_a_formula(cell):
    assert safe_cell(cell).startswith("'")


# --- The seal -----------------------------------------------------------------------------


def test_an_auditor_sees_when_the_trail_was_last_verified_and_what_was_found(client, auditor):
    now = timezone.now()
    Verification.objects.create(at=now, is_whole=True, rows=9, anchors=1, anchored=6)
    whole = client.get(reverse("audit:seal")).content.decode()
    told = "Row 3 was deleted: its seal 3 is there."
    Verification.objects.create(
        at=now + timedelta(seconds=1), is_whole=False, rows=9, anchors=1, anchored=6, problem=told
    )
    broken = client.get(reverse("audit:seal")).content.decode()

    assert "The trail was whole when it was last verified" in whole
    assert f"The trail is not whole. {told}" in broken
    assert "was whole when" not in broken


def test_a_trail_that_nobody_verified_says_so(client, auditor):
    page = client.get(reverse("audit:seal")).content.decode()

    assert "Not verified yet" in page
    assert "the first is made on the hour" in page


def test_an_auditor_has_the_trail_verified_by_a_worker(
    client, auditor, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("audit:verify"), follow=True)

    assert "is being verified" in response.content.decode()
    assert Verification.objects.count() == 1
    assert LogEntry.objects.filter(additional_data__verb="trail.verification_asked").count() == 1
