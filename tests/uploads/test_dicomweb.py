"""DICOMweb answers from what the workers stored, asked as viewers and clients ask."""

import email
import gzip
import io
import json
from email.policy import HTTP

import numpy as np
import pydicom
import pytest
from django.http import Http404
from django.test import RequestFactory
from PIL import Image

from tests import datasets
from tests.uploads.sending import submitted
from uploads import dicomweb, storage, tasks
from uploads.dicom.transcoding import decode_frame
from uploads.models import Instance, Series, Study

pytestmark = pytest.mark.django_db

CORNERSTONE = "multipart/related; type=application/octet-stream; transfer-syntax=*"


def accepted(contents) -> Study:
    upload = submitted(contents)
    tasks.process_upload(str(upload.pk))
    return Study.objects.get(upload=upload)


def ask(resource: str, query: str = "", studies=None, **headers):
    request = RequestFactory().get(f"/review/dicom-web/{resource}{query}", headers=headers)
    rows = Study.objects.all() if studies is None else studies
    return dicomweb.answer(request, studies=rows, resource=resource)


def body(response) -> bytes:
    return b"".join(response) if response.streaming else response.content


def parts(response) -> list[tuple[str, bytes]]:
    head = f"Content-Type: {response['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body(response), policy=HTTP)
    return [
        (part["Content-Type"].replace('"', ""), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


def address(instance: Instance) -> str:
    series = instance.series
    return (
        f"studies/{series.study.study_instance_uid}/series/{series.series_instance_uid}"
        f"/instances/{instance.sop_instance_uid}"
    )


def value(header: dict, tag: str):
    return header[tag]["Value"][0]


def sent_pixels(source: bytes) -> bytes:
    return pydicom.dcmread(io.BytesIO(source)).PixelData


# --- Searching --------------------------------------------------------------------


def test_a_study_is_found_with_its_counts():
    study = accepted(datasets.ct_series(3))

    (found,) = json.loads(ask("studies").content)

    assert value(found, "0020000D") == study.study_instance_uid
    assert value(found, "00080061") == "CT"
    assert (value(found, "00201206"), value(found, "00201208")) == (1, 3)
    assert value(found, "00100020") == study.patient.pseudonym


def test_studies_match_by_keyword_and_by_tag():
    wanted = accepted([datasets.ct_slice()])
    accepted([datasets.ct_slice(study=2, patient="B")])

    for key in ("StudyInstanceUID", "0020000D"):
        found = json.loads(ask("studies", f"?{key}={wanted.study_instance_uid}").content)

        assert [value(study, "0020000D") for study in found] == [wanted.study_instance_uid]
        assert json.loads(ask("studies", f"?{key}=1.2.3").content) == []


def test_results_are_paged():
    accepted(datasets.ct_series(5))
    study = Study.objects.get()
    resource = f"studies/{study.study_instance_uid}/instances"

    numbers = [
        value(found, "00200013") for found in json.loads(ask(resource, "?limit=2&offset=1").content)
    ]

    assert len(numbers) == 2
    assert ask(resource, "?limit=-1").status_code == 400


def test_what_the_asker_may_not_see_is_not_there():
    study = accepted([datasets.ct_slice()])
    instance = Instance.objects.get()
    nothing = Study.objects.none()

    assert json.loads(ask("studies", studies=nothing).content) == []
    for resource in (
        f"studies/{study.study_instance_uid}",
        f"studies/{study.study_instance_uid}/series",
        f"studies/{study.study_instance_uid}/metadata",
        f"{address(instance)}",
        f"{address(instance)}/metadata",
        f"{address(instance)}/rendered",
        f"{address(instance)}/frames/1",
        f"{address(instance)}/frames/1/rendered",
    ):
        with pytest.raises(Http404):
            ask(resource, studies=nothing)


def test_a_series_that_is_not_whole_is_not_shown():
    study = accepted([datasets.ct_slice()])
    Series.objects.update(settled_at=None)

    with pytest.raises(Http404):
        ask(f"studies/{study.study_instance_uid}/series")


@pytest.mark.parametrize("resource", ["", "patients", "studies/1.2/../x", "studies/1.2/series/1/x"])
def test_addresses_that_do_not_exist_are_not_found(resource):
    with pytest.raises(Http404):
        ask(resource)


# --- Retrieving -------------------------------------------------------------------


def test_metadata_comes_packed_and_plain_the_same():
    study = accepted(datasets.ct_series(3))
    resource = f"studies/{study.study_instance_uid}/metadata"

    plain = ask(resource)
    packed = ask(resource, accept_encoding="gzip")

    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content)) == json.loads(plain.content)
    positions = [value(header, "00200032") for header in json.loads(plain.content)]
    assert len(positions) == 3


