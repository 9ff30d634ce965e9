import math
import uuid

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.lifecycles import IllegalMove
from library import annotating, services
from library.annotating import Drawing
from library.models import Annotation
from tests.library import making
from uploads.dicom.graphics import NotAGraphic

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0))


def hand(edition, member=None) -> dict:
    return {"actor": Actor.of_member(member or edition.author), "at": NOW}


def redrawn(row, version, pairs=((1.0, 1.0), (2.0, 2.0)), text="", member=None):
    return annotating.redraw(
        annotation=row, version=version, pairs=pairs, text=text, **hand(row.edition, member)
    )


def test_what_is_drawn_is_a_row_with_its_exact_coordinates():
    edition = making.draft()

    row = making.drawn(edition, pairs=((0.125, 1.9), (3.999, 4.0)), text="Crazy paving")

    row.refresh_from_db()
    assert row.graphic_data == [0.125, 1.9, 3.999, 4.0]
    assert (row.graphic_type, row.frame, row.version) == ("POLYLINE", 1, 1)
    assert row.text == "Crazy paving"


@pytest.mark.parametrize(
    ("tool", "pairs"),
    [
        ("arrow", ((0.0, 0.0),)),
        ("arrow", ((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))),
        ("length", ((0.0, 0.0), (4.0001, 1.0))),
        ("length", ((-0.0001, 0.0), (1.0, 1.0))),
        ("text", ((1.0, 4.5),)),
        ("ellipse", ((0.0, 1.0), (2.0, 1.0))),
        ("rectangle", SQUARE[:4]),
        ("rectangle", (*SQUARE[:4], (0.0, 0.5))),
        ("polygon", ((0.0, 0.0), (1.0, 0.0), (0.0, 0.0))),
        ("polygon", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))),
        ("spline", ((0.0, 0.0), (1.0, 1.0))),
    ],
)
def test_what_is_no_graphic_of_its_tool_or_not_on_the_image_is_not_drawn(tool, pairs):
    edition = making.draft()

    with pytest.raises(NotAGraphic):
        making.drawn(edition, tool=tool, pairs=pairs)

    assert not edition.annotations.exists()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"graphic_data": [0.5, math.nan, 1, 1]}, "annotation_lies_within_its_image"),
        ({"graphic_data": [0.5, math.inf, 1, 1]}, "annotation_lies_within_its_image"),
        ({"graphic_data": [0.5, -math.inf, 1, 1]}, "annotation_lies_within_its_image"),
        ({"graphic_data": [0.5, 0.5, 4.01, 1]}, "annotation_lies_within_its_image"),
        ({"graphic_data": [0.5, 0.5, 1, 4.01]}, "annotation_lies_within_its_image"),
        ({"frame": 2}, "annotation_lies_within_its_image"),
        ({"frame": 0}, "annotation_frames_count_from_one"),
        ({"graphic_data": [0.5, 0.5]}, "annotation_has_the_pairs_of_its_graphic_type"),
        ({"graphic_data": [0, 0, 1, 1, 2, 2]}, "annotation_is_the_graphic_of_its_tool"),
        ({"tool": "ellipse"}, "annotation_is_the_graphic_of_its_tool"),
        ({"tool": "spline"}, "annotation_is_the_graphic_of_its_tool"),
        (
            {"tool": "polygon", "graphic_data": [0, 0, 1, 0, 1, 1, 0, 1]},
            "annotation_ends_where_it_begins",
        ),
    ],
)
def test_the_database_itself_refuses_what_no_image_can_hold(changes, constraint):
    row = making.drawn(making.draft())

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Annotation.objects.filter(pk=row.pk).update(**changes)

    assert refused.value.__cause__.diag.constraint_name == constraint


def test_an_odd_number_of_coordinates_is_refused_by_the_database():
    row = making.drawn(making.draft(), tool="polygon", pairs=(*SQUARE[:3], SQUARE[0]))

    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.filter(pk=row.pk).update(graphic_data=[0, 0, 1, 0, 1, 1, 0, 0, 0])


def test_the_second_of_two_editors_is_told_and_sees_what_stands():
    row = making.drawn(making.draft())
    redrawn(row, 1, text="Theirs")

    with pytest.raises(annotating.StaleAnnotation) as told:
        redrawn(row, 1, text="Mine", member=making.editor())

    assert told.value.annotation.text == "Theirs"
    row.refresh_from_db()
    assert (row.text, row.version) == ("Theirs", 2)


