"""De-identifying one file: read, apply the profile, write anew, verify."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from uploads.dicom.attributes import Attributes, attributes_of
from uploads.dicom.deid.actions import Context, age_at, applied
from uploads.dicom.deid.applying import dates_made, made_of
from uploads.dicom.deid.identifiers import Identifiers, gathered
from uploads.dicom.deid.pixels import check_for_text
from uploads.dicom.deid.profile import PROFILE
from uploads.dicom.deid.pseudonyms import Pseudonyms
from uploads.dicom.deid.report import BEHIND, FILE_META, PREAMBLE, Done, Report
from uploads.dicom.deid.rereading import Reread
from uploads.dicom.deid.statement import file_meta, statements
from uploads.dicom.deid.verification import verified
from uploads.dicom.deid.walker import Walk, walked
from uploads.dicom.elements import PIXEL_DATA, Element, assembled, pieces, written
from uploads.dicom.reading import (
    ENHANCED_CT_IMAGE,
    LEGACY_CONVERTED_ENHANCED_CT_IMAGE,
    ImagePixel,
    Source,
    read,
)
from uploads.dicom.reasons import Held, Reason
from uploads.dicom.transcoding import cleaned_pixel_data, frames

_PATIENT_NAME, _PATIENT_ID, _BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
_STUDY_INSTANCE_UID = 0x0020000D
_STUDY_DATE, _SOP_INSTANCE_UID, _BURNED_IN = 0x00080020, 0x00080018, 0x00280301
_IMAGE_PIXEL_TAGS = frozenset(
    (
        *(0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101),
        *(0x00280102, 0x00280103, 0x7FE00010),
    )
)


@dataclass(frozen=True)
class Deidentified:
    """A file that may be stored: its bytes, and what is known of them.

    `reread` is the output as pydicom read it again.
    """

    data: bytes
    attributes: Attributes
    report: Report
    reread: Reread
    source: Source = field(repr=False)

    @cached_property
    def pixel_digest(self) -> str:
        """A SHA-256 over the shape, type and values of all frames.

        The same in every lossless transfer syntax. Verification compares native pixels whole, so
        that only who wants to know the digest pays for it.
        """
        return _digest(self.source)


def deidentify(
    source: bytes, *, pseudonyms: Pseudonyms, is_cleared: bool = False, reads_text: bool = True
) -> Deidentified:
    """De-identify one DICOM file.

    Parameters
    ----------
    source
        The whole file as it was sent.
    is_cleared
        A person has looked at the pixels and found no identity: the signs of text hold no more.
    reads_text
        Without it the picture is searched for drawn letters, but nothing in it is read.

    Raises
    ------
    Refused
        For what the database does not take, with the reason.
    Held
        For what a person must look at first: signs of burned-in text, a failed verification.
    """
    return deidentify_source(
        opened(source),
        preamble=source[:128],
        pseudonyms=pseudonyms,
        is_cleared=is_cleared,
        reads_text=reads_text,
    )


def opened(source: bytes) -> Source:
    """Read one file: an ordinary one by the walker, any other the general way. Raises Refused."""
    return walked(source) or read(source)


def deidentify_source(
    source: Source,
    *,
    preamble: bytes,
    pseudonyms: Pseudonyms,
    is_cleared: bool = False,
    reads_text: bool = True,
) -> Deidentified:
    """The same for a file that has been read."""
    if not is_cleared:
        check_for_text(source, reads_text=reads_text)
    identifiers = _identifiers(source)
    context = _context(source, identifiers, pseudonyms)
    _tell_file(context.report, source, preamble)
    pixel_data = cleaned_pixel_data(source)
    output, dates = _written(source, context, pixel_data, is_cleared=is_cleared)
    native = pixel_data.fragments is None
    # of hundreds of frames no copy is kept that is not needed
    del pixel_data
    reread = verified(
        output,
        source=source,
        identifiers=identifiers,
        # what we made ourselves may look like an identifier by chance
        expected=frozenset((context.patient_pseudonym, *dates)),
        is_cleared=is_cleared,
    )
    attributes = attributes_of(reread.elements, source.transfer_syntax_uid)
    result = Deidentified(output, attributes, context.report, reread, source)
    if not native and _digest(read(output)) != result.pixel_digest:
        raise Held(Reason.VERIFICATION_FAILED)
    return result


def patient_key(source: Source, pseudonyms: Pseudonyms) -> str:
    """Equal for two files of one patient in one upload; says nothing about whom."""
    return pseudonyms.patient_key(
        source.text(_PATIENT_ID),
        source.text(_PATIENT_NAME),
        source.text(_BIRTH_DATE),
    )


def digest_of_frames(image: ImagePixel, source: Source) -> str:
    shape = f"{image.number_of_frames}/{image.rows}/{image.columns}/{image.dtype}/"
    machine = hashlib.sha256(shape.encode("ascii"))
    for frame in frames(source):
        machine.update(np.ascontiguousarray(frame).data)
    return machine.hexdigest()


def _digest(source: Source) -> str:
    return digest_of_frames(source.image, source)


def _context(source: Source, identifiers: Identifiers, pseudonyms: Pseudonyms) -> Context:
    patient_pseudonym, shift_days = _patient(
        pseudonyms, source.text(_PATIENT_ID), source.text(_STUDY_INSTANCE_UID)
    )
    birth_date = source.text(_BIRTH_DATE)
    return Context(
        pseudonyms=pseudonyms,
        patient_pseudonym=patient_pseudonym,
        shift_days=shift_days,
        is_signed=source.image.is_signed,
        personal=identifiers.personal,
        age_from_dates=age_at(birth_date, source.text(_STUDY_DATE)),
    )


@lru_cache(maxsize=64)
def _patient(pseudonyms: Pseudonyms, patient_id: str, study_instance_uid: str) -> tuple[bytes, int]:
    """The patient's pseudonym, and by how many days the patient's dates move."""
    subject = pseudonyms.subject(patient_id, study_instance_uid)
    return pseudonyms.patient_id(subject).encode("ascii"), 7 * pseudonyms.shift_weeks(subject)


def _identifiers(source: Source) -> Identifiers:
    if isinstance(source, Walk):
        return source.identifiers
    return gathered((*source.meta, *source.elements))


def _written(
    source: Source, context: Context, pixel_data: Element, *, is_cleared: bool
) -> tuple[bytes, set[bytes]]:
    """The whole output, and the shifted dates in it; the context's report is told."""
    if isinstance(source, Walk):
        kept, dates = made_of(source, context, but=_IMAGE_PIXEL_TAGS)
    else:
        kept, dates = _made_generally(source, context)
    syntax = source.transfer_syntax_uid
    added, counts = _added(source.sop_class_uid, source.image, syntax, is_cleared)
    context.report.counts.update(counts)
    kept |= added
    # in every syntax its head has 8 bytes
    sop_instance_uid = kept[_SOP_INSTANCE_UID][8:].rstrip(b"\0")
    meta = file_meta(source.sop_class_uid, sop_instance_uid, syntax)
    # the pixels come last: of an image nothing that stays has a higher tag
    body = [*(kept[tag] for tag in sorted(kept)), *pieces(pixel_data, syntax)]
    return assembled(meta, body, syntax), dates


