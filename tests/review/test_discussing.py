"""The discussion of a settled case: who sees it, whom it calls, what a mail says of it."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from bsti_db.accounts.models import Member
from review import services, tasks
from review.blinding import remarks_visible_to
from review.mail import send_discussion_digest
from review.models import Case, Remark, RemarkNotice
from review.services import discussing
from tests.review import making
from tests.review.test_races import at_once
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

TEXT = "The left lower lobe is where we part"


@pytest.fixture
def case() -> Case:
    return making.decided_case()


@pytest.fixture
def reader(case) -> Member:
    return case.readings.first().reader


def said(case: Case, by: Member, text: str = TEXT, *, ago: timedelta = timedelta()) -> Remark:
    at = timezone.now() - ago
    return discussing.write_remark(case=case, actor=making.actor(by), text=text, at=at)


def page(client, case: Case) -> str:
    return client.get(reverse("review:case", args=[case.number])).content.decode()


def post(client, name: str, *args: int, **form: str):
    return client.post(reverse(f"review:{name}", args=args), form)


def test_who_writes_is_read_under_their_name_by_everybody_who_sees_the_case(client, case, reader):
    sign_in(client, reader)
    assert "Nobody has said anything yet" in page(client, case)

    answer = post(client, "write-remark", case.number, **{"remark-text": TEXT})

    assert answer.url.endswith("#discussion")
    sign_in(client, making.panellist())
    shown = page(client, case)
    assert TEXT in shown
    assert reader.name in shown
    entry = LogEntry.objects.get(additional_data__verb="remark.written")
    assert entry.object_pk == str(case.pk)
    assert TEXT not in str(entry.additional_data)


def test_a_case_that_is_being_read_is_not_discussed(client):
    reader = making.panellist()
    case = making.given_case(reader)
    sign_in(client, reader)
    assert 'id="discussion"' not in page(client, case)

    answer = post(client, "write-remark", case.number, **{"remark-text": TEXT})

    assert answer.status_code == 422
    assert "it is discussed when it is settled" in answer.content.decode()
    assert not Remark.objects.exists()


def test_a_case_opened_again_hides_what_was_said_until_it_is_settled(client, case, reader):
    remark = said(case, reader)
    Case.objects.filter(pk=case.pk).update(status="open", settled_at=None)
    case.refresh_from_db()
    sign_in(client, chair := making.chair())

    assert TEXT not in page(client, case)
    assert not remarks_visible_to(case, making.actor(chair)).exists()
    assert post(client, "change-remark", case.number, remark.pk).status_code == 404
    assert post(client, "withdraw-remark", case.number, remark.pk).status_code == 404

    Case.objects.filter(pk=case.pk).update(status="accepted", settled_at=timezone.now())
    assert TEXT in page(client, case)


def test_a_declined_case_is_discussed_by_its_readers_and_the_chair_alone(client):
    case = making.decided_case("declined")
    reader, stranger = case.readings.first().reader, making.panellist()
    sign_in(client, stranger)
    assert post(client, "write-remark", case.number, **{"remark-text": TEXT}).status_code == 404

    # that somebody may not see it is not told either: it would tell who read it
    assert not said(case, reader, f"@{stranger.name} look here").notices.exists()
    assert said(case, reader, f"@{case.readings.last().reader.name} look here").notices.exists()


def test_a_mention_is_a_whole_name_and_the_longest_that_fits(case, reader):
    short, long, other = making.panellist(), making.panellist(), making.panellist()
    Member.objects.filter(pk=short.pk).update(name="Ann Lee")
    Member.objects.filter(pk=long.pk).update(name="Ann Lee Smith")
    Member.objects.filter(pk=other.pk).update(name="Bea O’Neil-Roe")
    members = list(Member.objects.filter(pk__in=[short.pk, long.pk, other.pk]))

    def called(text: str) -> set[int]:
        return {member.pk for member in discussing.mentioned_in(text, members)}

    assert called("@Ann Lee Smith: see above") == {long.pk}
    assert called("(@ann  lee) and @BEA O’Neil-Roe.") == {short.pk, other.pk}
    assert called("4 cm @ 30 HU, mail ann@example.test") == set()
    for text in ("@Ann", "@Ann Leeds", "@Nobody Known", "as @x said"):
        with pytest.raises(discussing.NobodyCalled):
            called(text)


def test_a_name_that_nobody_has_is_refused_and_the_words_stay_in_the_form(client, case, reader):
    sign_in(client, reader)

    answer = post(client, "write-remark", case.number, **{"remark-text": "@Nobody Known, look"})

    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "After @ stands the whole name" in shown
    assert "@Nobody Known, look" in shown
    assert not Remark.objects.exists()


def test_what_could_tell_a_patient_may_not_be_said(client, case, reader):
    sign_in(client, reader)

    answer = post(client, "write-remark", case.number, **{"remark-text": "seen on 3 March 2020"})

    assert answer.status_code == 422
    assert "looks like a date" in answer.content.decode()


def test_one_changes_and_withdraws_ones_own_for_a_quarter_of_an_hour(client, case, reader):
    remark = said(case, reader)
    sign_in(client, reader)
    field = f"remark-{remark.pk}-text"

    post(client, "change-remark", case.number, remark.pk, **{field: "Other words"})
    remark.refresh_from_db()
    assert remark.text == "Other words"
    assert ", changed" in page(client, case)

    Remark.objects.update(written_at=timezone.now() - timedelta(minutes=15))
    answer = post(client, "change-remark", case.number, remark.pk, **{field: "Too late words"})
    assert answer.status_code == 422
    assert "Too late words" in answer.content.decode()
    post(client, "withdraw-remark", case.number, remark.pk)
    remark.refresh_from_db()
    assert remark.text == "Other words"
    assert remark.withdrawn_at is None

    Remark.objects.update(written_at=timezone.now())
    post(client, "withdraw-remark", case.number, remark.pk)
    remark.refresh_from_db()
    assert remark.text == ""
    assert "This remark was withdrawn" in page(client, case)


def test_nobody_changes_anothers_words_and_a_chair_withdraws_them_at_any_time(case, reader):
    remark = said(case, reader, ago=timedelta(days=3))
    acting = {"remark": remark, "at": timezone.now()}
    for other in (making.panellist(), making.chair()):
        with pytest.raises(discussing.NotTheirRemark):
            discussing.change_remark(actor=making.actor(other), text="x", **acting)
    with pytest.raises(services.Refusal):
        discussing.withdraw_remark(actor=making.actor(making.panellist()), **acting)

    discussing.withdraw_remark(actor=making.actor(making.chair()), **acting)

    remark.refresh_from_db()
    assert remark.text == ""
    with pytest.raises(discussing.NotTheirRemark):
        discussing.withdraw_remark(actor=making.actor(making.chair()), **acting)


def test_the_database_keeps_no_words_of_what_was_withdrawn(case, reader):
    remark = said(case, reader)

    with pytest.raises(IntegrityError), transaction.atomic():
        Remark.objects.filter(pk=remark.pk).update(withdrawn_at=timezone.now())


HOUR = timedelta(hours=1)


def test_a_digest_tells_once_of_all_cases_and_nothing_of_their_content(case, reader):
    other = making.decided_case()
    called = making.panellist()
    said(case, reader, f"{TEXT}, @{called.name}", ago=HOUR)
    said(other, other.readings.first().reader, f"@{called.name} here too", ago=HOUR)
    said(case, called, "I see it", ago=HOUR)

    tasks.tell_of_discussions()
    tasks.tell_of_discussions()
    tasks.tell_member_of_discussions(called.pk)

    mails = {message.to[0]: message for message in mail.outbox}
    assert len(mail.outbox) == len(mails) == 2  # the called one, and who wrote before the answer
    body = mails[called.email].body
    for number in (case.number, other.number):
        assert f"Case {number} (you are mentioned)" in body
        assert f"{reverse('review:case', args=[number])}#discussion" in body
    assert "(you are mentioned)" not in mails[reader.email].body
    for message in mail.outbox:
        assert TEXT not in message.body + message.subject
        assert "COVID" not in message.body
    assert not RemarkNotice.objects.filter(mailed_at=None).exists()


def test_there_is_one_mail_a_day_and_none_while_words_may_change(case, reader):
    called = making.panellist()
    said(case, reader, f"@{called.name} look")
    tasks.tell_of_discussions()
    assert not mail.outbox

    Remark.objects.update(written_at=timezone.now() - HOUR)
    tasks.tell_of_discussions()
    assert len(mail.outbox) == 1

    said(case, reader, f"@{called.name} again", ago=HOUR)
    tasks.tell_of_discussions()
    assert len(mail.outbox) == 1

    RemarkNotice.objects.exclude(mailed_at=None).update(mailed_at=timezone.now() - 21 * HOUR)
    tasks.tell_of_discussions()
    assert len(mail.outbox) == 2


def test_of_what_is_withdrawn_or_no_longer_to_be_seen_nobody_is_told(case, reader):
    called = making.panellist()
    remark = said(case, reader, f"@{called.name} look")
    discussing.withdraw_remark(remark=remark, actor=making.actor(reader), at=timezone.now())
    hidden = making.decided_case()
    said(hidden, hidden.readings.first().reader, f"@{called.name} look", ago=HOUR)
    Case.objects.filter(pk=hidden.pk).update(status="declined")
    Remark.objects.update(written_at=timezone.now() - HOUR)

    tasks.tell_of_discussions()

    assert not mail.outbox


def test_a_digest_that_could_not_be_sent_is_due_still(case, reader, monkeypatch):
    said(case, reader, f"@{making.panellist().name} look", ago=HOUR)

    def refuse(*args: object, **options: object) -> None:
        raise OSError("no mail today")

    with monkeypatch.context() as broken:
        broken.setattr("review.mail.send_mail", refuse)
        broken.setattr(tasks.tell_member_of_discussions, "max_retries", 0)
        with pytest.raises(OSError, match="no mail today"):
            tasks.tell_of_discussions()
    assert RemarkNotice.objects.due().count() == 1

    tasks.tell_of_discussions()
    assert len(mail.outbox) == 1


def test_changed_words_call_whom_they_name_now(case, reader):
    first, second = making.panellist(), making.panellist()
    remark = said(case, reader, f"@{first.name} look")

    discussing.change_remark(
        remark=remark, actor=making.actor(reader), text=f"@{second.name} look", at=timezone.now()
    )

    assert [notice.member for notice in remark.notices.all()] == [second]


# --- The spread ---------------------------------------------------------------


def spread(client, case: Case):
    return client.get(reverse("review:case", args=[case.number])).context["spread"]


def test_readers_see_their_own_beside_the_others_and_the_verdict(client):
    case = making.discordant_case()
    reader = case.readings.first().reader
    services.decide_case(
        case=case,
        actor=making.actor(making.chair()),
        outcome="accepted",
        reason="Both are right",
        category=making.category(case, "Indeterminate"),
        severity=3,
        teaching_value=2,
        at=timezone.now(),
    )
    sign_in(client, reader)

    found = spread(client, case)

    assert found.columns == ["You (Reader A)", "Reader B", "Verdict"]
    rows = {row.what: row for row in found.rows}
    assert rows["Category"].cells == ["Classic COVID-19", "Classic COVID-19", "Indeterminate"]
    assert rows["Severity"].cells == ["Moderate", "Moderate", "Severe"]
    assert rows["Include"].cells == ["Yes", "No", "Yes"]
    assert rows["Include"].differs
    assert not rows["Category"].differs
    assert rows["Teaching value"].cells == ["4 of 5", "–", "2 of 5"]
    assert found.own == "Your category is not the verdict’s."
    sign_in(client, making.panellist())
    assert spread(client, case).columns == ["Reader A", "Reader B", "Verdict"]
    assert spread(client, case).own == ""


def test_there_is_no_spread_of_a_case_that_is_being_read(client):
    reader = making.panellist()
    case = making.given_case(reader)
    making.submitted_reading(case, reader)
    making.submitted_reading(case, making.panellist(), include=False, teaching_value=None)
    for who in (reader, making.chair()):
        sign_in(client, who)
        assert spread(client, case) is None


@pytest.mark.django_db(transaction=True)
def test_of_two_sweeps_at_one_moment_one_sends_the_digest():
    case = making.decided_case()
    called = making.panellist()
    said(case, case.readings.first().reader, f"@{called.name} look", ago=HOUR)

    def send() -> None:
        send_discussion_digest(called, at=timezone.now())

    assert at_once(send, send, send) == ["done"] * 3
    assert len(mail.outbox) == 1
