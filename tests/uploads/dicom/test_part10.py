"""A file made again of its header and stored frames."""

import io

import numpy as np
import pydicom
import pytest

from tests.datasets import chest_xray, ct_slice, enhanced_ct
from tests.uploads.dicom.keys import deidentified
from uploads.dicom.headers import dicom_json
from uploads.dicom.part10 import part10
from uploads.dicom.reading import read
from uploads.dicom.transcoding import encode_frame, frames


@pytest.mark.parametrize("source", [ct_slice(), chest_xray(), enhanced_ct(3)])
def test_its_pixels_and_attributes_are_those_of_the_file_that_was_stored(source):
    result = deidentified(source)
    stored = [encode_frame(pixels) for pixels in frames(read(result.data))]

    again = pydicom.dcmread(io.BytesIO(part10(dicom_json(result.reread.dataset), stored)))

    before = pydicom.dcmread(io.BytesIO(result.data))
    assert again.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.80"
    assert np.array_equal(again.pixel_array, before.pixel_array)
    assert again.pixel_array.dtype == before.pixel_array.dtype
    for element in before:
        if element.tag != 0x7FE00010:
            assert again[element.tag].value == element.value
