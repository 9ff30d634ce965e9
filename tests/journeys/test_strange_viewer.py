"""A published case in OHIF, a viewer that nobody here wrote, over the public DICOMweb."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect

from bsti_db.demonstration.patients import FIRST_DAY
from bsti_db.demonstration.phantoms import Disease, chest_volume, ct_series, invented_patient
from tests.fronts import Front
from tests.ohif import ohif_beside, only_study, viewer_path
from tests.published_cases import publish
from tests.sites import Site

SLICES = 24
MATRIX = 96
CANVAS = ".cornerstone-canvas"
VIEWPORT = "cornerstone.getRenderingEngines()[0].getViewports()[0]"
# how many levels of grey are on screen: a picture has many, a black canvas has one
GREYS = f"""(() => {{
  const drawn = document.querySelector('{CANVAS}');
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [drawn.width, drawn.height];
  const context = copy.getContext('2d');
  context.drawImage(drawn, 0, 0);
  const {{ data }} = context.getImageData(0, 0, copy.width, copy.height);
  return new Set(data.filter((_, place) => place % 4 === 0)).size;
}})()"""


@dataclass
class Opened:
    page: Page
    front: Front
    study: str
    hounsfield: list[np.ndarray]  # what was sent, a slice each
    failures: list[str]


@pytest.fixture(scope="module")
def opened(live_site: Site, browser: Browser) -> Iterator[Opened]:
    """The case's study in OHIF, with a picture on screen."""
    volume = chest_volume(5, Disease(ground_glass=0.5), slices=SLICES, matrix=MATRIX)
    patient = invented_patient(volume, study_date=FIRST_DAY)
    contents = list(ct_series(volume, patient=patient, study_uid="2.25.79"))
    dicom_web, uid = only_study(live_site, publish(live_site, contents))
    with ohif_beside(live_site.url, dicom_web=dicom_web) as front:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        failures: list[str] = []
        page.on(
            "response",
            lambda response: (
                response.status >= 400 and failures.append(f"{response.status} {response.url}")
            ),
        )
        page.goto(f"{front.address}{viewer_path(uid)}")
        page.wait_for_selector(CANVAS, timeout=60_000)
        page.wait_for_function(f"{VIEWPORT}.getCornerstoneImage?.()", timeout=60_000)
        page.wait_for_function(f"{GREYS} > 20", timeout=60_000)
        yield Opened(page, front, uid, [hounsfield(each) for each in contents], failures)
        context.close()


def hounsfield(content: bytes) -> np.ndarray:
    dataset = pydicom.dcmread(io.BytesIO(content))
    return dataset.pixel_array.astype(int) * dataset.RescaleSlope + dataset.RescaleIntercept


def shown(opened: Opened) -> np.ndarray:
    """The Hounsfield units of the image that OHIF has on screen."""
    values = opened.page.evaluate(f"Array.from({VIEWPORT}.getCornerstoneImage().getPixelData())")
    return np.array(values).reshape(MATRIX, MATRIX)


def test_it_shows_a_picture_of_a_study_with_the_right_number_of_images(opened: Opened) -> None:
    assert opened.page.evaluate(f"{VIEWPORT}.getImageIds().length") == SLICES
    expect(opened.page.get_by_text(re.compile(rf"\b\d+/{SLICES}\b"))).to_have_count(1)
    assert opened.page.evaluate(GREYS) > 20


def test_its_values_are_the_hounsfield_units_that_were_sent(opened: Opened) -> None:
    index = opened.page.evaluate(f"{VIEWPORT}.getCurrentImageIdIndex()")

    assert np.array_equal(shown(opened), opened.hounsfield[index])


def test_its_wheel_goes_on_to_the_next_slices(opened: Opened) -> None:
    before = opened.page.evaluate(f"{VIEWPORT}.getCurrentImageIdIndex()")

    opened.page.hover(CANVAS)
    for moved in (1, 2):
        opened.page.mouse.wheel(0, 120)
        opened.page.wait_for_function(f"{VIEWPORT}.getCurrentImageIdIndex() === {before + moved}")

    opened.page.wait_for_function(
        f"{VIEWPORT}.getCornerstoneImage().imageId === {VIEWPORT}.getCurrentImageId()"
    )
    assert np.array_equal(shown(opened), opened.hounsfield[before + 2])


def test_it_read_all_of_it_over_our_dicomweb_and_nothing_was_refused(opened: Opened) -> None:
    asked = [path for path, _ in opened.front.requests if "/dicom-web/" in path]

    assert any(re.search(r"/dicom-web/studies\?.*StudyInstanceUID=", path) for path in asked)
    assert any(path.endswith("/metadata") for path in asked)
    assert any(path.endswith("/frames/1") for path in asked)
    assert all(opened.study in path or "/studies?" in path for path in asked)
    assert opened.failures == []
