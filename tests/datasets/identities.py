"""The invented people, places and UIDs that the test files carry."""

import hashlib

from pydicom.uid import UID

CT_IMAGE = UID("1.2.840.10008.5.1.4.1.1.2")
ENHANCED_CT_IMAGE = UID("1.2.840.10008.5.1.4.1.1.2.1")
LEGACY_ENHANCED_CT_IMAGE = UID("1.2.840.10008.5.1.4.1.1.2.2")
CR_IMAGE = UID("1.2.840.10008.5.1.4.1.1.1")
DX_FOR_PRESENTATION = UID("1.2.840.10008.5.1.4.1.1.1.1")
DX_FOR_PROCESSING = UID("1.2.840.10008.5.1.4.1.1.1.1.1")
MR_IMAGE = UID("1.2.840.10008.5.1.4.1.1.4")
SECONDARY_CAPTURE_IMAGE = UID("1.2.840.10008.5.1.4.1.1.7")
BASIC_TEXT_SR = UID("1.2.840.10008.5.1.4.1.1.88.11")
DOSE_REPORT = UID("1.2.840.10008.5.1.4.1.1.88.67")
ENCAPSULATED_PDF = UID("1.2.840.10008.5.1.4.1.1.104.1")
ULTRASOUND_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")

PATIENTS = {
    "A": {
        "PatientName": "QUILLFEATHER^ZEBEDEE^BARNABY^MR",
        "PatientID": "RXQ4857201",
        "PatientBirthDate": "19510923",
        "PatientSex": "M",
        "PatientAge": "068Y",
    },
    "B": {
        "PatientName": "WINTERBOTTOM^HEPZIBAH^^MRS",
        "PatientID": "RXQ9930146",
        "PatientBirthDate": "19340211",
        "PatientSex": "F",
        "PatientAge": "086Y",
    },
    "C": {
        "PatientName": "OGUNDIPE-FFOULKES^PERPETUA",
        "PatientID": "RXQ1120558",
        "PatientBirthDate": "19880630",
        "PatientSex": "F",
        "PatientAge": "031Y",
    },
}

STAFF_AND_PLACES = {
    "AccessionNumber": "ACC7719042Z",
    "InstitutionName": "St Elsewhere General Hospital",
    "InstitutionAddress": "14 Marmalade Lane, Nethertown NX9 4QQ",
    "InstitutionalDepartmentName": "Radiology Crumpetwing",
    "StationName": "CT-GLOXINIA",
    "ReferringPhysicianName": "PENHALIGON^MORWENNA^^DR",
    "PerformingPhysicianName": "ARKWRIGHT^THADDEUS",
    "OperatorsName": "SNODGRASS^LAVINIA",
    "PhysiciansOfRecord": "PENHALIGON^MORWENNA^^DR",
    "StudyID": "STU88142",
    "StudyDescription": "CT THORAX QUILLFEATHER contact tracing",
    "DeviceSerialNumber": "SN-0099413-KX",
    "OtherPatientIDs": ["NHS9434765919", "HOSP55512"],
    "PatientAddress": "3 Periwinkle Mews, Nethertown",
    "PatientTelephoneNumbers": "01632 960943",
    "PatientComments": "Mr Quillfeather, neighbour of the mayor",
    "AdditionalPatientHistory": "Cough since the Nethertown fete",
    "ImageComments": "reported by Dr Arkwright",
    "Occupation": "Lighthousekeeper",
    "RequestedProcedureDescription": "CT chest for Mrs Snodgrass",
    "ProtocolName": "Thorax Gloxinia protocol",
}

# What no output may hold, in any case or spelling: taken from the values above.
PLANTED = (
    *("QUILLFEATHER", "ZEBEDEE", "BARNABY", "RXQ4857201", "19510923"),
    *("WINTERBOTTOM", "HEPZIBAH", "RXQ9930146", "19340211"),
    *("OGUNDIPE", "FFOULKES", "PERPETUA", "RXQ1120558", "19880630"),
    *("ACC7719042Z", "Elsewhere", "Marmalade", "Nethertown", "Crumpetwing", "GLOXINIA"),
    *("PENHALIGON", "MORWENNA", "ARKWRIGHT", "THADDEUS", "SNODGRASS", "LAVINIA"),
    *("STU88142", "0099413", "9434765919", "HOSP55512", "Periwinkle", "960943", "mayor", "fete"),
    *("Lighthouse", "PETTIFOGGER", "HIDDENPRIVATE", "HIDDENCURVE", "HIDDENMETA"),
)

UID_ROOT = "1.2.826.0.1.3680043.10.1453."


def uid(*parts: object) -> str:
    """A source UID that is the same for the same parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return UID_ROOT + str(int.from_bytes(digest[:11], "big"))
