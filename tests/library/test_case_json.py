"""A case as JSON: it is as its schema says, and the schema leaves nothing open."""

import json
from typing import Any

import pytest
from django.urls import reverse
from jsonschema import Draft202012Validator

from library.showing import edition_url
from library.views.case_json import _schema
from tests.library import making
from tests.library.test_exports import DRAWN

pytestmark = pytest.mark.django_db

# an object of every kind
PLACES: list[tuple[str | int, ...]] = [
    (),
    ("licence",),
    ("panel",),
    ("context", 0),
    ("studies", 0),
    ("studies", 0, "series", 0),
    ("teaching_points", 0),
    ("drawings", 0),
    ("documents", 0),
]


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "https://covid.example"
    _schema.cache_clear()
    yield
    _schema.cache_clear()


def schema_of(client) -> dict[str, Any]:
    return json.loads(client.get(reverse("library:case-schema")).content)


def json_of(client, edition) -> dict[str, Any]:
    return client.get(f"{edition_url(edition)}v{edition.number}/case.json").json()


def full_edition():
    edition = making.draft(making.case_with_images(days=(3, 9)))
    rows = [making.drawn(edition, tool=tool, pairs=pairs) for tool, pairs in DRAWN.items()]
    edition.teaching_points.update(annotation=rows[0])
    return making.publish(edition), rows[0]


def test_a_case_is_as_its_schema_says(client):
    edition, arrow = full_edition()
    schema = schema_of(client)
    Draft202012Validator.check_schema(schema)

    full, bare = json_of(client, edition), json_of(client, making.published())

    for each in (full, bare):
        assert [error.message for error in Draft202012Validator(schema).iter_errors(each)] == []
    assert full["$schema"] == schema["$id"] == "https://covid.example/library/case.schema.json"
    assert [study["days_from_onset"] for study in full["studies"]] == [3, 9]
    assert {each["tool"] for each in full["drawings"]} == {str(tool) for tool in DRAWN}
    (point,) = full["teaching_points"]
    assert (point["text"], point["window"]) == ("Look **here**.", "lung")
    assert point["drawing"] == str(arrow.pk)
    assert full["panel"]["category"] == "Classic COVID-19"
    assert (bare["drawings"], bare["teaching_points"][0]["drawing"]) == ([], None)


def test_the_schema_lets_nothing_else_in(client):
    validator = Draft202012Validator(schema_of(client))
    good = json_of(client, full_edition()[0])

    for path in PLACES:
        for change in ("more", "less"):
            changed = json.loads(json.dumps(good))
            place = changed
            for step in path:
                place = place[step]
            if change == "more":
                place["patient_name"] = "x"
            else:
                place.pop(next(iter(place)))
            assert not validator.is_valid(changed), (path, change)


def test_every_address_in_it_is_there_and_no_private_uid(client):
    edition, _ = full_edition()
    content = json_of(client, edition)

    text = json.dumps(content)
    for image in edition.images.all():
        assert image.instance.sop_instance_uid not in text
        assert image.instance.series.study.study_instance_uid not in text
    assert edition.author.name not in text
    for address in (
        content["url"], content["$schema"], content["dicomweb"],
        *(each["figure"] for each in content["teaching_points"]),
        *(each["url"] for each in content["documents"]),
    ):  # fmt: skip
        assert client.get(address.removeprefix("https://covid.example")).status_code == 200, address


def test_it_is_cacheable_and_linked_and_gone_with_the_case(client):
    edition = making.draft()
    draft = f"{edition_url(edition)}v1/case.json"
    assert client.get(draft).status_code == 404
    making.publish(edition)

    answer = client.get(draft)

    assert "s-maxage=60" in answer["Cache-Control"]
    assert client.get(draft, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert f'href="{draft}"' in client.get(edition_url(edition)).content.decode()
