"""Pure DICOM: reading, de-identifying, encoding and showing images. No Django, no network."""