def test_the_metadata_of_an_instance_is_its_own():
    accepted(datasets.ct_series(2))
    instance = Instance.objects.last()

    (header,) = json.loads(ask(f"{address(instance)}/metadata").content)

    assert value(header, "00080018") == instance.sop_instance_uid


def test_viewers_get_the_stored_frame_however_they_ask():
    source = datasets.ct_slice()
    accepted([source])

    for accept in (
        CORNERSTONE,
        'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80',
        "*/*",
        "",
    ):
        response = ask(f"{address(Instance.objects.get())}/frames/1", accept=accept)

        ((kind, frame),) = parts(response)
        assert kind == "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"
        assert decode_frame(frame).tobytes() == sent_pixels(source)
        assert not response.streaming


def test_a_single_frame_is_given_alone_when_asked_so():
    source = datasets.ct_slice()
    accepted([source])

    response = ask(f"{address(Instance.objects.get())}/frames/1", accept="image/jls")

    assert response["Content-Type"].startswith("image/jls")
    assert decode_frame(response.content).tobytes() == sent_pixels(source)


def test_other_clients_get_explicit_little_endian():
    source = datasets.ct_slice()
    accepted([source])

    response = ask(
        f"{address(Instance.objects.get())}/frames/1",
        accept='multipart/related; type="application/octet-stream"',
    )

    ((_, frame),) = parts(response)
    assert frame == sent_pixels(source)


def test_frames_of_an_enhanced_ct_come_in_the_order_asked_for():
    source = datasets.enhanced_ct(4)
    accepted([source])

    response = ask(
        f"{address(Instance.objects.get())}/frames/3,1",
        accept='multipart/related; type="application/octet-stream"',
    )

    pixels = sent_pixels(source)
    size = len(pixels) // 4
    assert [frame for _, frame in parts(response)] == [pixels[2 * size : 3 * size], pixels[:size]]


def test_a_kind_of_frame_nobody_has_is_not_acceptable():
    accepted([datasets.ct_slice()])

    response = ask(f"{address(Instance.objects.get())}/frames/1", accept="video/mp4")

    assert response.status_code == 406


def test_a_frame_the_image_does_not_have_is_not_found():
    accepted([datasets.ct_slice()])

    for frames in ("0", "2", "1,2"):
        with pytest.raises(Http404):
            ask(f"{address(Instance.objects.get())}/frames/{frames}")


def test_a_picture_shows_the_window_that_was_asked_for():
    accepted([datasets.ct_slice()])
    resource = f"{address(Instance.objects.get())}/frames/1/rendered"

    lung = ask(resource, "?window=-600,1500,linear")
    bone = ask(resource, "?window=400,1800,linear")

    assert lung["Content-Type"] == "image/png"
    assert lung["Cache-Control"] == "no-store"
    grey = [np.asarray(Image.open(io.BytesIO(picture.content))) for picture in (lung, bone)]
    assert grey[0].shape == (64, 64)
    assert grey[0].mean() > grey[1].mean()


def test_a_picture_fits_the_viewport():
    accepted([datasets.ct_slice()])

    response = ask(f"{address(Instance.objects.get())}/rendered", "?viewport=32,32")

    assert Image.open(io.BytesIO(response.content)).size == (32, 32)


