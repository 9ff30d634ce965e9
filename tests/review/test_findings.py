"""Findings on the images of a case: where they lie, who may see them, and what is refused."""

import json
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from bsti_db.accounts.models import Member
from review import services
from review.models import Case, Finding, Reading
from review.services import CodedFinding, Placement
from tests.review import making
from tests.review.test_vocabulary import answer, code, form_of
from tests.signing_in import sign_in
from uploads.addresses import short_uid
from uploads.models import Instance

pytestmark = pytest.mark.django_db

ARROW = ((0.5, 0.75), (2.25, 3.0))


@pytest.fixture
def reader(client) -> Member:
    reader = making.panellist()
    sign_in(client, reader)
    return reader


@pytest.fixture
def case(reader) -> Case:
    """A case of three slices, given to the reader."""
    return making.given_case(reader, making.accepted_upload(slices=3))


def slices_of(case: Case) -> list[Instance]:
    return list(case.case_studies.first().study.series.get().instances.all())


def name_of(image: Instance, frame: int = 1) -> str:
    return f"{short_uid(image.sop_instance_uid)}-{frame}"


def placed(case: Case, meaning: str = "Crazy-paving", *, on: int = 2) -> CodedFinding:
    place = Placement(name_of(slices_of(case)[on - 1]), "arrow", ARROW)
    return CodedFinding(code(meaning), code("Lower lobe"), None, place)


def saying(case: Case, *findings: CodedFinding) -> services.Answers:
    return making.answers(case, studies=answer(case, findings=findings))


def save(case: Case, by: Member, version: int, *findings: CodedFinding) -> Reading:
    return services.save_draft(
        case=case,
        actor=making.actor(by),
        version=version,
        answers=saying(case, *findings),
        at=timezone.now(),
    )


def read(case: Case, by: Member, *findings: CodedFinding) -> Reading:
    return making.submitted_reading(case, by, studies=answer(case, findings=findings))


def address(case: Case, name: str = "case") -> str:
    return reverse(f"review:{name}", args=[case.number])


def form_placing(case: Case, **changes: Any) -> dict[str, str]:
    """The reading form with one finding, placed on the second slice unless told otherwise."""
    pairs = [list(pair) for pair in ARROW]
    place = {"image": name_of(slices_of(case)[1]), "tool": "arrow", "graphic_data": pairs}
    return form_of(
        case,
        finding_STUDY_0=str(code("Crazy-paving").pk),
        place_STUDY_0=json.dumps(place | changes),
    )


def save_form(client, case: Case, form: dict[str, str]) -> Any:
    return client.post(address(case, "save-draft"), form)


def seen_by(client, case: Case) -> list[dict[str, Any]]:
    return client.get(address(case, "findings")).json()["annotations"]


def acts() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("additional_data__verb", flat=True))


def refusals() -> list[dict[str, Any]]:
    rows = LogEntry.objects.filter(additional_data__verb="case.act_refused")
    return [row.additional_data["facts"] for row in rows]


# --- A draft ----------------------------------------------------------------------------


def test_a_finding_placed_in_the_form_is_a_row_of_its_reading(client, reader, case):
    answered = save_form(client, case, form_placing(case))

    assert answered.status_code == 200
    row = Finding.objects.get()
    assert row.reading.reader == reader
    assert (row.finding.meaning, row.instance, row.frame) == (
        "Crazy-paving",
        slices_of(case)[1],
        1,
    )
    assert (row.tool, row.graphic_type) == ("arrow", "POLYLINE")
    assert row.graphic_data == [0.5, 0.75, 2.25, 3.0]
    (part,) = client.get(address(case)).context["reading_form"].study_parts()
    assert json.loads(part["findings"][0]["place"].value()) == {
        "image": name_of(slices_of(case)[1]),
        "tool": "arrow",
        "graphic_data": [list(pair) for pair in ARROW],
    }


def test_a_placed_finding_is_moved_and_taken_off_the_image(client, reader, case):
    save_form(client, case, form_placing(case))
    moved = form_placing(case, graphic_data=[[1, 1], [2, 2]]) | {"version": "1"}

    assert save_form(client, case, moved).status_code == 200
    assert Finding.objects.get().graphic_data == [1.0, 1.0, 2.0, 2.0]

    study = case.case_studies.get().study_id
    off = moved | {"version": "2", f"place_{study}_0": ""}
    assert save_form(client, case, off).status_code == 200
    assert Finding.objects.get().instance is None


