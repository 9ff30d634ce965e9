"""Text that is part of the picture: found, and told from the markers every radiograph carries."""

from uploads.dicom.burned_in.glyphs import Box
from uploads.dicom.burned_in.looking import DetectorFailed, Look, findings

__all__ = ["Box", "DetectorFailed", "Look", "findings"]
