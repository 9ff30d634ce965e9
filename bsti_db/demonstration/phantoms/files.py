"""Write the synthetic chest as DICOM files, under names of people who do not exist."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

from .projection import View, path_lengths, processed
from .volumes import KERNELS, OUTSIDE_HU, Volume, reconstructed

IMPLEMENTATION_UID = "2.25.296485378224163947852201873318420716201"
PADDING = -2000


@dataclass(frozen=True)
class PatientIdentity:
    """The identifying headers of an invented patient, to be removed by de-identification."""

    patient_name: str
    patient_id: str
    birth_date: date
    sex: str
    study_date: date
    accession_number: str
    institution_name: str
    referring_physician_name: str
    operators_name: str


_FAMILIES = (
    "Phantomworth",
    "Samplethwaite",
    "Testerby",
    "Mockingham",
    "Fictionby",
    "Dummington",
    "Makebelieve",
    "Synthwick",
)
_WOMEN = ("Imogen", "Priya", "Agnes", "Folasade", "Margaret", "Siân", "Roza")
_MEN = ("Alastair", "Rajesh", "Tobias", "Kwame", "Gethin", "Harold", "Piotr")
_PLACES = (
    "Invented Royal Infirmary",
    "St Nowhere's Hospital",
    "Imaginary District General Hospital",
)
_DOCTORS = ("Notareal^Nora^^Dr", "Pretendly^Peter^^Dr", "Fabricate^Fiona^^Dr")


def invented_patient(volume: Volume, *, study_date: date, visit: int = 1) -> PatientIdentity:
    """Invent the identity that belongs to a volume; each visit has its own accession number."""
    rng = np.random.default_rng([volume.habitus.seed, 211])
    habitus = volume.habitus
    given = (_MEN if habitus.sex == "M" else _WOMEN)[rng.integers(7)]
    family = _FAMILIES[rng.integers(len(_FAMILIES))]
    # not from the study's date: the same person comes back on another day
    year = 2020 - habitus.age_years
    birth_date = date(year, int(rng.integers(1, 13)), int(rng.integers(1, 29)))
    return PatientIdentity(
        patient_name=f"{family}^{given}",
        patient_id=f"ZZ{rng.integers(10**7, 10**8)}",
        birth_date=birth_date,
        sex=habitus.sex,
        study_date=study_date,
        accession_number=f"XX{rng.integers(10**6, 10**7) + visit}",
        institution_name=_PLACES[rng.integers(3)],
        referring_physician_name=_DOCTORS[rng.integers(3)],
        operators_name="Radiographer^Ima",
    )


def derived_uid(*parts: object) -> str:
    """Return a UID (2.25 form) that is always the same for the same parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) | (0x4 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return f"2.25.{number}"


def ct_series(
    volume: Volume,
    *,
    patient: PatientIdentity,
    study_uid: str,
    kernel: str = "lung",
    series_number: int | None = None,
    signed: bool = False,
) -> Iterator[bytes]:
    """Write one series of CT Image Storage files, head to feet.

    Parameters
    ----------
    volume
        The chest.
    patient, study_uid
        What the files say they belong to; series and instances get UIDs derived from it.
    kernel
        "lung" or "soft".
    signed
        Store signed values that are Hounsfield units, with padding outside the field of view,
        as some makers do; otherwise unsigned values with Rescale Intercept -1024.

    Yields
    ------
    bytes
        A file, Explicit VR Little Endian, one slice.
    """
    number = series_number or (2 if kernel == "lung" else 3)
    dataset = _ct_header(volume, patient, study_uid, kernel, number, signed=signed)
    for index in range(len(volume.hu)):
        hu = reconstructed(volume, index, kernel=kernel)
        if signed:
            stored = np.where(hu == OUTSIDE_HU, PADDING, hu).astype("<i2")
        else:
            stored = (hu.astype(np.int32) + 1024).astype("<u2")
        position = volume.position_mm(index)
        dataset.InstanceNumber = index + 1
        dataset.ImagePositionPatient = [f"{value:.4f}" for value in position]
        dataset.SliceLocation = f"{position[2]:.4f}"
        dataset.SOPInstanceUID = derived_uid(study_uid, number, index)
        seconds = 10 * 3600 + 12 * 60 + index * 0.05
        dataset.AcquisitionTime = dataset.ContentTime = _time(seconds)
        dataset.PixelData = stored.tobytes()
        yield file_bytes(dataset)


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{int(seconds % 1 * 100):02d}"


def file_bytes(dataset: Dataset) -> bytes:
    """Return a dataset as a DICOM file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = "PHANTOM_1"
    stream = io.BytesIO()
    file = FileDataset(stream, dataset, file_meta=meta, preamble=b"\0" * 128)
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _identifying_header(patient: PatientIdentity, study_uid: str, seconds: float) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = patient.patient_name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = f"{patient.birth_date:%Y%m%d}"
    dataset.PatientSex = patient.sex
    had_birthday = (patient.study_date.month, patient.study_date.day) >= (
        patient.birth_date.month,
        patient.birth_date.day,
    )
    age = patient.study_date.year - patient.birth_date.year - (not had_birthday)
    dataset.PatientAge = f"{age:03d}Y"
    dataset.PatientAddress = "1 Nowhere Lane, Madeupton"
    dataset.AccessionNumber = patient.accession_number
    dataset.StudyID = patient.accession_number[-6:]
    dataset.InstitutionName = patient.institution_name
    dataset.InstitutionAddress = "Fable Road, Madeupton ZZ9 9ZZ"
    dataset.ReferringPhysicianName = patient.referring_physician_name
    dataset.OperatorsName = patient.operators_name
    dataset.StationName = "NOWHERE01"
    dataset.Manufacturer = "Synthetic Phantom Works"
    dataset.SoftwareVersions = "1.0"
    day = f"{patient.study_date:%Y%m%d}"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = _time(seconds)
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = _time(seconds + 60)
    dataset.StudyInstanceUID = study_uid
    return dataset


def _ct_header(
    volume: Volume,
    patient: PatientIdentity,
    study_uid: str,
    kernel: str,
    number: int,
    *,
    signed: bool,
) -> Dataset:
    chosen = KERNELS[kernel]
    dataset = _identifying_header(patient, study_uid, 10 * 3600 + 8 * 60)
    dataset.SOPClassUID = CTImageStorage
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Modality = "CT"
    dataset.ManufacturerModelName = "Phantom CT 64"
    dataset.DeviceSerialNumber = "PH000064"
    dataset.StudyDescription = "CT Thorax" + (" with contrast" if volume.habitus.contrast else "")
    dataset.SeriesDescription = chosen.description
    dataset.ProtocolName = "Thorax COVID"
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.SeriesNumber, dataset.AcquisitionNumber = number, 1
    dataset.SeriesInstanceUID = derived_uid(study_uid, number)
    dataset.FrameOfReferenceUID = derived_uid(study_uid, "frame of reference")
    dataset.PositionReferenceIndicator = "SN"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    _add_acquisition(dataset, volume, chosen.name)
    _add_pixel_module(
        dataset, volume.hu.shape[1:], "MONOCHROME2", signed=signed, bits=16 if signed else 12
    )
    dataset.RescaleIntercept, dataset.RescaleSlope = ("0" if signed else "-1024"), "1"
    dataset.RescaleType = "HU"
    if signed:
        dataset.PixelPaddingValue = PADDING
    dataset.WindowCenter, dataset.WindowWidth = (str(value) for value in chosen.window)
    return dataset


def _add_acquisition(dataset: Dataset, volume: Volume, kernel_name: str) -> None:
    spacing_z, spacing_row, spacing_column = volume.spacing_mm
    dataset.SliceThickness = f"{spacing_z:.3f}"
    dataset.SpacingBetweenSlices = f"{spacing_z:.3f}"
    dataset.PixelSpacing = [f"{spacing_row:.6f}", f"{spacing_column:.6f}"]
    dataset.KVP, dataset.XRayTubeCurrent = "120", 180
    dataset.ExposureTime, dataset.Exposure = 500, 90
    dataset.ConvolutionKernel, dataset.FilterType = kernel_name, "BODY"
    dataset.DataCollectionDiameter = "500"
    dataset.ReconstructionDiameter = f"{spacing_row * volume.hu.shape[1]:.2f}"
    dataset.GantryDetectorTilt, dataset.RotationDirection = "0", "CW"
    if volume.habitus.contrast:
        dataset.ContrastBolusAgent = "IV contrast"


def _add_pixel_module(
    dataset: Dataset, shape, photometric: str, *, signed: bool, bits: int
) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = int(shape[0]), int(shape[1])
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = 1 if signed else 0


def radiograph(
    volume: Volume,
    *,
    patient: PatientIdentity,
    study_uid: str,
    view: View = "PA",
    columns: int = 1600,
    photometric: str = "MONOCHROME2",
    marker: str | None = None,
    printed_name: bool = False,
) -> bytes:
    """Write a chest radiograph of the person in the volume, standing (PA) or in bed (AP).

    Parameters
    ----------
    volume
        The chest; its anatomy is projected afresh, shoulders included.
    marker
        "L" or "R", a lead letter in the pixels beside that shoulder.
    printed_name
        Burn the invented name into the pixels and say so in Burned In Annotation.

    Returns
    -------
    bytes
        A Digital X-Ray Image Storage - For Presentation file, 12 bits.
    """
    path, pixel_mm = path_lengths(volume.habitus, volume.disease, view=view, columns=columns)
    image = processed(path, pixel_mm, seed=volume.habitus.seed)
    if marker:
        right = marker == "R"
        place = (int(image.shape[1] * (0.06 if right else 0.9)), int(image.shape[0] * 0.1))
        image = _lettered(image, marker, place, image.shape[0] // 22)
    if printed_name:
        name = patient.patient_name.replace("^", " ")
        text = f"{name}\n{patient.patient_id}  {patient.birth_date:%d/%m/%Y}"
        image = _lettered(
            image, text, (image.shape[1] // 40, image.shape[0] // 50), image.shape[0] // 44
        )
    dataset = _radiograph_header(patient, study_uid, view, pixel_mm)
    dataset.BurnedInAnnotation = "YES" if printed_name else "NO"
    _add_pixel_module(dataset, image.shape, photometric, signed=False, bits=12)
    dataset.PresentationLUTShape = "IDENTITY" if photometric == "MONOCHROME2" else "INVERSE"
    stored = image if photometric == "MONOCHROME2" else 4095 - image
    dataset.PixelData = stored.astype("<u2").tobytes()
    return file_bytes(dataset)


def _lettered(image: np.ndarray, text: str, place: tuple[int, int], size: int) -> np.ndarray:
    mask = Image.new("L", (image.shape[1], image.shape[0]))
    ImageDraw.Draw(mask).text(place, text, fill=255, font=ImageFont.load_default(size))
    ink = np.asarray(mask, dtype=np.float32) / 255
    return np.rint(image + ink * (4000 - image.astype(np.float32))).astype(np.uint16)


def _radiograph_header(
    patient: PatientIdentity, study_uid: str, view: View, pixel_mm: float
) -> Dataset:
    dataset = _identifying_header(patient, study_uid, 9 * 3600 + 20 * 60)
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = derived_uid(study_uid, view, "image")
    dataset.SeriesInstanceUID = derived_uid(study_uid, view)
    dataset.Modality = "DX"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.ManufacturerModelName = "Phantom DR"
    dataset.DeviceSerialNumber = "PH000002"
    dataset.StudyDescription, dataset.SeriesDescription = "XR Chest", f"Chest {view}"
    dataset.BodyPartExamined, dataset.ViewPosition, dataset.ImageLaterality = "CHEST", view, "U"
    dataset.PatientOrientation = ["L", "F"]
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = 1, 1, 1
    dataset.KVP = "125" if view == "PA" else "90"
    dataset.DistanceSourceToDetector = "1800" if view == "PA" else "1050"
    dataset.ImagerPixelSpacing = [f"{pixel_mm:.4f}", f"{pixel_mm:.4f}"]
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.LossyImageCompression = "00"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    return dataset