def test_what_was_rubbed_out_comes_back_as_it_was():
    edition = making.draft()
    row = making.drawn(edition, text="Here")

    annotating.rub_out(annotation=row, version=1, **hand(edition))
    assert not edition.annotations.drawn().exists()
    annotating.restore(annotation=row, version=2, **hand(edition))

    back = edition.annotations.drawn().get()
    assert (back.text, back.graphic_data, back.version) == ("Here", row.graphic_data, 3)


def test_what_somebody_rubbed_out_is_not_changed_behind_their_back():
    edition = making.draft()
    row = making.drawn(edition)
    annotating.rub_out(annotation=row, version=1, **hand(edition))

    for version in (1, 2):
        with pytest.raises(annotating.StaleAnnotation):
            redrawn(row, version)


def test_asking_again_after_a_lost_answer_draws_one():
    edition = making.draft()
    row = making.drawn(edition)
    again = {
        "edition": edition,
        "key": row.pk,
        "instance": row.instance,
        "frame": 1,
        **hand(edition),
    }

    annotating.draw(**again, drawing=Drawing("arrow", ((0.5, 0.75), (2.25, 3.0))))
    with pytest.raises(annotating.StaleAnnotation):
        annotating.draw(**again, drawing=Drawing("arrow", ((0.5, 0.75), (1.0, 1.0))))

    assert edition.annotations.count() == 1


def test_nothing_is_drawn_on_an_edition_that_is_no_draft():
    edition = making.proposed()
    row = Annotation(edition=edition)

    with pytest.raises(IllegalMove):
        making.drawn(edition)
    with pytest.raises(IllegalMove):
        redrawn(row, 1)
    with pytest.raises(IllegalMove):
        annotating.rub_out(annotation=row, version=1, **hand(edition))
    with pytest.raises(IllegalMove):
        annotating.restore(annotation=row, version=1, **hand(edition))


def test_the_trail_names_the_changed_fields_and_never_the_text():
    row = making.drawn(making.draft(), text="Secretword")
    redrawn(row, 1, text="Otherword")

    rows = LogEntry.objects.filter(object_pk=str(row.pk)).order_by("pk")
    assert [each.additional_data["verb"] for each in rows] == [
        "annotation.drawn",
        "annotation.redrawn",
    ]
    assert rows[1].additional_data["facts"]["changed"] == ["graphic_data", "text"]
    written = "".join(f"{each.additional_data}{each.object_repr}{each.changes}" for each in rows)
    assert "word" not in written


def test_a_new_edition_starts_with_what_was_drawn_on_the_old_one():
    case = making.case_with_images()
    edition = making.draft(case)
    row = making.drawn(edition, text="Kept")
    annotating.rub_out(annotation=making.drawn(edition), version=1, **hand(edition))
    edition.teaching_points.update(annotation=row)
    making.publish(edition)

    newer = services.start_edition(case=case, **hand(edition))

    copy = newer.annotations.get()
    assert (copy.text, copy.graphic_data, copy.version) == ("Kept", row.graphic_data, 1)
    assert copy.pk != row.pk
    assert newer.teaching_points.get().annotation == copy
    assert edition.annotations.drawn().get() == row


def test_a_label_with_a_date_is_not_proposed():
    edition = making.draft()
    making.drawn(edition, text="Seen on 12/04/2020")

    with pytest.raises(services.NotReady, match="date"):
        services.propose_edition(edition=edition, **hand(edition))


def test_an_edition_holds_only_so_many(monkeypatch):
    monkeypatch.setattr(annotating, "MOST", 2)
    edition = making.draft()
    row = making.drawn(edition)
    making.drawn(edition)

    with pytest.raises(annotating.TooMany):
        making.drawn(edition)
    annotating.rub_out(annotation=row, version=1, **hand(edition))
    making.drawn(edition)
    with pytest.raises(annotating.TooMany):
        annotating.restore(annotation=row, version=2, **hand(edition))


def test_a_key_of_another_edition_is_no_way_to_its_drawing():
    row = making.drawn(making.draft(), text="Of the other case")
    edition = making.draft()
    series = services.series_of(edition.teaching_case.case)[0]

    with pytest.raises(NotAGraphic):
        annotating.draw(
            edition=edition,
            key=uuid.UUID(str(row.pk)),
            instance=series.instances.first(),
            frame=1,
            drawing=Drawing("text", ((1.0, 1.0),)),
            **hand(edition),
        )
