"""Why an upload or a file was held, refused or not needed: every code with its sentence."""

from enum import StrEnum

from uploads.dicom.reasons import REASONS, Reason


class UploadReason(StrEnum):
    """What only the whole upload, or the database, can tell; a file's own are `Reason`."""

    # files
    NOT_ARRIVED = "not_arrived"
    DAMAGED_ON_THE_WAY = "damaged_on_the_way"
    ALREADY_STORED = "already_stored"
    SENT_TWICE = "sent_twice"
    ANOTHER_IMAGE_STORED = "another_image_with_this_uid"
    TOO_MANY_FILES = "too_many_files"
    TOO_MANY_BYTES = "too_many_bytes"
    REFUSED_AFTER_CHECK = "refused_after_check"
    # uploads
    SEVERAL_PATIENTS = "several_patients"
    NOTHING_ACCEPTED = "nothing_accepted"
    ALL_DUPLICATES = "all_duplicates"
    FILES_HELD = "files_held"
    IDENTITY_VISIBLE = "identity_visible"
    NOT_SUITABLE = "not_suitable"
    NOT_SUBMITTED_IN_TIME = "not_submitted_in_time"
    NOT_DECIDED_IN_TIME = "not_decided_in_time"
    NOT_ANSWERED_IN_TIME = "not_answered_in_time"


UPLOAD_REASONS: dict[UploadReason, str] = {
    UploadReason.NOT_ARRIVED: "The file did not arrive. Send it again.",
    UploadReason.DAMAGED_ON_THE_WAY: "The file was damaged on its way. Send it again.",
    UploadReason.ALREADY_STORED: "The database has this image already, from an earlier upload.",
    UploadReason.SENT_TWICE: "This upload holds the same image twice. It was kept once.",
    UploadReason.ANOTHER_IMAGE_STORED: (
        "Another image with the same identifier is in the database already."
    ),
    UploadReason.TOO_MANY_FILES: "With this zip file the upload holds more files than one may.",
    UploadReason.TOO_MANY_BYTES: "This zip file unpacks to more than one upload may hold.",
    UploadReason.REFUSED_AFTER_CHECK: "Information governance checked the file and refused it.",
    UploadReason.SEVERAL_PATIENTS: (
        "This upload holds images of more than one patient. Send one upload for each patient."
    ),
    UploadReason.NOTHING_ACCEPTED: (
        "None of the files could be taken. The reason stands beside each file."
    ),
    UploadReason.ALL_DUPLICATES: "Every image of this upload is in the database already.",
    UploadReason.FILES_HELD: "Some files need a person's check before they can go on.",
    UploadReason.IDENTITY_VISIBLE: "A name or number can be seen in the images.",
    UploadReason.NOT_SUITABLE: "The images are not of the kind the database collects.",
    UploadReason.NOT_SUBMITTED_IN_TIME: "The upload was not submitted within 7 days.",
    UploadReason.NOT_ANSWERED_IN_TIME: "Our question about the upload was open for 30 days.",
    UploadReason.NOT_DECIDED_IN_TIME: "The upload was held for 30 days without a decision.",
}


def sentence(code: str) -> str:
    """The sentence for a `reason` column; empty for an empty code."""
    if not code:
        return ""
    if code in UPLOAD_REASONS:
        return UPLOAD_REASONS[UploadReason(code)]
    return REASONS[Reason(code)]
