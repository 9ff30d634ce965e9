"""Keyed, stateless pseudonyms: any worker, any retry, the same answer, and no table to lose.

Every pseudonym is an HMAC-SHA-256 of its original under a 256-bit secret, a label that keeps the
kinds apart, and the organisation's key. Who has the secret can compute a pseudonym from an
original; who has not cannot try originals one by one.
"""

import base64
import hmac
import re
import uuid
from dataclasses import dataclass, field
from functools import cached_property

PREFIX = "BSTI-"
MIN_SHIFT_WEEKS = 52
MAX_SHIFT_WEEKS = 520
MIN_SECRET_BYTES = 32
MIN_PATIENT_ID_LENGTH = 5

_KNOWN_PLACEHOLDERS = """
ANON ANONYMOUS ANONYMISED ANONYMIZED DEIDENTIFIED DEIDENT PSEUDONYMISED PSEUDONYMIZED UNKNOWN
UNNAMED NONAME NOTKNOWN NOTAVAILABLE NOTGIVEN NONE NULL NOID NOPATIENTID REMOVED REDACTED
DELETED BLANK EMPTY HIDDEN PATIENT PATIENTID PATIENTIDENTIFIER SUBJECT CASE TEST TESTPATIENT
TRAUMA EMERGENCY DEMO DUMMY DEFAULT TEMP UNDEFINED COVID COVID19
"""
_PLACEHOLDERS = frozenset(_KNOWN_PLACEHOLDERS.split())
# a placeholder with a number, as export tools count patients: the next export counts again
_NUMBERED = re.compile(
    r"(?:ANON(?:YM(?:OUS|I[SZ]ED)?)?|DEIDENT(?:IFIED)?|PATIENT|PAT|SUBJECT|SUBJ|CASE|TEST|DEMO|"
    r"UNKNOWN|COVID|ID)?0*\d{1,4}"
)


@dataclass(frozen=True)
class Pseudonyms:
    """The secret and whom it is used for.

    `organisation_key` is the organisation's immutable key, never its ODS code; `upload_key` the
    upload's id, which stands in for a PatientID that identifies nobody. Where there is no upload
    (an empty key) the study stands in: it is one patient's, a folder may be many patients'.
    """

    secret: bytes = field(repr=False)
    key_id: str
    organisation_key: str
    upload_key: str

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise ValueError("The pseudonym secret has less than 32 bytes.")

    @cached_property
    def _uids(self) -> "hmac.HMAC":
        return self._started("uid")

    def uid(self, original: str) -> str:
        """A UID under 2.25 made of a keyed UUID (PS3.5 B.2), the same wherever it is referenced."""
        machine = self._uids.copy()
        machine.update(original.encode("utf-8", "replace"))
        return f"2.25.{uuid.UUID(bytes=machine.digest()[:16], version=4).int}"

    def subject(self, patient_id: str, study_instance_uid: str) -> str:
        """Who a PatientID stands for: its normal form, or the upload for a placeholder."""
        normal = normalised(patient_id)
        if is_placeholder(normal):
            stand_in = f"upload/{self.upload_key}" if self.upload_key else ""
            return stand_in or f"study/{study_instance_uid}"
        return f"patient/{normal}"

    def patient_id(self, subject: str) -> str:
        """A prefixed base32 of 80 bits."""
        digest = self._digest("patient", subject)
        return PREFIX + base64.b32encode(digest[:10]).decode("ascii")

    def shift_weeks(self, subject: str) -> int:
        """By how many whole weeks the subject's dates move back: 52 to 520."""
        spread = MAX_SHIFT_WEEKS - MIN_SHIFT_WEEKS + 1
        return MIN_SHIFT_WEEKS + int.from_bytes(self._digest("date", subject)[:8], "big") % spread

    def patient_key(self, patient_id: str, name: str, birth_date: str) -> str:
        """What is equal for two files of one patient, and says nothing about whom.

        A PatientID that identifies nobody is helped by name and date of birth.
        """
        normal = normalised(patient_id)
        if is_placeholder(normal):
            family_and_given = "^".join(name.upper().split("=")[0].split("^")[:2]).strip("^ ")
            normal = f"{normal}/{family_and_given}/{birth_date}"
        return self._digest("patient-of-upload", normal).hex()[:32]

    def _digest(self, label: str, value: str) -> bytes:
        machine = self._started(label)
        machine.update(value.encode("utf-8", "replace"))
        return machine.digest()

    def _started(self, label: str) -> "hmac.HMAC":
        # NUL ends each part, so that no two pairs of parts read the same
        start = f"{label}\0{self.organisation_key}\0".encode()
        return hmac.new(self.secret, start, "sha256")


def normalised(patient_id: str) -> str:
    """A PatientID without case, blanks and hyphens: `943 476 5919` and `9434765919` are one."""
    return re.sub(r"[\s\-_./]+", "", patient_id).upper()


def is_placeholder(normal: str) -> bool:
    """Whether a normalised PatientID identifies nobody: blank, short, repeated, counted, known."""
    if len(normal) < MIN_PATIENT_ID_LENGTH or len(set(normal)) == 1:
        return True
    if normal in _PLACEHOLDERS or _NUMBERED.fullmatch(normal):
        return True
    return normal in "01234567890123456789" or normal in "9876543210"
