import io
import zipfile

import pytest

from uploads.dicom.zipping import zipped


@pytest.mark.parametrize("packed", [True, False])
def test_a_zip_is_sent_as_it_grows_and_is_the_same_again(packed):
    taken = []

    def files():
        for number in range(50):
            taken.append(number)
            yield f"{number}.txt", b"%d" % number * 1000

    sent = zipped(files(), packed=packed)
    first = next(sent)
    assert first.startswith(b"PK")
    assert taken == [0]

    whole = first + b"".join(sent)

    archive = zipfile.ZipFile(io.BytesIO(whole))
    assert archive.testzip() is None
    assert [archive.read(name) for name in archive.namelist()] == [
        b"%d" % number * 1000 for number in range(50)
    ]
    assert b"".join(zipped(files(), packed=packed)) == whole
