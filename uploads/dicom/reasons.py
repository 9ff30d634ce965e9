"""Why a file is refused or held, as codes with a sentence each. Never a value of the file."""

from collections.abc import Sequence
from enum import StrEnum


class Reason(StrEnum):
    # refused: nothing of the file is kept
    CANNOT_BE_OPENED = "cannot_be_opened"
    SYMBOLIC_LINK = "symbolic_link"
    EMPTY_FILE = "empty_file"
    NOT_DICOM = "not_dicom"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TRANSFER_SYNTAX_NOT_ACCEPTED = "transfer_syntax_not_accepted"
    SOP_CLASS_NOT_ACCEPTED = "sop_class_not_accepted"
    SOP_CLASS_MR = "sop_class_mr"
    SOP_CLASS_SECONDARY_CAPTURE = "sop_class_secondary_capture"
    SOP_CLASS_REPORT = "sop_class_report"
    SOP_CLASS_DOCUMENT = "sop_class_document"
    SOP_CLASS_PRESENTATION_STATE = "sop_class_presentation_state"
    SOP_CLASS_ULTRASOUND = "sop_class_ultrasound"
    SOP_CLASS_DICOMDIR = "sop_class_dicomdir"
    SOP_CLASS_OTHER_MODALITY = "sop_class_other_modality"
    NO_PIXELS = "no_pixels"
    PIXELS_DO_NOT_FIT = "pixels_do_not_fit"
    PIXELS_CANNOT_BE_DECODED = "pixels_cannot_be_decoded"
    COLOUR_NOT_ACCEPTED = "colour_not_accepted"
    BIT_DEPTH_NOT_ACCEPTED = "bit_depth_not_accepted"
    HIGH_BIT_NOT_ACCEPTED = "high_bit_not_accepted"
    IDENTIFIERS_MISSING = "identifiers_missing"
    # refused: archives
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_BOMB = "archive_bomb"
    ARCHIVE_OVERLAPS = "archive_overlaps"
    ARCHIVE_TOO_MANY_ENTRIES = "archive_too_many_entries"
    ARCHIVE_NESTED = "archive_nested"
    ARCHIVE_HAS_LINKS = "archive_has_links"
    ARCHIVE_METHOD_NOT_ACCEPTED = "archive_method_not_accepted"
    ARCHIVE_EMPTY = "archive_empty"
    # held: a person must look first
    BURNED_IN_ANNOTATION = "burned_in_annotation"
    SCREEN_SAVE = "screen_save"
    CONVERSION_TYPE = "conversion_type"
    TEXT_IN_PICTURE = "text_in_picture"
    DETECTOR_FAILED = "detector_failed"
    MASKED = "masked"
    HIDDEN_PIXEL_BITS = "hidden_pixel_bits"
    VERIFICATION_FAILED = "verification_failed"
    PROCESSING_FAILED = "processing_failed"
    TOOK_TOO_LONG = "took_too_long"
    NEEDED_TOO_MUCH_MEMORY = "needed_too_much_memory"


_TAKES = "The database takes CT and chest radiographs."

