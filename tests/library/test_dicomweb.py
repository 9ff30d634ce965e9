"""A published edition, read by a DICOMweb client that nobody here wrote."""

import io

import numpy as np
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from django.urls import reverse
from PIL import Image

from library import storage
from tests.library import making

pytestmark = pytest.mark.django_db(transaction=True)


def root_of(edition) -> str:
    case = edition.teaching_case
    return reverse("library:dicom-web", args=[case.number, case.slug, edition.number])


@pytest.fixture
def edition():
    return making.published(making.case_with_images(slices=3))


@pytest.fixture
def address(live_server, edition):
    return live_server.url + root_of(edition).rstrip("/")


@pytest.fixture
def reader(address):
    return DICOMwebClient(url=address)


def uid(row: dict, tag: str) -> str:
    return row[tag]["Value"][0]


def test_a_study_is_found_and_opened_down_to_its_instances(reader, edition):
    (study,) = reader.search_for_studies()
    study_uid = uid(study, "0020000D")
    (series,) = reader.search_for_series(study_uid, search_filters={"Modality": "CT"})
    found = reader.search_for_instances(study_uid, uid(series, "0020000E"))

    assert [uid(row, "00080018") for row in found] == [
        image.sop_instance_uid for image in edition.images.all()
    ]
    assert reader.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    assert len(reader.search_for_instances(study_uid, limit=2, offset=2)) == 1


def test_metadata_is_the_same_at_every_level(reader, edition):
    image = edition.images.first()
    keys = (image.study_instance_uid, image.series_instance_uid)

    whole = reader.retrieve_study_metadata(keys[0])
    series = reader.retrieve_series_metadata(*keys)
    own = reader.retrieve_instance_metadata(*keys, image.sop_instance_uid)

    assert whole == series
    assert own in series
    assert len(series) == 3


def test_frames_are_the_stored_pixels_whatever_codec_is_taken(reader, edition):
    for number, image in enumerate(edition.images.all(), start=1):
        keys = (image.study_instance_uid, image.series_instance_uid, image.sop_instance_uid)
        header = reader.retrieve_instance_metadata(*keys)
        shape = (uid(header, "00280010"), uid(header, "00280011"))

        (native,) = reader.retrieve_instance_frames(
            *keys, [1], media_types=("application/octet-stream",)
        )
        (stored,) = reader.retrieve_instance_frames(
            *keys, [1], media_types=(("image/jls", "1.2.840.10008.1.2.4.80"),)
        )

        assert (np.frombuffer(native, "<u2").reshape(shape) == number).all()
        assert stored == storage.read(storage.frame_key(edition, image, 1))


def test_an_instance_is_a_dicom_file_whose_pixels_are_the_stored_ones(reader, edition):
    image = edition.images.last()

    dataset = reader.retrieve_instance(
        image.study_instance_uid, image.series_instance_uid, image.sop_instance_uid
    )

    assert dataset.SOPInstanceUID == image.sop_instance_uid
    stream = io.BytesIO()
    dataset.save_as(stream)
    again = pydicom.dcmread(io.BytesIO(stream.getvalue()))
    assert (again.pixel_array == 3).all()


def test_a_whole_series_comes_as_files(reader, edition):
    image = edition.images.first()

    files = reader.retrieve_series(image.study_instance_uid, image.series_instance_uid)

    assert len({dataset.SOPInstanceUID for dataset in files}) == 3


def test_pictures_come_as_png_and_jpeg(reader, edition):
    image = edition.images.first()
    keys = (image.study_instance_uid, image.series_instance_uid, image.sop_instance_uid)

    kinds = {
        kind: Image.open(
            io.BytesIO(reader.retrieve_instance_rendered(*keys, media_types=(kind,)))
        ).format
        for kind in ("image/png", "image/jpeg")
    }

    assert kinds == {"image/png": "PNG", "image/jpeg": "JPEG"}


def path_of(edition, *parts: str) -> str:
    return root_of(edition) + "/".join(parts)


def frame_path(edition) -> str:
    image = edition.images.first()
    return path_of(
        edition,
        f"studies/{image.study_instance_uid}/series/{image.series_instance_uid}",
        f"instances/{image.sop_instance_uid}/frames/1",
    )


def test_answers_are_kept_by_caches_and_tell_them_by_what(client, edition):
    first = client.get(frame_path(edition), headers={"Accept": "image/jls"})
    again = client.get(
        frame_path(edition),
        headers={"Accept": "image/jls", "If-None-Match": first["ETag"]},
    )

    assert "s-maxage=60" in first["Cache-Control"]
    assert "Accept" in first["Vary"]
    assert not first.cookies
    assert again.status_code == 304


def test_the_same_multipart_answer_is_the_same_bytes(client, edition):
    answers = {client.get(frame_path(edition)).content for _ in range(2)}

    assert len(answers) == 1


@pytest.mark.parametrize("kind", ["video/mp4", "image/jp2", "nonsense"])
def test_a_kind_nobody_has_is_not_acceptable_and_not_kept(client, edition, kind):
    answer = client.get(frame_path(edition), headers={"Accept": kind})

    assert answer.status_code == 406
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "resource", ["studies/1.2.3/series", "studies/1.2.3/metadata", "patients", "studies/1.2.3"]
)
def test_what_the_edition_does_not_hold_is_not_found(client, edition, resource):
    assert client.get(path_of(edition, resource)).status_code == 404


def test_a_frame_is_found_without_reading_the_editions_other_images(
    client, edition, django_assert_num_queries
):
    address = frame_path(edition)

    # the edition with its case, and the one image
    with django_assert_num_queries(2) as queries:
        client.get(address, headers={"Accept": "image/jls"})

    assert edition.images.first().sop_instance_uid in queries.captured_queries[-1]["sql"]


def test_more_than_a_page_is_said(client, edition):
    answer = client.get(path_of(edition, "instances"), {"limit": 1})

    assert len(answer.json()) == 1
    assert "There are 2 additional results" in answer["Warning"]
