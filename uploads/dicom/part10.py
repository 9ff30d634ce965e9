"""A DICOM file made of an instance's DICOM JSON and its JPEG-LS frames.

References
----------
DICOM PS3.10, 7.1 (file meta information); PS3.5, A.4 (encapsulated pixel data).
"""

import io
from collections.abc import Sequence

from pydicom import config, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGLSLossless

from uploads.dicom.deid.statement import IMPLEMENTATION_CLASS_UID
from uploads.dicom.headers import Header

_PIXEL_DATA = "7FE00010"


def part10(header: Header, frames: Sequence[bytes]) -> bytes:
    """The whole file, in JPEG-LS lossless.

    Parameters
    ----------
    header
        DICOM JSON without pixels, as `headers.dicom_json` makes it.
    frames
        The stored frames in their order, as `transcoding.encode_frame` made them.
    """
    with config.disable_value_validation():
        dataset = Dataset.from_json(
            {tag: element for tag, element in header.items() if tag != _PIXEL_DATA}
        )
        dataset.PixelData = encapsulate(list(frames))
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
        dataset.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
        stream = io.BytesIO()
        dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()
