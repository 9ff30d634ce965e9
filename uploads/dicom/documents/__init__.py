"""DICOM documents about images: measurement reports (SR) and presentation states (GSPS).

Pure: made of the images' DICOM JSON and of what was drawn on them. The same input gives the same
bytes under the same UID, and other bytes have another UID.
"""
