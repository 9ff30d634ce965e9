"""Masks a curator draws on held files, from the form to the stored pixels."""

import numpy as np
import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone
from pydicom.uid import ExplicitVRLittleEndian

from audit.actors import Actor
from tests import datasets, factories
from tests.signing_in import sign_in
from tests.uploads.sending import submitted
from uploads import storage, tasks
from uploads.dicom.masks import Mask
from uploads.dicom.transcoding import decode_frame
from uploads.lifecycle import UploadStatus
from uploads.models import Instance, Upload, UploadedFile
from uploads.services import held_files

pytestmark = pytest.mark.django_db

HEADER = Mask(0, 0, 64, 14)


@pytest.fixture
def member():
    return factories.member(roles=("curator",))


@pytest.fixture
def curator(member) -> Actor:
    return Actor.of_member(member)


def lettered_xray(**changes) -> bytes:
    """A radiograph with a bright header burned in, as a name would be."""
    dataset = datasets.xray_dataset(BurnedInAnnotation="YES", **changes)
    pixels = datasets.stored_pixels(dataset).copy()
    pixels[3:11, 4:60:3] = 4095
    dataset.PixelData = pixels.astype("<u2").tobytes()
    return datasets.in_transfer_syntax(dataset, ExplicitVRLittleEndian)


def processed(*contents: bytes) -> Upload:
    upload = submitted(contents)
    tasks.process_upload(str(upload.pk))
    upload.refresh_from_db()
    return upload


def masked(upload: Upload, curator: Actor, *masks: Mask, **options) -> UploadedFile:
    held_files.mask_file(
        file=upload.files.get(number=1),
        masks=masks or (HEADER,),
        actor=curator,
        at=timezone.now(),
        **options,
    )
    tasks.process_upload(str(upload.pk))
    return upload.files.get(number=1)


def released(file: UploadedFile, curator: Actor) -> Upload:
    held_files.release_file(
        file=file, revision=file.masks_revision, actor=curator, at=timezone.now()
    )
    tasks.process_upload(str(file.upload_id))
    return Upload.objects.get(pk=file.upload_id)


def test_a_masked_file_is_held_for_a_second_look(curator):
    upload = processed(lettered_xray())

    file = masked(upload, curator)

    assert (file.outcome, file.reason) == ("held", "masked")
    assert (file.masked_by, file.released_at) == (curator.member, None)
    assert storage.read_preview(file, 1).startswith(b"\x89PNG")
    upload.refresh_from_db()
    assert upload.status == UploadStatus.HELD


def test_the_stored_pixels_are_those_that_were_seen_again(curator):
    source = lettered_xray()
    upload = processed(source)

    upload = released(masked(upload, curator), curator)

    assert upload.status == UploadStatus.ACCEPTED
    instance = Instance.objects.get(series__study__upload=upload)
    frame = decode_frame(storage.read_frame(instance, 1))
    sent = datasets.stored_pixels(datasets.xray_dataset())
    assert np.unique(frame[:14]).size == 1
    assert np.array_equal(frame[14:], sent[14:])
    assert instance.header["00280301"]["Value"] == ["NO"]
    assert storage.read_thumbnail(instance.series).startswith(b"\x89PNG")


def test_a_mask_drawn_after_the_look_takes_the_release_away(curator):
    upload = processed(lettered_xray())
    seen = masked(upload, curator)
    masked(upload, curator, HEADER, Mask(0, 80, 64, 10))

    with pytest.raises(held_files.NotHeld):
        held_files.release_file(
            file=seen, revision=seen.masks_revision, actor=curator, at=timezone.now()
        )

    assert upload.files.get().outcome == "held"


def test_a_late_worker_does_not_bring_older_masks_back(curator):
    upload = processed(lettered_xray())
    late = upload.files.get()
    file = masked(upload, curator)
    held_files.try_file_again(file=file, actor=curator)

    # it took the file before anything was masked
    from uploads.services.storing import Result, store_results

    store_results(upload=upload, results=[Result(late, "refused", "not_dicom")])

    assert upload.files.get().outcome == "waiting"


def test_one_act_masks_every_held_file_of_the_series(curator):
    upload = processed(
        lettered_xray(number=1), lettered_xray(number=2), lettered_xray(number=3, series=2)
    )

    count = held_files.mask_file(
        file=upload.files.get(number=1),
        masks=(HEADER,),
        actor=curator,
        at=timezone.now(),
        in_whole_series=True,
    )

    assert count == 2
    assert list(upload.files.values_list("number", "outcome")) == [
        (1, "waiting"),
        (2, "waiting"),
        (3, "held"),
    ]


