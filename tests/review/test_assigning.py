"""Who is given a case: the rule's choice, what it leaves out, and what comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from bsti_db.accounts.services import deactivate_member
from review import services
from review.eligibility import eligible_for
from review.models import PanelProfile
from tests.factories import member, organisation
from tests.review import making

pytestmark = pytest.mark.django_db


def assign_by_rule(case):
    return services.assign_by_rule(case=case, actor=Actor.of_task("test"), at=timezone.now())


def give(case, to):
    return services.assign(
        case=case, member=to, actor=making.actor(making.chair()), at=timezone.now()
    )


def return_what_is_left_of(gone):
    return services.return_what_is_left_of(
        member=gone, reason="Gone.", actor=Actor.of_task("test"), at=timezone.now()
    )


def readers(case) -> set:
    return {row.member for row in case.assignments.standing().of_readers()}


@pytest.fixture
def case():
    """An open case that nobody has."""
    return making.open_case()


def test_the_rule_gives_an_open_case_to_two_panellists_with_a_day(case):
    first, second = making.panellist(), making.panellist()

    given = assign_by_rule(case)

    assert readers(case) == {first, second}
    assert {row.seat for row in given} == {"a", "b"}
    assert {row.due_on for row in given} == {timezone.localdate() + timedelta(days=14)}
    assert [row.assigned_by for row in given] == [None, None]
    assert assign_by_rule(case) == []


def test_with_one_panellist_the_second_seat_stays_free(case):
    making.panellist()

    assert len(assign_by_rule(case)) == 1
    making.panellist()
    assert len(assign_by_rule(case)) == 1


def test_the_rule_takes_the_least_loaded():
    busy, idle, other = making.panellist(), making.panellist(), making.panellist()
    for _ in range(2):
        making.given_case(busy)
    making.given_case(other)
    making.submitted_reading(making.open_case(), other)
    case = making.open_case()

    assign_by_rule(case)

    assert readers(case) == {idle, other}


def test_the_same_draw_gives_the_same_readers_and_another_seed_others(case, settings):
    for _ in range(12):
        making.panellist()

    drawn = []
    for seed in ["one", "one", "two"]:
        settings.ASSIGNMENT_SEED = seed
        drawn.append([row.member for row in assign_by_rule(case)])
        case.assignments.all().delete()

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_chairs_are_not_drawn_as_readers_but_as_adjudicators():
    case = making.open_case()
    assert assign_by_rule(case) == []

    discordant = making.discordant_case()
    (given,) = assign_by_rule(discordant)
    assert given.seat == "adjudicator"
    assert given.member not in {row.reader for row in discordant.readings.all()}


@pytest.mark.parametrize("whose", ["patient", "upload", "submitter"])
def test_nobody_of_a_trust_that_sent_it_confirmed_or_claimed_is_given_the_case(whose):
    trust, upload = organisation(), making.accepted_upload()
    row = getattr(upload, whose, upload) if whose != "upload" else upload
    row.organisation = trust
    row.save(update_fields=["organisation"])
    case, own = making.open_case(upload), making.panellist(trust)

    assert assign_by_rule(case) == []
    with pytest.raises(services.NotEligible):
        give(case, own)


def test_the_submitter_is_not_given_their_own_case():
    own = making.panellist()
    upload = making.accepted_upload(submitter_email=own.email.upper())
    case = making.open_case(upload)

    assert assign_by_rule(case) == []
    with pytest.raises(services.NotEligible):
        give(case, own)


@pytest.mark.parametrize("outsider", ["editor", "administrator", "invited", "inactive"])
def test_only_members_who_can_sign_in_and_read_are_given_a_case(case, outsider):
    roles = (outsider,) if outsider in ("editor", "administrator") else ("panellist",)
    stranger = member(roles, is_enrolled=outsider != "invited", is_active=outsider != "inactive")

    assert assign_by_rule(case) == []
    with pytest.raises(services.NotEligible):
        give(case, stranger)


def test_who_is_away_is_not_drawn_until_they_are_back(case):
    today, away = timezone.localdate(), making.panellist()
    profile = PanelProfile.objects.create(member=away, away_from=today, away_until=today)

    assert assign_by_rule(case) == []
    profile.away_from = profile.away_until = today - timedelta(days=1)
    profile.save()
    assert len(assign_by_rule(case)) == 1


@pytest.mark.parametrize(
    ("modalities", "may"), [(("CT",), False), (("DX",), True), (("CT", "CR"), False)]
)
def test_a_case_is_drawn_for_those_who_read_all_its_modalities(modalities, may):
    PanelProfile.objects.create(member=making.panellist(), reads_ct=False)
    case = making.open_case(making.accepted_upload(modalities=modalities))

    assert bool(assign_by_rule(case)) is may


def test_a_third_reader_is_not_given_the_case(case):
    give(case, making.panellist())
    give(case, making.panellist())

    with pytest.raises(services.NoSeatFree):
        give(case, making.panellist())


def test_who_gave_a_case_back_is_not_given_it_again(case):
    reader = making.panellist()
    give(case, reader)
    services.hand_back(case=case, actor=making.actor(reader), reason="Busy", at=timezone.now())

    assert assign_by_rule(case) == []
    assert not eligible_for(case).filter(pk=reader.pk).exists()


def test_a_locked_reading_is_not_given_back_nor_taken_back(case):
    reader = making.panellist()
    making.submitted_reading(case, reader)

    with pytest.raises(services.NotAssigned):
        services.hand_back(case=case, actor=making.actor(reader), reason="x", at=timezone.now())
    with pytest.raises(services.NotAssigned):
        services.take_back(
            assignment=case.assignments.get(),
            actor=making.actor(making.chair()),
            reason="x",
            at=timezone.now(),
        )


def test_the_seat_of_a_closed_account_is_given_to_somebody_else(case):
    gone = making.panellist()
    give(case, gone)
    deactivate_member(member=gone, actor=making.actor(member(("administrator",))))
    assert readers(case) == set()
    left = making.panellist(), making.panellist()

    assign_by_rule(case)

    assert readers(case) == set(left)
    assert case.assignments.get(member=gone).reason == "The account is closed."


def test_the_locked_reading_of_a_closed_account_counts(case):
    gone = making.panellist()
    making.submitted_reading(case, gone)
    deactivate_member(member=gone, actor=making.actor(member(("administrator",))))

    assert readers(case) == {gone}
    assert return_what_is_left_of(gone) == []


def test_what_a_closed_account_has_not_finished_is_taken_back(case):
    gone = making.panellist()
    give(case, gone)
    making.submitted_reading(making.open_case(), gone)
    deactivate_member(member=gone, actor=making.actor(member(("administrator",))))

    assert return_what_is_left_of(gone) == [case]
    assert case.assignments.get().handed_back_at is not None
