"""Images in the study store as workers leave them, made of pixels alone."""

import numpy as np

from uploads import storage
from uploads.dicom.part10 import part10
from uploads.dicom.transcoding import encode_frame
from uploads.models import Instance


def store_image(instance: Instance, pixels: np.ndarray) -> None:
    """Store a file of one frame, and where in it the frame lies."""
    code = encode_frame(pixels)
    header = {
        "00080016": {"vr": "UI", "Value": [instance.sop_class_uid]},
        "00080018": {"vr": "UI", "Value": [instance.sop_instance_uid]},
        "00280010": {"vr": "US", "Value": [pixels.shape[0]]},
        "00280011": {"vr": "US", "Value": [pixels.shape[1]]},
    }
    data = part10(header, [code])
    instance.frame_ranges = [(data.index(code), len(code))]
    instance.save(update_fields=["frame_ranges"])
    series = instance.series
    storage.write_study(
        storage.instance_key(
            series.study.upload_id, series.series_instance_uid, instance.sop_instance_uid
        ),
        data,
    )
