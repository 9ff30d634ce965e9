"""What is drawn on an edition, as other people's software reads it."""

import io
import uuid
import zipfile

import numpy as np
import pydicom
import pytest
from auditlog.models import LogEntry
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from library import annotating, publication, services, storage
from library.models import Tool
from library.showing import edition_url
from tests.factories import member
from tests.library import making
from tests.signing_in import sign_in
from tests.uploads.dicom.dciodvfy import errors_of, needs_dciodvfy

pytestmark = pytest.mark.django_db

# no binary fraction among them, so that what is kept is the standard's 32 bits
DRAWN = {
    Tool.ARROW: ((0.1, 0.7), (2.3, 3.1)),
    Tool.LENGTH: ((0.0, 0.0), (3.0, 4.0)),
    Tool.ELLIPSE: ((0.5, 2.0), (3.5, 2.0), (2.0, 1.1), (2.0, 2.9)),
    Tool.RECTANGLE: ((1.0, 1.0), (3.3, 1.0), (3.3, 2.0), (1.0, 2.0), (1.0, 1.0)),
    Tool.POLYGON: ((1.0, 1.0), (3.3, 1.2), (2.0, 3.0), (1.0, 1.0)),
    Tool.TEXT: ((1.7, 1.9),),
}


@pytest.fixture
def edition():
    edition = making.draft()
    for tool, pairs in DRAWN.items():
        making.drawn(edition, tool=tool, pairs=pairs, text=f"Label of the {tool}")
    return edition


def read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def links(page) -> list[str]:
    return [each["url"] for each in page.context["documents"]]


def public_files(client, edition) -> list[bytes]:
    page = client.get(edition_url(edition))
    return [client.get(address).content for address in links(page)]


def desk_list(edition) -> str:
    return reverse("library:desk-documents", args=[edition.pk])


def test_highdicom_and_pydicom_read_the_publics_files_where_it_was_drawn(client, edition):
    from highdicom.sr import srread

    making.publish(edition)
    report, state = public_files(client, edition)
    assert b"Nothing is drawn" not in client.get(edition_url(edition)).content

    content = srread(io.BytesIO(report)).content
    found = {
        group.tracking_identifier: group.roi.value
        for group in content.get_planar_roi_measurement_groups()
    }
    (length,) = content.get_image_measurement_groups()
    (measured,) = length.get_measurements()
    found[length.tracking_identifier] = measured.referenced_coordinates[0].value
    assert (measured.value, measured.unit.value) == (2.5, "mm")
    for tool, pairs in DRAWN.items():
        assert found[f"{tool.label} 1"].tolist() == np.float32(pairs).tolist()
    (annotation,) = read(state).GraphicAnnotationSequence
    graphics = [list(each.GraphicData) for each in annotation.GraphicObjectSequence]
    for tool in set(DRAWN) - {Tool.TEXT}:
        assert np.float32(DRAWN[tool]).ravel().tolist() in graphics
    texts = {
        each.UnformattedTextValue: list(each.AnchorPoint) for each in annotation.TextObjectSequence
    }
    assert texts["Label of the text"] == np.float32(DRAWN[Tool.TEXT][0]).tolist()
    assert "Label of the length, 2.5 mm" in texts


def test_the_publics_files_are_of_public_images_and_show_the_teaching_points_window(
    client, edition
):
    making.publish(edition)
    image = edition.images.get(position=2)

    report, state = (read(content) for content in public_files(client, edition))

    for document in (report, state):
        assert document.StudyInstanceUID == image.study_instance_uid
        assert image.sop_instance_uid in str(document)
        assert document.PatientName == f"Teaching case {edition.teaching_case.number}"
    (window,) = state.SoftcopyVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (-600, 1500)
    assert window.ReferencedImageSequence[0].ReferencedSOPInstanceUID == image.sop_instance_uid
    assert report.CompletionFlag == "COMPLETE"


def test_no_file_holds_a_private_identifier_or_a_members_name(client, edition):
    making.publish(edition)
    private = {"PSEUDONYM1", "20200301", edition.author.name, edition.publisher.name}
    for image in edition.images.all():
        private |= {
            image.instance.sop_instance_uid,
            image.instance.series.series_instance_uid,
            image.instance.series.study.study_instance_uid,
        }

    files = public_files(client, edition)

    assert len(files) == 2
    for content in files:
        assert [value for value in private if value.encode() in content] == []


