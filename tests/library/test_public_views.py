import io

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from PIL import Image

from audit.actors import Actor
from library import services
from library.showing import edition_url
from tests.library import making
from tests.signing_in import sign_in
from uploads.addresses import short_uid

pytestmark = pytest.mark.django_db


def suspend(edition) -> None:
    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )


def page_of(client, edition):
    return client.get(edition_url(edition))


def test_anybody_reads_the_list_and_a_case_without_a_cookie(client):
    edition = making.published()

    for response in (client.get(reverse("library:cases")), page_of(client, edition)):
        assert response.status_code == 200
        assert "Ground-glass opacity" in response.content.decode()
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")
        assert "s-maxage=60" in response["Cache-Control"]
        assert response["ETag"].startswith('"')


def test_an_unchanged_page_is_answered_with_304(client):
    edition = making.published()
    tag = page_of(client, edition)["ETag"]

    again = client.get(edition_url(edition), headers={"If-None-Match": tag})

    assert again.status_code == 304


def test_a_teaching_point_names_the_slice_it_is_bound_to(client):
    edition = making.published()

    page = page_of(client, edition).content.decode()

    second = edition.images.all()[1]
    assert f'data-image="{short_uid(second.sop_instance_uid)}-1"' in page
    assert "<strong>here</strong>" in page


def test_a_public_page_holds_no_private_uid(client):
    edition = making.published()

    page = page_of(client, edition).content.decode()

    for image in edition.images.all():
        assert image.instance.sop_instance_uid not in page
        assert image.instance.series.study.study_instance_uid not in page


def test_every_picture_of_the_stack_is_a_png_of_its_own_slice(client):
    edition = making.published(making.case_with_images(slices=3))

    levels = []
    for image in page_of(client, edition).context["series"][0]["images"]:
        response = client.get(image["url"] + "?window=2,4,linear")
        assert response["Content-Type"] == "image/png"
        levels.append(Image.open(io.BytesIO(response.content)).convert("L").getpixel((0, 0)))
    assert levels == sorted(levels)
    assert len(set(levels)) == 3


def test_a_suspended_case_is_a_neutral_notice_and_its_images_are_gone(client):
    edition = making.published()
    picture = page_of(client, edition).context["series"][0]["images"][0]["url"]

    suspend(edition)

    page = page_of(client, edition)
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex"
    assert "not available" in page.content.decode()
    assert "Ground-glass" not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.get(picture).status_code == 404
    assert "Ground-glass" not in client.get(reverse("library:cases")).content.decode()


def test_a_retired_case_is_gone_for_good(client):
    edition = making.published()
    services.retire_teaching_case(
        teaching_case=edition.teaching_case,
        reason="outdated",
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    page = page_of(client, edition)
    assert page.status_code == 410
    assert "what it taught is not held to be right any more" in page.content.decode()
    assert f"on {date_format(timezone.localdate())}" in page.content.decode()


def test_a_case_is_not_retired_without_a_reason(client):
    edition = making.published()

    answer = sign_in(client, making.publisher()).post(
        reverse("library:retire", args=[edition.teaching_case.number]), follow=True
    )

    assert "Choose the reason" in answer.content.decode()
    assert page_of(Client(), edition).status_code == 200


def test_a_draft_is_nobodys_business(client):
    edition = making.draft()

    assert page_of(client, edition).status_code == 404


def test_an_old_edition_keeps_its_address_and_says_so(client):
    first = making.published()
    making.published(first.teaching_case.case)
    number, slug = first.teaching_case.number, first.teaching_case.slug

    page = client.get(reverse("library:edition", args=[number, slug, 1]))

    assert page.status_code == 200
    assert "An older edition" in page.content.decode()


def test_another_slug_leads_to_the_right_one(client):
    edition = making.published()
    number = edition.teaching_case.number

    response = client.get(reverse("library:case", args=[number, "something-else"]))

    assert response.status_code == 301
    assert response["Location"] == edition_url(edition)


def test_search_finds_words_of_teaching_points(client):
    making.published()
    address = reverse("library:cases")

    assert "Ground-glass" in client.get(address, {"q": "pleura"}).content.decode()
    assert "No case has these words" in client.get(address, {"q": "zebra"}).content.decode()


def test_a_public_page_leaves_no_row_in_the_trail(client):
    edition = making.published()
    before = LogEntry.objects.count()

    page_of(client, edition)

    assert LogEntry.objects.count() == before


def test_the_list_asks_the_database_as_often_for_many_cases_as_for_few(
    client, django_assert_max_num_queries
):
    for _ in range(4):
        making.published(making.case_with_images(slices=2))

    with django_assert_max_num_queries(8):
        client.get(reverse("library:cases"))
