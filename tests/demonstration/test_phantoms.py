import functools
import io
from datetime import date

import numpy as np
import pydicom
import pytest

from bsti_db.demonstration.phantoms import (
    Disease,
    chest_volume,
    ct_series,
    invented_patient,
    radiograph,
    reconstructed,
)

STUDY_DATE = date(2020, 4, 6)
STUDY_UID = "2.25.1"


@pytest.fixture(scope="module")
def healthy():
    return chest_volume(3, slices=40, matrix=128)


@pytest.fixture(scope="module")
def series(healthy):
    patient = invented_patient(healthy, study_date=STUDY_DATE)
    return [
        pydicom.dcmread(io.BytesIO(file))
        for file in ct_series(healthy, patient=patient, study_uid=STUDY_UID)
    ]


@functools.cache
def _healthy_hu(seed):
    return chest_volume(seed, slices=40, matrix=128).hu


def _lung_share(volume, above_hu):
    """Return how much of the lungs, below their upper third, is denser than a value."""
    healthy = _healthy_hu(volume.habitus.seed)
    lungs = (healthy < -700) & (healthy > -960)
    return float((volume.hu[lungs] > above_hu).mean())


def test_the_same_seed_is_the_same_chest(healthy):
    again = chest_volume(3, slices=40, matrix=128)

    assert np.array_equal(again.hu, healthy.hu)
    assert again.origin_mm == healthy.origin_mm


def test_another_seed_is_another_person(healthy):
    other = chest_volume(4, slices=40, matrix=128)

    assert other.habitus != healthy.habitus
    assert not np.array_equal(other.hu, healthy.hu)


def test_a_chest_holds_air_lung_fat_soft_tissue_and_bone(healthy):
    hu = healthy.hu

    shares = [
        ((hu >= low) & (hu < high)).mean()
        for low, high in [(-1000, -950), (-950, -600), (-150, -50), (10, 90), (250, 1500)]
    ]
    assert all(share > 0.01 for share in shares), shares


def test_ground_glass_is_hazy_and_consolidation_is_solid(healthy):
    hazy = chest_volume(3, Disease(ground_glass=0.6), slices=40, matrix=128)
    solid = chest_volume(3, Disease(consolidation=0.8), slices=40, matrix=128)

    assert _lung_share(hazy, -720) > _lung_share(healthy, -720) + 0.15
    assert _lung_share(hazy, -200) < 0.1
    assert _lung_share(solid, -200) > _lung_share(healthy, -200) + 0.08


def test_another_disease_leaves_bones_and_heart_where_they_were(healthy):
    later = chest_volume(3, Disease(ground_glass=0.6), slices=40, matrix=128)

    bone = healthy.hu > 300
    assert ((later.hu > 300) != bone).sum() < 0.02 * bone.sum()


def test_the_spine_runs_through_every_slice():
    # 50 slices are three slabs: none may lose its edge
    volume = chest_volume(11, slices=50, matrix=128)

    middle = volume.hu[:, 40:100, 58:70]
    assert (middle > 70).mean(axis=(1, 2)).min() > 0.08


def test_vessels_are_seen_through_ground_glass(healthy):
    hazy = chest_volume(3, Disease(ground_glass=0.9), slices=40, matrix=128).hu
    vessels = (healthy.hu > -500) & (healthy.hu < -200)
    haze = (healthy.hu > -900) & (healthy.hu < -800) & (hazy > -750)

    assert np.median(hazy[vessels]) > np.median(hazy[haze]) + 150


def test_an_effusion_lies_at_the_back(healthy):
    wet = chest_volume(3, Disease(effusion=0.6), slices=40, matrix=128)

    changed = (healthy.hu < -600) & (wet.hu > -40) & (wet.hu < 60)
    rows = np.nonzero(changed)[1]
    assert changed.sum() > 200
    middle = np.median(np.nonzero((healthy.hu > -900) & (healthy.hu < -780))[1])
    assert (rows > middle).mean() > 0.85


def test_a_pneumothorax_is_air_without_lung(healthy):
    collapsed = chest_volume(3, Disease(pneumothorax=0.8), slices=40, matrix=128)
    lungs = (healthy.hu > -900) & (healthy.hu < -780)

    assert (collapsed.hu[lungs] < -985).mean() > (healthy.hu[lungs] < -985).mean() + 0.03


