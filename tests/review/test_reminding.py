"""Readers are reminded before and after the day, once each; who is away gives back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from review import mail as mails
from review import services, tasks
from review.models import PanelProfile
from tests.review import making
from tests.signing_in import sign_in
from uploads.lifecycle import UploadStatus

pytestmark = pytest.mark.django_db

START = datetime(2020, 4, 6, 10, 0, tzinfo=ZoneInfo("Europe/London"))
DUE = START.date() + timedelta(days=14)
AWAY = "/review/profile/away/"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def reader(clock):
    return making.panellist()


def sweep(clock, days: float, times=2):
    """What the scheduler does so many days after the cases were given."""
    clock.move_to(START + timedelta(days=days))
    for _ in range(times):
        tasks.remind_readers()


def numbers(sent) -> list[int]:
    lines = [line.split() for line in sent.body.splitlines() if line.startswith("    Case")]
    return [int(words[1].rstrip(",")) for words in lines]


def test_a_reader_is_reminded_three_days_before_and_a_day_after_and_no_more(clock, reader):
    case = making.given_case(reader)
    for day in range(30):
        sweep(clock, day)

    before, after = mail.outbox
    assert before.to == after.to == [reader.email]
    assert f"Case {case.number}, to read: due on 20 April 2020" in before.body
    assert f"Case {case.number}, to read: was due on 20 April 2020" in after.body
    row = case.assignments.get()
    assert row.reminded_at == START + timedelta(days=11)
    assert row.overdue_reminded_at == START + timedelta(days=15)


def test_all_that_is_due_comes_in_one_mail(clock, reader):
    first = making.given_case(reader)
    clock.move_to(START + timedelta(days=1))
    second, other = making.given_case(reader), making.given_case(making.panellist())

    sweep(clock, 16)

    theirs, others = sorted(mail.outbox, key=lambda sent: sent.to != [reader.email])
    assert numbers(theirs) == [first.number, second.number]
    assert numbers(others) == [other.number]


def test_a_mail_names_cases_and_days_and_nothing_of_anybody_elses(clock, reader):
    case, other = making.given_case(reader), making.panellist()
    making.submitted_reading(case, other)

    sweep(clock, 12)

    (sent,) = mail.outbox
    assert sent.to == [reader.email]
    assert other.name not in sent.body
    assert other.email not in sent.body
    assert "COVID" not in sent.body


def test_an_adjudicator_is_reminded_that_they_decide(clock):
    case, third = making.discordant_case(), making.panellist()
    services.assign(case=case, member=third, actor=making.actor(making.chair()), at=timezone.now())

    sweep(clock, 12)

    (sent,) = mail.outbox
    assert sent.to == [third.email]
    assert f"Case {case.number}, to decide" in sent.body


def test_a_locked_reading_a_case_given_back_and_a_withdrawn_one_are_not_reminded_of(clock, reader):
    making.submitted_reading(making.given_case(reader), reader)
    returned, withdrawn = making.given_case(reader), making.given_case(reader)
    services.hand_back(case=returned, actor=making.actor(reader), reason="Busy", at=timezone.now())
    upload = withdrawn.case_studies.get().study.upload
    type(upload).objects.filter(pk=upload.pk).update(status=UploadStatus.WITHDRAWN)

    sweep(clock, 16)

    assert mail.outbox == []


def test_nobody_is_reminded_while_the_submitter_is_asked(clock, reader):
    case = making.given_case(reader)
    type(case).objects.filter(pk=case.pk).update(status="queried")

    sweep(clock, 16)

    assert mail.outbox == []


def test_nobody_is_reminded_while_away_but_on_their_return(clock, reader):
    making.given_case(reader)
    PanelProfile.objects.create(
        member=reader, away_from=DUE - timedelta(days=5), away_until=DUE + timedelta(days=5)
    )

    sweep(clock, 16)
    assert mail.outbox == []

    sweep(clock, 20)
    assert len(mail.outbox) == 1


def test_nobody_is_reminded_at_night(clock, reader):
    making.given_case(reader)

    sweep(clock, 11.6)
    assert mail.outbox == []

    sweep(clock, 12)
    assert len(mail.outbox) == 1


def test_a_mail_that_could_not_be_sent_is_due_still(clock, reader, settings):
    making.given_case(reader)
    clock.move_to(START + timedelta(days=12))
    settings.EMAIL_BACKEND = "tests.review.test_reminding.Unreachable"
    with pytest.raises(SMTPServerDisconnected):
        mails.send_reading_reminder(reader, at=timezone.now())
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    sweep(clock, 12)

    assert len(mail.outbox) == 1


class Unreachable:
    """A server of mail that hangs up."""

    def __init__(self, **_):
        pass

    def send_messages(self, _):
        raise SMTPServerDisconnected


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_sends():
    reader, together = making.panellist(), Barrier(4)
    case = making.given_case(reader)
    case.assignments.update(due_on=timezone.localdate() - timedelta(days=1))

    def send(_):
        together.wait(20)
        try:
            mails.send_reading_reminder(reader, at=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    assert len(mail.outbox) == 1


# --- Being away -------------------------------------------------------------------------


def go_away(client, first, last):
    fields = {"reads_ct": "on", "reads_radiographs": "on", "away_from": first, "away_until": last}
    return client.post("/review/profile/", fields)


def test_who_goes_away_is_offered_what_falls_due_and_gives_it_back(clock, client, reader):
    given, kept, locked = (making.given_case(reader) for _ in range(3))
    kept.assignments.update(due_on=DUE + timedelta(days=9))
    making.submitted_reading(locked, reader)
    other = making.panellist()
    sign_in(client, reader)

    answer = go_away(client, DUE - timedelta(days=2), DUE + timedelta(days=2))
    assert answer["Location"] == AWAY
    page = client.get(AWAY).content.decode()
    assert f"Case {given.number}, to read, due on 20 April 2020" in page
    assert f"Case {kept.number}," not in page
    assert f"Case {locked.number}," not in page
    client.post(AWAY, {"cases": [given.assignments.get(member=reader).pk]})

    row = given.assignments.get(member=reader)
    assert row.handed_back_at is not None
    assert row.reason == "Away when it is due."
    assert given.assignments.get(member=other).handed_back_at is None
    assert kept.assignments.get(member=reader).handed_back_at is None
    assert "Nothing falls due while you are away" in client.get(AWAY).content.decode()


def test_who_goes_away_when_nothing_falls_due_is_offered_nothing(clock, client, reader):
    making.given_case(reader)
    sign_in(client, reader)

    assert go_away(client, "2020-08-01", "2020-08-14")["Location"] == reverse("review:worklist")


def test_what_is_not_ones_own_or_not_due_then_cannot_be_given_back_there(clock, client, reader):
    theirs, later = making.given_case(making.panellist()), making.given_case(reader)
    later.assignments.update(due_on=DUE + timedelta(days=9))
    sign_in(client, reader)
    go_away(client, DUE, DUE)

    for case in (theirs, later):
        answer = client.post(AWAY, {"cases": [case.assignments.get().pk]})
        assert answer.status_code == 422
        assert case.assignments.get().handed_back_at is None


def test_nobody_is_drawn_for_what_falls_due_while_they_are_away(clock, reader):
    PanelProfile.objects.create(member=reader, away_from=DUE, away_until=DUE)
    case, actor = making.open_case(), making.actor(making.chair())

    assert services.assign_by_rule(case=case, actor=actor, at=timezone.now()) == []
    clock.move_to(START + timedelta(days=1))
    assert len(services.assign_by_rule(case=case, actor=actor, at=timezone.now())) == 1


def test_the_chair_sees_who_is_away_and_may_still_choose_them(client):
    case, reader, today = making.open_case(), making.panellist(), timezone.localdate()
    PanelProfile.objects.create(member=reader, away_from=today, away_until="2099-08-14")
    sign_in(client, making.chair())

    page = client.get(reverse("review:case", args=[case.number])).content.decode()

    assert f"{reader.name} (away until 14 August 2099)" in page
