import pytest
from auditlog.models import LogEntry

from audit.actors import Actor
from audit.services import record
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_act_is_one_row_with_verb_actor_and_facts():
    member = factories.member()

    record("case.opened", actor=Actor.of_member(member), subject=member, studies=2)

    row = LogEntry.objects.get(additional_data__verb="case.opened")
    assert row.actor == member
    assert row.additional_data == {
        "verb": "case.opened",
        "actor_kind": "member",
        "actor_key": str(member.pk),
        "facts": {"studies": 2},
    }


def test_an_act_keeps_no_name_or_mail_address_of_its_actor():
    member = factories.member()

    row = record("member.signed_in", actor=Actor.of_member(member), subject=member)

    kept = f"{row.object_repr} {row.changes} {row.serialized_data} {row.additional_data}"
    assert member.email not in kept
    assert member.name not in kept
    assert row.actor_email is None


def test_an_act_without_a_row_is_about_the_site():
    row = record("member.sign_in_failed", actor=Actor.nobody(address="192.0.2.7"), subject=None)

    assert row.object_pk == "site"
    assert row.remote_addr == "192.0.2.7"


@pytest.mark.parametrize("verb", ["submitted", "upload.", ".submitted", ""])
def test_a_verb_is_noun_and_past(verb):
    with pytest.raises(ValueError, match=r"noun\.past"):
        record(verb, actor=Actor.nobody(), subject=None)


def test_a_fact_that_is_a_row_or_a_mapping_is_refused():
    with pytest.raises(ValueError, match="fact"):
        record("upload.seen", actor=Actor.nobody(), subject=None, patient={"name": "x"})
