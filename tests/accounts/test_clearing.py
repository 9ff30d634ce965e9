"""What nobody can use any more is forgotten every day."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bsti_db.accounts import throttle
from bsti_db.accounts.models import NameFailures, Session
from bsti_db.accounts.session_store import SessionStore
from bsti_db.accounts.tasks import clear_expired

pytestmark = pytest.mark.django_db


def session(*, ends_in: timedelta) -> str:
    store = SessionStore()
    store.set_expiry(timezone.now() + ends_in)
    store.save()
    return store.session_key


def test_ended_sessions_are_deleted_and_living_ones_stay():
    session(ends_in=timedelta(minutes=-1))
    living = session(ends_in=timedelta(minutes=1))

    clear_expired()

    assert [row.session_key for row in Session.objects.all()] == [living]


def test_a_count_of_failures_is_forgotten_only_when_it_slows_nobody_any_more():
    now = timezone.now()
    throttle.count_failure(name="old@nhs.net", at=now - timedelta(hours=2))
    throttle.count_failure(name="new@nhs.net", at=now)

    clear_expired()

    assert NameFailures.objects.count() == 1
