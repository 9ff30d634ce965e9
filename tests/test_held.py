"""What only the whole knows of held images: the panel's part of the curators' list."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from review import services
from tests import factories
from tests.review import making
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


def set_aside(upload=None):
    case = making.open_case(upload)
    services.set_aside(
        case=case,
        actor=Actor.of_member(making.panellist()),
        reason="text_in_image",
        where="series 2, image 14",
        at=timezone.now(),
    )
    return case


@pytest.fixture
def curator(client):
    return sign_in(client, factories.member(roles=("curator",)))


def test_a_case_that_the_panel_set_aside_is_on_the_curators_list(curator):
    upload = making.accepted_upload()
    case = set_aside(upload)

    page = curator.get(reverse("held-uploads")).content.decode()

    assert f"Case {case.number}, set aside on" in page
    assert "Text in the image identifies somebody (series 2, image 14)" in page
    assert upload.reference in page
    assert upload.organisation.name in page
    waiting = curator.get("/").context["waiting"]
    assert [(row["count"], row["url"]) for row in waiting] == [(1, reverse("held-uploads"))]


def test_a_case_in_reading_or_reopened_is_not_on_the_curators_list(curator):
    making.open_case()
    case = set_aside()
    services.reopen_case(case=case, actor=Actor.of_member(making.chair()))

    assert "Set aside by the panel" not in curator.get(reverse("held-uploads")).content.decode()


def test_the_list_asks_as_little_for_many_cases_as_for_one(curator, django_assert_max_num_queries):
    for _ in range(5):
        set_aside()
    curator.get(reverse("held-uploads"))

    with django_assert_max_num_queries(14) as asked:
        curator.get(reverse("held-uploads"))
    several = len(asked)
    for _ in range(10):
        set_aside()

    with django_assert_max_num_queries(several):
        curator.get(reverse("held-uploads"))