def test_saving_the_same_findings_again_leaves_their_rows(reader, case):
    save(case, reader, 0, placed(case))
    before = Finding.objects.get()

    save(case, reader, 1, placed(case))

    after = Finding.objects.get()
    assert (after.pk, after.found_at) == (before.pk, before.found_at)


def test_the_second_window_is_told_and_the_first_windows_place_stands(client, reader, case):
    save_form(client, case, form_placing(case))

    answered = save_form(client, case, form_placing(case, graphic_data=[[1, 1], [2, 2]]))

    assert (answered.status_code, answered.json()["is_stale"]) == (409, True)
    assert answered.json()["version"] == 1
    assert Finding.objects.get().graphic_data == [0.5, 0.75, 2.25, 3.0]


def test_without_script_a_stale_form_comes_back_with_its_place(client, reader, case):
    save_form(client, case, form_of(case))
    form = form_placing(case)

    answered = client.post(address(case, "submit"), form)

    assert answered.status_code == 409
    (part,) = answered.context["reading_form"].study_parts()
    study = case.case_studies.get().study_id
    assert part["findings"][0]["place"].value() == form[f"place_{study}_0"]


# --- What is refused --------------------------------------------------------------------


def test_a_finding_on_another_cases_image_is_refused_and_in_the_trail(client, reader, case):
    other = making.given_case(reader)
    form = form_placing(case, image=name_of(slices_of(other)[0]))

    answered = save_form(client, case, form)

    assert answered.status_code == 409
    assert answered.json()["message"] == (
        "That image is not of this case, so no finding can lie on it."
    )
    client.post(address(case, "submit"), form)
    assert not Finding.objects.exists()
    assert refusals() == [{"case": case.number, "reason": "image_of_another_case"}] * 2


def test_a_reading_of_who_was_not_given_the_case_is_refused_and_in_the_trail(client):
    case = making.given_case(making.panellist())
    sign_in(client, making.chair())

    answered = save_form(client, case, form_of(case))

    assert answered.status_code == 409
    assert "is not given to you to read" in answered.json()["message"]
    assert refusals() == [{"case": case.number, "reason": "not_assigned"}]
    assert not Reading.objects.exists()


def test_a_finding_lies_on_an_image_of_its_own_study(client, reader):
    upload = making.accepted_upload(modalities=("CT", "CT"), days=(3, 9))
    case = making.given_case(reader, upload)
    first, second = (row.study for row in case.case_studies.order_by("study"))
    image = name_of(second.series.get().instances.get())
    place = json.dumps({"image": image, "tool": "arrow", "graphic_data": [[1, 1], [2, 2]]})
    form = {
        "version": "0",
        f"finding_{first.pk}_0": str(code("Nodule").pk),
        f"place_{first.pk}_0": place,
    }

    answered = save_form(client, case, form)

    assert answered.status_code == 409
    assert "an image of its own study" in answered.json()["message"]
    assert refusals() == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"graphic_data": [[1, 1], [4.01, 2]]}, "Part of it lies outside the image."),
        ({"graphic_data": [[-0.1, 1], [2, 2]]}, "Part of it lies outside the image."),
        ({"graphic_data": [[1, 1]]}, "needs another number of points."),
        ({"tool": "text", "graphic_data": [[1, 1]]}, "There is no such tool."),
        ({"tool": "polygon", "graphic_data": [[1, 1], [2, 2], [3, 3], [1, 2]]}, "does not end"),
        ({"tool": "rectangle", "graphic_data": [[1, 1], [2, 1], [2, 2], [1, 1]]}, "number of"),
    ],
)
def test_what_cannot_be_drawn_there_is_refused_with_its_sentence(
    client, reader, case, wrong, sentence
):
    answered = save_form(client, case, form_placing(case, **wrong))

    assert answered.status_code == 409
    assert sentence in answered.json()["message"]
    assert not Reading.objects.exists()


