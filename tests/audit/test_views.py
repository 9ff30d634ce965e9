import csv
import io

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from audit.actors import Actor
from audit.cells import safe_cell
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
