import datetime
import io
import json

import pydicom

from tests.datasets import chest_xray, ct_slice, enhanced_ct
from tests.uploads.dicom.keys import deidentified, planted_in
from uploads.dicom.headers import (
    dicom_json,
    first,
    frame_value,
    instance_facts,
    series_facts,
    study_facts,
    values,
)


def test_a_header_is_dicom_json_that_reads_back_the_same():
    for source in (ct_slice(), chest_xray(), enhanced_ct()):
        dataset = deidentified(source).reread.dataset
        header = json.loads(json.dumps(dicom_json(dataset)))

        again = pydicom.Dataset.from_json(header)

        for element in dataset:
            if element.tag != 0x7FE00010:
                assert again[element.tag] == element
        assert not planted_in(json.dumps(header).encode())


def test_decimal_strings_keep_their_values_as_numbers():
    header = dicom_json(deidentified(ct_slice()).reread.dataset)

    assert header["00280030"] == {"vr": "DS", "Value": [5.0, 5.0]}
    assert header["00281053"] == {"vr": "DS", "Value": [1.0]}
    assert header["00100010"]["Value"][0].keys() == {"Alphabetic"}
    assert "Value" not in header["00080050"]


def test_pixels_are_left_out():
    assert "7FE00010" not in dicom_json(deidentified(ct_slice()).reread.dataset)


def test_values_are_found_wherever_a_frame_keeps_them():
    header = dicom_json(deidentified(enhanced_ct(3)).reread.dataset)
    single = dicom_json(deidentified(ct_slice(number=2)).reread.dataset)

    places = [
        frame_value(header, frame, "PlanePositionSequence", "ImagePositionPatient")[2]
        for frame in (1, 2, 3)
    ]
    assert places == [198.75, 197.5, 196.25]
    assert frame_value(header, 3, "PixelMeasuresSequence", "PixelSpacing") == [5, 5]
    assert frame_value(single, 1, "PlanePositionSequence", "ImagePositionPatient")[2] == 197.5
    assert first(single, "Rows") == 64
    assert first(single, "StudyID", "none") == "none"
    assert values(single, "WindowCenter") == [-600, 40]


def test_answers_of_a_query_have_what_the_standard_asks():
    study = study_facts(
        study_instance_uid="2.25.1",
        patient_id="BSTI-X",
        patient_sex="F",
        study_date=datetime.date(2015, 4, 3),
        modalities=["CT", "CR", "CT"],
        number_of_series=2,
        number_of_instances=9,
        retrieve_url="/studies/2.25.1",
    )
    series = series_facts(
        study_instance_uid="2.25.1",
        series_instance_uid="2.25.2",
        modality="CT",
        series_number=None,
        series_description="",
        number_of_instances=9,
        retrieve_url="/s",
    )
    instance = instance_facts(
        study_instance_uid="2.25.1",
        series_instance_uid="2.25.2",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid="2.25.3",
        instance_number=7,
        rows=512,
        columns=512,
        bits_allocated=16,
        number_of_frames=1,
        retrieve_url="/i",
    )

    assert study["00080020"] == {"vr": "DA", "Value": ["20150403"]}
    assert study["00080061"] == {"vr": "CS", "Value": ["CR", "CT"]}
    assert study["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "BSTI-X"}]}
    assert study["00100030"] == {"vr": "DA"}
    assert study["00201208"] == {"vr": "IS", "Value": [9]}
    assert series["00200011"] == {"vr": "IS"}
    assert series["00080060"] == {"vr": "CS", "Value": ["CT"]}
    assert instance["00280010"] == {"vr": "US", "Value": [512]}
    for facts in (study, series, instance):
        assert list(facts) == sorted(facts)
        stream = io.StringIO()
        json.dump(facts, stream)
        assert pydicom.Dataset.from_json(stream.getvalue())
