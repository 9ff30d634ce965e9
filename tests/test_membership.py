"""What closing an account, taking a role or moving to another trust does to the panel's work."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bsti_db import membership
from bsti_db.accounts.models import Member
from review import services, tasks
from review.models import Assignment
from tests.factories import member, organisation
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    return sign_in(client, member(("administrator",)))


def act(client, address, who, **fields):
    return client.post(reverse(address, args=[who.pk]), fields)


def give(case, to):
    return services.assign(
        case=case, member=to, actor=making.actor(making.chair()), at=timezone.now()
    )


def readers(case) -> set:
    return {row.member for row in case.assignments.filter(handed_back_at=None)}


def verbs() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True))


def test_closing_an_account_gives_its_unfinished_cases_to_others_and_ends_its_sessions(office):
    gone, case, read = making.panellist(), making.open_case(), making.open_case()
    given = give(case, gone)
    making.submitted_reading(read, gone)
    theirs = sign_in(Client(), gone)
    other = making.panellist()

    act(office, "deactivate-member", gone)

    given.refresh_from_db()
    assert given.handed_back_at is not None
    assert given.reason == "The account is closed."
    assert readers(case) == {other}
    assert gone in readers(read)
    assert theirs.get(reverse("review:worklist")).status_code == 302
    assert verbs().count("member.deactivated") == 1
    assert verbs().count("case.taken_back") == 1


def test_a_closing_that_was_cut_short_is_finished_by_the_sweep():
    gone, case = making.panellist(), making.open_case()
    give(case, gone)
    Member.objects.filter(pk=gone.pk).update(is_active=False)
    other = making.panellist()

    tasks.return_cases_of_closed_accounts()
    tasks.return_cases_of_closed_accounts()

    assert readers(case) == {other}
    assert verbs().count("case.taken_back") == 1


def test_who_loses_the_role_of_a_reader_loses_the_unfinished_cases(office):
    reader, case = making.panellist(), making.open_case()
    give(case, reader)

    act(office, "change-roles", reader, roles=["editor"])

    assert readers(case) == set()
    assert case.assignments.get().reason == "No longer on the panel."


def test_who_keeps_the_role_of_a_reader_keeps_the_cases(office):
    reader, case = making.panellist(), making.open_case()
    give(case, reader)

    act(office, "change-roles", reader, roles=["panellist", "editor"])

    assert readers(case) == {reader}


@pytest.mark.parametrize("name", ["deactivate-member", "change-roles"])
def test_nobody_but_an_administrator_does_it(client, name):
    reader, case = making.panellist(), making.open_case()
    give(case, reader)
    sign_in(client, making.chair())

    assert act(client, name, reader).status_code == 403
    assert readers(case) == {reader}


@pytest.mark.django_db(transaction=True)
def test_a_case_given_while_the_account_is_closed_does_not_stay_with_it():
    for _ in range(5):
        gone, case, office = making.panellist(), making.open_case(), member(("administrator",))
        member(("administrator",))
        together = Barrier(2)

        def run(what, together=together):
            together.wait(20)
            try:
                what()
            except services.NotEligible:
                pass
            finally:
                connection.close()

        acts = (
            lambda case=case, gone=gone: give(case, gone),
            lambda gone=gone, office=office: membership.deactivate_member(
                member=gone, actor=making.actor(office), at=timezone.now()
            ),
        )
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, acts))

        assert not Assignment.objects.filter(member=gone, handed_back_at=None).exists()


def test_who_moves_to_the_trust_that_sent_a_case_gives_it_back_unread(office):
    trust, reader = organisation(), making.panellist()
    from_there, other = making.open_case(making.accepted_upload(sent_by=trust)), making.open_case()
    give(from_there, reader)
    give(other, reader)

    answer = act(
        office, "change-details", reader, name="Ada Reader", organisation=trust.pk, gmc_number=""
    )

    assert answer.status_code == 302
    reader.refresh_from_db()
    assert reader.organisation == trust
    assert readers(from_there) == set()
    assert readers(other) == {reader}
    assert from_there.assignments.get().reason == "Sent by the member's own organisation."