def test_a_picture_that_cannot_be_made_is_a_bad_question():
    accepted([datasets.ct_slice()])

    for query in (
        "window=1",
        "window=a,b,linear",
        "window=40,0,linear",
        "window=nan,400,linear",
        "window=40,400,cubic",
        "viewport=0,0",
        "viewport=x",
    ):
        response = ask(f"{address(Instance.objects.get())}/rendered", f"?{query}")

        assert response.status_code == 400


def test_a_series_has_a_thumbnail():
    accepted(datasets.ct_series(3))
    series = Series.objects.get()

    response = ask(
        f"studies/{series.study.study_instance_uid}/series/{series.series_instance_uid}/thumbnail"
    )

    assert max(Image.open(io.BytesIO(response.content)).size) <= 256


def test_the_deidentified_file_is_an_attachment():
    accepted([datasets.ct_slice()])
    instance = Instance.objects.get()

    response = ask(address(instance), accept="application/dicom")

    assert response["Content-Disposition"].startswith("attachment")
    dataset = pydicom.dcmread(io.BytesIO(response.content))
    assert dataset.SOPInstanceUID == instance.sop_instance_uid


JPEG_LS = "1.2.840.10008.1.2.4.80"
EXPLICIT = "1.2.840.10008.1.2.1"
RELATED = "multipart/related; type=application/dicom"


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("application/dicom", EXPLICIT),
        (f"application/dicom; transfer-syntax={EXPLICIT}", EXPLICIT),
        ("application/dicom; transfer-syntax=*", JPEG_LS),
        (f"application/dicom; transfer-syntax={JPEG_LS}", JPEG_LS),
        ("application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90, application/dicom", EXPLICIT),
        (RELATED, EXPLICIT),
        (f"{RELATED}; transfer-syntax=*", JPEG_LS),
        ("*/*", EXPLICIT),
        ("", EXPLICIT),
    ],
)
def test_a_file_comes_in_a_syntax_that_is_taken(accept, syntax):
    source = datasets.enhanced_ct(3)
    accepted([source])
    instance = Instance.objects.get()

    response = ask(address(instance), accept=accept)

    kind, content = response["Content-Type"], body(response)
    if kind.startswith("multipart"):
        ((kind, content),) = parts(ask(address(instance), accept=accept))
    assert kind == f"application/dicom; transfer-syntax={syntax}"
    file = pydicom.dcmread(io.BytesIO(content))
    assert file.file_meta.TransferSyntaxUID == syntax
    assert file.pixel_array.tobytes() == sent_pixels(source)
    if syntax == JPEG_LS:
        assert content == storage.read_instance(instance)


def test_a_file_in_a_syntax_nobody_has_is_not_acceptable():
    accepted([datasets.ct_slice()])

    for accept in (
        "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.90",
        f"{RELATED}; transfer-syntax=1.2.840.10008.1.2.4.90",
        "multipart/related; type=video/mp4",
        "image/png",
    ):
        assert ask(address(Instance.objects.get()), accept=accept).status_code == 406


@pytest.mark.parametrize("source", [datasets.ct_slice(), datasets.enhanced_ct(3)])
def test_a_damaged_image_is_said_to_be_so_before_the_answer_begins(source):
    accepted([source])
    instance = Instance.objects.get()
    offset, length = instance.frame_ranges[-1]
    whole = storage.read_instance(instance)
    damaged = whole[:offset] + b"\xff" * length + whole[offset + length :]
    series = instance.series
    key = storage.instance_key(
        series.study.upload_id, series.series_instance_uid, instance.sop_instance_uid
    )
    storage.write_unseen(key, damaged)

    last = f"frames/{len(instance.frame_ranges)}"
    for resource, accept in (
        ("", "application/dicom"),
        (f"/{last}", "application/octet-stream"),
        (f"/{last}/rendered", "image/png"),
    ):
        response = ask(f"{address(instance)}{resource}", accept=accept)

        assert response.status_code == 500
        assert response.content == b"The stored image is damaged."


def test_a_whole_study_comes_as_one_part_a_file():
    study = accepted(datasets.ct_series(3))

    response = ask(f"studies/{study.study_instance_uid}")

    files = [pydicom.dcmread(io.BytesIO(content)) for _, content in parts(response)]
    assert len({file.SOPInstanceUID for file in files}) == 3
