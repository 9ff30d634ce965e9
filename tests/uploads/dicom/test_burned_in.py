"""Text in pictures: found on radiographs, localisers and slices, told from innocent things."""

import sys
from itertools import islice

import numpy as np
import pytest

from bsti_db.demonstration.patients import PATIENTS
from bsti_db.demonstration.seed import files_of
from tests.datasets import chest_xray, ct_pixels, ct_slice, enhanced_ct
from tests.datasets.lettering import FACES, burned, lettered
from tests.datasets.pictures import picture
from tests.uploads.dicom.keys import KEYS, deidentified
from uploads.dicom.batch import Item, Status, run_batch
from uploads.dicom.burned_in import DetectorFailed, Look, findings, looking, reader
from uploads.dicom.burned_in.glyphs import Box, lines_of_glyphs
from uploads.dicom.burned_in.markers import is_marker
from uploads.dicom.deid import pixels as pixels_checked
from uploads.dicom.reading import read
from uploads.dicom.reasons import Held, Reason
from uploads.dicom.transcoding import frames

# six localisers and six radiographs, every face and size; `make bench` takes hundreds
SAMPLE = (*range(18, 24), *range(6))
IDENTITY = "TESTERBY 04/05/1950"


def slice_with(ink: np.ndarray, *, at=(60, 40), level: int = 3071) -> np.ndarray:
    return burned(ct_pixels(size=512), ink, at=at, level=level)


def xray(frame: np.ndarray, **changes) -> bytes:
    rows, columns = frame.shape
    pixels = {"Rows": rows, "Columns": columns, "PixelData": frame.astype("<u2").tobytes()}
    return chest_xray(**pixels, **changes)


def ct(frame: np.ndarray, **changes) -> bytes:
    rows, columns = frame.shape
    pixels = {"Rows": rows, "Columns": columns, "PixelData": frame.astype("<i2").tobytes()}
    return ct_slice(**pixels, **changes)


def chest(rows: int = 400, columns: int = 360) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns] / (rows - 1)
    shades = 1500 + 900 * np.sin(5 * x) * np.cos(4 * y)
    return (shades + np.random.default_rng(5).normal(0, 15, shades.shape)).astype(np.uint16)


def named(height: int = 14, level: int = 4095) -> np.ndarray:
    return burned(
        chest(), lettered(IDENTITY, face="outline", height=height), at=(30, 50), level=level
    )


# --- Radiographs and localisers ---------------------------------------------------------


@pytest.mark.parametrize("seed", SAMPLE)
def test_an_identity_in_a_picture_is_found(seed):
    shown = picture(seed, with_text=True)

    assert findings(shown.frame, look=Look.CLOSELY), shown.told


@pytest.mark.parametrize("seed", SAMPLE)
def test_an_innocent_picture_is_let_through(seed):
    shown = picture(seed, with_text=False)

    assert findings(shown.frame, look=Look.CLOSELY) == [], shown.told


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_box_lies_where_the_text_is(degrees):
    ink = lettered(IDENTITY, face="outline", height=14, degrees=degrees)
    frame = burned(chest(), ink, at=(70, 90), level=2300)

    [box, *_] = findings(frame, look=Look.CLOSELY)

    rows, columns = ink.shape
    assert looking._lies_in(Box(70, 90, columns, rows), Box(*box)) or looking._lies_in(
        box, Box(60, 80, columns + 20, rows + 20)
    )


@pytest.mark.parametrize("word", ["L", "R", "AP ERECT", "MOBILE"])
def test_a_drawn_marker_is_no_identity(word):
    ink = lettered(word, face="simplex", height=22)

    assert findings(burned(chest(), ink, at=(40, 40), level=4095), look=Look.CLOSELY) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 9), (64, 96)])
def test_pictures_of_any_shape_can_be_looked_at(shape):
    assert (
        findings(np.arange(np.prod(shape), dtype=np.uint16).reshape(shape), look=Look.CLOSELY) == []
    )


