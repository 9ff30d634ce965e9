import io

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from library.showing import edition_url
from tests.library import making

pytestmark = pytest.mark.django_db


def address(edition, place: int = 1) -> str:
    case = edition.teaching_case
    return reverse("library:figure", args=[case.number, case.slug, edition.number, place])


def test_a_teaching_point_has_a_figure_with_what_is_drawn_on_its_frame(client):
    plain, drawn = making.draft(), making.draft()
    making.drawn(drawn, text="Here")
    making.drawn(plain, slice_number=3)
    for edition in (plain, drawn):
        making.publish(edition)

    answers = [client.get(address(edition)) for edition in (plain, drawn)]

    yellow = []
    for answer in answers:
        assert answer["Content-Type"] == "image/png"
        assert "s-maxage=60" in answer["Cache-Control"]
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.info == {}
        yellow.append((np.asarray(picture) == (255, 235, 59)).all(axis=-1).sum())
    assert yellow[0] == 0
    assert yellow[1] > 500
    assert f'href="{address(drawn)}"' in client.get(edition_url(drawn)).content.decode()


def test_a_point_that_is_not_there_and_a_draft_have_no_figure(client):
    edition, draft = making.published(), making.draft()

    assert client.get(address(edition, 2)).status_code == 404
    assert client.get(address(draft)).status_code == 404