def test_masks_drawn_before_on_another_file_stay(curator):
    upload = processed(lettered_xray(number=1), lettered_xray(number=2))
    own = Mask(0, 80, 64, 10)
    second = upload.files.get(number=2)
    held_files.mask_file(file=second, masks=(own,), actor=curator, at=timezone.now())
    tasks.process_upload(str(upload.pk))

    masked(upload, curator, HEADER, in_whole_series=True)

    masks = [Mask.from_json(mask) for mask in upload.files.get(number=2).masks]
    assert masks == [own, HEADER]


def test_pictures_of_another_size_are_left_alone(curator):
    upload = processed(lettered_xray(number=1), lettered_xray(number=2))
    second = upload.files.get(number=2)
    second.picture["rows"] = 2000
    second.save(update_fields=["picture"])

    masked(upload, curator, HEADER, in_whole_series=True)

    assert upload.files.get(number=2).masks == []


@pytest.mark.parametrize(
    "masks", [(), (Mask(64, 0, 5, 5),), (HEADER,) * 201, (Mask(0, 0, 5, 5, frame=2),)]
)
def test_masks_that_would_hide_nothing_are_not_taken(curator, masks):
    upload = processed(lettered_xray())

    with pytest.raises(held_files.MasksDoNotFit):
        held_files.mask_file(file=upload.files.get(), masks=masks, actor=curator, at=timezone.now())

    assert upload.files.get().outcome == "held"


def test_masks_can_be_taken_off_again(curator):
    upload = processed(lettered_xray())
    file = masked(upload, curator)

    held_files.mask_file(file=file, masks=(), actor=curator, at=timezone.now())
    tasks.process_upload(str(upload.pk))

    file = upload.files.get()
    assert (file.reason, file.masks, file.masks_revision) == ("burned_in_annotation", [], 2)


def test_an_accepted_file_is_masked_no_more(curator):
    upload = processed(datasets.chest_xray())

    with pytest.raises(held_files.NotHeld):
        held_files.mask_file(
            file=upload.files.get(), masks=(HEADER,), actor=curator, at=timezone.now()
        )


def test_the_trail_says_that_and_how_often_it_was_masked_but_not_where(curator):
    upload = processed(lettered_xray())

    masked(upload, curator)

    entry = LogEntry.objects.filter(additional_data__verb="file.masked").get()
    assert entry.actor == curator.member
    assert set(entry.additional_data["facts"]) == {"upload", "masks", "revision"}


# --- The form, by numbers alone ---------------------------------------------------


def rows(*boxes: dict, **more) -> dict:
    data = {"masks-TOTAL_FORMS": len(boxes), "masks-INITIAL_FORMS": 0, **more}
    for place, box in enumerate(boxes):
        data |= {f"masks-{place}-{name}": value for name, value in box.items()}
    return data


BOX = {"x": 0, "y": 0, "width": 64, "height": 14}


@pytest.fixture
def page(client, member):
    upload = processed(lettered_xray())
    sign_in(client, member)
    return lambda data: client.post(
        reverse("uploads:mask", args=[upload.pk, upload.files.get().pk]), data
    )


def test_numbers_make_a_mask_without_any_script(page):
    response = page(rows(BOX, {}, apply=1))

    file = UploadedFile.objects.get()
    assert response.url == reverse("uploads:held-file", args=[file.upload_id, file.pk])
    assert [Mask.from_json(mask) for mask in file.masks] == [HEADER]


def test_a_row_can_be_added_and_removed_without_any_script(page):
    more = page(rows(BOX, add=1)).content.decode()
    fewer = page(rows(BOX, {"x": 7}, remove=0)).content.decode()

    assert 'name="masks-1-x"' in more
    assert 'name="masks-0-x" value="7"' in fewer
    assert 'name="masks-1-x"' not in fewer
    assert UploadedFile.objects.get().masks == []


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ({"x": 0, "y": 0, "width": 5}, "Enter the rectangle&#x27;s height."),
        (BOX | {"width": 0}, "Width: enter 1 or more."),
        (BOX | {"x": "left"}, "Left: enter a whole number."),
        (BOX | {"x": 500}, "Rectangle 1 lies outside the picture."),
    ],
)
def test_a_wrong_number_is_told_beside_what_was_typed(page, box, problem):
    response = page(rows(box, apply=1))

    assert response.status_code == 422
    assert problem in response.content.decode()
    assert UploadedFile.objects.get().outcome == "held"


def test_a_form_that_was_tampered_with_is_no_server_error(page):
    assert page({"apply": 1}).status_code == 422
    assert page({"add": 1, "masks-TOTAL_FORMS": "99999999"}).status_code == 200
