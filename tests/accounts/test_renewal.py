"""That a password ends soon: by mail 14, 7 and 1 days before, once each, and on every page."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from bsti_db.accounts import mail as mails
from bsti_db.accounts import passwords, tasks
from bsti_db.accounts.models import RenewalNotice
from tests import factories
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db

BANNER = "Your password must be renewed by"


def member_with(days_left: float, **fields):
    changed = timezone.now() - timedelta(days=90 - days_left)
    return factories.member(password_changed_at=changed, **fields)


def sweep(times=1):
    for _ in range(times):
        tasks.send_renewal_notices()


def age(member, days):
    """Let time pass for this password, with what was told of it."""
    member.password_changed_at -= timedelta(days=days)
    member.save(update_fields=["password_changed_at"])
    member.renewal_notices.update(password_changed_at=member.password_changed_at)


@pytest.mark.parametrize(
    ("days_left", "told"),
    [(20, []), (14.1, []), (13.9, [14]), (7.1, [14]), (6.9, [7]), (1.1, [7]), (0.9, [1]), (-1, [])],
)
def test_the_nearest_notice_is_sent_and_sent_once(days_left, told):
    member = member_with(days_left)

    sweep(times=3)

    assert list(member.renewal_notices.values_list("days", flat=True)) == told
    assert [each.to for each in mail.outbox] == [[member.email]] * len(told)


def test_three_mails_come_while_a_password_runs_out():
    member = member_with(15)
    for _ in range(16):
        sweep(times=2)
        age(member, 1)

    assert [each.to for each in mail.outbox] == [[member.email]] * 3


def test_the_mail_says_when_and_where_and_nothing_else():
    member = member_with(6)
    end = passwords.expires_at(member=member)

    sweep()

    (sent,) = mail.outbox
    assert f"{timezone.localtime(end):%-d %B %Y, %H:%M}" in sent.body
    assert "/accounts/password/" in sent.body
    assert member.password not in sent.body


def test_a_renewed_password_is_told_of_anew_and_not_before():
    member = member_with(6)
    sweep()
    passwords.set_password(member=member, password="nine green harbours whistle", at=timezone.now())
    sweep()
    assert len(mail.outbox) == 1
    assert not RenewalNotice.objects.exists()

    age(member, 84)
    sweep()

    assert len(mail.outbox) == 2


def test_nobody_who_cannot_sign_in_is_written_to():
    member_with(6, is_active=False)
    member_with(6, is_enrolled=False)

    sweep()

    assert mail.outbox == []


def test_without_an_age_nobody_is_written_to_and_no_page_says_so(client, settings):
    settings.PASSWORD_MAX_AGE_DAYS = 0
    sign_in(client, member_with(6))

    sweep()

    assert mail.outbox == []
    assert BANNER not in client.get("/accounts/").content.decode()


def test_a_password_of_a_week_is_not_told_of_on_its_first_day(settings):
    settings.PASSWORD_MAX_AGE_DAYS = 7
    factories.member()

    sweep()

    assert mail.outbox == []


def test_a_mail_that_could_not_be_sent_is_due_still(settings):
    member = member_with(6)
    settings.EMAIL_BACKEND = "tests.accounts.test_renewal.Unreachable"
    with pytest.raises(SMTPServerDisconnected):
        mails.send_renewal_notice(member, at=timezone.now())
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    sweep()

    assert len(mail.outbox) == 1


class Unreachable:
    """A server of mail that hangs up."""

    def __init__(self, **_):
        pass

    def send_messages(self, _):
        raise SMTPServerDisconnected


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_sends():
    member, together = member_with(6), Barrier(4)

    def send(_):
        together.wait(20)
        try:
            mails.send_renewal_notice(member, at=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("days_left", "is_shown"), [(15, False), (13, True), (0.5, True)])
def test_every_page_of_a_member_says_so_in_the_last_two_weeks(client, days_left, is_shown):
    sign_in(client, member_with(days_left, roles=("panellist",)))

    for page in ("/", "/accounts/", "/review/"):
        assert (BANNER in client.get(page).content.decode()) is is_shown
    assert BANNER not in client.get("/library/").content.decode()