@pytest.mark.parametrize("frame", ["2", "0", "x", "-1", "9999999"])
def test_a_frame_the_image_does_not_have_is_refused(client, reader, case, frame):
    image = f"{short_uid(slices_of(case)[1].sop_instance_uid)}-{frame}"

    answered = save_form(client, case, form_placing(case, image=image))

    assert answered.status_code == 409
    assert not Finding.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        "arrow",
        "[]",
        "{}",
        '{"image": 1, "tool": "arrow", "graphic_data": [[1, 1], [2, 2]]}',
        '{"image": "k-1", "tool": "arrow", "graphic_data": [[NaN, 1], [2, 2]]}',
        '{"image": "k-1", "tool": "arrow", "graphic_data": "1 1 2 2"}',
        "[" * 15_000,
        "1" * 20_001,
    ],
)
def test_a_forged_place_is_refused_and_keeps_the_rest_of_the_form(client, reader, case, sent):
    study = case.case_studies.get().study_id
    form = form_placing(case) | {f"place_{study}_0": sent, "comment": "Kept"}

    assert save_form(client, case, form).status_code == 400
    answered = client.post(address(case, "submit"), form)
    assert answered.status_code == 422
    assert "Kept" in answered.content.decode()
    assert not Finding.objects.exists()


def test_a_place_without_its_finding_says_what_is_missing(client, reader, case):
    study = case.case_studies.get().study_id
    form = form_placing(case) | {f"finding_{study}_0": ""}

    answered = save_form(client, case, form)

    assert answered.status_code == 400
    assert "Choose the finding that is there." in answered.json()["message"]


def test_nothing_is_placed_after_submitting(client, reader, case):
    client.post(address(case, "submit"), form_placing(case))

    later = form_placing(case, graphic_data=[[1, 1], [2, 2]]) | {"version": "1"}
    answered = save_form(client, case, later)

    assert answered.status_code == 409
    assert "can no longer be changed" in answered.json()["message"]
    assert Finding.objects.get().graphic_data == [0.5, 0.75, 2.25, 3.0]


# --- What the database knows ------------------------------------------------------------


def test_a_placed_finding_of_a_submitted_reading_is_never_moved(case, reader):
    read(case, reader, placed(case))

    with pytest.raises(IntegrityError, match="is not changed"), transaction.atomic():
        Finding.objects.update(graphic_data=[1.0, 1.0, 2.0, 2.0])
    with pytest.raises(IntegrityError, match="is not changed"), transaction.atomic():
        Finding.objects.update(frame=None, instance=None, tool="", graphic_type="", graphic_data=[])


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"frame": 2}, "finding_lies_within_its_image"),
        ({"graphic_data": [0.0, 0.0, 5.0, 1.0]}, "finding_lies_within_its_image"),
        ({"graphic_data": [0.0, 0.0, float("nan"), 1.0]}, "finding_lies_within_its_image"),
        (
            {"tool": "polygon", "graphic_data": [0.0, 0.0, 1.0, 1.0, 2.0, 1.0, 0.0, 1.0]},
            "outline_of_a_finding_ends_where_it_begins",
        ),
        ({"graphic_type": "POINT"}, "finding_is_placed_wholly_or_not_at_all"),
        ({"tool": "text"}, "finding_is_placed_wholly_or_not_at_all"),
    ],
)
def test_the_database_itself_keeps_a_finding_within_its_image(case, reader, wrong, constraint):
    save(case, reader, 0, placed(case))

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Finding.objects.update(**wrong)
    assert refused.value.__cause__.diag.constraint_name == constraint


def test_the_database_itself_keeps_a_finding_on_an_image_of_its_study(case, reader):
    save(case, reader, 0, placed(case))
    other = slices_of(making.open_case())[0]

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Finding.objects.update(instance=other)
    assert refused.value.__cause__.diag.constraint_name == "finding_lies_on_an_image_of_its_study"


# --- Who sees them ----------------------------------------------------------------------