# --- Ordinary slices ----------------------------------------------------------------------


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("level", [3071, -2000])
def test_drawn_letters_on_a_slice_are_found_without_reading(face, degrees, level):
    ink = lettered(IDENTITY, face=face, height=14, degrees=degrees)

    # across the body, where the darkest level is not the ground
    frame = slice_with(ink, at=(250, 120) if degrees in (90, 270) else (150, 330), level=level)

    assert any(lines_of_glyphs(frame))


def test_an_ordinary_slice_shows_no_text():
    frame = ct_pixels(size=512)
    y, x = np.mgrid[0:512, 0:512]
    # outside the field of view, the couch, its pad, a line beside the arm, metal with its streaks
    frame[(x - 256) ** 2 + (y - 256) ** 2 > 256**2] = -2000
    frame[470:474, 60:450] = 1400
    frame[480:500:4, 80:430] = 300
    frame[(x - 60) ** 2 + (y - 300) ** 2 < 9] = 3071
    for angle in np.linspace(0, np.pi, 9):
        along = np.arange(-60, 60)
        rows, columns = (256 + along * np.sin(angle)).astype(int), (256 + along * np.cos(angle))
        frame[rows, columns.astype(int)] = np.where(np.abs(along) < 12, 3071, 1500)

    assert lines_of_glyphs(frame) == ([], [])


def test_a_vertebra_whose_parts_stand_in_a_row_is_no_text():
    # a patient of the demonstration; the pedicles and laminae of one slice look like six letters
    (patient,) = (patient for patient in PATIENTS if patient.seed == 75)
    content = next(islice(files_of(patient), 27, None))
    frame = next(frames(read(content)))

    assert lines_of_glyphs(frame).smooth
    assert findings(frame, look=Look.DOUBTED) == []
    name = lettered(IDENTITY, face="outline", height=14)
    assert findings(slice_with(name, at=(150, 330)), look=Look.DOUBTED)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_noise_of_any_type_shows_no_text(dtype):
    limits = np.iinfo(dtype)
    noise = np.random.default_rng(3).integers(limits.min, limits.max, (256, 256), dtype)

    assert lines_of_glyphs(noise) == ([], [])


def test_a_ruler_and_a_row_of_dots_are_no_text():
    frame = ct_pixels(size=512)
    frame[100:110, 40:400:12] = 3071
    for column in range(40, 400, 14):
        frame[200:206, column : column + 6] = 3071

    assert lines_of_glyphs(frame) == ([], [])


# --- Markers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["L", "r", "LT", "AP ERECT", "APERECT", "LERECT", "SUPlNE", "M0BILE", "PA.", "R  Mobile"],
)
def test_a_word_of_side_or_view_is_a_marker(text):
    assert is_marker(text)


@pytest.mark.parametrize(
    "text",
    ["TESTERBY", "L TESTERBY", "04/05/1950", "AP 10:15", "JS", "943 476 5919", "PALMER", "李明"],
)
def test_anything_else_is_none(text):
    assert not is_marker(text)


# --- What becomes of the file -----------------------------------------------------------------


def test_a_radiograph_that_shows_text_is_held_with_the_place():
    with pytest.raises(Held) as held:
        deidentified(xray(named()), reads_text=True)

    assert held.value.reason is Reason.TEXT_IN_PICTURE
    [box, *_] = held.value.text_boxes
    assert box["frame"] == 1
    assert 10 <= box["x"] <= 60
    assert 35 <= box["y"] <= 60


def test_a_cleared_radiograph_is_not_looked_at_again(monkeypatch):
    monkeypatch.setattr(looking, "lines_of_glyphs", None)

    assert deidentified(xray(named()), is_cleared=True, reads_text=True).data


def test_a_localiser_is_read_and_a_slice_is_not(monkeypatch):
    ink = lettered(IDENTITY, face="outline", height=16)
    # as weak as the noise allows: there is nothing drawn at one level
    frame = burned(chest(), ink, at=(30, 50), level=2200).astype(np.int16)

    with pytest.raises(Held) as held:
        deidentified(ct(frame, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), reads_text=True)
    assert held.value.reason is Reason.TEXT_IN_PICTURE

    monkeypatch.setattr(reader, "_engine", None)
    assert deidentified(ct(frame), reads_text=True).data