def test_a_public_file_is_cacheable_without_a_cookie_and_the_same_at_each_export(client, edition):
    making.publish(edition)
    (address, _) = links(client.get(edition_url(edition)))
    answer = client.get(address)
    keys = set(storages["janitor-public"].keys(storage.prefix(edition)))

    publication.copy_edition(edition)

    again = client.get(address, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert set(storages["janitor-public"].keys(storage.prefix(edition))) == keys
    assert "s-maxage=60" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/dicom"
    assert answer["Content-Disposition"].endswith('-v1-study-1-report-1.dcm"')
    assert not answer.cookies
    assert client.post(address).status_code == 405


def test_a_suspended_case_gives_no_file_and_an_unknown_one_is_404(client, edition):
    making.publish(edition)
    report, state = links(client.get(edition_url(edition)))
    for unknown in ("study-2-report-1", "study-1-report-2", "study-1-letter-1"):
        assert client.get(report.replace("study-1-report-1", unknown)).status_code == 404
    assert client.get(report.replace("/v1/", "/v2/")).status_code == 404

    services.suspend_teaching_case(
        teaching_case=edition.teaching_case,
        actor=Actor.of_member(making.publisher()),
        at=timezone.now(),
    )

    assert [client.get(address).status_code for address in (report, state)] == [404, 404]


def test_without_a_drawing_there_is_a_presentation_state_and_no_report(client):
    edition = making.published()

    page = client.get(edition_url(edition))

    assert [address.rpartition("/")[2] for address in links(page)] == ["study-1-presentation-1.dcm"]
    assert "Presentation state (DICOM GSPS)" in page.content.decode()
    assert "Nothing is drawn on the images" in page.content.decode()


def test_each_study_has_its_own_files_named_by_its_day(client):
    edition = making.draft(making.case_with_images(days=(3, 9)))
    for series in services.series_of(edition.teaching_case.case):
        annotating.draw(
            edition=edition,
            key=uuid.uuid4(),
            instance=series.instances.first(),
            frame=1,
            drawing=annotating.Drawing("text", ((1.0, 1.0),), "Here"),
            actor=Actor.of_member(edition.author),
            at=timezone.now(),
        )
    making.publish(edition)

    page = client.get(edition_url(edition))

    assert [each["text"] for each in page.context["documents"]] == [
        "Measurement report (DICOM SR), Day 3 from onset",
        "Presentation state (DICOM GSPS), Day 3 from onset",
        "Measurement report (DICOM SR), Day 9 from onset",
        "Presentation state (DICOM GSPS), Day 9 from onset",
    ]
    studies = {read(content).StudyInstanceUID for content in public_files(client, edition)}
    assert studies == {image.study_instance_uid for image in edition.images.all()}


def test_the_desk_exports_a_draft_under_its_pseudonyms_and_says_so_in_the_trail(client, edition):
    sign_in(client, edition.author)
    private = services.series_of(edition.teaching_case.case)[0]

    report, state = links(client.get(desk_list(edition)))
    content = client.get(report).content

    dataset = read(content)
    assert dataset.StudyInstanceUID == private.study.study_instance_uid
    assert (dataset.CompletionFlag, dataset.PreliminaryFlag) == ("PARTIAL", "PRELIMINARY")
    assert edition.author.name.encode() not in content
    assert client.get(report).content == content
    assert read(client.get(state).content).Modality == "PR"
    entries = LogEntry.objects.filter(additional_data__verb="edition.exported")
    assert {entry.actor for entry in entries} == {edition.author}
    assert entries.count() == 3


def test_the_desk_needs_no_key_of_the_publisher(client, edition, settings):
    sign_in(client, edition.author)
    report, _ = links(client.get(desk_list(edition)))
    content = client.get(report).content

    settings.PUBLIC_UID_KEY = b""

    assert client.get(report).content == content


def test_the_desk_says_when_there_is_nothing_to_export(client, edition):
    sign_in(client, edition.author)
    empty = services.start_edition(
        case=making.case_with_images(), actor=Actor.of_member(edition.author), at=timezone.now()
    )

    page = client.get(desk_list(empty))

    assert "there is nothing to save" in page.content.decode()
    assert client.get(f"{desk_list(empty)}study-1-report-1.dcm").status_code == 404
    assert client.get(desk_list(edition).replace(str(edition.pk), "999999")).status_code == 404


def test_only_the_desk_exports_drafts(client, edition):
    address = f"{desk_list(edition)}study-1-report-1.dcm"

    assert sign_in(Client(), member(("panellist",))).get(address).status_code == 403
    assert client.get(address).status_code == 302
    assert sign_in(Client(), making.publisher()).get(address).status_code == 200


def test_the_whole_edition_is_a_zip_of_dicom_files_with_its_licence(client):
    edition = making.draft(making.case_with_images(slices=3))
    making.drawn(edition)
    making.publish(edition)
    address = f"{edition_url(edition)}v1/dicom.zip"

    answer = client.get(address)

    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.namelist() == [
        "README.txt",
        "study-1/report-1.dcm",
        "study-1/presentation-1.dcm",
        *(f"study-1/series-1/{number:05}.dcm" for number in (1, 2, 3)),
    ]
    readme = archive.read("README.txt").decode()
    assert "https://creativecommons.org/licenses/by" in readme
    assert edition_url(edition) in readme
    for image in edition.images.all():
        dataset = read(archive.read(f"study-1/series-1/{image.position:05}.dcm"))
        assert dataset.SOPInstanceUID == image.sop_instance_uid
        assert (dataset.pixel_array == image.position).all()
    assert answer["Content-Disposition"].endswith('-v1.zip"')
    assert not answer.cookies
    assert f'href="{address}"' in client.get(edition_url(edition)).content.decode()
    assert client.get(address.replace("/v1/", "/v2/")).status_code == 404


@needs_dciodvfy
def test_dciodvfy_finds_no_error_in_what_was_published(client, edition, tmp_path):
    making.publish(edition)

    for content in public_files(client, edition):
        assert errors_of(content, tmp_path) == {}