def test_a_locked_reading_shows_its_findings_with_links_to_their_slices(client, reader, case):
    read(case, reader, placed(case, on=3), CodedFinding(code("Nodule")))

    answered = client.get(address(case))

    rows = {row["key"]: row for row in answered.context["own_reading"]["rows"]}
    first, second = rows["Findings"]["parts"]
    assert first["text"] == "Crazy-paving, lower lobe"
    assert (first["place"], first["image"]) == ("slice 3 of 3", name_of(slices_of(case)[2]))
    assert (second["text"], second["place"]) == ("Nodule", None)
    page = answered.content.decode()
    assert f'href="?image={first["image"]}#image={first["image"]}"' in page
    assert f'data-annotations-root="{address(case, "findings")}"' in page
    assert "data-annotations-write" not in page


def test_ones_own_locked_findings_are_drawn_without_a_label_while_nothing_else_is_seen(
    client, reader, case
):
    read(case, reader, placed(case))

    (drawn,) = seen_by(client, case)

    assert drawn == {
        "id": str(Finding.objects.get().pk),
        "image": name_of(slices_of(case)[1]),
        "tool": "arrow",
        "graphic_type": "POLYLINE",
        "graphic_data": [list(pair) for pair in ARROW],
        "text": "Crazy-paving",
        "version": 1,
    }


def test_a_draft_is_not_drawn_for_anybody_by_that_address(client, reader, case):
    save(case, reader, 0, placed(case))

    assert seen_by(client, case) == []
    assert "data-annotations-root" not in client.get(address(case)).content.decode()


def test_nobody_sees_anothers_findings_before_their_own_reading_is_locked(client, reader, case):
    other = making.panellist()
    making.assigned(case, other)
    read(case, other, placed(case, "Nodule"))

    assert seen_by(client, case) == []
    read(case, reader, placed(case))
    case.refresh_from_db()
    assert case.status == Case.Status.ACCEPTED
    assert [each["text"] for each in seen_by(client, case)] == [
        "Nodule (Reader B)",
        "Crazy-paving (you)",
    ]


def test_the_adjudicator_sees_both_as_a_and_b_and_a_reader_only_their_own(client, reader, case):
    other, adjudicator = making.panellist(), making.panellist()
    read(case, reader, placed(case))
    making.assigned(case, other)
    services.submit_reading(
        case=case,
        actor=making.actor(other),
        version=0,
        answers=making.answers(
            case,
            include=False,
            teaching_value=None,
            studies=answer(case, findings=(placed(case, "Nodule"),)),
        ),
        at=timezone.now(),
    )
    case.refresh_from_db()
    assert [each["text"] for each in seen_by(client, case)] == ["Crazy-paving"]

    making.assigned(case, adjudicator)
    sign_in(client, adjudicator)
    assert [each["text"] for each in seen_by(client, case)] == [
        "Crazy-paving (Reader A)",
        "Nodule (Reader B)",
    ]
    page = client.get(address(case)).content.decode()
    assert "Crazy-paving, lower lobe" in page
    assert "Nodule, lower lobe" in page


def test_a_case_that_is_set_aside_shows_nothing_drawn(client, reader, case):
    read(case, reader, placed(case))
    chair = making.chair()
    services.set_aside(
        case=case,
        actor=making.actor(chair),
        reason=Case.SetAsideReason.choices[0][0],
        where="",
        at=timezone.now(),
    )
    sign_in(client, chair)

    assert seen_by(client, case) == []


def test_who_may_not_see_the_case_finds_no_drawings(client, case):
    sign_in(client, making.panellist())
    assert client.get(address(case, "findings")).status_code == 404

    client.logout()
    asked = client.get(address(case, "findings"), headers={"accept": "application/json"})
    assert asked.status_code == 401


def test_seeing_the_drawings_is_an_opening_in_the_trail_once_a_sitting(client, reader, case):
    read(case, reader, placed(case))
    before = acts().count("study.opened")

    for _ in range(2):
        seen_by(client, case)

    assert acts().count("study.opened") == before + 1


def test_the_trail_counts_placed_findings_and_holds_no_place(reader, case):
    read(case, reader, placed(case), CodedFinding(code("Nodule")))

    row = LogEntry.objects.get(additional_data__verb="reading.submitted")
    assert row.additional_data["facts"]["placed"] == 1
    assert "2.25" not in json.dumps(row.additional_data)