def test_a_slice_with_drawn_letters_is_held_even_without_reading():
    frame = slice_with(lettered(IDENTITY, face="dots", height=14))

    with pytest.raises(Held) as held:
        deidentified(ct(frame), reads_text=False)

    assert held.value.reason is Reason.TEXT_IN_PICTURE


def test_the_frame_that_shows_text_is_told():
    frames = np.stack([ct_pixels(number, size=128) for number in range(4)])
    ink = lettered("TESTERBY", face="dots", height=7)
    frames[2] = burned(frames[2], ink, at=(30, 40), level=3071)
    source = enhanced_ct(4, Rows=128, Columns=128, PixelData=frames.astype("<i2").tobytes())

    with pytest.raises(Held) as held:
        deidentified(source, reads_text=False)

    assert {box["frame"] for box in held.value.text_boxes} == {3}


def test_of_very_many_places_the_first_are_told(monkeypatch):
    monkeypatch.setattr(pixels_checked, "_MOST_BOXES", 3)
    ink = lettered("TESTERBY", face="dots", height=7)
    shown = [
        burned(ct_pixels(number, size=128), ink, at=(30, 40), level=3071) for number in range(4)
    ]
    stack = np.stack(shown).astype("<i2").tobytes()

    with pytest.raises(Held) as held:
        deidentified(enhanced_ct(4, Rows=128, Columns=128, PixelData=stack), reads_text=False)

    assert [box["frame"] for box in held.value.text_boxes] == [1, 1, 2]


def test_what_the_header_says_comes_first_and_the_place_with_it():
    with pytest.raises(Held) as held:
        deidentified(xray(named(), BurnedInAnnotation="YES"), reads_text=True)

    assert held.value.reason is Reason.BURNED_IN_ANNOTATION
    assert held.value.text_boxes


# --- A detector that fails -----------------------------------------------------------------------


@pytest.fixture
def unloaded():
    reader._engine.cache_clear()
    yield
    reader._engine.cache_clear()


def test_a_reader_that_cannot_be_loaded_holds_a_clean_radiograph(monkeypatch, unloaded):
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)

    with pytest.raises(Held) as held:
        deidentified(xray(chest()), reads_text=True)

    assert held.value.reason is Reason.DETECTOR_FAILED


def test_a_model_that_is_missing_holds_a_clean_radiograph(monkeypatch, unloaded, tmp_path):
    import rapidocr_onnxruntime.main as library

    monkeypatch.setattr(library, "root_dir", tmp_path)
    monkeypatch.setattr(library, "update_model_path", lambda config: _elsewhere(config, tmp_path))

    with pytest.raises(Held) as held:
        deidentified(xray(chest()), reads_text=True)

    assert held.value.reason is Reason.DETECTOR_FAILED


def _elsewhere(config, folder):
    for part in ("Det", "Cls", "Rec"):
        config[part]["model_path"] = str(folder / "missing.onnx")
    return config


def test_a_detector_tells_nothing_of_what_it_failed_on(monkeypatch):
    def fails(frame):
        raise RuntimeError("read TESTERBY")

    monkeypatch.setattr(looking, "lines_of_glyphs", fails)

    with pytest.raises(DetectorFailed) as failed:
        findings(chest(), look=Look.GLYPHS)

    assert "TESTERBY" not in str(failed.value)
    assert failed.value.__suppress_context__


def test_a_large_radiograph_is_read_inside_the_memory_of_the_child(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    ink = lettered(IDENTITY, face="outline", height=40)
    frame = burned(chest(3000, 2500), ink, at=(1200, 2000), level=4095)
    for name, pixels in (("named", frame), ("clean", chest(3000, 2500))):
        (tmp_path / name).write_bytes(xray(pixels))
    items = [Item(name, tmp_path / name, wants_stored=False) for name in ("named", "clean")]

    outcomes = {outcome.id: outcome for outcome in run_batch(folder, items, pseudonyms=KEYS)}

    assert outcomes["named"].reason is Reason.TEXT_IN_PICTURE
    assert outcomes["named"].text_boxes
    assert outcomes["clean"].status is Status.ACCEPTED