def _made_generally(source: Source, context: Context) -> tuple[dict[int, bytes], set[bytes]]:
    rules = PROFILE[source.sop_class_uid]
    given = [element for element in source.elements if element.tag not in _IMAGE_PIXEL_TAGS]
    kept = {
        element.tag: written((element,), source.transfer_syntax_uid)
        for element in applied(rules, given, context)
    }
    ruled = (element for element in given if element.tag in rules)
    return kept, dates_made(ruled, context.shift_days)


@lru_cache(maxsize=64)
def _added(
    sop_class_uid: str, image: ImagePixel, transfer_syntax_uid: str, is_cleared: bool
) -> tuple[dict[int, bytes], tuple[tuple[str, Done], ...]]:
    """What we write ourselves, as bytes by tag, and what the report says of it and the pixels."""
    statement, pixels = statements(is_cleared=is_cleared), _image_pixel(sop_class_uid, image)
    report = Report()
    for element in statement:
        report.add(element.tag, Done.ADDED)
    for element in (*pixels, Element(PIXEL_DATA, "OW")):
        report.add(element.tag, Done.KEPT)
    if is_cleared:
        pixels.append(Element(_BURNED_IN, "CS", b"NO"))
    elements = (*statement, *pixels)
    outputs = {element.tag: written((element,), transfer_syntax_uid) for element in elements}
    return outputs, tuple(report.counts.elements())


def _image_pixel(sop_class_uid: str, image: ImagePixel) -> list[Element]:
    elements = [
        Element(0x00280002, "US", _u16(1)),
        Element(0x00280004, "CS", image.photometric_interpretation.encode("ascii")),
        Element(0x00280010, "US", _u16(image.rows)),
        Element(0x00280011, "US", _u16(image.columns)),
        Element(0x00280100, "US", _u16(image.bits_allocated)),
        Element(0x00280101, "US", _u16(image.bits_stored)),
        Element(0x00280102, "US", _u16(image.bits_stored - 1)),
        Element(0x00280103, "US", _u16(int(image.is_signed))),
    ]
    is_enhanced = sop_class_uid in (ENHANCED_CT_IMAGE, LEGACY_CONVERTED_ENHANCED_CT_IMAGE)
    if is_enhanced or image.number_of_frames > 1:
        elements.append(Element(0x00280008, "IS", str(image.number_of_frames).encode("ascii")))
    return elements


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _tell_file(report: Report, source: Source, preamble: bytes) -> None:
    report.add_place(PREAMBLE, Done.REMOVED, int(any(preamble)))
    report.add_place(FILE_META, Done.REPLACED)
    report.add_place(BEHIND, Done.REMOVED, int(source.has_bytes_behind))
