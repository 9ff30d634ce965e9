import pytest

from uploads.screening import Kind, is_nhs_number, sentence, suspicions


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Seen on 12/03/2020", Kind.DATE),
        ("seen 12.3.20", Kind.DATE),
        ("onset 2020-03-12", Kind.DATE),
        ("swab 03/04, cough", Kind.DATE),
        ("12 March 2020", Kind.DATE),
        ("March 12th", Kind.DATE),
        ("on 3rd of April", Kind.DATE),
        ("unwell since March", Kind.DATE),
        ("in Apr 2020", Kind.DATE),
        ("DOB unknown", Kind.DATE),
        ("born 1950", Kind.DATE),
        ("14022020", Kind.DATE),
        ("Mr Smith unwell", Kind.NAME),
        ("mrs patel unwell", Kind.NAME),
        ("Dr. A Jones referred", Kind.NAME),
        ("John had a cough", Kind.NAME),
        ("mohammed had a cough", Kind.NAME),
        ("SMITH, John", Kind.NAME),
        ("with Kowalski Nowak", Kind.NAME),
        ("NHS 943 476 5919", Kind.NHS_NUMBER),
        ("9434765919", Kind.NHS_NUMBER),
        ("943-476-5919", Kind.NHS_NUMBER),
        ("MRN 12345", Kind.HOSPITAL_NUMBER),
        ("hospital no X123456", Kind.HOSPITAL_NUMBER),
        ("RXR1234567", Kind.HOSPITAL_NUMBER),
        ("9434765918", Kind.HOSPITAL_NUMBER),
        ("07700 900123", Kind.PHONE_NUMBER),
        ("+44 7700 900123", Kind.PHONE_NUMBER),
        ("0161 496 0000", Kind.PHONE_NUMBER),
        ("from M13 9WL", Kind.POSTCODE),
        ("sw1a 1aa", Kind.POSTCODE),
        ("write to r.jones@nhs.net", Kind.EMAIL),
    ],
)
def test_what_names_a_patient_is_seen(text, kind):
    assert kind in [seen.kind for seen in suspicions(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Dry cough and fever for 5/7, sats 88% on air, CRP 120.",
        "COPD, CKD stage 3, Type 2 Diabetes Mellitus",
        "Wells score 3/10, GCS 14/15, BP 120/80",
        "2000 ml fluid in 24 hours",
        "Crohn's Disease on infliximab",
        "Worsening hypoxia, Intensive Care on day 10",
        "FiO2 0.6, PaO2 8.5 kPa, PEEP 10",
        "lymphocytes 0.6 x10^9/L; D-dimer 2045 ng/ml",
        "Sjögren Syndrome; South Asian male",
        "Platelets 150,000. 10/7 history, 2/52 malaise",
        "may have aspirated; march fracture",
        "Day 7 of illness, RT-PCR positive, 1/12 ago",
        "Chronic Obstructive Pulmonary Disease. Previous Wegener granulomatosis",
        "SARS-CoV-2 PCR positive; Troponin T 2019 ng/L",
        "COVID-19 ARDS, CPAP then intubated",
        "Non-Hodgkin Lymphoma, eGFR 45",
        "",
    ],
)
def test_ordinary_clinical_words_pass(text):
    assert suspicions(text) == []


def test_the_sentence_says_what_was_seen_and_where():
    text = "Cough since 12 March 2020."

    words = sentence(text, suspicions(text)[0])

    assert words.startswith("“12 March 2020” (character 13) looks like a date.")


def test_several_things_are_all_told_in_reading_order():
    text = "Mr Smith, 9434765919, seen 12/03/2020 at M13 9WL"

    kinds = [seen.kind for seen in suspicions(text)]

    assert kinds == [Kind.NAME, Kind.NHS_NUMBER, Kind.DATE, Kind.POSTCODE]


@pytest.mark.parametrize(
    ("digits", "is_one"),
    [("9434765919", True), ("9434765918", False), ("4010232137", True), ("123", False)],
)
def test_an_nhs_number_is_known_by_its_check_digit(digits, is_one):
    assert is_nhs_number(digits) is is_one
