"""The panel's DICOMweb: whose studies it holds, and what it leaves in the trail."""

import gzip
import io
import json

import numpy as np
import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from review.models import Case
from tests.factories import member, organisation
from tests.review import making
from tests.signing_in import sign_in
from tests.stored_images import store_image
from uploads import storage
from uploads.lifecycle import UploadStatus
from uploads.models import Study

pytestmark = pytest.mark.django_db

HEADER = {
    "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
    "00280030": {"vr": "DS", "Value": [0.75, 0.75]},
    "00280103": {"vr": "US", "Value": [0]},
    "00281050": {"vr": "DS", "Value": [50]},
    "00281051": {"vr": "DS", "Value": [100]},
}


def stored(study: Study) -> Study:
    """Put the study's one file and its metadata where the workers put them."""
    series = study.series.get()
    instance = series.instances.get()
    instance.header = HEADER
    instance.save()
    pixels = np.arange(16, dtype=np.uint16).reshape(4, 4) * 10
    store_image(instance, pixels)
    key = storage.metadata_key(study.upload_id, series.series_instance_uid)
    storage.write_study(key, gzip.compress(json.dumps([HEADER]).encode()))
    return study


def address(*parts: str) -> str:
    return reverse("review:dicom-web", args=["/".join(parts)])


def of(study: Study, *parts: str) -> str:
    return address("studies", study.study_instance_uid, *parts)


def instance_of(study: Study, *parts: str) -> str:
    series = study.series.get()
    instance = series.instances.get()
    return of(
        study, "series", series.series_instance_uid, "instances", instance.sop_instance_uid, *parts
    )


def verbs() -> list[str]:
    return [
        entry.additional_data["verb"]
        for entry in LogEntry.objects.order_by("pk")
        if entry.additional_data["verb"].startswith("study.")
    ]


def listed(client) -> set[str]:
    answer = client.get(address("studies"))
    return {study["0020000D"]["Value"][0] for study in answer.json()}


@pytest.fixture
def study() -> Study:
    upload = making.accepted_upload()
    making.open_case(upload)
    return upload.studies.get()


@pytest.fixture
def reader(client, study):
    reader = making.panellist()
    making.assigned(Case.objects.get(), reader)
    sign_in(client, reader)
    return reader


def test_a_panellist_sees_a_slice_of_a_case_as_a_picture(client, reader, study):
    stored(study)

    answer = client.get(instance_of(study, "frames", "1", "rendered"), {"window": "75,150,linear"})

    assert answer["Content-Type"] == "image/png"
    assert "no-store" in answer["Cache-Control"]
    picture = np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))
    assert picture.shape == (4, 4)
    assert picture[0, 0] == 0
    assert picture[3, 3] == 255


def test_a_page_shows_addresses_that_answer(client, reader, study):
    stored(study)
    page = client.get(reverse("review:case", args=[Case.objects.get().number]))
    image = page.context["series"][0]["images"][0]

    assert client.get(image["url"]).status_code == 200


def test_dicomweb_lists_the_studies_of_the_cases_one_may_see(client, reader, study):
    trust = organisation()
    theirs = making.given_case(reader, making.accepted_upload(sent_by=trust))
    making.open_case(making.accepted_upload())
    making.accepted_upload()

    assert len(listed(client)) == 2
    reader.organisation = theirs.patient.organisation
    reader.save()
    assert listed(client) == {study.study_instance_uid}


def test_a_study_of_no_case_is_not_found(client, reader):
    study = stored(making.accepted_upload().studies.get())

    assert client.get(of(study, "series")).status_code == 404
    assert client.get(instance_of(study, "rendered")).status_code == 404


def test_images_of_ones_own_trust_are_not_found_before_the_case_is_settled(client):
    trust = organisation()
    upload = making.accepted_upload(sent_by=trust)
    making.open_case(upload)
    study = stored(upload.studies.get())
    sign_in(client, making.panellist(trust))

    for parts in [("rendered",), ("frames", "1"), ("metadata",), ()]:
        assert client.get(instance_of(study, *parts)).status_code == 404
    assert verbs() == []


@pytest.mark.parametrize("asker", ["panellist", "chair"])
def test_images_set_aside_are_on_no_page(client, study, asker):
    stored(study)
    Case.objects.update(
        status="set_aside",
        set_aside_at="2020-04-01T09:00Z",
        set_aside_by=making.panellist(),
        set_aside_reason="face",
    )
    sign_in(client, getattr(making, asker)())

    assert client.get(instance_of(study, "rendered")).status_code == 404
    assert listed(client) == set()


def test_images_of_a_withdrawn_upload_are_gone_at_once(client, reader, study):
    stored(study)
    type(study.upload).objects.update(status=UploadStatus.WITHDRAWN)

    assert client.get(instance_of(study, "rendered")).status_code == 404


def test_nobody_and_other_members_get_no_image(client, study):
    stored(study)
    assert client.get(instance_of(study, "rendered")).status_code == 401
    sign_in(client, member(("administrator",)))
    assert client.get(instance_of(study, "rendered")).status_code == 403


def test_seeing_frames_leaves_one_row_a_sitting_however_many(client, reader, study):
    stored(study)
    for _ in range(3):
        client.get(instance_of(study, "frames", "1", "rendered"))
        client.get(instance_of(study, "metadata"))

    assert verbs() == ["study.opened"]


def test_frames_after_the_page_leave_no_further_row(client, reader, study):
    stored(study)
    client.get(reverse("review:case", args=[Case.objects.get().number]))
    client.get(instance_of(study, "frames", "1", "rendered"))

    assert verbs() == ["study.opened"]


def test_listing_studies_opens_none(client, reader, study):
    client.get(address("studies"))

    assert verbs() == []


def test_taking_a_file_away_is_a_row_of_its_own(client, reader, study):
    stored(study)

    answer = client.get(instance_of(study), HTTP_ACCEPT="application/dicom; transfer-syntax=*")

    assert answer.content == storage.read_instance(study.series.get().instances.get())
    assert verbs() == ["study.opened", "study.downloaded"]


def test_dicomweb_is_for_reading_only(client, reader, study):
    assert client.post(address("studies")).status_code == 405


def test_a_case_of_three_thousand_slices_asks_as_little_of_the_database_as_one_of_three(client):
    sign_in(client, reader := making.panellist())
    asked = []
    for slices in (3, 3000):
        case = making.given_case(reader, making.accepted_upload(slices=slices))
        page = reverse("review:case", args=[case.number])
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page, headers={"Accept-Encoding": "gzip"})
        asked.append(len(queries))
        assert len(answer.context["series"][0]["images"]) == slices
        middle = stored_middle(case.case_studies.get().study)
        assert client.get(middle, headers={"Accept": "image/jls"}).status_code == 200

    assert asked[0] == asked[1]


def stored_middle(study: Study) -> str:
    """The address of the middle slice's frame, which is stored."""
    series = study.series.get()
    instance = series.instances.all()[series.instances.count() // 2]
    store_image(instance, np.zeros((4, 4), dtype=np.uint16))
    return of(
        study,
        *("series", series.series_instance_uid),
        *("instances", instance.sop_instance_uid, "frames", "1"),
    )
