"""What the study store would hold of a file."""

import io

from uploads.dicom import stored_file
from uploads.dicom.deid import Deidentified
from uploads.dicom.transcoding import frames


def stored(result: Deidentified) -> tuple[bytes, list[tuple[int, int]]]:
    """The stored file of a de-identified one, and the ranges of its frames."""
    stream = io.BytesIO()
    ranges = stored_file.write(stream, result, frames(result.source))
    return stream.getvalue(), ranges


def native(data: bytes) -> bytes:
    """A stored file for a client that does not take JPEG-LS."""
    return b"".join(stored_file.explicit_little_endian(data))
