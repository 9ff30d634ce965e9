"""Reports and presentation states, read again by people who did not write them."""

import datetime
import io
import uuid

import numpy as np
import pydicom
import pytest

from tests.uploads.dicom.dciodvfy import errors_of, needs_dciodvfy
from uploads.dicom.documents.composing import Document, Frame, Making
from uploads.dicom.documents.content import Code
from uploads.dicom.documents.measuring import area_of, length_of
from uploads.dicom.documents.presentation import (
    Mark,
    View,
    own_window,
    presentation_state,
    states,
)
from uploads.dicom.documents.report import Group, Region, Report, report
from uploads.dicom.graphics import GraphicType
from uploads.dicom.headers import Header
from uploads.dicom.rendering import Function, Window

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
STUDY, SERIES = "2.25.1001", "2.25.1002"
# one third is no binary fraction: the standard's coordinates are of 32 bits
LINE = (1 / 3, 0.75, 2.25, 3.0)
ELLIPSE = (1.0, 2.0, 5.0, 2.0, 3.0, 1.0, 3.0, 3.0)
TRIANGLE = (1.0, 1.0, 5.0, 1.0, 5.0, 4.0, 1.0, 1.0)
MAKING = Making(
    on=datetime.date(2026, 5, 12),
    uid=lambda name: f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}",
)


def header(number: int = 1, **changes: object) -> Header:
    """The DICOM JSON of one slice of 512 columns and 400 rows."""
    dataset = pydicom.Dataset()
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"2.25.2{number:04}",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "PatientName": "Teaching case 7",
        "PatientID": "Teaching case 7",
        "PatientSex": "F",
        "Modality": "CT",
        "Rows": 400,
        "Columns": 512,
        "BitsStored": 12,
        "PixelRepresentation": 0,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelSpacing": [0.8, 0.5],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "WindowCenter": 40,
        "WindowWidth": 400,
    } | changes
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset.to_json_dict()


def frame(number: int = 1, **changes: object) -> Frame:
    return Frame(header(number, **changes))


def read(document: Document) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(document.content))


def full_report(reader: str = "") -> Document:
    first, second = frame(1), frame(2)
    along = length_of(LINE, first)
    area = area_of(GraphicType.ELLIPSE, ELLIPSE, second)
    groups = [
        Group("Length 1", "2.25.31", path=Region(first, "POLYLINE", LINE), measurements=[along]),
        Group(
            "Ellipse 1",
            "2.25.32",
            region=Region(second, "ELLIPSE", ELLIPSE),
            finding=Code("112120", "DCM", "Ground-glass opacity"),
            site=Code("90572001", "SCT", "Lower lobe"),
            measurements=[area],
            evaluations=[(Code("bsti-ct", "99BSTI", "BSTI CT"), Code("1", "99BSTI", "Classic"))],
            comment="Überlagert",
        ),
        Group("Arrow 1", "2.25.33", region=Region(first, "POLYLINE", LINE), comment="Here"),
        Group("Text 1", "2.25.34", region=Region(first, "POINT", (0.5, 399.5))),
    ]
    return report(Report([first, second], groups, reader=reader), MAKING)


def full_state() -> Document:
    marks = (
        Mark(
            "POLYLINE",
            LINE,
            text="Here",
            is_arrow=True,
            tracking_identifier="a",
            tracking_uid="2.25.5",
        ),
        Mark("ELLIPSE", ELLIPSE),
        Mark("POLYLINE", TRIANGLE),
        Mark("POINT", (0.5, 399.5), text="Crazy paving", is_text=True),
    )
    views = [View(frame(1), Window(-600, 1500), marks), View(frame(2)), View(frame(3))]
    return presentation_state(views, "Teaching case 7, edition 1", MAKING)


@pytest.fixture
def highdicom():
    # slow to import, and not for every test of this file
    from highdicom import sr

    return sr


# --- The report ------------------------------------------------------------------


def test_highdicom_reads_each_region_where_it_was_drawn(highdicom):
    read_again = highdicom.srread(io.BytesIO(full_report().content))
    assert isinstance(read_again, highdicom.ComprehensiveSR)

    groups = read_again.content.get_planar_roi_measurement_groups()

    found = {group.tracking_identifier: group for group in groups}
    assert set(found) == {"Ellipse 1", "Arrow 1", "Text 1"}
    ellipse, arrow = found["Ellipse 1"], found["Arrow 1"]
    assert ellipse.reference_type.value == "111030"
    assert ellipse.roi.graphic_type == highdicom.GraphicTypeValues.ELLIPSE
    assert ellipse.roi.value.tolist() == np.reshape(ELLIPSE, (4, 2)).tolist()
    assert arrow.roi.value.tolist() == np.float32(np.reshape(LINE, (2, 2))).tolist()
    assert found["Text 1"].roi.value.tolist() == [[0.5, 399.5]]
    assert ellipse.tracking_uid == "2.25.32"
    assert ellipse.finding_type.meaning == "Ground-glass opacity"
    assert [site.value.meaning for site in ellipse.finding_sites] == ["Lower lobe"]
    assert [
        (each.name.meaning, each.value.meaning) for each in ellipse.get_qualitative_evaluations()
    ] == [("BSTI CT", "Classic")]
    area = ellipse.get_measurements()[0]
    assert (area.name.meaning, area.unit.value) == ("Area", "mm2")
    assert area.value == pytest.approx(np.pi * 2 * 1 * 0.8 * 0.5)