# A sentence each, to stand after "File 12: ".
REASONS: dict[Reason, str] = {
    Reason.CANNOT_BE_OPENED: "The file cannot be opened. See that it is there and may be read.",
    Reason.SYMBOLIC_LINK: "This is a link to another place. Copy the files themselves here.",
    Reason.EMPTY_FILE: "The file is empty. Send it again from the original.",
    Reason.NOT_DICOM: "This is not a DICOM file. Upload the original DICOM files.",
    Reason.TRUNCATED: "The file breaks off before its end. Export it again and send it once more.",
    Reason.MALFORMED: "The file is damaged and cannot be read. Export it again.",
    Reason.TOO_LARGE: "The image is larger than the database takes.",
    Reason.TOO_COMPLEX: "The file is built of more parts than an image needs. Export it again.",
    Reason.TRANSFER_SYNTAX_NOT_ACCEPTED: (
        "The image is compressed in a way the database does not take. Export it uncompressed."
    ),
    Reason.SOP_CLASS_NOT_ACCEPTED: f"This kind of DICOM file is not taken. {_TAKES}",
    Reason.SOP_CLASS_MR: f"This is an MR image. {_TAKES}",
    Reason.SOP_CLASS_SECONDARY_CAPTURE: (
        "This is a secondary capture, which often shows names. Send the original images."
    ),
    Reason.SOP_CLASS_REPORT: "This is a report, not an image. Reports are not taken.",
    Reason.SOP_CLASS_DOCUMENT: "This is a document, not an image. Documents are not taken.",
    Reason.SOP_CLASS_PRESENTATION_STATE: (
        "This holds notes about images, not an image. Send the images alone."
    ),
    Reason.SOP_CLASS_ULTRASOUND: f"This is an ultrasound image. {_TAKES}",
    Reason.SOP_CLASS_DICOMDIR: "This is the index of a disc, not an image. It is not needed.",
    Reason.SOP_CLASS_OTHER_MODALITY: f"This image is neither a CT nor a radiograph. {_TAKES}",
    Reason.NO_PIXELS: "There is no image in the file.",
    Reason.PIXELS_DO_NOT_FIT: "The image does not have the size the file says. Export it again.",
    Reason.PIXELS_CANNOT_BE_DECODED: "The compressed image is damaged. Export it again.",
    Reason.COLOUR_NOT_ACCEPTED: "This is a colour image. The database takes greyscale images.",
    Reason.BIT_DEPTH_NOT_ACCEPTED: "The image does not have 8 to 16 bits a pixel.",
    Reason.HIGH_BIT_NOT_ACCEPTED: (
        "The pixels do not lie in the lowest bits, as DICOM asks. Export the image again."
    ),
    Reason.IDENTIFIERS_MISSING: "The file does not say which study and series it belongs to.",
    Reason.ARCHIVE_DAMAGED: "The zip file is damaged. Make it again.",
    Reason.ARCHIVE_ENCRYPTED: "The zip file is protected by a password. Send it without one.",
    Reason.ARCHIVE_BOMB: (
        "The zip file unpacks to far more than the database takes. "
        "Send the images themselves, without a zip."
    ),
    Reason.ARCHIVE_OVERLAPS: "The zip file is not built as it should be. Make it again.",
    Reason.ARCHIVE_TOO_MANY_ENTRIES: "The zip file holds more files than one upload may.",
    Reason.ARCHIVE_NESTED: "The zip file holds another zip file. Unpack the inner one first.",
    Reason.ARCHIVE_HAS_LINKS: "The zip file holds links to other files. Make it without them.",
    Reason.ARCHIVE_METHOD_NOT_ACCEPTED: (
        "The zip file is compressed in an unusual way. Make it with the standard method."
    ),
    Reason.ARCHIVE_EMPTY: "There is no file in the zip file.",
    Reason.BURNED_IN_ANNOTATION: "The file says that text is part of the picture.",
    Reason.SCREEN_SAVE: "The image is a saved screen, which often shows names.",
    Reason.CONVERSION_TYPE: "The image was captured from another source, and may show names.",
    Reason.TEXT_IN_PICTURE: "The picture seems to show text. A person looks at it.",
    Reason.DETECTOR_FAILED: "The picture could not be searched for text. A person looks at it.",
    Reason.MASKED: "Part of the picture was blacked out. A person looks at it once more.",
    Reason.HIDDEN_PIXEL_BITS: "The image holds more bits than it says, where text may hide.",
    Reason.VERIFICATION_FAILED: "A check after de-identification was not passed.",
    Reason.PROCESSING_FAILED: "The file could not be processed.",
    Reason.TOOK_TOO_LONG: "The file took too long to process.",
    Reason.NEEDED_TOO_MUCH_MEMORY: "The file needed too much memory to process.",
}

# what the header says of the picture, whatever the picture shows
SIGNS_IN_HEADER = frozenset(
    (
        Reason.BURNED_IN_ANNOTATION,
        Reason.SCREEN_SAVE,
        Reason.CONVERSION_TYPE,
    )
)


class Refused(Exception):
    """The file cannot be taken; nothing of it is kept."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def sentence(self) -> str:
        return REASONS[self.reason]


class Held(Exception):
    """A person must look at the file before it may go on.

    `text_boxes` say where text is suspected: frame (from 1), x, y, width and height in pixels.
    """

    def __init__(self, reason: Reason, text_boxes: Sequence[dict[str, int]] = ()) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.text_boxes = list(text_boxes)

    @property
    def sentence(self) -> str:
        return REASONS[self.reason]
