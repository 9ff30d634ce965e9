import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from library import annotating, services
from library.showing import edition_url
from tests.factories import member
from tests.library import making
from tests.signing_in import sign_in
from uploads.addresses import short_uid

pytestmark = pytest.mark.django_db
ARROW = [[0.5, 0.75], [2.25, 3.0]]


@pytest.fixture
def edition():
    return making.draft()


@pytest.fixture
def editor(client, edition):
    return sign_in(client, edition.author)


def image_of(edition, number: int = 2) -> str:
    series = services.series_of(edition.teaching_case.case)[0]
    return f"{short_uid(series.instances.all()[number - 1].sop_instance_uid)}-1"


def body_of(edition, **changes) -> dict:
    return {
        "id": str(uuid.uuid4()),
        "image": image_of(edition),
        "tool": "arrow",
        "graphic_data": ARROW,
        "text": "",
    } | changes


def root(edition) -> str:
    return reverse("library:annotations", args=[edition.pk])


def sent(client, method: str, address: str, body) -> tuple[int, dict]:
    content = body if isinstance(body, str) else json.dumps(body)
    answer = client.generic(method, address, content, content_type="application/json")
    return answer.status_code, answer.json()


def test_what_an_editor_draws_is_listed_with_the_same_coordinates(editor, edition):
    body = body_of(edition, text="  Crazy   paving ")

    status, answer = sent(editor, "POST", root(edition), body)
    listed = editor.get(root(edition)).json()["annotations"]

    assert status == 201
    assert listed == [answer]
    assert answer["graphic_data"] == ARROW
    assert (answer["id"], answer["image"], answer["version"]) == (body["id"], body["image"], 1)
    assert (answer["graphic_type"], answer["text"]) == ("POLYLINE", "Crazy paving")


def test_an_editor_changes_deletes_and_brings_back(editor, edition):
    body = body_of(edition)
    sent(editor, "POST", root(edition), body)
    address = reverse("library:annotation", args=[edition.pk, body["id"]])

    moved = [[1.0, 1.0], [2.0, 2.0]]
    status, answer = sent(
        editor, "PUT", address, {"version": 1, "graphic_data": moved, "text": "a"}
    )
    assert (status, answer["version"], answer["graphic_data"]) == (200, 2, moved)
    status, answer = sent(editor, "DELETE", address, {"version": 2})
    assert (status, answer["version"]) == (200, 3)
    assert editor.get(root(edition)).json()["annotations"] == []
    status, answer = sent(editor, "POST", f"{address}restore/", {"version": 3})
    assert (status, answer["version"], answer["text"]) == (200, 4, "a")


def test_the_second_editor_gets_409_with_what_stands_now(editor, edition):
    row = making.drawn(edition)
    other = sign_in(Client(), making.editor())
    address = reverse("library:annotation", args=[edition.pk, row.pk])
    theirs = {"version": 1, "graphic_data": [[0, 0], [1, 1]], "text": "theirs"}
    sent(other, "PUT", address, theirs)

    status, answer = sent(editor, "PUT", address, {**theirs, "text": "mine"})

    assert status == 409
    assert "Yours is not saved" in answer["message"]
    assert (answer["annotation"]["text"], answer["annotation"]["version"]) == ("theirs", 2)


def test_changing_what_somebody_deleted_gets_409_and_nothing_in_its_place(editor, edition):
    row = making.drawn(edition)
    annotating.rub_out(
        annotation=row, version=1, actor=Actor.of_member(edition.author), at=timezone.now()
    )
    address = reverse("library:annotation", args=[edition.pk, row.pk])

    status, answer = sent(editor, "PUT", address, {"version": 1, "graphic_data": ARROW})

    assert (status, answer["annotation"]) == (409, None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"id": "17"}, 400),
        ({"text": 5}, 400),
        ({"image": ["a"]}, 400),
        ({"image": "aaaaaaaaaaaaaaaa-1"}, 422),
        ({"image": "nothing"}, 422),
        ({"image": ""}, 422),
        ({"tool": "laser"}, 422),
        ({"graphic_data": [[0.5, 0.5], [4.5, 1]]}, 422),
        ({"graphic_data": "many"}, 422),
        ({"graphic_data": [[0.5, None], [1, 1]]}, 422),
        ({"graphic_data": [[True, 1], [1, 1]]}, 422),
        ({"graphic_data": [[1, 1]] * 501}, 422),
        ({"text": "x" * 201}, 422),
        ({"text": "a\u0007b"}, 422),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_with_a_sentence(editor, edition, changes, status):
    answered, answer = sent(editor, "POST", root(edition), body_of(edition, **changes))

    assert answered == status
    assert answer["message"].endswith(".")
    assert not edition.annotations.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"version": true}'])
def test_a_body_that_is_no_json_object_is_400(editor, edition, body):
    row = making.drawn(edition)
    address = reverse("library:annotation", args=[edition.pk, row.pk])

    assert sent(editor, "DELETE", address, body)[0] == 400


def test_numbers_that_are_none_are_refused(editor, edition):
    body = json.dumps(body_of(edition)).replace("0.75", "NaN")

    assert sent(editor, "POST", root(edition), body)[0] == 422