def test_highdicom_reads_a_length_with_the_line_it_was_taken_along(highdicom):
    read_again = highdicom.srread(io.BytesIO(full_report().content))

    (group,) = read_again.content.get_image_measurement_groups()

    (length,) = group.get_measurements()
    assert group.tracking_identifier == "Length 1"
    assert (length.name.meaning, length.unit.value) == ("Length", "mm")
    across, down = (2.25 - 1 / 3) * 0.5, (3.0 - 0.75) * 0.8
    assert length.value == pytest.approx(np.hypot(across, down))
    (path,) = length.referenced_coordinates
    assert path.value.tolist() == np.float32(np.reshape(LINE, (2, 2))).tolist()


def test_a_report_names_its_images_and_no_person():
    dataset = read(full_report())

    (evidence,) = dataset.CurrentRequestedProcedureEvidenceSequence
    (series,) = evidence.ReferencedSeriesSequence
    images = [each.ReferencedSOPInstanceUID for each in series.ReferencedSOPSequence]
    assert (evidence.StudyInstanceUID, series.SeriesInstanceUID) == (STUDY, SERIES)
    assert images == ["2.25.20001", "2.25.20002"]
    assert dataset.PatientName == "Teaching case 7"
    assert (dataset.StudyInstanceUID, dataset.Modality) == (STUDY, "SR")
    assert "Person Observer Name" not in str(dataset)
    assert str(dataset).count("COVID-19 Chest Imaging Database") >= 2


def test_a_readers_report_names_the_pseudonym(highdicom):
    context = highdicom.srread(io.BytesIO(full_report(reader="Reader^R-1").content)).content
    people = context.get_observer_contexts(observer_type=pydicom.sr.codedict.codes.DCM.Person)

    assert [str(each.observer_identifying_attributes.name) for each in people] == ["Reader^R-1"]


# --- The presentation state --------------------------------------------------------


def test_the_graphics_of_a_state_are_where_they_were_drawn():
    (annotation,) = read(full_state()).GraphicAnnotationSequence
    drawn = [
        (each.GraphicType, list(each.GraphicData)) for each in annotation.GraphicObjectSequence
    ]
    arrow, head, ellipse, triangle = drawn
    assert arrow == ("POLYLINE", np.float32(LINE).tolist())
    assert head[1][2:4] == [2.25, 3.0]
    assert ellipse == ("ELLIPSE", list(ELLIPSE))
    assert triangle == ("POLYLINE", list(TRIANGLE))
    assert [each.get("GraphicFilled") for each in annotation.GraphicObjectSequence] == [
        None, None, "N", "N",
    ]  # fmt: skip
    texts = [
        (each.UnformattedTextValue, list(each.AnchorPoint))
        for each in annotation.TextObjectSequence
    ]
    assert texts == [("Here", np.float32(LINE[:2]).tolist()), ("Crazy paving", [0.5, 399.5])]
    (image,) = annotation.ReferencedImageSequence
    assert image.ReferencedSOPInstanceUID == "2.25.20001"


def test_a_state_shows_each_image_whole_in_its_window():
    dataset = read(full_state())

    windows = {
        image.ReferencedSOPInstanceUID: (window.WindowCenter, window.WindowWidth)
        for window in dataset.SoftcopyVOILUTSequence
        for image in window.ReferencedImageSequence
    }
    assert windows == {
        "2.25.20001": (-600, 1500),
        "2.25.20002": (40, 400),
        "2.25.20003": (40, 400),
    }
    (area,) = dataset.DisplayedAreaSelectionSequence
    assert area.DisplayedAreaTopLeftHandCorner == [1, 1]
    assert area.DisplayedAreaBottomRightHandCorner == [512, 400]
    assert area.PresentationPixelSpacing == [0.8, 0.5]
    assert (dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType) == (1, -1024, "HU")
    assert dataset.PresentationLUTShape == "IDENTITY"
    assert dataset.ContentCreatorName == ""


def test_a_number_of_many_digits_fits_its_sixteen_characters():
    odd = frame(
        PixelSpacing=["0.66666666666667", ".123456789012345"], RescaleSlope="1.2345678901234"
    )
    views = [View(odd, marks=(Mark("POINT", (1.0, 1.0)),))]

    dataset = read(presentation_state(views, "", MAKING))

    (area,) = dataset.DisplayedAreaSelectionSequence
    spacing = [str(value) for value in area.PresentationPixelSpacing]
    assert [float(value) for value in spacing] == pytest.approx(
        [0.66666666666667, 0.123456789012345], abs=1e-14
    )
    assert max(map(len, spacing)) <= 16
    assert float(dataset.RescaleSlope) == 1.2345678901234


