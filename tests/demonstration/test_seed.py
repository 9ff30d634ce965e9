"""The demonstration's panel: what its people do with its patients."""

from pathlib import Path

import pytest

from bsti_db.demonstration import seed
from bsti_db.demonstration.patients import PATIENTS
from review.models import Case
from tests.review import making

pytestmark = pytest.mark.django_db


def test_the_demonstration_ends_with_a_discordant_case_given_to_an_adjudicator(tmp_path: Path):
    members = seed.seed_members(tmp_path)
    [patient] = [each for each in PATIENTS if each.ends == "discordant"]
    upload = making.accepted_upload()

    for _ in range(2):  # run again, it goes on where it stopped
        case = seed.read_only(patient, upload, members)

    assert case.status == Case.Status.DISCORDANT
    assert case.readings.filter(submitted_at__isnull=False).count() == 2
    assert case.assignments.get(seat="adjudicator").member == members["third panellist"]


def test_a_patient_to_publish_is_read_by_two_who_agree(tmp_path: Path):
    members = seed.seed_members(tmp_path)
    patient = next(each for each in PATIENTS if each.ends == "published")

    case = seed.read_only(patient, making.accepted_upload(modalities=("CT", "DX")), members)

    assert case.status == Case.Status.ACCEPTED
