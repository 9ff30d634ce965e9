"""The panel's images, from a real upload, read by a DICOMweb client that nobody here wrote."""

import io

import numpy as np
import pydicom
import pytest
import requests
from auditlog.models import LogEntry
from dicomweb_client import DICOMwebClient
from django.conf import settings
from django.test import Client
from django.utils import timezone

from review.services import open_case
from tests import datasets
from tests.review import making
from tests.signing_in import sign_in
from tests.uploads.sending import submitted
from uploads import tasks
from uploads.models import Study

pytestmark = pytest.mark.django_db(transaction=True)

SOURCES = datasets.ct_series(3)


@pytest.fixture
def study() -> Study:
    """A study of an open case, stored by the workers' own code."""
    upload = submitted(SOURCES)
    tasks.process_upload(str(upload.pk))
    upload.refresh_from_db()
    chair = making.actor(making.chair())
    open_case(patient=upload.patient, actor=chair, at=timezone.now())
    return Study.objects.get(upload=upload)


def reader_of(live_server, member) -> DICOMwebClient:
    browser = sign_in(Client(), member)
    session = requests.Session()
    session.trust_env = False
    name = settings.SESSION_COOKIE_NAME
    session.cookies.set(name, browser.cookies[name].value)
    return DICOMwebClient(url=f"{live_server.url}/review/dicom-web", session=session)


@pytest.fixture
def reader(live_server, study):
    return reader_of(live_server, making.chair())


def uid(row: dict, tag: str) -> str:
    return row[tag]["Value"][0]


def test_a_study_is_searched_for_opened_and_its_frames_are_the_pixels_that_were_sent(reader, study):
    (found,) = reader.search_for_studies(search_filters={"ModalitiesInStudy": "CT"})
    assert uid(found, "0020000D") == study.study_instance_uid
    (series,) = reader.search_for_series(study.study_instance_uid)
    headers = reader.retrieve_series_metadata(study.study_instance_uid, uid(series, "0020000E"))

    sent = {
        int(dataset.InstanceNumber): dataset.pixel_array
        for dataset in (pydicom.dcmread(io.BytesIO(source)) for source in SOURCES)
    }
    for header in headers:
        keys = (uid(header, "0020000D"), uid(header, "0020000E"), uid(header, "00080018"))
        (frame,) = reader.retrieve_instance_frames(
            *keys, [1], media_types=("application/octet-stream",)
        )
        pixels = sent[int(uid(header, "00200013"))]
        assert np.array_equal(np.frombuffer(frame, pixels.dtype).reshape(pixels.shape), pixels)


def test_an_instance_is_the_de_identified_file(reader, study):
    instance = study.series.get().instances.first()

    dataset = reader.retrieve_instance(
        study.study_instance_uid,
        instance.series.series_instance_uid,
        instance.sop_instance_uid,
    )

    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.PatientID == study.patient.pseudonym


def test_opening_by_a_client_is_in_the_trail_once_a_sitting(reader, study):
    for _ in range(2):
        reader.retrieve_study_metadata(study.study_instance_uid)
        reader.search_for_instances(study.study_instance_uid)

    verbs = [row.additional_data["verb"] for row in LogEntry.objects.all()]
    assert verbs.count("study.opened") == 1


def test_attributes_beyond_the_usual_ones_come_when_asked_for(reader, study):
    (first, *_) = reader.search_for_instances(
        study.study_instance_uid, fields=["SliceThickness", "ImagePositionPatient"]
    )

    assert uid(first, "00180050")
    assert len(first["00200032"]["Value"]) == 3


def test_somebody_elses_case_is_not_found(live_server, study):
    stranger = reader_of(live_server, making.panellist(organisation=study.upload.organisation))

    assert stranger.search_for_studies() == []
    with pytest.raises(requests.HTTPError) as refused:
        stranger.retrieve_study_metadata(study.study_instance_uid)
    assert refused.value.response.status_code == 404


def test_nobody_without_a_session_is_answered(live_server, study):
    nobody = DICOMwebClient(url=f"{live_server.url}/review/dicom-web")

    with pytest.raises(requests.HTTPError) as refused:
        nobody.search_for_studies()
    assert refused.value.response.status_code == 401
