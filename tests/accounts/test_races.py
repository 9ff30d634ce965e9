"""Two requests at once: a code, a recovery code and an invitation are each taken by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts import second_factor, services
from bsti_db.accounts.seeds import open_seed
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 6


def at_once(act: Callable[[], object]) -> list[object]:
    """What `act` gave to each of several threads that start together."""
    together = Barrier(AT_ONCE)

    def run(_: int) -> object:
        try:
            together.wait(timeout=20)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def test_one_of_several_requests_takes_a_code():
    member, now = factories.member(), timezone.now()
    step = int(now.timestamp()) // second_factor.STEP_SECONDS
    code = second_factor.code_at(factories.SEED, step)

    taken = at_once(lambda: second_factor.take_code(member=member, code=code, at=now))

    assert sum(device is not None for device in taken) == 1


def test_one_of_several_requests_takes_a_recovery_code():
    member, now = factories.member(), timezone.now()
    code = second_factor.set_recovery_codes(member=member)[0]

    taken = at_once(lambda: second_factor.take_recovery_code(member=member, code=code, at=now))

    assert sum(device is not None for device in taken) == 1


def test_wrong_codes_in_parallel_are_all_counted():
    member, now = factories.member(), timezone.now()

    at_once(lambda: second_factor.take_code(member=member, code="000000", at=now))

    # the sixth comes after five wrong ones and is not even looked at
    assert member.totpdevice_set.get().failures == 5


def test_one_of_several_visits_completes_an_invitation():
    administrator = factories.member(roles=("administrator",))
    now = timezone.now()
    invitation = services.invite_member(
        email="new@example.test",
        name="New Person",
        organisation=None,
        roles=["panellist"],
        actor=Actor.of_member(administrator),
        at=now,
    )
    device = second_factor.prepare_device(member=invitation.member)
    seed = open_seed(device.sealed_seed, member_id=invitation.member_id)
    code = second_factor.code_at(seed, int(now.timestamp()) // second_factor.STEP_SECONDS)

    def complete() -> list[str] | None:
        try:
            return services.complete_invitation(
                invitation=invitation,
                device=device,
                code=code,
                actor=Actor.of_member(invitation.member),
                at=now,
            )
        except (services.InvitationOver, second_factor.CodeRefused):
            return None

    codes = [found for found in at_once(complete) if found]

    assert len(codes) == 1
    assert invitation.member.recovery_codes.count() == 10