def test_the_image_must_be_of_this_case(editor, edition):
    other = making.draft()

    status, _ = sent(editor, "POST", root(edition), body_of(edition, image=image_of(other)))

    assert status == 422


def test_an_annotation_is_reached_through_its_own_edition_alone(editor, edition):
    row = making.drawn(making.draft())
    address = reverse("library:annotation", args=[edition.pk, row.pk])

    assert sent(editor, "DELETE", address, {"version": 1})[0] == 404


def test_who_may_not_write_reads_only(edition):
    row = making.drawn(edition)
    publisher = sign_in(Client(), making.publisher())
    address = reverse("library:annotation", args=[edition.pk, row.pk])

    assert len(publisher.get(root(edition)).json()["annotations"]) == 1
    assert sent(publisher, "POST", root(edition), body_of(edition))[0] == 403
    assert sent(publisher, "PUT", address, {"version": 1, "graphic_data": ARROW})[0] == 403
    assert sent(publisher, "DELETE", address, {"version": 1})[0] == 403
    assert sent(publisher, "POST", f"{address}restore/", {"version": 1})[0] == 403
    row.refresh_from_db()
    assert row.version == 1


def test_a_panellist_does_not_see_the_desks_drawings(edition):
    assert sign_in(Client(), member(("panellist",))).get(root(edition)).status_code == 403


def test_nobody_signed_in_gets_401(client, edition):
    answer = client.get(root(edition), headers={"Accept": "application/json"})

    assert answer.status_code == 401


def test_writing_needs_the_token_of_the_page(edition):
    strict = sign_in(Client(enforce_csrf_checks=True), edition.author)

    answer = strict.post(root(edition), json.dumps(body_of(edition)), "application/json")

    assert answer.status_code == 403
    assert not edition.annotations.exists()


def test_a_proposed_edition_is_not_drawn_on(client):
    edition = making.proposed()

    status, answer = sent(sign_in(client, edition.author), "POST", root(edition), body_of(edition))

    assert status == 409
    assert "no longer a draft" in answer["message"]


def test_the_public_sees_it_under_public_uids_where_it_was_drawn(client, edition):
    row = making.drawn(edition, text="Crazy paving", slice_number=3)
    making.publish(edition)
    address = public_address(edition)

    answer = client.get(address)

    image = edition.images.get(instance=row.instance)
    assert answer.json()["annotations"] == [
        {
            "id": str(row.pk),
            "image": f"{short_uid(image.sop_instance_uid)}-1",
            "tool": "arrow",
            "graphic_type": "POLYLINE",
            "graphic_data": ARROW,
            "text": "Crazy paving",
            "version": 1,
        }
    ]
    assert edition.author.name not in answer.content.decode()
    assert not answer.cookies
    assert "s-maxage=60" in answer["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert client.post(address).status_code == 405
    assert client.put(address).status_code == 405


def test_what_lies_on_a_series_that_is_not_shown_is_not_public(client):
    edition = making.draft(making.case_with_images(days=(3, 9)))
    first, second = services.series_of(edition.teaching_case.case)
    making.drawn(edition)
    annotating.draw(
        edition=edition,
        key=uuid.uuid4(),
        instance=second.instances.first(),
        frame=1,
        drawing=annotating.Drawing("text", ((1.0, 1.0),), "Not shown"),
        actor=Actor.of_member(edition.author),
        at=timezone.now(),
    )
    edition.shown_series.filter(series=second).delete()
    making.publish(edition)

    listed = client.get(public_address(edition)).json()["annotations"]

    assert [each["tool"] for each in listed] == ["arrow"]
    assert first.instances.count() == edition.images.count()


def test_a_suspended_case_shows_no_drawing(client, edition):
    making.drawn(edition)
    making.publish(edition)
    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    assert client.get(public_address(edition)).status_code == 404


def test_a_draft_is_not_public(client, edition):
    making.drawn(edition)

    assert client.get(public_address(edition)).status_code == 404


def public_address(edition) -> str:
    return f"{edition_url(edition)}v{edition.number}/annotations/"


def test_the_form_names_a_drawing_by_the_place_of_its_image_and_takes_none_of_another(
    editor, edition
):
    row = making.drawn(edition, text="Halo")
    # the number in the header is the scanner's, and says nothing of the place
    type(row.instance).objects.filter(pk=row.instance_id).update(instance_number=99)
    address = reverse("library:edit", args=[edition.pk])
    page = editor.get(address)
    assert f'<option value="{row.pk}">Arrow: Halo, image 2</option>' in page.content.decode()

    series = row.instance.series_id
    fields = {
        "version": page.context["edition"].version,
        "title": "Halo",
        "summary": "A halo.",
        "series": [series],
        "points": 1,
        "point-0-text": "Look.",
        "point-0-series": series,
        "point-0-window": "lung",
        "point-0-annotation": str(row.pk),
    }
    refused = editor.post(address, fields | {"point-0-slice": 1})
    assert refused.status_code == 422
    assert "This is drawn on another image." in refused.content.decode()
    assert editor.post(address, fields | {"point-0-slice": 2}).status_code == 302
    assert edition.teaching_points.get().annotation == row