def test_a_frame_in_two_windows_and_another_rescaling_need_states_of_their_own():
    lung, bone = Window(-600, 1500), Window(400, 1800)
    views = [
        View(frame(1), lung),
        View(frame(1), bone),
        View(frame(2), bone),
        View(frame(3, RescaleIntercept=0)),
        View(frame(4, PhotometricInterpretation="MONOCHROME1")),
    ]

    assert states(views) == [[views[0], views[2]], [views[1]], [views[3]], [views[4]]]


def test_an_image_whose_low_values_are_white_is_inverted():
    state = presentation_state([View(frame(PhotometricInterpretation="MONOCHROME1"))], "", MAKING)

    assert read(state).PresentationLUTShape == "INVERSE"


def test_only_some_frames_of_an_image_are_named():
    cine = header(1, SOPClassUID=ENHANCED_CT, NumberOfFrames=5)
    views = [View(Frame(cine, 2), marks=(Mark("POINT", (1.0, 1.0)),)), View(Frame(cine, 4))]

    dataset = read(presentation_state(views, "", MAKING))

    assert dataset.SoftcopyVOILUTSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber == [
        2,
        4,
    ]
    assert (
        dataset.GraphicAnnotationSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber == 2
    )
    assert (
        "ReferencedFrameNumber"
        not in dataset.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
    )


@pytest.mark.parametrize(
    ("changes", "window"),
    [
        ({}, Window(40, 400)),
        ({"VOILUTFunction": "SIGMOID"}, Window(40, 400, Function.SIGMOID)),
        ({"WindowCenter": None}, Window(-600, 1500)),
        ({"WindowCenter": None, "Modality": "DX", "RescaleIntercept": 0}, Window(2048, 4096)),
        ({"WindowWidth": None, "Modality": "CR", "PixelRepresentation": 1}, Window(-1024, 4096)),
    ],
)
def test_an_image_has_a_window_of_its_own(changes, window):
    assert own_window(frame(**changes)) == window


@pytest.mark.parametrize(
    ("changes", "ratio"),
    [
        ({}, [1, 1]),
        ({"PixelAspectRatio": [4, 3]}, [4, 3]),
        ({"ImagerPixelSpacing": [0.14, 0.14]}, [1, 1]),
        ({"ImagerPixelSpacing": [0.28, 0.14]}, [2800, 1400]),
    ],
)
def test_pixels_without_a_size_keep_their_shape(changes, ratio):
    views = [View(frame(PixelSpacing=None, **changes))]

    (area,) = read(presentation_state(views, "", MAKING)).DisplayedAreaSelectionSequence

    assert area.PresentationPixelAspectRatio == ratio
    assert "PresentationPixelSpacing" not in area


# --- Measuring ---------------------------------------------------------------------


def test_pixels_without_a_size_give_lengths_in_pixels_and_no_area():
    bare = frame(PixelSpacing=None, ImagerPixelSpacing=[0.1, 0.1])

    assert length_of((0.0, 0.0, 3.0, 4.0), bare)[1:] == (5.0, ("{pixels}", "UCUM", "pixels"))
    assert area_of("ELLIPSE", ELLIPSE, bare) is None


def test_areas_are_those_of_the_outline():
    assert area_of("POLYLINE", TRIANGLE, frame()).value == pytest.approx(6 * 0.8 * 0.5)
    assert area_of("POLYLINE", TRIANGLE[:6], frame()) is None
    assert area_of("POINT", (1.0, 1.0), frame()) is None


# --- Both ----------------------------------------------------------------------------


def test_the_same_is_written_as_the_same_bytes_and_a_change_has_another_uid():
    assert full_report() == full_report()
    assert full_state() == full_state()
    other = report(
        Report([frame()], [Group("Text 1", "2.25.9", region=Region(frame(), "POINT", (1.0, 2.0)))]),
        MAKING,
    )
    assert (
        len({full_report().sop_instance_uid, full_state().sop_instance_uid, other.sop_instance_uid})
        == 3
    )
    assert read(other).SeriesInstanceUID == read(full_report()).SeriesInstanceUID


@needs_dciodvfy
def test_dciodvfy_finds_no_error(tmp_path):
    bare = dict.fromkeys(["PixelSpacing", "WindowCenter", "RescaleSlope", "RescaleIntercept"])
    cine = header(1, SOPClassUID=ENHANCED_CT, NumberOfFrames=5, **bare)
    for document in (
        full_report(),
        full_report(reader="Reader^R-1"),
        full_state(),
        presentation_state([View(Frame(cine, 3), marks=(Mark("POINT", (1.0, 1.0)),))], "", MAKING),
        report(
            Report(
                [Frame(cine, 2)],
                [Group("a", "2.25.9", region=Region(Frame(cine, 2), "POINT", (1.0, 2.0)))],
                is_final=False,
            ),
            MAKING,
        ),
    ):
        assert errors_of(document.content, tmp_path) == {}