def test_a_nodule_and_a_reversed_halo_are_solid_spots(healthy):
    for disease in (Disease(nodule=0.8), Disease(reversed_halo=0.7)):
        spotted = chest_volume(3, disease, slices=40, matrix=128)
        assert ((healthy.hu < -700) & (spotted.hu > -250)).sum() > 10


def test_emphysema_is_darker_than_lung(healthy):
    holed = chest_volume(3, Disease(emphysema=0.8), slices=40, matrix=128)

    assert _lung_share(holed, -940) < _lung_share(healthy, -940) - 0.1


def test_a_patient_has_one_identity_on_every_visit(healthy):
    first = invented_patient(healthy, study_date=date(2020, 12, 28))
    later = invented_patient(healthy, study_date=date(2021, 1, 4), visit=2)

    assert (first.patient_id, first.patient_name) == (later.patient_id, later.patient_name)
    assert first.birth_date == later.birth_date
    assert first.accession_number != later.accession_number


def test_two_reconstructions_of_a_slice_are_equal_and_kernels_differ(healthy):
    sharp = reconstructed(healthy, 20, kernel="lung")
    soft = reconstructed(healthy, 20, kernel="soft")

    assert np.array_equal(sharp, reconstructed(healthy, 20, kernel="lung"))
    assert np.diff(sharp.astype(float)).std() > 1.3 * np.diff(soft.astype(float)).std()


def test_slices_of_a_series_lie_evenly_from_head_to_feet(series, healthy):
    z = np.array([float(ds.ImagePositionPatient[2]) for ds in series])

    assert np.allclose(np.diff(z), -healthy.spacing_mm[0], atol=1e-3)
    assert [ds.InstanceNumber for ds in series] == list(range(1, 41))
    assert len({ds.SOPInstanceUID for ds in series}) == 40
    assert len({ds.SeriesInstanceUID for ds in series}) == 1


def test_stored_values_give_hounsfield_units_signed_and_unsigned(healthy):
    patient = invented_patient(healthy, study_date=STUDY_DATE)
    planes = []
    for signed in (False, True):
        files = ct_series(healthy, patient=patient, study_uid=STUDY_UID, signed=signed)
        ds = pydicom.dcmread(io.BytesIO(next(files)))
        planes.append(ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept))
    inside = planes[1] > -1024

    assert np.array_equal(planes[0][inside], planes[1][inside])


def test_a_series_carries_an_identity_to_remove(series):
    first = series[0]

    assert all([first.PatientName, first.PatientBirthDate, first.InstitutionName])
    assert first.PatientID.startswith("ZZ")
    assert first.PatientSex in "MF"


@pytest.fixture(scope="module")
def chest_xray(healthy):
    patient = invented_patient(healthy, study_date=STUDY_DATE)
    return pydicom.dcmread(
        io.BytesIO(radiograph(healthy, patient=patient, study_uid=STUDY_UID, columns=400))
    )


def test_lungs_are_dark_and_the_heart_is_bright_on_a_radiograph(chest_xray):
    image = chest_xray.pixel_array
    rows, columns = image.shape
    middle = image[int(rows * 0.45) : int(rows * 0.55)]
    lung = np.median(middle[:, int(columns * 0.22) : int(columns * 0.3)])
    heart = np.median(middle[:, int(columns * 0.5) : int(columns * 0.56)])

    assert heart > lung + 800
    assert image.max() < 4096


def test_monochrome1_shows_the_same_radiograph(healthy, chest_xray):
    patient = invented_patient(healthy, study_date=STUDY_DATE)
    file = radiograph(
        healthy, patient=patient, study_uid=STUDY_UID, columns=400, photometric="MONOCHROME1"
    )

    inverted = pydicom.dcmread(io.BytesIO(file))
    assert np.array_equal(4095 - inverted.pixel_array, chest_xray.pixel_array)


def test_a_printed_name_is_in_the_pixels_and_declared(healthy, chest_xray):
    patient = invented_patient(healthy, study_date=STUDY_DATE)
    file = radiograph(healthy, patient=patient, study_uid=STUDY_UID, columns=400, printed_name=True)

    printed = pydicom.dcmread(io.BytesIO(file))
    assert printed.BurnedInAnnotation == "YES"
    changed = printed.pixel_array != chest_xray.pixel_array
    assert changed[: changed.shape[0] // 6].any()
    assert not changed[changed.shape[0] // 3 :].any()
